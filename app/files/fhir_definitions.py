"""What one FHIR definition says of itself: its local code, its label, its unit, as a row of a catalogue has them."""

from collections.abc import Mapping
from typing import Any

from app.files.fhir_json import Coded, Json, items, local_coding, one_line, said_by, texts

_HL7_CATEGORIES = "http://terminology.hl7.org/CodeSystem/"
RowFields = dict[str, str]


def first(node: Mapping[str, Any], name: str) -> Json:
    """The first object of a list; an empty one when there is none."""
    return (items(node, name) or [{}])[0]


def references(node: Mapping[str, Any], name: str) -> list[Any]:
    """The references of an element, as objects or as plain addresses."""
    return [*items(node, name), *texts(node, name)]


def is_hl7(concept: Json) -> bool:
    """Whether a category is one of HL7, and no chapter of the laboratory."""
    return any(one_line(coding.get("system")).startswith(_HL7_CATEGORIES) for coding in items(concept, "coding"))


def code_of(resource: Json, concept: Json) -> str:
    """The local code: the coding of the laboratory, else the first business identifier, else the logical one."""
    identifiers = [one_line(item.get("value")) for item in items(resource, "identifier")]
    return (
        local_coding(concept).code
        or next((value for value in identifiers if value), "")
        or one_line(resource.get("id"))
    )


def label_of(resource: Json, concept: Json, *names: str) -> str:
    """The label of a definition: the first of these elements, else its code's text, else the others."""
    said = [one_line(resource.get(name)) for name in names]
    return next((text for text in [said[0], said_by(concept).text, *said[1:]] if text), "")


def synonym_of(concept: Json, label: str) -> str:
    """What else the code of a definition is called."""
    others = [local_coding(concept).text, one_line(concept.get("text"))]
    return ", ".join(dict.fromkeys(text for text in others if text and text != label))


def retired(resource: Json) -> str:
    """`oui` for a definition that is out of use."""
    return "oui" if resource.get("status") == "retired" else ""


def unit_of(resource: Json) -> RowFields:
    """The unit of an analysis, as R4 or as R5 says it."""
    details = first(resource, "quantitativeDetails")
    for name in ("customaryUnit", "unit"):
        concept = first(details, name)
        if concept:
            said = said_by(concept)
            return {"unit_code": local_coding(concept).code if name == "customaryUnit" else "", "unit": said.text}
    permitted = first(resource, "permittedUnit")
    if permitted:
        code = one_line(permitted.get("code"))
        return {"unit": one_line(permitted.get("display")) or code, "unit_code": code}
    return {}


def section_name(section: Json) -> Coded:
    """What a section of a composition is called."""
    said = said_by(first(section, "code"))
    return Coded(said.code, one_line(section.get("title")) or said.text)


def filled(values: RowFields) -> RowFields:
    """The fields that have a value."""
    return {name: str(value) for name, value in values.items() if value}
