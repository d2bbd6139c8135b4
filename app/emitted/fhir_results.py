"""The results among the Observations of one report of FHIR."""

from dataclasses import dataclass, field

from app.emitted.fhir_codes import COMMENTS, Coded, coded, is_laboratory, unit_of
from app.emitted.fhir_scope import Entry, Scope, address_of
from app.emitted.observed import CodeSystems, ObservedResult
from app.files.fhir_json import Json, items, one_line
from loinc_data.checkdigit import is_valid_loinc

MOST_LEVELS = 20
"""Observations in one another: batteries of batteries."""
TAKEN_BACK = frozenset({"entered-in-error", "cancelled"})
"""Statuses of what was said by error, or is not to be."""
_NO_RESULTS = ("valueAttachment", "valueReference", "valueSampledData")
"""Values that are a document, an image, a curve."""
_ABSENT = "dataAbsentReason"


@dataclass(slots=True)
class Results:
    """Gathers the results of one report; an Observation that is referred to twice is read once."""

    scope: Scope
    systems: CodeSystems
    found: list[ObservedResult] = field(default_factory=list)
    resources: list[Json] = field(default_factory=list)
    """The Observations that were looked at."""
    missing: list[str] = field(default_factory=list)
    """Addresses of results that are not in this file."""
    _looked: set[int] = field(default_factory=set)

    def refer(self, reference: Json, holder: Json, section: str, *, in_laboratory: bool, depth: int = 0) -> None:
        """What a reference of this resource points to, where it is an Observation."""
        entry = self.scope.find(reference, holder)
        if entry is None:
            address = one_line(reference.get("reference"))
            if address and not address.startswith("#"):
                self.missing.append("/".join(address.split("/_history/")[0].rsplit("/", 2)[-2:]))
        elif entry.resource.get("resourceType") == "Observation":
            self.add(entry, section, in_laboratory=in_laboratory, depth=depth)

    def add(self, entry: Entry, section: str, *, in_laboratory: bool, depth: int = 0) -> None:
        """One Observation, its components and its members."""
        observation = entry.resource
        if id(observation) in self._looked or depth > MOST_LEVELS:
            return
        self._looked.add(id(observation))
        self.resources.append(observation)
        told = is_laboratory(observation)
        if told is False:
            return
        is_result = in_laboratory or bool(told)
        codes = coded(observation.get("code"), self.systems)
        battery = section_of(codes) or section
        slot = address_of(entry)
        withdrawn = one_line(observation.get("status")) in TAKEN_BACK
        components, members = items(observation, "component"), items(observation, "hasMember")
        if is_result:
            if _says_value(observation) or (_ABSENT in observation and not (components or members)):
                self._keep(observation, codes, section, slot, withdrawn=withdrawn)
            for component in components:
                if _says_value(component) or _ABSENT in component:
                    own = coded(component.get("code"), self.systems)
                    place = f"{slot} / {own.names}" if slot else ""
                    self._keep(component, own, battery, place, withdrawn=withdrawn)
        for member in members:
            self.refer(member, observation, battery, in_laboratory=is_result, depth=depth + 1)

    def _keep(self, result: Json, codes: Coded, section: str, slot: str, *, withdrawn: bool) -> None:
        if COMMENTS.isdisjoint(codes.loinc):
            self.found.append(
                ObservedResult(
                    codes.loinc,
                    codes.local,
                    unit_of(result),
                    section,
                    codes.has_waiting_code,
                    slot,
                    is_withdrawn=withdrawn,
                )
            )


def section_of(codes: Coded) -> str:
    """The LOINC code of a section or of a battery; empty without."""
    return next(filter(is_valid_loinc, codes.loinc), "")


def _says_value(node: Json) -> bool:
    """Whether it has a value of any type, or says why a value of a type is not there."""
    return any(
        name.removeprefix("_")[:5] == "value"
        and name.removeprefix("_") not in _NO_RESULTS
        and node[name] not in (None, "", [], {})
        for name in node
    )
