"""A scored term, and what its axes say of the row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matcher.facts import Reading
from matcher.index import TermIndex
from matcher.strengths import Strengths

VETOING = ("property", "time", "system", "scale")
"""The axes on which a contradiction costs the veto."""
CONTRADICTS = -0.9


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a code was chosen among its siblings: the rule that states it, and the two values of its sentence."""

    rule: Callable[..., Any]
    local: str = ""
    term: str = ""


@dataclass(slots=True)
class Candidate:
    """A scored term; `reading` is the one under which it scored best."""

    position: int
    score: float
    component: float
    reading: Reading
    reasons: tuple[Reason, ...] = ()
    """Why it was chosen among its siblings; empty when likeness alone decided."""
    habit: Reason | None = None
    """The habit that preferred its property to another which the row leaves open."""
    is_settled: bool = False
    """What chose it among its siblings leaves no question of its technique."""
    is_guess: bool = False
    """What chose it leaves others possible: a habit, or a rule that several of its siblings follow."""
    is_lifted: bool = False
    """It stands before a candidate with a better score, which its row contradicts."""
    is_in_sight: bool = False
    """It stands before candidates with better scores, because the label names it in full."""


class Views:
    """What the axes of candidates say of their rows."""

    def __init__(self, index: TermIndex, strengths: Strengths) -> None:
        self.index = index
        self.strengths = strengths

    def value(self, axis: str, candidate: Candidate) -> str:
        """The value of a term on an axis."""
        value: str = self.index.axis_values[axis][self.index.axis_codes[axis][candidate.position]]
        return value

    def strength(self, axis: str, candidate: Candidate) -> float:
        """How the row meets a term on an axis, in [-1, 1]."""
        return self.strengths.of_term(axis, candidate.reading.facts, candidate.position)

    def is_contradicted(self, candidate: Candidate) -> bool:
        """Whether any axis of a term contradicts its row."""
        return self.strengths.is_contradicted(candidate.reading.facts, candidate.position)
