"""The table of weights: how much each axis counts. Agreement adds, contradiction subtracts."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Weights:
    """Weight of each family of evidence; strengths are in [-1, 1] and these multiply them."""

    component: float = 8.0
    """Share of the label's words and of the component's words that meet, in [0, 1]."""
    exact: float = 1.2
    """The lexicon names exactly this analyte."""
    composed: float = 0.5
    """Share of `exact` for an analyte whose words are those of the label, no more and no less."""
    reading: float = 3.0
    """Weight of the reading's own plausibility (ambiguous abbreviations)."""
    property: float = 2.0
    time: float = 1.2
    system: float = 1.5
    scale: float = 0.9
    method: float = 1.1
    unit: float = 0.4
    divisor: float = 1.3
    challenge: float = 1.2
    nature: float = 0.7
    class_name: float = 0.4
    """The chapter of the laboratory is the LOINC class of the term."""
    prior: float = 0.85
    """How usual the code is."""
    veto: float = 2.2
    """Loss, on top, for each axis that contradicts: a contradiction is never outweighed by likeness."""
    memory: float = 3.0
    """The same full signature was validated with this code in other catalogues."""
    nabm: float = 0.8
    national_set: float = 0.4
    national_choice: float = 1.0
    """Loss of the siblings of the code that the country uses; nothing in the row asks for another technique."""
    subject: float = 1.0
    """Loss of a code about a control, a donor or a foetus when the row is about none."""
    status: float = 3.0
    """Loss of a code that is discouraged or deprecated."""
    order: float = 0.3
    """Loss of a code that cannot be ordered (for an exam) or observed (for an analysis)."""

    def table(self) -> list[tuple[str, float]]:
        """The weights as rows, for the documentation and the bench."""
        return [(item.name, getattr(self, item.name)) for item in fields(self)]


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What a caller may choose. `weights` is the table of scoring; `pool` bounds the analytes considered."""

    weights: Weights = WEIGHTS
    pool: int = 48
    terms: int = 900
