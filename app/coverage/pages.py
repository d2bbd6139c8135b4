"""What the coverage page shows."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.coverage.definitions import TARGET, CoverageRow, Definition, Figure, Measure
from app.coverage.report import NOT_TRANSCODED, Approver, CoverageReport
from app.coverage.requests_told import ToldRequests
from app.coverage.wording import EMPTIED, NO_CHAPTER, STANDING_LABELS, name_of, scope_of, sentence_of
from app.models import Catalogue, Level, LoincRelease
from app.text import counted, format_number
from app.transcoding.standing import Standing
from app.web.meter import Meter, stacked_meter
from app.web.templating import PageContext

TARGET_PERCENT = float(100 * TARGET)
LEVEL_PLURALS = {Level.ANALYSIS: "Analyses", Level.EXAM: "Examens"}
_PARTS = {
    Standing.TRANSCODED: "part-ok",
    Standing.WAITING: "part-info",
    Standing.UNFINISHED: "",
    Standing.NO_CODE: "part-warn",
    Standing.PLACEHOLDER: "part-warn",
    Standing.NOT_IN_RELEASE: "part-bad",
    Standing.DEPRECATED: "part-bad",
    Standing.SEVERAL_CODES: "part-bad",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """One figure with its definition beside it."""

    name: str
    scope: str
    sentence: str
    is_volume: bool
    numerator: int
    denominator: int
    rate: float | None
    percent: str
    is_reached: bool
    rows_missing: int
    rows_without_volume: int
    rows_emptied: int
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendLine:
    """How many rows have a standing, with the colour they have in the bar."""

    css_class: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterCoverageLine:
    """The coverage of one chapter."""

    chapter: str
    rows: int
    transcoded: int
    rate: float | None
    percent: str
    is_reached: bool
    rows_missing: int
    waiting: int
    unfinished: int
    without_code: int
    out_of_scope: int
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterTable:
    """The chapters of one level."""

    title: str
    file_name: str
    lines: list[ChapterCoverageLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """A row named in the report."""

    id: int
    level: str
    code: str
    label: str
    chapter: str
    cause: str
    loinc_num: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePage(PageContext):
    """The coverage of a catalogue."""

    catalogue: Catalogue
    active: str
    requests: ToldRequests | None
    """The requests of codes; None on a past day."""
    laboratory_name: str
    laboratory_finess: str
    release_id: int
    release_title: str
    is_current_release: bool
    releases: list[LoincRelease]
    computed_at: datetime
    audit_head: str
    version_label: str
    asked_release_id: int | None
    day: str
    """The past day that is shown, as a field of a form holds it; empty for now."""
    day_title: str
    day_sentence: str
    last_past_day: str
    """The last day that can be asked."""
    query: str
    """What names the same report in the addresses of its files."""
    main: FigureLine
    main_sentence: str
    legend: list[LegendLine]
    figures: list[FigureLine]
    chapters: list[ChapterTable]
    out_of_scope: list[ListedRow]
    without_code: list[ListedRow]
    emptied: list[ListedRow]
    emptied_total: int
    """Exams none of whose analyses is in scope."""
    out_of_scope_total: int
    """All of them: the lists hold the first ones only."""
    without_code_total: int
    approvers: tuple[Approver, ...]
    warnings: tuple[str, ...]
    ambiguous: str
    """What to know of rows that share their local code and not their answer, if there are some."""
    definition: str
    denominator_note: str
    open_tasks: int
    """Decisions to look at again since the release was changed."""
    target: float
    is_large: bool
    """The files are prepared by jobs."""


def figure_line(definition: Definition, figure: Figure) -> FigureLine:
    """A figure as the page shows it."""
    label = f"{name_of(definition)}, {scope_of(definition)}\u202f: {figure.percent}"
    return FigureLine(
        name=name_of(definition),
        scope=scope_of(definition),
        sentence=sentence_of(definition),
        is_volume=definition.measure is Measure.VOLUME,
        numerator=figure.numerator,
        denominator=figure.denominator,
        rate=figure.rate,
        percent=figure.percent,
        is_reached=figure.is_reached,
        rows_missing=figure.rows_missing,
        rows_without_volume=figure.rows_without_volume,
        rows_emptied=figure.rows_emptied,
        meter=stacked_meter(figure.denominator, (("part-ok", figure.numerator),), label, TARGET_PERCENT),
    )


def main_line(definition: Definition, figure: Figure) -> FigureLine:
    """The default figure, its bar cut by standing."""
    line = figure_line(definition, figure)
    counts = [(css_class, figure.standings.get(standing, 0)) for standing, css_class in _PARTS.items() if css_class]
    meter = stacked_meter(figure.denominator, counts, line.meter.label, TARGET_PERCENT)
    values = {name: getattr(line, name) for name in FigureLine.__slots__ if name != "meter"}
    return FigureLine(**values, meter=meter)


def main_sentence(figure: Figure) -> str:
    """What is still missing, in words."""
    if figure.denominator == 0:
        return "Aucune analyse n'est dans le périmètre\u202f: il n'y a rien à mesurer."
    coded = counted(figure.numerator, "analyse transcodée", "analyses transcodées")
    done = f"{coded} sur {format_number(figure.denominator)}."
    if figure.is_reached:
        return f"{done} L'objectif de 80\u00a0% est atteint."
    count = figure.rows_missing
    plural = "s" if count > 1 else ""
    return (
        f"{done} Il manque {format_number(count)} analyse{plural} approuvée{plural} avec un code LOINC "
        "pour atteindre 80\u00a0%."
    )


def legend(figure: Figure) -> list[LegendLine]:
    """Every standing that some row has."""
    classes = {**_PARTS, Standing.OUT_OF_SCOPE: "out", Standing.RETIRED: "out"}
    return [
        LegendLine(
            css_class=classes[standing].replace("part-", "swatch-"),
            label=STANDING_LABELS[standing],
            count=figure.standings[standing],
        )
        for standing in classes
        if figure.standings.get(standing)
    ]


def chapter_table(level: Level, figures: dict[str, Figure]) -> ChapterTable:
    """The chapters of a level; rows without chapter come last."""
    lines = [_chapter_line(chapter, figure) for chapter, figure in figures.items()]
    lines.sort(key=lambda line: line.chapter == NO_CHAPTER)
    name = LEVEL_PLURALS[level].lower()
    return ChapterTable(title=LEVEL_PLURALS[level], file_name=f"couverture-chapitres-{name}", lines=lines)


def _chapter_line(chapter: str, figure: Figure) -> ChapterCoverageLine:
    count = figure.standings.get
    name = chapter or NO_CHAPTER
    label = f"{name}\u202f: {figure.percent}"
    return ChapterCoverageLine(
        chapter=name,
        rows=figure.denominator,
        transcoded=figure.numerator,
        rate=figure.rate,
        percent=figure.percent,
        is_reached=figure.is_reached,
        rows_missing=figure.rows_missing,
        waiting=count(Standing.WAITING, 0),
        unfinished=count(Standing.UNFINISHED, 0),
        without_code=sum(count(item, 0) for item in NOT_TRANSCODED),
        out_of_scope=count(Standing.OUT_OF_SCOPE, 0),
        meter=stacked_meter(figure.denominator, (("part-ok", figure.numerator),), label, TARGET_PERCENT),
    )


def listed(row: CoverageRow, cause: str = "") -> ListedRow:
    """A row of a list, with its reason."""
    reason = row.reason or "sans motif"
    return ListedRow(
        id=row.id,
        level=LEVEL_PLURALS[row.level][:-1],
        code=row.code,
        label=row.label,
        chapter=row.chapter or NO_CHAPTER,
        cause=f"{cause}\u202f: {reason}" if cause and row.reason else cause or reason,
        loinc_num=row.loinc_num,
        approved_by=row.approved_by,
    )


def emptied_rows(report: CoverageReport) -> list[ListedRow]:
    """Exams that leave the denominator where exams count by their analyses."""
    return [replace(listed(row), cause=EMPTIED) for row in report.emptied]


def without_code_rows(report: CoverageReport) -> list[ListedRow]:
    """Approved rows that do not count as transcoded."""
    causes = {
        Standing.NO_CODE: "Aucun code LOINC",
        Standing.PLACEHOLDER: "Code d'attente",
        Standing.NOT_IN_RELEASE: "Code absent de cette version de LOINC",
        Standing.DEPRECATED: "Code retiré de LOINC, date limite passée",
        Standing.SEVERAL_CODES: "Autre réponse approuvée pour le même code local",
    }
    return [listed(row, causes[standing]) for row, standing in report.without_code]
