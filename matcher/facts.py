"""What a row says on each axis, and the competing readings of its label."""

from dataclasses import dataclass

from matcher.evidence.doubt import Doubt
from matcher.normalise.units import UnitReading
from matcher.types import LocalTest

OF_AN_EXAM = frozenset("igg igm iga ac acs ab anticorps ag antigene totaux total".split())
"""Words that name a result of an exam, and what it is about only with the exam's name."""

# Words that say nothing of the analyte.
GENERIC = frozenset(
    (
        "dosage taux mesure recherche nombre numeration determination test resultat valeur analyse examen "
        "total quantitatif qualitatif technique methode autre exploration evaluation concentration activite "
        "teneur etude value level measurement result count blood sang type nb compte"
    ).split()
)

SEEN = frozenset(
    (
        "erythrocytes", "leukocytes", "neutrophils", "polymorphonuclear cells", "lymphocytes", "macrophages",
        "epithelial cells", "epithelial cells.squamous", "clue cells", "spermatozoa", "mucus", "crystals",
        "yeast", "yeast.budding", "yeast.hyphae", "yeast.pseudohyphae", "trichomonas vaginalis",
    )
)  # fmt: skip
"""Analytes that bacteriology sees under the microscope before anything grows."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the row says on the axes other than component; empty tuples and texts mean that it says nothing."""

    unit: UnitReading
    systems: tuple[str, ...] = ()
    other_systems: tuple[str, ...] = ()
    """What the column of specimens says, when the label says another specimen."""
    further_systems: tuple[str, ...] = ()
    """Of `systems`, those that only the second specimen of a column, or a later one, names."""
    is_of_isolate: bool = False
    """Whether the analyte is sought in a germ or virus isolated from the specimen that the row names."""
    times: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    scales_from: str = ""
    methods: tuple[str, ...] = ()
    label_methods: tuple[str, ...] = ()
    """The techniques that the label itself names: a code without them leaves a word of the label out."""
    label_scales: tuple[str, ...] = ()
    label_properties: tuple[str, ...] = ()
    """The scale and the property that words of the label say beside its analyte: « qualitatif », « index »."""
    properties: tuple[str, ...] = ()
    stated_properties: tuple[str, ...] = ()
    """What the column of quantities says."""
    classes: tuple[str, ...] = ()
    class_systems: tuple[str, ...] = ()
    nature: str = ""
    divisors: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()
    level: str = "analysis"
    parts: int = 0
    """How many analyses an exam holds."""
    is_american: bool = False
    """Written in the American manner, where blood counts mean an automated count."""
    seems_qualitative: bool = False
    """A specimen is given but no unit: more often a search than a measurement."""
    names_analyte: bool = False
    """The label names something measured, so a panel cannot be what is meant."""
    is_seen: bool = False
    """A cell, a yeast or a parasite of a bacteriology, without unit: what is seen under the microscope."""
    is_cytology: bool = False
    """A cytobacteriological examination of urine: cells are counted or seen in it, a strip is a test apart."""
    is_control: bool = False
    """The row is about a control, a donor or a foetus, not about the patient."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the label: LOINC words wanted, words left over, and what is implied elsewhere."""

    wanted: tuple[str, ...]
    leftover: tuple[str, ...]
    analytes: tuple[str, ...]
    organisms: tuple[str, ...]
    facts: Facts
    prior: float
    spans: tuple[tuple[str, str], ...] = ()
    """(words of the label, LOINC component they stand for)."""
    instead: tuple[str, ...] = ()
    """The analytes that come first for the same words, when this reading takes another."""
    doubts: tuple[Doubt, ...] = ()
    """What this reading guessed; unless it is settled, no proposal of it is sure."""

    @property
    def is_doubtful(self) -> bool:
        """Whether something that this reading guessed keeps its proposals from being sure."""
        return any(not doubt.is_settled for doubt in self.doubts)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row understood."""

    test: LocalTest
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Cues:
    """What the words outside the lexicon reveal."""

    systems: tuple[str, ...]
    times: tuple[str, ...]
    challenges: tuple[str, ...]
    methods: tuple[str, ...]
    scales: tuple[str, ...]
    used: frozenset[int]
