"""Reports in FHIR, R4 and R5: DiagnosticReport and Composition with their Observations, or Observations alone.

A document (a Bundle that begins with a Composition) is one report, with the DiagnosticReports that it holds; elsewhere
each DiagnosticReport is one. What is not of a laboratory is left out: imaging, vital signs. Observations to which
nothing refers are reports by what they have in common: an order, or a person and a time.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from app.emitted.fhir_attached import Attached
from app.emitted.fhir_codes import LABORATORY_DOCUMENTS, WHOLE_DOCUMENTS, coded, is_laboratory
from app.emitted.fhir_documents import joined, replaced_by, version
from app.emitted.fhir_persons import Persons
from app.emitted.fhir_results import TAKEN_BACK, Results, section_of
from app.emitted.fhir_scope import Entry, Scope, address_of, as_in_cda, identifier_key, keys_of, scopes
from app.emitted.fhir_source import roots
from app.emitted.observed import CodeSystems, Damaged, NoReport, Observed, ObservedReport, ReportReader
from app.files.fhir_json import Json, items, one_line

_REPORTS = ("DiagnosticReport", "Composition")


def read_fhir(content: bytes, place: str, systems: CodeSystems, read_document: ReportReader) -> Iterator[Observed]:
    """What a file of FHIR reports: a resource or several, in JSON, in lines of JSON or in XML.

    The clinical documents that resources hold are read by `read_document`.
    """
    resources: list[Json] = []
    for root in roots(content, place):
        if isinstance(root, Damaged):
            yield root
        else:
            resources.append(root)
    found = list(scopes(resources))
    for number, scope in enumerate(found, 1):
        where = f"{place}, Bundle {number}" if len(found) > 1 else place
        reading = _Reading(scope, where, systems)
        yield from reading.reports(Attached(scope, where, systems, reading.persons, read_document))


class _Reading:
    """One scope, but for the documents that it carries whole."""

    def __init__(self, scope: Scope, place: str, systems: CodeSystems) -> None:
        self._scope = scope
        self._place = place
        self._systems = systems
        self.persons = Persons(scope)
        self._used: set[int] = set()
        """Observations that a report has, and resources that are part of a report."""
        self._told = 0

    def reports(self, attached: Attached) -> Iterator[Observed]:
        """Documents, then reports, then loose Observations, then what is deleted, then what is attached."""
        found: list[ObservedReport] = []
        for entry in self._scope.of_type("Composition"):
            found += self._document(entry)
        for entry in self._scope.of_type("DiagnosticReport"):
            if id(entry.resource) not in self._used:
                found += self._report([entry])
        found += self._loose()
        found += self._deleted()
        others = list(attached.reports())
        if not found and not others:
            yield NoReport(self._place)
        for at, report in enumerate(joined(found)):
            # Persons to whom nothing refers are somebody's all the same.
            yield report if at else replace(report, identities=report.identities | self.persons.others())
        yield from others

    def _document(self, entry: Entry) -> Iterator[ObservedReport]:
        """A Composition with the DiagnosticReports of its document; none where nothing is of a laboratory."""
        composition = entry.resource
        own = {id(found.resource) for found in self._referred(composition)}
        is_document = one_line(self._scope.bundle.get("type")) == "document"
        reports = [
            report
            for report in self._scope.of_type("DiagnosticReport")
            if is_document or id(report.resource) in own or self._is_of(report, entry)
        ]
        yield from self._report([entry, *(report for report in reports if self._is_laboratory(report.resource))])
        self._used.update(id(report.resource) for report in reports)

    def _referred(self, composition: Json) -> Iterator[Entry]:
        for section, _ in _sections(composition, "", self._systems):
            for reference in items(section, "entry"):
                if found := self._scope.find(reference, composition):
                    yield found

    def _is_of(self, report: Entry, composition: Entry) -> bool:
        """Whether a DiagnosticReport of R5 says that this Composition is its document."""
        references = items(report.resource, "composition")
        found = self._scope.find(references[0], report.resource) if references else None
        return found is not None and found.resource is composition.resource

    def _is_laboratory(self, resource: Json) -> bool:
        """Whether a report is of a laboratory: its category says so, or its code; one that says nothing is."""
        told = is_laboratory(resource)
        if told is not None:
            return told
        codes = coded(resource.get("code") or resource.get("type"), self._systems)
        is_named = not LABORATORY_DOCUMENTS.isdisjoint(codes.loinc)
        return is_named or (resource["resourceType"] == "DiagnosticReport" and "18748-4" not in codes.loinc)

    def _report(self, entries: list[Entry]) -> Iterator[ObservedReport]:
        """The one report that these resources are, the first of which names it."""
        head = entries[0].resource
        results = Results(self._scope, self._systems)
        for entry in entries:
            self._gather(results, entry.resource)
        is_told = any(map(self._is_laboratory, (entry.resource for entry in entries)))
        self._used.update(map(id, results.resources))
        if not is_told and not results.found:
            return
        self._told += 1
        keys = {key for entry in entries for key in keys_of(entry)}
        if head["resourceType"] == "Composition" and one_line(self._scope.bundle.get("type")) == "document":
            keys.update(identifier_key(one) for one in items(self._scope.bundle, "identifier"))
        replaced = set(replaced_by(head, self._scope))
        yield ObservedReport(
            place=f"{self._place}, compte rendu {self._told}",
            # Results of another file are joined to this one by their addresses.
            keys=frozenset(keys.union(results.missing, map(as_in_cda, keys)) - {""}),
            results=tuple(results.found),
            is_structured=bool(results.found or results.missing) or not self._is_around_document(entries),
            version=version(head, self._scope.bundle),
            replaces=frozenset({*replaced, *map(as_in_cda, replaced)} - {""}),
            is_whole=not results.missing,
            is_deletion=one_line(head.get("status")) in TAKEN_BACK,
            identities=self.persons.of([*(entry.resource for entry in entries), *results.resources]),
            missing=frozenset(results.missing),
        )

    def _gather(self, results: Results, resource: Json) -> None:
        is_told = self._is_laboratory(resource)
        codes = coded(resource.get("code"), self._systems)
        section = section_of(codes) if WHOLE_DOCUMENTS.isdisjoint(codes.loinc) else ""
        for part, code in _sections(resource, section, self._systems):
            for reference in (*items(part, "entry"), *items(part, "result")):
                results.refer(reference, resource, code, in_laboratory=is_told)

    def _is_around_document(self, entries: list[Entry]) -> bool:
        """Whether a report without results has a PDF instead."""
        is_here = any(True for _ in self._scope.of_type("Binary"))
        return any(
            items(entry.resource, "presentedForm") or (entry.resource["resourceType"] == "Composition" and is_here)
            for entry in entries
        )

    def _loose(self) -> Iterator[ObservedReport]:
        """Observations of a laboratory to which no report refers, together by what they have in common."""
        entries = [entry for entry in self._scope.of_type("Observation") if id(entry.resource) not in self._used]
        members = {
            id(found.resource)
            for entry in entries
            for reference in items(entry.resource, "hasMember")
            if (found := self._scope.find(reference, entry.resource))
        }
        groups: dict[str, list[Entry]] = defaultdict(list)
        for at, entry in enumerate(entries):
            if id(entry.resource) not in members:
                groups[_common(entry.resource) or str(at)].append(entry)
        for group in groups.values():
            results = Results(self._scope, self._systems)
            for entry in group:
                results.add(entry, "", in_laboratory=False)
            if results.found:
                self._told += 1
                yield ObservedReport(
                    place=f"{self._place}, compte rendu {self._told}",
                    keys=frozenset(filter(None, (address_of(entry) for entry in group))),
                    results=tuple(results.found),
                    is_structured=True,
                    version=(0, max(version(entry.resource, self._scope.bundle)[1] for entry in group)),
                    is_whole=False,
                    identities=self.persons.of(results.resources),
                )

    def _deleted(self) -> Iterator[ObservedReport]:
        """Reports that a Bundle asks to delete."""
        for address in self._scope.deleted:
            kind, _, rest = address.rsplit("?", 1)[0].rpartition("/")
            if kind.rpartition("/")[2] in _REPORTS:
                key = f"{kind.rpartition('/')[2]}/{rest}"
            elif address.split("?", 1)[0] in _REPORTS and "identifier=" in address:
                key = address.split("identifier=", 1)[1].split("&")[0]
            else:
                continue
            time = version({}, self._scope.bundle)
            yield ObservedReport(self._place, frozenset({key}), (), is_structured=True, version=time, is_deletion=True)


def _sections(
    resource: Json, code: str, systems: CodeSystems, depth: int = 0
) -> Iterator[tuple[Json, str]]:
    """(section, LOINC code of it or of what it is in) of a Composition, and a resource itself, at most ten deep."""
    yield resource, code
    for section in items(resource, "section") if depth < 10 else ():
        own = section_of(coded(section.get("code"), systems))
        yield from _sections(section, own or code, systems, depth + 1)


def _common(observation: Json) -> str:
    """What makes one report of several loose Observations: their order, or their person and time; empty without."""
    for reference in items(observation, "basedOn"):
        identifiers = "".join(map(identifier_key, items(reference, "identifier")))
        if told := one_line(reference.get("reference")) or identifiers:
            return f"order {told}"
    subject = next((one_line(reference.get("reference")) for reference in items(observation, "subject")), "")
    when = one_line(observation.get("effectiveDateTime")) or one_line(observation.get("issued"))
    return f"person {subject} {when}" if subject and when else ""
