"""Method: methodless codes unless the row names a technique."""

from functools import lru_cache

from matcher.evidence.base import Found
from matcher.evidence.system import NAMED_FLUIDS
from matcher.facts import Facts
from matcher.types import Verdict

# Methods so usual for their tests that a catalogue does not name them; the loss is smaller.
_TACIT = {
    "Automated count": 0.35, "Manual count": 0.6, "IA": 0.5, "Probe.amp.tar": 0.35, "Coag": 0.3, "Calculated": 0.5,
    "Automated": 0.4, "Test strip": 0.45, "Microscopy.light": 0.4, "Organism specific culture": 0.35, "Culture": 0.3,
    "Aerobe culture": 0.35, "Electrophoresis": 0.45, "MIC": 0.5, "Agar diffusion": 0.5, "Confirm": 0.8, "Screen": 0.7,
    "Chromo": 0.4, "Coag.derived": 0.45, "Gram stain": 0.5, "IF": 0.6, "Aggl": 0.6, "IA.rapid": 0.6,
    "Computer assisted method": 0.7, "Calculated.FibrinogenCoag": 0.6,
}  # fmt: skip
_NEAR: tuple[frozenset[str], ...] = (
    frozenset({"IA", "IA.rapid", "EIA", "Immunoassay"}),
    frozenset({"Probe.amp.tar", "Probe.amp.tar detection limit = 20 copies/mL", "NAA with probe detection", "Probe",
               "NAA with non-probe detection", "Probe.amp.sig", "Probe with amplification"}),
    frozenset({"Microscopy.light", "Microscopy high power field", "Microscopy low power field", "Manual count",
               "Wet preparation", "Microscopy.light.HPF", "Microscopy.light.LPF"}),
    frozenset({"Microscopy", "Microscopy.light", "Thin film", "Thick film", "Malaria smear", "Malaria thin smear"}),
    frozenset({"IB", "Line blot", "Immunoblot (IB)"}),
    frozenset({"Culture", "Aerobe culture", "Organism specific culture", "Anaerobe culture"}),
    frozenset({"Aggl", "LA", "Hemagglutination", "HA", "Hemagglutination inhibition"}),
)  # fmt: skip

_MICROSCOPIES = ("Wet preparation", "Microscopy")
PRECISIONS = ("Detection limit", "High sensitivity")
_NUCLEIC = ("Probe.amp.tar", "NAA with", "Non-probe", "Probe with amp")
_ELSEWHERE = frozenset({"IA", "IA.rapid", "IF", "Aggl", "LA", "HA", "Hemagglutination", "Wet preparation",
                        "Microscopy.light", "Gram stain", "Complement fixation", "IB", "Line blot"})  # fmt: skip
"""Methods by which no nucleic acid is looked for."""


TELLING = 0.6
"""How much a method must be held against a code when unwritten, for its writing to ask for a code that carries it."""


def method_is_same(local: str, term: str) -> None:
    """Technique {local} : c'est bien la méthode LOINC {term}."""


def method_is_near(local: str, term: str) -> None:
    """Technique {local} : voisine de la méthode LOINC {term}."""


def method_contradicts(local: str, term: str) -> None:
    """Technique {local} : le code LOINC exige une autre méthode ({term})."""


def calculated_from_usual(local: str, term: str) -> None:
    """Technique {local} : un résultat calculé l'est sur une mesure par la méthode habituelle ({term})."""


def method_not_required(local: str, term: str) -> None:
    """Technique {local} : le code LOINC n'exige aucune méthode."""


def automated_by_custom(local: str, term: str) -> None:
    """Numération de style anglo-saxon : le comptage automatisé y est sous-entendu."""


def counted_by_hand(local: str, term: str) -> None:
    """Cytologie d'un liquide : le comptage manuel y est sous-entendu."""


def no_method_either_side(local: str, term: str) -> None:
    """Aucune technique précisée, et le code LOINC n'en exige pas."""


def seen_directly(local: str, term: str) -> None:
    """Élément que la bactériologie voit à l'examen direct : la méthode {term} y est sous-entendue."""


def not_grown(local: str, term: str) -> None:
    """Élément que la bactériologie voit à l'examen direct : le code LOINC demande une culture ({term})."""


def strip_is_apart(local: str, term: str) -> None:
    """Examen cytobactériologique : la bandelette ({term}) est un examen à part, que rien n'indique ici."""


