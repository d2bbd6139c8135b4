"""How far a level of a catalogue has come, for the landing pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.coverage.pages import FigureLine
from app.home.next_step import NextStep
from app.models import Level
from app.web.meter import Meter, stacked_meter


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How far the review of the tests of one level has come."""

    todo: int = 0
    doubt: int = 0
    decided: int = 0
    approved: int = 0
    sent_back: int = 0

    @property
    def total(self) -> int:
        """All tests of the level."""
        return self.todo + self.doubt + self.decided + self.approved + self.sent_back

    @property
    def meter(self) -> Meter:
        """The bar: approved, waiting for approval, sent back or in doubt, to do."""
        label = (
            f"{self.approved} approuvées, {self.decided} décidées à approuver, "
            f"{self.doubt + self.sent_back} en doute ou renvoyées, sur {self.total}"
        )
        parts = (
            ("part-ok", self.approved),
            ("part-info", self.decided),
            ("part-warn", self.doubt + self.sent_back),
        )
        return stacked_meter(self.total, parts, label)


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """A catalogue and the progress of its analyses and exams."""

    id: int
    name: str
    created_at: datetime
    levels: Mapping[Level, StatusCounts]
    """Of the levels that the catalogue has."""
    step: NextStep
    """What the person does next there."""
    coverage: FigureLine | None
    """The default figure; None while it cannot be told, and of an empty catalogue."""
    is_importing: bool = False
    """An import waits or runs: what it stores is not among the numbers until it is whole."""

    @property
    def analyses(self) -> StatusCounts:
        """How far the analyses have come."""
        return self.levels.get(Level.ANALYSIS, StatusCounts())

    @property
    def exams(self) -> StatusCounts:
        """How far the exams have come."""
        return self.levels.get(Level.EXAM, StatusCounts())
