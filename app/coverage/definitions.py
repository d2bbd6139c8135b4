"""What coverage means: pure functions over the rows of a catalogue.

A row counts as transcoded only when a biologist approved it with one LOINC code that exists in the release and that
still counts. Rows approved as out of scope leave the denominator, and are listed with their reason; retired rows never
were in it. Where exams count by their analyses, an exam none of whose analyses is in scope leaves it too.
"No LOINC code exists" and placeholder codes are decisions, counted apart, not transcoded.

All of that is the default; a `Judging` says otherwise, in a closed vocabulary (`app.coverage.judging`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from app.coverage.judging import AS_THE_MINISTRY, Judging, judged_standings
from app.models import Level, Outcome, Status
from app.text import share_text
from app.transcoding.standing import Standing

if TYPE_CHECKING:
    from app.coverage.tables import CoverageTable

TARGET = Fraction(4, 5)
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
    code_is_deprecated: bool = False
    """Whether that release retired it."""
    in_circuit: bool = False
    """Whether the code is in the list *Circuit de la biologie* in service."""
    code_existed: bool = False
    """Whether the code is in the release in which it was chosen."""
    code_was_deprecated: bool = False
    """Whether the release in which it was chosen had retired it."""
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
    judging: Judging = AS_THE_MINISTRY
    """What each row is worth."""
    title: str = ""
    """The name that its author gave to a composed definition; empty for ours."""
    public_id: str = ""
    """Of the fact that composed it; empty for ours."""

    @property
    def leaving(self) -> frozenset[Standing]:
        """The standings that take a row out of the denominator."""
        return self.judging.leaving


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
    def percent(self) -> str:
        """The share in French, rounded down to two decimals; a dash when there is nothing to count."""
        return share_text(self.numerator, self.denominator)

    @property
    def is_reached(self) -> bool:
        """Whether the target is reached, without any rounding."""
        return self.denominator > 0 and Fraction(self.numerator, self.denominator) >= TARGET

    @property
    def missing(self) -> int:
        """How much the numerator lacks to reach the target."""
        return max(0, target_count(self.denominator) - self.numerator)


def choices_of(definition: Definition) -> dict[str, str | bool]:
    """Every choice of a definition by its stored word: what tells it from any other."""
    judging = definition.judging
    is_exam = definition.level is Level.EXAM
    return {
        "level": definition.level.value,
        "measure": definition.measure.value,
        "exam_rule": definition.exam_rule.value if is_exam else ExamRule.OWN_CODE.value,
        "with_subcontracted": definition.with_subcontracted,
        "with_retired": judging.with_retired,
        "circuit_only": judging.circuit_only,
        "out_of_scope_leaves": judging.out_of_scope_leaves,
        "no_code_leaves": judging.no_code_leaves,
        "statuses": judging.statuses.value,
        "releases": judging.releases.value,
        "deprecated": judging.deprecated.value,
    }


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
    """The rows of a catalogue, ready to be counted in any way.

    `leaves_out_deprecated`: the day until which retired codes count has passed.
    """

    def __init__(self, rows: Iterable[CoverageRow], leaves_out_deprecated: bool = False) -> None:
        self.rows: tuple[CoverageRow, ...] = tuple(rows)
        self._leaves_out_deprecated = leaves_out_deprecated
        self._judged: dict[Judging, Mapping[int, Standing]] = {}
        self._tables: dict[Judging, CoverageTable] = {}

    @property
    def standings(self) -> Mapping[int, Standing]:
        """Where each row stands by default."""
        return self.standings_by(AS_THE_MINISTRY)

    def standings_by(self, judging: Judging) -> Mapping[int, Standing]:
        """Where each row stands when it is judged so."""
        if judging not in self._judged:
            self._judged[judging] = judged_standings(self.rows, judging, self._leaves_out_deprecated)
        return self._judged[judging]

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
        return self._table(definition.judging).figure(definition)

    def by_chapter(self, definition: Definition) -> dict[str, Figure]:
        """The same figure for each chapter, in the order of the catalogue; an empty name is no chapter."""
        return self._table(definition.judging).by_chapter(definition)

    def _table(self, judging: Judging) -> "CoverageTable":
        # Late: pandas takes a while to come, and most pages and commands count nothing.
        from app.coverage.tables import CoverageTable

        if judging not in self._tables:
            self._tables[judging] = CoverageTable(self.rows, self.standings_by(judging), judging.leaving)
        return self._tables[judging]
