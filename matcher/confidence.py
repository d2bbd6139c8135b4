"""Confidence: the signals of a ranking, and what keeps its first candidate from being sure."""

from matcher.calibration import Signals
from matcher.candidate import CONTRADICTS, VETOING, Candidate, Views
from matcher.certainty import doubts_of
from matcher.evidence.choice import national_choice
from matcher.facts import Reading
from matcher.types import LocalTest

_LOST = frozenset("?\ufffd")
AGREED = 0.1
UNSAID = -0.3
"""The strengths of a condition of the code that the row states too, and of one of the row that the code leaves out."""
NAMED = 0.6
"""The least strength of a specimen that the row names, and not of one that stands near it."""
NOTHING_ASKED = 0.5
"""The strength of a technique that neither side asks for."""


class Trust:
    """Says of ranked candidates what the calibration is to know."""

    def __init__(self, views: Views, whole: float) -> None:
        self.views = views
        self.index = views.index
        self.whole = whole
        """What a component is worth that the label names in full."""

    def signals(self, candidates: list[Candidate], nontest: float) -> Signals:
        """What the confidence in the first of these candidates is made of."""
        first = candidates[0]
        second = candidates[1] if len(candidates) > 1 else None
        reading, facts, index, strength = first.reading, first.reading.facts, self.index, self.views.strength
        analyte = index.analytes[index.analyte_of[first.position]]
        return Signals(
            score=first.score,
            margin=first.score - second.score if second else 1.0,
            component=first.component / self.whole,
            exact=analyte in reading.analytes,
            leftover=len(reading.leftover),
            has_unit=facts.unit.is_known,
            has_specimen=bool(facts.systems),
            prior=float(index.prior[first.position]),
            contradictions=sum(strength(name, first) <= CONTRADICTS for name in (*VETOING, "unit")),
            nontest=nontest,
            property=strength("property", first),
            system=strength("system", first),
            scale=strength("scale", first),
            method=NOTHING_ASKED if first.is_settled else strength("method", first),
            reading=reading.prior,
            rival_is_sibling=second is not None
            and index.analyte_of[first.position] == index.analyte_of[second.position],
            is_organism=bool(reading.organisms),
            nature_known=bool(facts.nature),
            # How right a choice is was measured for the country's alone: any other is believed as likeness is.
            is_chosen=any(reason.rule is national_choice for reason in first.reasons),
        )

    def is_doubtful(self, candidate: Candidate) -> bool:
        """Whether something that no likeness outweighs keeps a candidate from being sure: what its reading guessed,
        a condition that only one side states, a control instead of the patient, a specimen that only stands near,
        a choice among its siblings that left others possible, a word or a technique that its code leaves out."""
        facts = candidate.reading.facts
        is_other_subject = bool(self.index.other_subject[candidate.position]) is not facts.is_control
        has_challenge = bool(self.views.value("challenge", candidate))
        challenge = self.views.strength("challenge", candidate)
        is_other_condition = challenge < AGREED if has_challenge else challenge <= UNSAID
        is_near_specimen = bool(facts.systems) and self.views.strength("system", candidate) < NAMED
        is_guess = candidate.is_guess or candidate.habit is not None
        # A word that nothing reads may be the one that makes it another test: « Facteur VIII inhibiteur ».
        is_guess = is_guess or candidate.reading.is_doubtful or bool(candidate.reading.leftover)
        is_guess = is_guess or any(doubts_of(self.views, candidate)) or self.views.strength("nature", candidate) < 0
        return is_guess or is_other_subject or is_other_condition or is_near_specimen


def is_questioned(test: LocalTest, reading: Reading) -> bool:
    """Whether a letter of the label may have become « ? » in a transfer, and not one word alone stood there.

    One at the end of a word may be a question, or anything: « IgG? ».
    """
    is_filled = any(doubt.is_settled and _LOST & set(doubt.local.strip("?\ufffd")) for doubt in reading.doubts)
    return bool(_LOST & set(test.label)) and not is_filled


def is_cut(test: LocalTest, width: int) -> bool:
    """Whether the label fills the width at which those of its catalogue are cut; 0 when they are not."""
    return bool(width) and len(test.label.strip()) >= width
