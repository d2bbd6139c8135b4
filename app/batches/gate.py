"""The gate of a batch: which rows may be accepted without being looked at, why the others may not. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.models import Status
from matcher.calibration import judged_share, least_share
from matcher.types import Band

BANDS = (Band.SURE, Band.TO_CHECK)
"""The bands that a batch may take: nobody accepts uncertain proposals without looking."""
_NOT_OPEN = {
    Status.DECIDED: "Déjà décidée.",
    Status.APPROVED: "Déjà approuvée.",
    Status.DOUBT: "En doute : une personne doit répondre.",
    Status.SENT_BACK: "Renvoyée : une personne doit la revoir.",
}
UNREAD_TWICE = "Attend sa deuxième lecture, à l’aveugle, que vous pouvez faire."
NO_TEST = "Le moteur n'y voit pas une analyse."
NO_PROPOSAL = "Aucune proposition."
CONTRADICTED = "La ligne contredit le code proposé."
INACTIVE = "Le code proposé n'est plus actif dans LOINC."
SET_ASIDE = "Une personne a écarté ce candidat."
CHANGED = "À revoir depuis la nouvelle version de LOINC."
TOO_LOW = "Confiance trop basse pour un lot."
READING_UNKNOWN = "Cette recherche est trop ancienne pour dire si tout a été lu : relancez les propositions."
UNREAD = "Pas lu en entier : "
"""How the reason of a row begins of which the engine did not read everything."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row with its best proposal."""

    local_test_id: int
    version: int
    status: Status
    loinc_num: str = ""
    proposal_id: int | None = None
    band: Band | None = None
    confidence: float = 0.0
    has_contradiction: bool = False
    is_nontest: bool = False
    has_task: bool = False
    is_active: bool = True
    """Whether the code is there and active in the release."""
    is_set_aside: bool = False
    flagged_by: str = ""
    """Who marked the row; empty when nobody did."""
    flagged_by_id: int | None = None
    asked_by: str = ""
    """Who asked the question that waits on the row."""
    asked_by_id: int | None = None
    unread: tuple[str, ...] = ()
    """What the engine did not read in the row: words of its label, its specimen, its unit."""
    is_reading_known: bool = True
    """Whether the proposal says what was read; those stored before this was noted do not."""
    is_hidden: bool = False
    """Whether its decision is hidden from who asks, who may read the row a second time."""
    stopped: str = ""
    """What the checks of the code ask a justification for (`app.transcoding.gathering.what_stops`)."""


def refusal(row: Candidate, lowest: Band, with_unread: bool = False) -> str:
    """Why this row does not pass, as a sentence; empty when it does. The gravest reason first.

    `with_unread` lets rows through of which words, specimen or unit were not read.
    """
    if row.is_hidden:
        return UNREAD_TWICE
    if row.status is Status.DOUBT and row.asked_by:
        return f"Question ouverte de {row.asked_by} : une personne doit répondre."
    if row.status is not Status.TODO:
        return _NOT_OPEN[row.status]
    if row.flagged_by:
        return f"Marquée d'un repère par {row.flagged_by} : une personne doit la regarder."
    if row.is_nontest:
        return NO_TEST
    if not row.loinc_num or row.proposal_id is None or row.band is None:
        return NO_PROPOSAL
    if row.has_contradiction:
        return CONTRADICTED
    if not row.is_active:
        return INACTIVE
    if row.is_set_aside:
        return SET_ASIDE
    if row.has_task:
        return CHANGED
    allowed = BANDS[: BANDS.index(lowest) + 1] if lowest in BANDS else ()
    if row.band not in allowed:
        return TOO_LOW
    if row.stopped:
        return row.stopped
    if not row.is_reading_known and not with_unread:
        return READING_UNKNOWN
    return f"{UNREAD}{', '.join(row.unread)}." if row.unread and not with_unread else ""


def held_for(row: Candidate, user_id: int) -> str:
    """Why one answer for many rows leaves this one to the colleague who flagged it or waits for an answer there."""
    if row.is_hidden:
        return UNREAD_TWICE
    if row.status is Status.APPROVED:
        return _NOT_OPEN[row.status]
    if row.status is Status.DOUBT and row.asked_by and row.asked_by_id != user_id:
        return f"Question ouverte de {row.asked_by} : répondez-y sur la ligne."
    if row.flagged_by and row.flagged_by_id != user_id:
        return f"Marquée d'un repère par {row.flagged_by} : décidez sur la ligne."
    return ""


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of the rows let through may be right."""

    expected: float
    """The mean of their confidences, in [0, 1]."""
    least: float
    """What may be counted on: the share of the bands, weighed by their rows, at its one-sided 95 % lower bound."""
    right: int
    """Of the rows never seen when the engine was set, in these bands: right ones."""
    count: int


@dataclass(frozen=True, slots=True)
class Gate:
    """What would become of the rows asked for."""

    passing: Sequence[Candidate]
    refused: Sequence[tuple[Candidate, str]]
    lowest: Band
    with_unread: bool = False

    @property
    def unread(self) -> int:
        """How many rows are left only because not all of them was read."""
        return sum(reason.startswith((UNREAD, READING_UNKNOWN)) for _, reason in self.refused)

    @property
    def unread_passing(self) -> int:
        """How many of those pass because they were asked for."""
        return sum(bool(row.unread) or not row.is_reading_known for row in self.passing)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why rows do not pass, the most frequent first."""
        return Counter(reason for _, reason in self.refused).most_common()

    @property
    def precision(self) -> Precision | None:
        """What may be expected of the rows that pass; None when none does."""
        if not self.passing:
            return None
        expected = sum(row.confidence for row in self.passing) / len(self.passing)
        bands = Counter(row.band for row in self.passing)
        judged = {band: judged_share(band) for band in bands if band is not None}
        least = sum(bands[band] * least_share(*found) for band, found in judged.items()) / len(self.passing)
        right, count = (sum(part) for part in zip(*judged.values(), strict=True))
        return Precision(expected, min(least, expected), right, count)


def gate(rows: Sequence[Candidate], lowest: Band, with_unread: bool = False) -> Gate:
    """Sort rows by what would become of them."""
    told = [(row, refusal(row, lowest, with_unread)) for row in rows]
    passing = [row for row, reason in told if not reason]
    return Gate(passing, [item for item in told if item[1]], lowest, with_unread)
