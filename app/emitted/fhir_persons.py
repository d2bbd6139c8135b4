"""The words of FHIR resources that tell of persons: whoever a report is about, and whoever made or received it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from app.emitted.fhir_scope import Entry, Scope
from app.emitted.masking import folded_words
from app.files.fhir_json import Json, items, one_line

_PERSONS = ("Patient", "RelatedPerson", "Person", "Practitioner", "PractitionerRole")
_SUBJECTS = ("Patient", "RelatedPerson", "Person")
_NO_WORDS = frozenset(
    "resourceType system use status language gender type meta div data url contentType active period extension "
    "modifierExtension communication qualification specialty code coding".split()
)
"""Elements of a person that do not tell of her, or tell it in other words, as the narrative (`div`) does."""
_REFERENCES = frozenset(
    "subject patient performer author resultsInterpreter attester party collector requester recorder asserter sender "
    "responsible practitioner actor receiver enterer participant individual member custodian recipient".split()
)
"""Elements by which resources refer to persons, by a name too."""
_LONGEST = 300
_MOST_VALUES = 5_000


class Persons:
    """Finds the persons of each report of one scope; each resource is read once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._words: dict[int, frozenset[str]] = {}
        self._subjects = list(scope.of_type(*_SUBJECTS))
        self._kin: dict[int, list[Entry]] = defaultdict(list)
        """Whoever is said to be somebody's relative, by that person."""
        for entry in scope.of_type("RelatedPerson", "Person"):
            for reference in (*items(entry.resource, "patient"), *items(entry.resource, "link")):
                if found := scope.find(reference, entry.resource):
                    self._kin[id(found.resource)].append(entry)
        self._used: set[int] = set()

    def of(self, resources: list[Json]) -> frozenset[str]:
        """The folded words of the persons to whom these resources refer.

        Where no subject is found, all of the scope's are meant.
        """
        found: set[str] = set()
        subjects: set[int] = set()
        for resource in resources:
            for reference in _references(resource):
                found |= _said(reference)
                entry = self._scope.find(reference, resource)
                kind = entry.resource.get("resourceType") if entry else ""
                if entry is not None and kind in _PERSONS:
                    found |= self._of(entry)
                    if kind in _SUBJECTS:
                        subjects.add(id(entry.resource))
            for contained in items(resource, "contained"):
                if contained.get("resourceType") in _PERSONS:
                    found |= _words_of(contained)
        about = [entry for key in subjects for entry in self._kin[key]] if subjects else self._subjects
        return frozenset(found.union(*map(self._of, about)))

    def others(self) -> frozenset[str]:
        """The words of the persons of the scope to whom no report referred."""
        rest = [entry for entry in self._scope.of_type(*_PERSONS) if id(entry.resource) not in self._used]
        return frozenset().union(*(_words_of(entry.resource) for entry in rest))

    def _of(self, entry: Entry) -> frozenset[str]:
        key = id(entry.resource)
        self._used.add(key)
        if key not in self._words:
            self._words[key] = _words_of(entry.resource)
        return self._words[key]


def _references(resource: Json) -> Iterator[Json]:
    """What may point to a person, at any depth of a resource."""
    stack: list[Any] = [resource]
    looked = 0
    while stack and looked < _MOST_VALUES:
        looked += 1
        node = stack.pop()
        for name, value in node.items():
            for child in value if isinstance(value, list) else (value,):
                if not isinstance(child, dict):
                    continue
                if name in _REFERENCES and ("reference" in child or "display" in child or "identifier" in child):
                    yield child
                if name != "contained":
                    stack.append(child)


def _said(reference: Json) -> frozenset[str]:
    """What a reference itself tells: a name, an identifier, and an address that may hold either."""
    texts = [one_line(reference.get("display")), one_line(reference.get("reference")).rpartition("/")[2]]
    texts += [one_line(identifier.get("value")) for identifier in items(reference, "identifier")]
    return folded_words(text[:_LONGEST] for text in texts)


def _words_of(person: Json) -> frozenset[str]:
    texts: list[str] = []
    stack: list[Any] = [person]
    while stack and len(texts) < _MOST_VALUES:
        node = stack.pop()
        if isinstance(node, dict):
            stack.extend(value for name, value in node.items() if name not in _NO_WORDS)
        elif isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, str) and len(node) <= _LONGEST:
            texts.append(node)
    return folded_words(texts)
