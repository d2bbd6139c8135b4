"""The coverage report of a catalogue: figures side by side, chapters, lists, and who approved. No SQL."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from app.coverage.definitions import LEAVING, CountedCatalogue, CoverageRow, Definition, ExamRule, Figure, Measure
from app.models import Level
from app.terminology.grace import NO_LIMIT, GraceRule
from app.text import counted, release_title
from app.transcoding.standing import Standing


@dataclass(frozen=True, slots=True)
class CoverageContext:
    """What the figures depend on, and what a report must state."""

    laboratory: str
    laboratory_finess: str
    catalogue_id: int
    catalogue: str
    release_id: int
    release_version: str
    release_kind: str
    computed_at: datetime
    grace: GraceRule = NO_LIMIT
    """What held then for the codes that LOINC retired."""
    day: date | None = None
    """The past day at the end of which the figures stood so; None for now."""
    audit_head: str = ""
    """How far the audit chain of the laboratory went when the figures were computed, with its hash."""
    version_label: str = ""
    """Which signed version the catalogue is at; « PROJET » when it is at none."""

    @property
    def release_title(self) -> str:
        """The release as the reader sees it, and that ours is not the whole of LOINC."""
        title = release_title(self.release_version)
        return f"{title}, sous-ensemble de LOINC" if self.release_kind == "starter" else title


@dataclass(frozen=True, slots=True)
class Approver:
    """A biologist, the facts of hers that are in force, and when the first and the last were made."""

    name: str
    with_code: int
    without_code: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Everything the page, the exports and the command line show."""

    context: CoverageContext
    figures: tuple[tuple[Definition, Figure], ...]
    """The default definition comes first."""
    chapters: dict[Level, dict[str, Figure]]
    out_of_scope: tuple[CoverageRow, ...]
    without_code: tuple[tuple[CoverageRow, Standing], ...]
    """Approved rows that do not count as transcoded, with the cause."""
    approvers: tuple[Approver, ...]
    warnings: tuple[str, ...] = field(default=())
    out_of_scope_total: int = 0
    """All rows out of scope: a page lists the first ones only."""
    without_code_total: int = 0
    emptied: tuple[CoverageRow, ...] = ()
    """Exams none of whose analyses is in scope: they leave the denominator where exams count by their analyses."""
    emptied_total: int = 0
    ambiguous_total: int = 0
    """Approved rows that do not count because their local code has other answers too."""

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """What to know of the figures, where nothing else names the ambiguous rows."""
        return (*self.warnings, *ambiguous_sentence(self.ambiguous_total))

    @property
    def main(self) -> Figure:
        """The figure of the default definition: analyses, sub-contracted ones included."""
        return self.figures[0][1]


NOT_TRANSCODED = frozenset(
    {Standing.NO_CODE, Standing.PLACEHOLDER, Standing.NOT_IN_RELEASE, Standing.SEVERAL_CODES, Standing.DEPRECATED}
)
"""Approved, and still not transcoded."""


def comes_after(standing: Standing) -> bool:
    """Whether a row is listed after those that somebody must settle: two answers for one local code come first."""
    return standing is not Standing.SEVERAL_CODES


class Countable(Protocol):
    """What is asked of a catalogue to know how it can be counted."""

    def has_level(self, level: Level) -> bool: ...
    def has_volumes(self, level: Level) -> bool: ...


def definitions_for(catalogue: Countable) -> list[Definition]:
    """The definitions that make sense for this catalogue, the default one first."""
    rules = [(Level.ANALYSIS, ExamRule.OWN_CODE)]
    if catalogue.has_level(Level.EXAM):
        rules += [(Level.EXAM, ExamRule.OWN_CODE), (Level.EXAM, ExamRule.ALL_ANALYSES)]
    found = []
    for measure in Measure:
        for level, rule in rules:
            if measure is Measure.VOLUME and not catalogue.has_volumes(level):
                continue
            found += [Definition(level, measure, with_subcontracted, rule) for with_subcontracted in (True, False)]
    return found