def nucleic_by_chapter(local: str, term: str) -> None:
    """Biologie moléculaire : la méthode {term} y est sous-entendue."""


def not_nucleic(local: str, term: str) -> None:
    """Biologie moléculaire : le code LOINC exige une autre méthode ({term})."""


def method_without_evidence(local: str, term: str) -> None:
    """Le code LOINC exige la méthode {term}, que rien n'indique dans le catalogue."""


def is_tacit(method: str) -> bool:
    """Whether a method is the one that laboratories have for its tests, so that few of them say so."""
    return _TACIT.get(method, 1.0) <= _MOST_USUAL


def weigh_method(facts: Facts, value: str) -> Found:
    """How the row's technique meets the LOINC method."""
    local = ", ".join(facts.methods[:3])
    if not value:
        if facts.methods:
            # An immunoassay goes without saying, a line blot is written because the code depends on it.
            is_telling = _tacit(facts.methods[0]) > TELLING
            return Found(Verdict.COMPATIBLE, -0.1 if is_telling else 0.15, method_not_required, local)
        return Found(Verdict.AGREE, 0.5, no_method_either_side)
    if not facts.methods:
        if facts.is_american and value == "Automated count" and set(facts.systems) & {"Bld", "RBC"}:
            return Found(Verdict.COMPATIBLE, 0.9, automated_by_custom)
        if value == "Manual count" and facts.systems and facts.systems[0] in NAMED_FLUIDS:
            return Found(Verdict.COMPATIBLE, 0.2, counted_by_hand)
        if facts.nature == "na":
            if value.startswith(_NUCLEIC):
                return Found(Verdict.COMPATIBLE, 0.6, nucleic_by_chapter)
            if value in _ELSEWHERE or "ulture" in value:
                return Found(Verdict.CONTRADICT, -0.9, not_nucleic)
        if facts.is_seen and value.startswith(_MICROSCOPIES):
            return Found(Verdict.COMPATIBLE, 0.55, seen_directly)
        if facts.is_seen and "ulture" in value:
            return Found(Verdict.COMPATIBLE, -0.9, not_grown)
        if facts.is_cytology and "strip" in value:
            return Found(Verdict.UNKNOWN, -1.0, strip_is_apart)
        return Found(Verdict.UNKNOWN, -_tacit(value), method_without_evidence)
    if value in facts.methods:
        return Found(Verdict.AGREE, 1.0 - 0.08 * min(facts.methods.index(value), 4), method_is_same, local)
    if _stem(value) in _stems(facts.methods):
        return Found(Verdict.AGREE, 0.95, method_is_same, local)
    folded = value.lower()
    if any(method in folded or folded in method for method in _long_ones(facts.methods)):
        return Found(Verdict.COMPATIBLE, 0.45, method_is_near, local)
    if any(value in family and set(facts.methods) & family for family in _NEAR):
        return Found(Verdict.COMPATIBLE, 0.35, method_is_near, local)
    if facts.methods[:1] == ("Calculated",) and is_tacit(value):
        # An INR or an MCHC is worked out, and LOINC names how what it is worked out from was measured.
        return Found(Verdict.COMPATIBLE, 0.2, calculated_from_usual, local)
    return Found(Verdict.CONTRADICT, -0.8, method_contradicts, local)


def _tacit(value: str) -> float:
    """How much a method that the row does not name is held against a code: a limit of detection is hardly one."""
    return 0.35 if value.startswith(PRECISIONS) else _TACIT.get(value, 0.9)


@lru_cache(maxsize=4096)
def _stem(method: str) -> str:
    """A method without what releases add, leave out or spell in two ways: Westergren method, Nephlometry."""
    if method.startswith("Molecular genetics method"):
        # Older releases shorten it, newer ones spell it and add the scale.
        return "molgen"
    return method.lower().replace(" method", "").replace(" assay", "").replace("nephlo", "nephelo").strip()


@lru_cache(maxsize=1024)
def _stems(methods: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_stem(method) for method in methods)


@lru_cache(maxsize=1024)
def _long_ones(methods: tuple[str, ...]) -> tuple[str, ...]:
    """Methods whose names are no mere initials, in lower case."""
    return tuple(method.lower() for method in methods if len(method) > 2)


_MOST_USUAL = 0.35
