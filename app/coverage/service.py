"""Coverage, for the page, the exports and the command line."""

from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from app.audit.heads import head_sentence
from app.coverage import repository
from app.coverage.composed import composed_at
from app.coverage.definitions import CountedCatalogue
from app.coverage.kept import kept_report
from app.coverage.past import last_moment, past_rows, read_past_day, require_existing
from app.coverage.report import CoverageContext, CoverageReport, build_report, suspended_sentence
from app.coverage.versions_told import PAST_DAY, version_label
from app.double_reading.queue_sql import approved_in_disagreement
from app.errors import ConflictError
from app.models import Catalogue, Laboratory, LoincRelease, ValueSetKind, utc_now
from app.terminology import service as terminology
from app.terminology.carried import refuse_figures
from app.terminology.grace import rule_at
from app.terminology.past import release_at, value_set_at
from app.text import paris_day
from app.transcoding.readers import hidden_among
from app.transcoding.under_way import are_figures_behind


def asked_day(text: str) -> date | None:
    """The past day that an address or a command names; None for now."""
    return read_past_day(text, utc_now())


def coverage_report(
    session: Session,
    laboratory: Laboratory,
    catalogue: Catalogue,
    release_id: int | None = None,
    day: date | None = None,
) -> CoverageReport:
    """The coverage of a catalogue now, or at the end of a past day, against a release (by default that of then)."""
    if day is not None:
        return _past_report(session, laboratory, catalogue, release_id, day)
    if release_id is None:
        release = terminology.current_release(session)
        if release is None:
            raise ConflictError("Aucune version de LOINC n'est chargée\u202f: la couverture ne peut être calculée.")
    else:
        release = terminology.get_release(session, release_id)
    context = _context(session, laboratory, catalogue, release)
    rows = repository.coverage_rows(
        session, context.catalogue_id, context.release_id, None, context.grace.is_over, context.circuit_id
    )
    counted = CountedCatalogue(rows, context.grace.is_over)
    report = build_report(context, counted, repository.approvers(session, context.catalogue_id))
    return _with_suspended(session, report)


def as_seen(session: Session, report: CoverageReport, blind_to: int | None) -> CoverageReport:
    """The report without the rows, in its lists, whose decision is hidden from a `blind_person`; its figures stay."""
    listed = [*report.out_of_scope, *(row for row, _ in report.without_code), *report.emptied]
    hidden = hidden_among(session, blind_to, [row.id for row in listed])
    return replace(
        report,
        out_of_scope=tuple(row for row in report.out_of_scope if row.id not in hidden),
        without_code=tuple(pair for pair in report.without_code if pair[0].id not in hidden),
        emptied=tuple(row for row in report.emptied if row.id not in hidden),
    )


def _with_suspended(session: Session, report: CoverageReport) -> CoverageReport:
    """The report with what is to be known of approved rows whose two readings differ."""
    said = suspended_sentence(approved_in_disagreement(session, report.context.catalogue_id))
    return replace(report, warnings=(*report.warnings, *said))


def _past_report(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, release_id: int | None, day: date
) -> CoverageReport:
    require_existing(session, catalogue, day)
    return past_report(session, laboratory, catalogue, last_moment(day), release_id, day)


def past_report(
    session: Session,
    laboratory: Laboratory,
    catalogue: Catalogue,
    moment: datetime,
    release_id: int | None = None,
    day: date | None = None,
    printed_at: datetime | None = None,
) -> CoverageReport:
    """The coverage at a past moment, from the facts until then; `day` when it is the end of that day of Paris.

    Also under the definitions that were in service at `printed_at`, when it was printed later.
    """
    asked = terminology.get_release(session, release_id) if release_id is not None else None
    release = asked or release_at(session, moment, laboratory)
    if release is None:
        raise ConflictError(f"Aucune version de LOINC n'était encore en service le {paris_day(moment)}.")
    context = _context(session, laboratory, catalogue, release, day, moment)
    if printed_at is not None:
        known = {item.public_id for item in context.composed}
        then = [item for item in composed_at(session, printed_at) if item.public_id not in known]
        context = replace(context, composed=[*context.composed, *then])
    past = past_rows(
        session, context.catalogue_id, context.release_id, moment,
        leaves_out_deprecated=context.grace.is_over, circuit_id=context.circuit_id,
    )  # fmt: skip
    report = build_report(context, CountedCatalogue(past.rows, context.grace.is_over), past.approvers)
    return replace(report, warnings=(*past.warnings, *report.warnings))


def shown_report(
    session: Session,
    laboratory: Laboratory,
    catalogue: Catalogue,
    release_id: int | None = None,
    day: date | None = None,
) -> CoverageReport:
    """The report of the page: from the counts kept with the facts when it is about the current release, now.

    From the facts themselves when the counts are being brought up to them, and for a past day.
    """
    if day is not None:
        return coverage_report(session, laboratory, catalogue, release_id, day)
    current = terminology.current_release(session)
    assert catalogue.id is not None
    if current is None or release_id not in (None, current.id) or are_figures_behind(session, catalogue.id):
        return coverage_report(session, laboratory, catalogue, release_id)
    return _with_suspended(session, kept_report(session, _context(session, laboratory, catalogue, current)))


def current_context(session: Session, laboratory: Laboratory, catalogue: Catalogue) -> CoverageContext:
    """What the figures of now depend on."""
    release = terminology.current_release(session)
    if release is None:
        raise ConflictError("Aucune version de LOINC n'est chargée\u202f: la couverture ne peut être calculée.")
    return _context(session, laboratory, catalogue, release)


def _context(
    session: Session,
    laboratory: Laboratory,
    catalogue: Catalogue,
    release: LoincRelease,
    day: date | None = None,
    moment: datetime | None = None,
) -> CoverageContext:
    assert catalogue.id is not None
    assert release.id is not None
    now = utc_now()
    if moment is None:
        refuse_figures(session, laboratory)
    circuit = value_set_at(session, ValueSetKind.CIRCUIT_BIOLOGIE, moment or now, laboratory)
    return CoverageContext(
        laboratory=laboratory.name,
        laboratory_finess=laboratory.finess,
        catalogue_id=catalogue.id,
        catalogue=catalogue.name,
        release_id=release.id,
        release_version=release.version,
        release_kind=release.kind,
        computed_at=now,
        audit_head=head_sentence(session, catalogue.laboratory_id),
        grace=rule_at(session, moment or now, laboratory),
        composed=composed_at(session, moment),
        circuit_id=(circuit.id or 0) if circuit else 0,
        day=day,
        version_label=PAST_DAY if day else version_label(session, catalogue.id),
    )
