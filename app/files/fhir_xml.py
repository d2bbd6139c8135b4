"""FHIR in XML, as the JSON values of the same resource: enough to read it, not to write it again.

An element that comes once is a value, one that comes again a list, as `items` and `texts` take both; what extends a
plain value is left out. Truth values are typed as in JSON; numbers are the texts that JSON is read as too.
"""

from collections.abc import Collection
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.files.fhir_json import FhirReadError, Json

_NAMESPACE = "{http://hl7.org/fhir}"
_MAX_DEPTH = 200
MAX_ELEMENTS = 2_000_000
"""Well above the largest catalogues; an element of four bytes takes a hundred times that in memory."""
_TRUTH = {"true": True, "false": False}
_BOOLEANS = frozenset(
    """noMap experimental inactive abstract immutable caseSensitive compositional versionNeeded userSelected preferred
    multipleResultsAllowed isDerived singleUse doNotPerform asNeeded active exclude""".split()
)
"""The elements that are booleans in the resources of terminologies and of catalogues, in R4 and in R5."""
_BOOLEAN_CHOICE = "Boolean"
"""How the name of an element ends that may be of several types, where it is one: `valueBoolean`."""


class DeclaredXmlError(FhirReadError):
    """The file declares a document type or an entity."""


def load_xml(content: bytes) -> Json:
    """The resource of a file in XML; raises FhirReadError."""
    if content.count(b"<") - content.count(b"</") > MAX_ELEMENTS:
        raise FhirReadError(f"ce fichier XML dépasse {MAX_ELEMENTS} éléments")
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise DeclaredXmlError("ce fichier XML déclare une DTD ou des entités\u202f: il n'est pas lu") from error
    except (ParseError, ValueError, LookupError) as error:
        line = getattr(error, "position", (0,))[0]
        where = f" (ligne {line})" if line else ""
        raise FhirReadError(f"ce n'est pas du XML bien formé{where}") from error
    if not root.tag.startswith(_NAMESPACE):
        raise FhirReadError("ce fichier XML n'est pas une ressource FHIR")
    return _resource(root, 0)


def _name(element: Element) -> str:
    return element.tag.removeprefix(_NAMESPACE)


def _resource(element: Element, depth: int) -> Json:
    return _children(element, depth) | {"resourceType": _name(element)}


def _children(element: Element, depth: int) -> Json:
    if depth > _MAX_DEPTH:
        raise FhirReadError("ce fichier emboîte trop de niveaux")
    values: Json = {key: value for key, value in element.attrib.items() if key in ("id", "url")}
    for child in element:
        # The narrative is of another namespace.
        if child.tag.startswith(_NAMESPACE):
            add_value(values, _name(child), _value(child, depth + 1))
    return values


def _value(element: Element, depth: int) -> Any:
    name = _name(element)
    if "value" in element.attrib:
        return typed_text(name, element.attrib["value"])
    if name in ("resource", "contained") and len(element):
        return _resource(element[0], depth)
    return _children(element, depth)


def typed_text(name: str, text: str) -> str | bool:
    """The value of an element of this name, as JSON has it: a truth value where it is one."""
    return _TRUTH.get(text.strip(), text) if name in _BOOLEANS or name.endswith(_BOOLEAN_CHOICE) else text


def add_value(values: Json, name: str, value: Any, lists: Collection[str] = ()) -> None:
    """One more value of this name: alone it is a value, with others a list, as always for those of `lists`."""
    held = values.get(name)
    if isinstance(held, list):
        held.append(value)
    elif name in values:
        values[name] = [held, value]
    else:
        values[name] = [value] if name in lists else value
