"""What the FHIR service says of a catalogue: the facts as they stand, kept until one of them changes."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock

from sqlmodel import Session

from app.fhir import repository
from app.fhir.dialect import FhirVersion
from app.fhir_resources.code_systems import code_systems
from app.fhir_resources.concept_map import concept_map
from app.fhir_resources.concept_map_r5 import concept_map_r5
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import Resource
from app.models import Catalogue, Laboratory
from app.publication.assessment import Assessment
from app.publication.mapping import MapElement, MapGroup, map_groups
from app.publication.repository import current_release
from app.publication.service import gather, statement_of
from app.publication.statement import Statement
from app.terminology.grace import NO_LIMIT

MADE_BY = "service FHIR"
KEPT_CATALOGUES = 12


@dataclass(slots=True)
class GroupIndex:
    """The local codes of one level, found by code and by LOINC code."""

    system: str
    by_code: dict[str, MapElement]
    by_loinc: dict[str, list[MapElement]]

    @classmethod
    def of(cls, group: MapGroup, system: str) -> "GroupIndex":
        """Index a group."""
        index = cls(system, {element.code: element for element in group.elements}, {})
        for element in group.elements:
            if element.target is not None:
                index.by_loinc.setdefault(element.target.term.loinc_num, []).append(element)
        return index


@dataclass
class PublishedCatalogue:
    """A catalogue as the service gives it: one map, one code system a level."""

    assessment: Assessment
    statement: Statement
    canonicals: Canonicals
    version: str
    _maps: dict[FhirVersion, Resource] = field(default_factory=dict)

    @cached_property
    def groups(self) -> list[GroupIndex]:
        """The map, ready to be asked."""
        return [GroupIndex.of(group, self.canonicals.code_system(group.level)) for group in self.map_groups]

    @cached_property
    def map_groups(self) -> list[MapGroup]:
        """The map."""
        return map_groups(self.assessment)

    def concept_map(self, version: FhirVersion) -> Resource:
        """The map as a resource."""
        if version not in self._maps:
            make = concept_map if version is FhirVersion.R4 else concept_map_r5
            self._maps[version] = make(self.assessment, self.statement, self.canonicals, self.version)
        return self._maps[version]

    @cached_property
    def code_systems(self) -> list[Resource]:
        """The local code systems as resources, the same in both releases."""
        return list(code_systems(self.assessment, self.statement, self.canonicals, self.version).values())


@dataclass
class PublishedCache:
    """The last published catalogues, each with the state of the database that it says."""

    _kept: OrderedDict[int, tuple[object, PublishedCatalogue]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, session: Session, laboratory: Laboratory, catalogue: Catalogue) -> PublishedCatalogue:
        """The catalogue as it stands; built anew only when something in it changed."""
        assert catalogue.id is not None
        stamp, changed_at = _stamp(session, laboratory, catalogue)
        with self._lock:
            known = self._kept.get(catalogue.id)
            if known is not None and known[0] == stamp:
                self._kept.move_to_end(catalogue.id)
                return known[1]
        published = _publish(session, laboratory, catalogue, changed_at)
        with self._lock:
            self._kept[catalogue.id] = (stamp, published)
            while len(self._kept) > KEPT_CATALOGUES:
                self._kept.popitem(last=False)
        return published


def _stamp(session: Session, laboratory: Laboratory, catalogue: Catalogue) -> tuple[object, datetime]:
    """What changes when anything published changes, and the moment of the last change."""
    assert catalogue.id is not None
    release = current_release(session)
    release_id = release.id if release else 0
    fact_id, decided_at = repository.latest_fact(session, catalogue.id)
    file_id, received_at = repository.latest_file(session, catalogue.id)
    loaded_at = repository.release_loaded_at(session, release_id)
    names = (laboratory.name, laboratory.finess, laboratory.canonical_url, laboratory.fhir_naming, catalogue.name)
    grace = release.grace if release else NO_LIMIT
    stamp = (fact_id, file_id, release_id, grace, repository.current_value_sets(session), names)
    moments = (catalogue.created_at, decided_at, received_at, loaded_at, grace.since)
    return stamp, max(moment for moment in moments if moment is not None)


def _publish(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, changed_at: datetime
) -> PublishedCatalogue:
    facts = gather(session, laboratory, catalogue)
    assessment = facts.assessment()
    statement = statement_of(facts, assessment, changed_at, MADE_BY)
    # The session that read them lets these two go as plain values: they outlive it.
    canonicals = Canonicals(laboratory, catalogue)
    return PublishedCatalogue(assessment, statement, canonicals, canonicals.live_version(changed_at))
