"""What coded elements of FHIR say: whose each code is, which category a result is of, which unit it is in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.emitted.code_systems import is_known, is_loinc, is_ucum
from app.emitted.observed import CodeSystems
from app.files.fhir_json import Json, items, one_line

_LABORATORY = frozenset(
    "LABORATORY LAB BG BLB CG CH CP CTH GE HM ICU IMM LOINC MB MCB MYC NRS OSL PAR SP SR TX VR".split()
)
"""Categories of observations and of reports that are of a laboratory (HL7 table 0074)."""
_NOT_LABORATORY = frozenset(
    "VITAL-SIGNS IMAGING SOCIAL-HISTORY SURVEY EXAM THERAPY ACTIVITY PROCEDURE AU CT CUS EC EN NMR NMS OUS PF PHR PHY "
    "PT RAD RC RT RUS RX VUS XRC".split()
)
_LABORATORY_TEXT = re.compile(r"laborato|biolog", re.IGNORECASE)

LABORATORY_DOCUMENTS = frozenset({"11502-2", "26436-6", "18725-2", "18719-5", "18723-7", "68608-9"})
"""LOINC codes of documents and reports of a laboratory, whole or of one discipline."""
WHOLE_DOCUMENTS = frozenset({"11502-2", "26436-6"})
"""Those that say nothing of a discipline: no section."""
COMMENTS = frozenset({"8251-1", "48767-8", "77202-0", "86467-8", "55107-7"})
"""LOINC codes of what is said about results: no result is a comment."""


@dataclass(frozen=True, slots=True)
class Coded:
    """The codes of one concept."""

    loinc: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    has_waiting_code: bool = False

    @property
    def names(self) -> str:
        """What tells it from another one of its report."""
        return " ".join(self.local or self.loinc)


def coded(concept: Any, systems: CodeSystems) -> Coded:
    """The codes of a CodeableConcept; those of no system are the laboratory's, as those of a system nobody knows."""
    loinc: dict[str, None] = {}
    local: dict[str, None] = {}
    is_waiting = False
    for coding in items(concept, "coding") if isinstance(concept, Mapping) else ():
        code, system = one_line(coding.get("code")), one_line(coding.get("system")).rstrip("/").split("|")[0]
        if not code:
            continue
        if is_loinc(system):
            loinc[code] = None
        elif system.removeprefix("urn:oid:") in systems.waiting or system in systems.waiting:
            is_waiting = True
        elif not is_known(system):
            local[code] = None
    return Coded(tuple(loinc), tuple(local), is_waiting)


def is_laboratory(resource: Json) -> bool | None:
    """Whether an observation or a report is of a laboratory, by its categories; None where they do not tell."""
    told: bool | None = None
    for category in items(resource, "category"):
        codes = {one_line(coding.get("code")).upper() for coding in items(category, "coding")}
        if codes & _LABORATORY or _LABORATORY_TEXT.search(one_line(category.get("text"))):
            return True
        if codes & _NOT_LABORATORY:
            told = False
    return told


def unit_of(observation: Json) -> str:
    """The unit of a result: the code of its quantity where it is of UCUM or of no system, else what is shown."""
    quantity = observation.get("valueQuantity")
    if not isinstance(quantity, dict):
        span = observation.get("valueRange")
        quantity = next(iter([*items(span, "low"), *items(span, "high")]), {}) if isinstance(span, dict) else {}
    code, shown = one_line(quantity.get("code")), one_line(quantity.get("unit"))
    system = one_line(quantity.get("system")).rstrip("/")
    return code if code and (is_ucum(system) or not (system and shown)) else shown or code
