"""What emitted reports carried, as tables: figures with their definitions, and all of what to repair."""

import csv
import io
from collections.abc import Iterator

from app.effective import wording
from app.effective.lines import Share
from app.effective.reported import NO_REPAIR, REPAIRS, EffectiveSection
from app.exports.decision_sheet import Sheet
from app.exports.original import guarded
from app.exports.sheet_layout import Column
from app.reports.content import ReportContent
from app.text import format_number, paris_time, share_text

_WIDTHS = (18, 14, 30, 18, 16, 10, 10, 10, 80)


def effective_csv(content: ReportContent) -> bytes:
    """UTF-8 with its mark, semicolons: what was measured and its figures, then all of what to repair.

    Without a run, the sentence that says so and nothing else.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    context = content.coverage.context
    for heading, value in (
        ("Laboratoire", context.laboratory),
        ("Catalogue", context.catalogue),
        ("Version du transcodage", content.version),
        ("État du", paris_time(content.facts.state.changed_at)),
    ):
        writer.writerow([heading, guarded(value)])
    if content.effective is None:
        writer.writerow(["Transcodage effectif", content.unmeasured])
        return buffer.getvalue().encode("utf-8-sig")
    for heading, value in told_facts(content.effective):
        writer.writerow([heading, guarded(value)])
    writer.writerow([])
    writer.writerow(REPAIRS)
    for line in content.effective.repairs:
        writer.writerow([guarded(cell) for cell in line])
    return buffer.getvalue().encode("utf-8-sig")


def effective_sheets(content: ReportContent) -> list[Sheet]:
    """The sheets of a workbook: figures, then all of what to repair; without a run, the sentence that says so."""
    section = content.effective
    if section is None:
        return [Sheet("Transcodage effectif", facts=[("Mesure", content.unmeasured)])] if content.unmeasured else []
    columns = [Column(heading, most) for heading, most in zip(REPAIRS, _WIDTHS, strict=True)]
    repairs = Sheet("À corriger dans le SGL", columns=columns, rows=section.repairs)
    return [Sheet("Transcodage effectif", facts=list(told_facts(section))), repairs]


def told_facts(section: EffectiveSection) -> Iterator[tuple[str, str]]:
    """Heading and text of each thing that is said of a run; every percentage with its definition."""
    yield from section.facts
    for sentence in section.moved:
        yield "À savoir", sentence
    for told in section.shares:
        interval = f", intervalle {told.interval}" if told.interval else ""
        yield told.name, f"{_told(told.share)}{interval}. {told.definition}"
    if section.interval_note:
        yield "Intervalle", section.interval_note
    yield "Par chapitre", f"{wording.BY_CHAPTER} À côté, la couverture du chapitre dans le catalogue."
    for chapter in section.chapters:
        carried = f"{_told(chapter.carried)} des résultats" if chapter.carried.total else "aucun résultat lu"
        covered = f"couverture {_told(chapter.covered)} des analyses" if chapter.covered.total else "aucune analyse"
        yield f"Chapitre {chapter.name}", f"{carried}, {covered}"
    if not section.repairs:
        yield "À corriger", NO_REPAIR


def _told(share: Share) -> str:
    return f"{share_text(share.part, share.total)} ({format_number(share.part)} sur {format_number(share.total)})"
