"""The panel that judges every FHIR resource we send; no validator sees all faults, together they do.

R4: the official JSON Schema, Medplum, fhir.resources, the cmd-* invariants by fhirpathpy, our own lists of codes.
R5: fhir.resources, the invariants, our own lists of codes.
"""

import importlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import jsonschema

from app.fhir_resources.rules import problems
from app.fhir_resources.rules_r5 import problems_r5
from tests.fhir.invariants import broken
from tests.fhir.node import ROOT, ask
from tests.fhir.required_codes import wrong_codes

SCHEMA_FILE = ROOT / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4" / "fhir.schema.json"
Resource = dict[str, Any]


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))["definitions"]
    # Resources inside a Bundle are judged one by one, under their own definition.
    return definitions | {"ResourceList": {}}


@lru_cache
def _schema(kind: str) -> jsonschema.Draft6Validator:
    return jsonschema.Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": _definitions()})


def by_schema(resource: Resource) -> list[str]:
    """What the R4 JSON Schema says."""
    kind = resource.get("resourceType", "")
    if kind not in _definitions():
        return [f"{kind!r} is no resource"]
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in _schema(kind).iter_errors(resource)]


def model_of(kind: str, fhir_version: str) -> Any:
    """The class of fhir.resources for a resource type; it has no plain R4, and R4B is the same for our types."""
    package = "fhir.resources.R4B" if fhir_version == "r4" else "fhir.resources"
    return getattr(importlib.import_module(f"{package}.{kind.lower()}"), kind)


def by_fhir_resources(resource: Resource, fhir_version: str) -> list[str]:
    """What fhir.resources says, and whether it writes the same resource again, its elements in the same order."""
    try:
        model = model_of(resource.get("resourceType", ""), fhir_version)
        again = json.loads(model.model_validate(resource).model_dump_json())
    except (ValueError, TypeError) as error:
        return [str(error)]
    same = json.dumps(again) == json.dumps(resource)
    return [] if same else ["read and written again, the resource is another, or is in another order"]


def by_rules(resource: Resource, fhir_version: str) -> list[str]:
    """Our own lists of codes, and for a ConceptMap the invariants and the rules held before it leaves."""
    found = wrong_codes(resource, fhir_version)
    if resource.get("resourceType") == "ConceptMap":
        try:
            found += broken(resource, fhir_version)
            found += problems(resource) if fhir_version == "r4" else problems_r5(resource)
        except TypeError as error:
            found.append(str(error))
    return found


def inside(resource: Resource) -> Iterator[Resource]:
    """The resource, and those that it holds."""
    yield resource
    for entry in resource.get("entry", []):
        yield from inside(entry["resource"])


def judge_r4(resources: Sequence[Resource]) -> list[dict[str, list[str]]]:
    """What each member of the panel says of each R4 resource; Node is asked once."""
    # Medplum holds the invariants of a resource only when it is given alone.
    parts = [list(inside(resource)) for resource in resources]
    issues = iter(ask(validate=[part for group in parts for part in group])["validate"])
    return [
        {
            "schema": [message for part in group for message in by_schema(part)],
            "medplum": [message for _part in group for message in next(issues)],
            "fhir.resources": by_fhir_resources(resource, "r4"),
            "rules": [message for part in group for message in by_rules(part, "r4")],
        }
        for resource, group in zip(resources, parts, strict=True)
    ]


def judge_r5(resources: Sequence[Resource]) -> list[dict[str, list[str]]]:
    """What each member of the panel says of each R5 resource."""
    return [
        {
            "fhir.resources": by_fhir_resources(resource, "r5"),
            "rules": [message for part in inside(resource) for message in by_rules(part, "r5")],
        }
        for resource in resources
    ]


def faults(verdicts: dict[str, list[str]]) -> list[str]:
    """All that the panel found, with who found it."""
    return [f"{who}: {message}" for who, messages in verdicts.items() for message in messages]
