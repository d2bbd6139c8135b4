"""Resources of FHIR, in few words, and the same in XML."""

import json
from typing import Any
from xml.sax.saxutils import quoteattr

Json = dict[str, Any]
LOINC, UCUM, OURS = "http://loinc.org", "http://unitsofmeasure.org", "urn:oid:1.2.250.1.999.7"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def coding(*codes: tuple[str, str]) -> Json:
    """A CodeableConcept of (system, code)."""
    return {"coding": [{"system": system, "code": code} if system else {"code": code} for system, code in codes]}


def observation(id_: str, *codes: tuple[str, str], unit: str = "mmol/L", category: str = "", **more: Any) -> Json:
    """A result in figures; `unit=""` for one without value."""
    made: Json = {"resourceType": "Observation", "id": id_, "status": "final", "code": coding(*codes)}
    if unit:
        made["valueQuantity"] = {"value": 140, "unit": unit, "system": UCUM, "code": unit}
    if category:
        made["category"] = [coding((CATEGORY, category))]
    return made | more


def diagnostic(id_: str, *results: str, **more: Any) -> Json:
    """A report that refers to these observations."""
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "code": coding((LOINC, "11502-2")),
        "result": [{"reference": result} for result in results],
    } | more


def composition(id_: str, *sections: Json, **more: Any) -> Json:
    """A document of a laboratory."""
    return {
        "resourceType": "Composition",
        "id": id_,
        "status": "final",
        "type": coding((LOINC, "11502-2")),
        "section": list(sections),
    } | more


def section(code: str, *entries: str, sections: tuple[Json, ...] = ()) -> Json:
    """A section of a document."""
    return {
        "code": coding((LOINC, code)),
        "entry": [{"reference": entry} for entry in entries],
        "section": list(sections),
    }


def bundle(*resources: Json, type_: str = "collection", **more: Any) -> Json:
    """A Bundle of resources, each with its address."""
    entries = [
        {"fullUrl": f"http://sgl.example/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]
    return {"resourceType": "Bundle", "type": type_, "entry": entries} | more


def as_bytes(*resources: Json) -> bytes:
    """A file of one resource, or of one a line."""
    return b"\n".join(json.dumps(one, ensure_ascii=False).encode() for one in resources)


def as_xml(resource: Json) -> bytes:
    """The same resource in XML."""
    inner = "".join(_element(name, value) for name, value in resource.items() if name != "resourceType")
    kind = resource["resourceType"]
    return f'<?xml version="1.0"?><{kind} xmlns="http://hl7.org/fhir">{inner}</{kind}>'.encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        inner = "".join(_element(key, child) for key, child in value.items() if key != "resourceType")
        if "resourceType" in value:
            inner = f"<{value['resourceType']}>{inner}</{value['resourceType']}>"
        return f"<{name}>{inner}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name} value={quoteattr(text)}/>"