def build_report(
    context: CoverageContext, catalogue: CountedCatalogue, approvers: tuple[Approver, ...] = ()
) -> CoverageReport:
    """Compute every figure."""
    levels = [level for level in (Level.ANALYSIS, Level.EXAM) if catalogue.has_level(level)]
    standings = catalogue.standings
    out_of_scope = tuple(row for row in catalogue.rows if standings[row.id] is Standing.OUT_OF_SCOPE)
    without_code = tuple(
        sorted(
            ((row, standings[row.id]) for row in catalogue.rows if standings[row.id] in NOT_TRANSCODED),
            key=lambda item: comes_after(item[1]),
        )
    )
    emptied = tuple(row for row in catalogue.of_level(Level.EXAM) if _is_emptied(row, standings))
    return CoverageReport(
        context=context,
        figures=tuple((item, catalogue.figure(item)) for item in definitions_for(catalogue)),
        chapters={level: catalogue.by_chapter(Definition(level)) for level in levels},
        out_of_scope=out_of_scope,
        without_code=without_code,
        approvers=approvers,
        warnings=_warnings(catalogue),
        out_of_scope_total=len(out_of_scope),
        without_code_total=len(without_code),
        emptied=emptied,
        emptied_total=len(emptied),
        ambiguous_total=sum(standing is Standing.SEVERAL_CODES for _, standing in without_code),
    )


def _is_emptied(row: CoverageRow, standings: Mapping[int, Standing]) -> bool:
    """Whether an exam in scope has analyses, all of them out of scope or retired."""
    stands = [standings.get(id_ or 0) for id_ in row.analysis_ids]
    return standings[row.id] not in LEAVING and bool(stands) and all(standing in LEAVING for standing in stands)


def _warnings(catalogue: CountedCatalogue) -> tuple[str, ...]:
    analyses = catalogue.of_level(Level.ANALYSIS)
    lost = sum(id_ is None for row in catalogue.of_level(Level.EXAM) for id_ in row.analysis_ids)
    codes = Counter(row.loinc_num for row in analyses if catalogue.standings[row.id] is Standing.TRANSCODED)
    return warnings_of(bool(analyses), lost, sum(count > 1 for count in codes.values()))


def ambiguous_sentence(count: int) -> tuple[str, ...]:
    """What to know of rows that share their local code and not their answer; nothing when there are none."""
    if not count:
        return ()
    rows = counted(count, "ligne approuvée ne compte pas", "lignes approuvées ne comptent pas")
    return (
        f"{rows}\u202f: une autre ligne du même code local a une réponse approuvée différente. Le SGL refuserait "
        "ce code local\u202f: tant que leurs réponses diffèrent, ces lignes sortent sans code des fichiers qu'il lit.",
    )


def suspended_sentence(count: int) -> tuple[str, ...]:
    """What to know of approved rows whose two readings differ; nothing when there are none."""
    if not count:
        return ()
    rows = counted(count, "ligne approuvée ne compte pas", "lignes approuvées ne comptent pas")
    return (
        f"{rows} ici\u202f: deux lectures y diffèrent. Tant qu'elles ne sont pas conciliées (onglet «\u00a0Double "
        "lecture\u00a0»), la couverture et les exports tiennent ces lignes pour décidées, non pour approuvées.",
    )


def warnings_of(has_analyses: bool, lost: int, shared: int) -> tuple[str, ...]:
    """What to know of the figures: `lost` links of exams to no analysis, `shared` LOINC codes."""
    found = []
    if not has_analyses:
        found.append("Le catalogue ne contient aucune analyse\u202f: LOINC_3 n'a pas été importé.")
    if lost:
        found.append(
            f"Des examens citent des analyses absentes du catalogue (lignes concernées\u202f: {lost})\u202f; "
            "ces examens ne comptent pas comme transcodés par leurs analyses."
        )
    if shared:
        found.append(f"Codes LOINC portés par plusieurs analyses\u202f: {shared}. Vérifiez que c'est voulu.")
    return tuple(found)
