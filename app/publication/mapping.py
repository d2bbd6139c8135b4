"""The transcoding as a map, before any format: each local code with the approved LOINC code it leads to.

ConceptMap R4, ConceptMap R5, `$translate` and SSSOM all say what is written here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.models import Level, Relation
from app.publication.assessment import Assessment
from app.publication.local_codes import LEVEL_ORDER, display_of, local_codes
from app.publication.schemas import PublishedTerm, PublishedTest
from app.text import one_line


@dataclass(frozen=True, slots=True)
class MapTarget:
    """The approved LOINC code, and the local test whose facts say who decided and approved it."""

    test: PublishedTest
    term: PublishedTerm

    @property
    def relation(self) -> Relation:
        """How LOINC stands to the local test; when nobody said it, only that the two are related is known."""
        return Relation(self.test.relation) if self.test.relation else Relation.RELATED

    @property
    def comment(self) -> str:
        """What was written about the mapping; in what sense the code is narrower, when nobody wrote it."""
        if not self.test.comment and self.relation is Relation.LOINC_NARROWER:
            return _narrowing(self.term)
        return one_line(self.test.comment)


@dataclass(slots=True)
class MapElement:
    """A local code. `settled` is the row whose lack of a code a biologist approved, None as long as nobody did."""

    code: str
    display: str
    target: MapTarget | None = None
    settled: PublishedTest | None = None


@dataclass(frozen=True, slots=True)
class MapGroup:
    """The local codes of one level."""

    level: Level
    elements: tuple[MapElement, ...]


def _narrowing(term: PublishedTerm) -> str:
    axes = (("milieu", term.system), ("échelle", term.scale), ("méthode", term.method))
    said = ", ".join(f"{axis} {value}" for axis, value in axes if value)
    return f"Le code LOINC est plus précis que le test local ({said})." if said else "Le code LOINC est plus précis."


def _elements(tests: Iterable[PublishedTest], assessment: Assessment) -> tuple[MapElement, ...]:
    """One element for each local code; rows that share a code share its LOINC code, or the assessment withheld it."""
    elements: dict[str, MapElement] = {}
    unsettled: set[str] = set()
    ordered = list(tests)
    codes = local_codes(ordered)
    for test in ordered:
        code = codes.get(test.id, "")
        if not code:
            continue
        element = elements.setdefault(code, MapElement(code, display_of(test)))
        element.display = element.display or display_of(test)
        term = assessment.names.get(test.id)
        if term is not None:
            element.target = element.target or MapTarget(test, term)
        elif assessment.reasons[test.id].is_settled:
            element.settled = element.settled or test
        else:
            unsettled.add(code)
    for code, element in elements.items():
        if element.target is not None or code in unsettled:
            element.settled = None
    return tuple(elements.values())


def map_groups(assessment: Assessment) -> list[MapGroup]:
    """The map, one group for each level that has local codes."""
    groups = []
    for level in LEVEL_ORDER:
        elements = _elements((test for test in assessment.tests if test.level is level), assessment)
        if elements:
            groups.append(MapGroup(level, elements))
    return groups
