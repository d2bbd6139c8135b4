"""What coverage means: pure functions over the rows of a catalogue.

A row counts as transcoded only when a biologist approved it with one LOINC code that exists in the release and that
still counts. Rows approved as out of scope leave the denominator, and are listed with their reason; retired rows never
were in it. Where exams count by their analyses, an exam none of whose analyses is in scope leaves it too.
"No LOINC code exists" and placeholder codes are decisions, counted apart, not transcoded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing, counted_standings

if TYPE_CHECKING:
    from app.coverage.tables import CoverageTable

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
    code_is_left_out: bool = False
    """Whether that release retired it and the day until which such codes count has passed."""
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
    rows_emptied: int
    """Exams left out because none of their analyses is in scope (only when exams count by their analyses)."""
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


def volume_step(volume: int) -> int:
    """The volume with its two first digits only: rows of one step weigh within a tenth of each other.

    There are ninety steps for each power of ten, however many rows there are.
    """
    scale: int = 10 ** max(0, len(str(volume)) - 2)
    return volume // scale * scale


def step_end(step: int) -> int:
    """The first volume above those of a step."""
    width: int = 10 ** max(0, len(str(step)) - 2)
    return step + width


class CountedCatalogue:
    """The rows of a catalogue, ready to be counted in any way."""

    def __init__(self, rows: Iterable[CoverageRow]) -> None:
        self.rows: tuple[CoverageRow, ...] = tuple(rows)
        self.standings = counted_standings(self.rows)

    def of_level(self, level: Level) -> list[CoverageRow]:
        """The rows of a level."""
        return [row for row in self.rows if row.level is level]

    def has_level(self, level: Level) -> bool:
        """Whether the catalogue has a row of this level."""
        return any(row.level is level for row in self.rows)

    def has_volumes(self, level: Level) -> bool:
        """Whether the volume of at least one row of this level is known."""
        return any(row.annual_volume is not None for row in self.of_level(level))

    def figure(self, definition: Definition) -> Figure:
        """Count the rows of the catalogue under a definition."""
        return self._table.figure(definition)

    def by_chapter(self, definition: Definition) -> dict[str, Figure]:
        """The same figure for each chapter, in the order of the catalogue; an empty name is no chapter."""
        return self._table.by_chapter(definition)

    @cached_property
    def _table(self) -> "CoverageTable":
        # Late: pandas takes a while to come, and most pages and commands count nothing.
        from app.coverage.tables import CoverageTable

        return CoverageTable(self.rows, self.standings)
