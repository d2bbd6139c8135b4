"""What coverage means: pure functions over the rows of a catalogue.

A row counts as transcoded only when a biologist approved it with one LOINC code that exists in the release.
Rows approved as out of scope leave the denominator, and are listed with their reason; retired rows never
were in it. "No LOINC code exists" and placeholder codes are decisions, counted apart, not transcoded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing, in_use, standings

TARGET = Fraction(4, 5)
LEAVING = frozenset({Standing.OUT_OF_SCOPE, Standing.RETIRED})
"""Standings that take a row out of the denominator."""


class Measure(StrEnum):
    """What is counted."""

    ROWS = "rows"
    VOLUME = "volume"


class ExamRule(StrEnum):
    """When an exam counts as transcoded."""

    OWN_CODE = "own_code"
    ALL_ANALYSES = "all_analyses"


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """An analysis or an exam, with the facts that are in force."""

    id: int
    level: Level
    code: str
    label: str
    chapter: str = ""
    is_subcontracted: bool = False
    chapter_code: str = ""
    is_retired: bool = False
    retired_at: datetime | None = None
    """When a newer export no longer held the row."""
    annual_volume: int | None = None
    status: Status = Status.TODO
    outcome: Outcome = Outcome.NONE
    loinc_num: str = ""
    code_exists: bool = False
    """Whether the code is in the release against which coverage is computed."""
    reason: str = ""
    approved_by: str = ""
    analysis_ids: tuple[int | None, ...] = ()
    """The analyses of an exam; None for one that is not in the catalogue."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One way to count; no denominator is official, so several are computed side by side."""

    level: Level = Level.ANALYSIS
    measure: Measure = Measure.ROWS
    with_subcontracted: bool = True
    exam_rule: ExamRule = ExamRule.OWN_CODE


@dataclass(frozen=True, slots=True)
class Figure:
    """A share, exactly: how much of how much, and what is missing to reach the target."""

    numerator: int
    denominator: int
    rows_counted: int
    """Rows in the denominator."""
    rows_missing: int
    """Rows still to approve with a code to reach the target, starting with those that weigh most."""
    rows_without_volume: int
    """Rows left out because their volume is not known (only when volumes are counted)."""
    standings: Mapping[Standing, int]
    """Rows by standing, those that left the denominator included."""

    @property
    def rate(self) -> float | None:
        """The share, None when there is nothing to count."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def is_reached(self) -> bool:
        """Whether the target is reached, without any rounding."""
        return self.denominator > 0 and Fraction(self.numerator, self.denominator) >= TARGET

    @property
    def missing(self) -> int:
        """How much the numerator lacks to reach the target."""
        return max(0, target_count(self.denominator) - self.numerator)


def target_count(denominator: int) -> int:
    """The smallest numerator that reaches the target."""
    return -(-denominator * TARGET.numerator // TARGET.denominator)


class CountedCatalogue:
    """The rows of a catalogue, ready to be counted in any way."""

    def __init__(self, rows: Iterable[CoverageRow]) -> None:
        self.rows: tuple[CoverageRow, ...] = tuple(rows)
        found = standings(in_use(self.rows))
        self.standings = {
            row.id: Standing.RETIRED if row.is_retired else found.get(row.id, Standing.RETIRED) for row in self.rows
        }

    def of_level(self, level: Level) -> list[CoverageRow]:
        """The rows of a level."""
        return [row for row in self.rows if row.level is level]

    def has_volumes(self, level: Level) -> bool:
        """Whether the volume of at least one row of this level is known."""
        return any(row.annual_volume is not None for row in self.of_level(level))

    def is_transcoded(self, row: CoverageRow, rule: ExamRule) -> bool:
        """Whether a row counts, under this rule for exams."""
        if row.level is Level.EXAM and rule is ExamRule.ALL_ANALYSES:
            return self._are_analyses_transcoded(row)
        return self.standings[row.id] is Standing.TRANSCODED

    def _are_analyses_transcoded(self, exam: CoverageRow) -> bool:
        """Every analysis of the exam that is in scope is transcoded, and there is at least one."""
        # An analysis that the catalogue does not hold cannot have been approved.
        standings = [
            Standing.UNFINISHED if id_ is None else self.standings.get(id_, Standing.UNFINISHED)
            for id_ in exam.analysis_ids
        ]
        wanted = [standing for standing in standings if standing not in LEAVING]
        return bool(wanted) and all(standing is Standing.TRANSCODED for standing in wanted)

    def figure(self, definition: Definition, rows: Sequence[CoverageRow] | None = None) -> Figure:
        """Count these rows (all of the catalogue by default) under a definition."""
        concerned = [
            row
            for row in (self.rows if rows is None else rows)
            if row.level is definition.level and (definition.with_subcontracted or not row.is_subcontracted)
        ]
        in_scope = [row for row in concerned if self.standings[row.id] not in LEAVING]
        weighted = [(row, _weight(row, definition.measure)) for row in in_scope]
        counted = [(row, weight) for row, weight in weighted if weight is not None]
        missing_weights = [weight for row, weight in counted if not self.is_transcoded(row, definition.exam_rule)]
        denominator = sum(weight for _, weight in counted)
        numerator = denominator - sum(missing_weights)
        return Figure(
            numerator=numerator,
            denominator=denominator,
            rows_counted=len(counted),
            rows_missing=_rows_to_reach(target_count(denominator) - numerator, missing_weights),
            rows_without_volume=len(in_scope) - len(counted),
            standings=Counter(self.standings[row.id] for row in concerned),
        )

    def by_chapter(self, definition: Definition) -> dict[str, Figure]:
        """The same figure for each chapter, in the order of the catalogue; an empty name is no chapter."""
        chapters: dict[str, list[CoverageRow]] = {}
        for row in self.of_level(definition.level):
            chapters.setdefault(row.chapter, []).append(row)
        return {chapter: self.figure(definition, rows) for chapter, rows in chapters.items()}


def _weight(row: CoverageRow, measure: Measure) -> int | None:
    return 1 if measure is Measure.ROWS else row.annual_volume


def _rows_to_reach(lacking: int, weights: Iterable[int]) -> int:
    """The fewest rows whose weights make up for what is lacking."""
    count = 0
    for weight in sorted(weights, reverse=True):
        if lacking <= 0:
            break
        lacking -= weight
        count += 1
    return count
