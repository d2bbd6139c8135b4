"""Clinical documents that resources of FHIR carry whole: attached to a report, or sent with what describes them."""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.emitted.cda import looks_like_cda
from app.emitted.fhir_codes import LABORATORY_DOCUMENTS, coded
from app.emitted.fhir_documents import replaced_by, version
from app.emitted.fhir_persons import Persons
from app.emitted.fhir_results import TAKEN_BACK
from app.emitted.fhir_scope import Entry, Scope, as_in_cda, identifier_key, keys_of
from app.emitted.observed import CodeSystems, Observed, ObservedReport, ReportReader
from app.files.fhir_json import Json, items, one_line

_SPACES = str.maketrans("", "", " \t\r\n")


@dataclass(slots=True)
class Attached:
    """Finds the documents of one scope."""

    scope: Scope
    place: str
    systems: CodeSystems
    persons: Persons
    read_document: ReportReader

    def reports(self) -> Iterator[Observed]:
        """Each document in a structure, as a form of the report that holds it; and those around a PDF where the scope
        has no other report."""
        told = 0
        used: set[int] = set()
        for entry in self.scope.of_type("DiagnosticReport", "DocumentReference", "Binary"):
            for content in self._contents(entry, used):
                told += 1
                for found in self.read_document(content, f"{self.place}, document {told}", self.systems):
                    yield self._as_form(found, entry) if isinstance(found, ObservedReport) else found
        if not told and not any(self.scope.of_type("DiagnosticReport", "Composition")):
            yield from map(self._around, filter(self._is_laboratory, self.scope.of_type("DocumentReference")))

    def _contents(self, entry: Entry, used: set[int]) -> Iterator[bytes]:
        """The clinical documents of a resource; a Binary to which another resource refers is that one's."""
        resource = entry.resource
        binaries = [entry] if resource["resourceType"] == "Binary" else []
        forms = [*items(resource, "presentedForm")]
        forms += [form for content in items(resource, "content") for form in items(content, "attachment")]
        for form in forms:
            if found := self.scope.find({"reference": one_line(form.get("url"))}, resource):
                binaries.append(found)
        for held in (*forms, *(binary.resource for binary in binaries if id(binary.resource) not in used)):
            content = _decoded(held)
            if content is not None and looks_like_cda(content):
                yield content
        used.update(id(binary.resource) for binary in binaries)

    def _as_form(self, found: ObservedReport, entry: Entry) -> ObservedReport:
        return replace(
            found,
            keys=found.keys | self._keys(entry),
            replaces=found.replaces | self._replaced(entry),
            is_deletion=found.is_deletion or self._is_taken_back(entry),
            identities=found.identities | self.persons.of([entry.resource]),
        )

    def _around(self, entry: Entry) -> ObservedReport:
        return ObservedReport(
            place=self.place,
            keys=self._keys(entry),
            results=(),
            is_structured=False,
            version=version(entry.resource, self.scope.bundle),
            replaces=self._replaced(entry),
            is_deletion=self._is_taken_back(entry),
            identities=self.persons.of([entry.resource]),
        )

    def _is_laboratory(self, entry: Entry) -> bool:
        return not LABORATORY_DOCUMENTS.isdisjoint(coded(entry.resource.get("type"), self.systems).loinc)

    def _keys(self, entry: Entry) -> frozenset[str]:
        if entry.resource["resourceType"] == "Binary":
            return frozenset()
        found = {*keys_of(entry), *map(identifier_key, items(entry.resource, "masterIdentifier"))}
        return frozenset(found.union(map(as_in_cda, found)) - {""})

    def _replaced(self, entry: Entry) -> frozenset[str]:
        found = set(replaced_by(entry.resource, self.scope))
        return frozenset(found.union(map(as_in_cda, found)) - {""})

    def _is_taken_back(self, entry: Entry) -> bool:
        return one_line(entry.resource.get("status")) in TAKEN_BACK


def _decoded(held: Json) -> bytes | None:
    """The bytes of an attachment or of a Binary; None without."""
    data = held.get("data")
    if not isinstance(data, str) or not data:
        return None
    try:
        return binascii.a2b_base64(data.translate(_SPACES), strict_mode=True)
    except (binascii.Error, ValueError):
        return None
