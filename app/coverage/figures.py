"""Adding up groups of rows into a figure, wherever the groups come from. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.coverage.definitions import Definition, ExamRule, Figure, Measure, target_count
from app.models import Level
from app.transcoding.standing import Standing

DEFAULT = Definition()
RowsToReach = Callable[[int], int]
"""The fewest rows whose volumes make up for what is lacking."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows that nothing tells apart when they are counted."""

    level: Level
    chapter: str
    is_subcontracted: bool
    standing: Standing
    own_code: bool
    all_analyses: bool
    is_emptied: bool
    """Exams none of whose analyses is in scope."""
    rows: int
    rows_with_volume: int
    volume: int

    def weight(self, measure: Measure) -> int:
        """What these rows weigh together."""
        return self.rows if measure is Measure.ROWS else self.volume

    def is_emptied_in_scope(self, definition: Definition = DEFAULT) -> bool:
        """Whether the exams leave the denominator by their analyses alone."""
        return self.is_emptied and self.standing not in definition.leaving

    def leaves(self, definition: Definition) -> bool:
        """Whether these rows are out of the denominator."""
        by_analyses = definition.exam_rule is ExamRule.ALL_ANALYSES
        return self.standing in definition.leaving or (by_analyses and self.is_emptied)

    def is_transcoded(self, rule: ExamRule) -> bool:
        """Whether these rows count as transcoded."""
        return self.own_code if rule is ExamRule.OWN_CODE else self.all_analyses


def figure_of(definition: Definition, groups: Iterable[Group], rows_to_reach: RowsToReach) -> Figure:
    """Add up groups of one level; `rows_to_reach` is asked for volumes only."""
    by_volume = definition.measure is Measure.VOLUME
    standings: Counter[Standing] = Counter()
    numerator = denominator = rows_counted = without_volume = emptied = 0
    for group in groups:
        if group.is_subcontracted and not definition.with_subcontracted:
            continue
        standings[group.standing] += group.rows
        if group.leaves(definition):
            emptied += group.rows if group.is_emptied_in_scope(definition) else 0
            continue
        denominator += group.weight(definition.measure)
        if group.is_transcoded(definition.exam_rule):
            numerator += group.weight(definition.measure)
        if by_volume:
            without_volume += group.rows - group.rows_with_volume
            rows_counted += group.rows_with_volume
        else:
            rows_counted += group.rows
    lacking = target_count(denominator) - numerator
    return Figure(
        numerator=numerator,
        denominator=denominator,
        rows_counted=rows_counted,
        rows_missing=rows_to_reach(lacking) if by_volume else max(0, lacking),
        rows_without_volume=without_volume,
        rows_emptied=emptied,
        standings=standings,
    )


def by_chapter(groups: Iterable[Group]) -> Mapping[str, list[Group]]:
    """The groups of each chapter."""
    chapters: dict[str, list[Group]] = {}
    for group in groups:
        chapters.setdefault(group.chapter, []).append(group)
    return chapters


def rows_to_reach(lacking: int, weights: Iterable[int]) -> int:
    """The fewest rows whose weights make up for what is lacking; the heaviest weight comes first."""
    count = 0
    for weight in weights:
        if lacking <= 0:
            break
        lacking -= weight
        count += 1
    return count
