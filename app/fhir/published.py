"""What the FHIR service says of a catalogue: the facts as they stand, kept until one of them changes."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock

from sqlmodel import Session

from app.fhir.dialect import FhirVersion
from app.fhir.reasons import Reasons
from app.fhir_resources.code_systems import code_systems, value_set
from app.fhir_resources.concept_map import concept_map
from app.fhir_resources.concept_map_r5 import concept_map_r5
from app.fhir_resources.naming import LEVEL_SLUGS, SPECIMENS, UNITS, Canonicals
from app.fhir_resources.side_lists import side_lists
from app.fhir_resources.values import Resource, precise_instant, published
from app.models import Catalogue, Laboratory, Level
from app.platform.open_transactions import forbid_open_transaction
from app.publication.assessment import Assessment
from app.publication.mapping import MapElement, MapGroup, map_groups
from app.publication.service import CatalogueFacts, gather, statement_of
from app.publication.state import PublishedState, state_of
from app.publication.statement import Statement
from app.versions.service import version_of

MADE_BY = "service FHIR"
KEPT_CATALOGUES = 12
SLUGS: dict[str, tuple[str, ...]] = {
    "CodeSystem": (*LEVEL_SLUGS.values(), SPECIMENS, UNITS),
    "ConceptMap": ("loinc",),
    "ValueSet": ("",),
}
"""The resource types served, and the ends of the identifiers that each may have."""


@dataclass(slots=True)
class GroupIndex:
    """The local codes of one level, found by code and by LOINC code."""

    level: Level
    system: str
    by_code: dict[str, MapElement]
    by_loinc: dict[str, list[MapElement]]

    @classmethod
    def of(cls, group: MapGroup, system: str) -> "GroupIndex":
        """Index a group."""
        index = cls(group.level, system, {element.code: element for element in group.elements}, {})
        for element in group.elements:
            if element.target is not None:
                index.by_loinc.setdefault(element.target.term.loinc_num, []).append(element)
        return index


@dataclass
class PublishedCatalogue:
    """A catalogue as the service gives it: one map, one code system a list of codes, one value set."""

    assessment: Assessment
    statement: Statement
    canonicals: Canonicals
    state: PublishedState
    _resources: dict[tuple[str, FhirVersion], list[Resource]] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The business version of every resource."""
        return self.canonicals.version(self.state)

    @cached_property
    def groups(self) -> list[GroupIndex]:
        """The map, ready to be asked."""
        return [GroupIndex.of(group, self.canonicals.code_system(group.level)) for group in self.map_groups]

    @cached_property
    def reasons(self) -> Reasons:
        """Why codes have no match."""
        return Reasons.of(self.assessment)

    @cached_property
    def map_groups(self) -> list[MapGroup]:
        """The map."""
        return map_groups(self.assessment)

    def resources(self, kind: str, version: FhirVersion) -> list[Resource]:
        """The resources of a type, each with its version and its last change."""
        key = (kind, version)
        if key not in self._resources:
            forbid_open_transaction("write a FHIR resource")
            self._resources[key] = [self._marked(resource) for resource in self._made(kind, version)]
        return self._resources[key]

    def _made(self, kind: str, version: FhirVersion) -> Iterator[Resource]:
        material = (self.assessment, self.statement, self.canonicals, self.version)
        if kind == "ConceptMap":
            yield (concept_map if version is FhirVersion.R4 else concept_map_r5)(*material)
            return
        systems = code_systems(*material)
        if kind == "CodeSystem":
            yield from systems.values()
            yield from side_lists(*material)
        else:
            yield value_set(systems, self.statement, self.canonicals, self.version)

    def _marked(self, resource: Resource) -> Resource:
        meta = {"versionId": self.state.version_id, "lastUpdated": precise_instant(self.state.changed_at)}
        return published(resource["resourceType"], resource | {"meta": meta})


@dataclass
class PublishedCache:
    """The last published catalogues, each with the state of the database that it says."""

    _kept: OrderedDict[int, PublishedCatalogue] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def look(
        self, session: Session, laboratory: Laboratory, catalogue: Catalogue
    ) -> PublishedCatalogue | CatalogueFacts:
        """The catalogue as it stands when it is kept, else the facts to publish once the transaction is over."""
        assert catalogue.id is not None
        state = state_of(session, laboratory, catalogue)
        with self._lock:
            known = self._kept.get(catalogue.id)
            if known is not None and known.state == state:
                self._kept.move_to_end(catalogue.id)
                return known
        facts = gather(session, laboratory, catalogue)
        return replace(facts, version_label=version_of(session, catalogue.id).label)

    def publish(self, facts: CatalogueFacts) -> PublishedCatalogue:
        """Publish these facts, and keep what says them."""
        assessment = facts.assessment()
        statement = statement_of(facts, assessment, facts.state.changed_at, MADE_BY)
        # The session that read them lets these two go as plain values: they outlive it.
        canonicals = Canonicals(facts.laboratory, facts.catalogue)
        made = PublishedCatalogue(assessment, statement, canonicals, facts.state)
        with self._lock:
            self._kept[facts.catalogue_id] = made
            while len(self._kept) > KEPT_CATALOGUES:
                self._kept.popitem(last=False)
        return made
