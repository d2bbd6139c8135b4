"""From a coverage report to its page."""

from datetime import date, timedelta
from urllib.parse import urlencode

from sqlmodel import Session

from app.coverage.definitions import Definition
from app.coverage.kept import SHOWN
from app.coverage.pages import (
    TARGET_PERCENT,
    CoveragePage,
    chapter_table,
    emptied_rows,
    figure_line,
    legend,
    listed,
    main_line,
    main_sentence,
    without_code_rows,
)
from app.coverage.report import ambiguous_sentence
from app.coverage.requests_told import told_requests
from app.coverage.service import as_seen, shown_report
from app.coverage.wording import NO_OFFICIAL_DENOMINATOR, counted_as_transcoded, day_sentence
from app.platform.identity import CatalogueAccess
from app.terminology import service as terminology
from app.text import french_day, in_paris
from app.transcoding.readers import blind_person
from app.upgrades.tasks import count_open_tasks


def coverage_page(
    session: Session, access: CatalogueAccess, release_id: int | None, is_large: bool, day: date | None = None
) -> CoveragePage:
    """The page, of now or of a past day, against the release that was asked for, or the one in service then.

    `is_large` when jobs write its files.
    """
    report = shown_report(session, access.laboratory, access.catalogue, release_id, day)
    report = as_seen(session, report, blind_person(access))
    context = report.context
    current = terminology.current_release(session)
    return CoveragePage(
        title=f"Couverture — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="couverture",
        laboratory_name=access.laboratory.name,
        laboratory_finess=access.laboratory.finess,
        release_id=context.release_id,
        release_title=context.release_title,
        is_current_release=current is not None and current.id == context.release_id,
        releases=list(terminology.releases(session)),
        computed_at=context.computed_at,
        audit_head=context.audit_head,
        version_label=context.version_label,
        asked_release_id=release_id,
        day=day.isoformat() if day else "",
        day_title=french_day(day),
        day_sentence=day_sentence(day) if day else "",
        last_past_day=(in_paris(context.computed_at).date() - timedelta(days=1)).isoformat(),
        query=urlencode({"version": context.release_id} | ({"jour": day.isoformat()} if day else {})),
        main=main_line(Definition(), report.main),
        main_sentence=main_sentence(report.main),
        legend=legend(report.main),
        figures=[figure_line(definition, figure) for definition, figure in report.figures],
        chapters=[chapter_table(level, figures) for level, figures in report.chapters.items()],
        out_of_scope=[listed(row) for row in report.out_of_scope[:SHOWN]],
        without_code=without_code_rows(report)[:SHOWN],
        emptied=emptied_rows(report)[:SHOWN],
        emptied_total=report.emptied_total,
        out_of_scope_total=report.out_of_scope_total,
        without_code_total=report.without_code_total,
        approvers=report.approvers,
        warnings=report.warnings,
        ambiguous="".join(ambiguous_sentence(report.ambiguous_total)),
        definition=counted_as_transcoded(context.grace),
        denominator_note=NO_OFFICIAL_DENOMINATOR,
        open_tasks=0 if day else count_open_tasks(session, access.catalogue_id),
        requests=None if day else told_requests(session, access.catalogue_id, blind_person(access)),
        target=TARGET_PERCENT,
        is_large=is_large,
    )
