"""The catalogue and its transcoding in one FHIR R4 file: local code systems, value set, ConceptMap, Provenance.

The ConceptMap alone names code systems that nobody else publishes; the collection carries them with it.
"""

from app.fhir_resources.code_systems import code_systems, value_set
from app.fhir_resources.concept_map import concept_map
from app.fhir_resources.naming import Canonicals, FhirRuleError
from app.fhir_resources.provenance import provenances
from app.fhir_resources.side_lists import side_lists
from app.fhir_resources.values import Resource, instant, published
from app.publication.assessment import Assessment
from app.publication.statement import Statement


def collection(statement: Statement, canonicals: Canonicals, name: str, resources: list[Resource]) -> Resource:
    """Resources in a file, each under its own address; references inside use these addresses."""
    entries = []
    for resource in resources:
        # Definitions that FHIR gives no url are addressed as this laboratory's own.
        url = resource.get("url") or entry_url(canonicals, resource["resourceType"], resource["id"])
        entries.append({"fullUrl": url, "resource": resource})
    # The moment of the state, and not of the file: two exports of one state are one resource.
    values = {"type": "collection", "timestamp": instant(statement.changed_at), "entry": entries}
    return published("Bundle", {"id": canonicals.identifier(name), **values})


def entry_url(canonicals: Canonicals, resource_type: str, identifier: str) -> str:
    """The address, inside the file, of a resource that has an id only."""
    return canonicals.url(resource_type, identifier.removeprefix(canonicals.identifier("")).removeprefix("-"))


def catalogue_bundle(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> Resource:
    """The collection; raises FhirRuleError if a resource breaks a rule."""
    systems = code_systems(assessment, statement, canonicals, version)
    if not systems:
        raise FhirRuleError("no local code to publish")
    target = {"reference": canonicals.concept_map(), "type": "ConceptMap"}
    resources = [
        *systems.values(),
        *side_lists(assessment, statement, canonicals, version),
        value_set(systems, statement, canonicals, version),
        concept_map(assessment, statement, canonicals, version),
        *provenances(assessment, statement, canonicals, lambda _test: target),
    ]
    return collection(statement, canonicals, "transcodage", resources)
