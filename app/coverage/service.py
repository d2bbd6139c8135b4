"""Coverage, for the page, the exports and the command line."""

from sqlmodel import Session

from app.coverage import repository
from app.coverage.definitions import CountedCatalogue
from app.coverage.kept import kept_report
from app.coverage.report import CoverageContext, CoverageReport, build_report
from app.errors import ConflictError
from app.models import Catalogue, Laboratory, LoincRelease, utc_now
from app.terminology import service as terminology
from app.terminology.grace import rule_at
from app.transcoding.under_way import are_figures_behind


def coverage_report(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, release_id: int | None = None
) -> CoverageReport:
    """The coverage of a catalogue now, against a release (the current one by default)."""
    if release_id is None:
        release = terminology.current_release(session)
        if release is None:
            raise ConflictError("Aucune version de LOINC n'est chargée\u202f: la couverture ne peut être calculée.")
    else:
        release = terminology.get_release(session, release_id)
    context = _context(session, laboratory, catalogue, release)
    rows = repository.coverage_rows(
        session, context.catalogue_id, context.release_id, leaves_out_deprecated=context.grace.is_over
    )
    return build_report(context, CountedCatalogue(rows), repository.approvers(session, context.catalogue_id))


def shown_report(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, release_id: int | None = None
) -> CoverageReport:
    """The report of the page: from the counts kept with the facts when it is about the current release.

    From the facts themselves when the counts are being brought up to them.
    """
    current = terminology.current_release(session)
    assert catalogue.id is not None
    if current is None or release_id not in (None, current.id) or are_figures_behind(session, catalogue.id):
        return coverage_report(session, laboratory, catalogue, release_id)
    return kept_report(session, _context(session, laboratory, catalogue, current))


def _context(session: Session, laboratory: Laboratory, catalogue: Catalogue, release: LoincRelease) -> CoverageContext:
    assert catalogue.id is not None
    assert release.id is not None
    now = utc_now()
    return CoverageContext(
        laboratory=laboratory.name,
        laboratory_finess=laboratory.finess,
        catalogue_id=catalogue.id,
        catalogue=catalogue.name,
        release_id=release.id,
        release_version=release.version,
        release_kind=release.kind,
        computed_at=now,
        grace=rule_at(session, now),
    )
