"""FHIR in XML, as the JSON values of the same resource: enough to read it, not to write it again.

An element that comes once is a value, one that comes again a list, as `items` and `texts` take both.
"""

from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from app.files.fhir_json import FhirReadError, Json

_NAMESPACE = "http://hl7.org/fhir"
_MAX_DEPTH = 200
_TRUTH = {"true": True, "false": False}


class _Builder:
    """Follows the elements, and keeps those that are open."""

    def __init__(self) -> None:
        self.root: Json | None = None
        self._open: list[tuple[str, Json]] = []
        self._outside = 0
        """How many elements of other namespaces are open: the narrative is one."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self._outside or namespace != _NAMESPACE:
            if not self._open:
                raise FhirReadError("ce fichier XML n'est pas une ressource FHIR")
            self._outside += 1
            return
        if len(self._open) > _MAX_DEPTH:
            raise FhirReadError("ce fichier emboîte trop de niveaux")
        node: Json = {key: value for key, value in attributes.items() if key in ("id", "url")}
        if local[0].isupper():
            node["resourceType"] = local
        if "value" in attributes:
            node["#"] = attributes["value"]
        self._open.append((local, node))

    def end(self, _name: str) -> None:
        if self._outside:
            self._outside -= 1
            return
        name, node = self._open.pop()
        if not self._open:
            self.root = node
            return
        parent_name, parent = self._open[-1]
        if "resourceType" in node and parent_name in ("resource", "contained"):
            # The resource stands in the place of the element that holds it.
            resource_type = node["resourceType"]
            parent.clear()
            parent.update(node | {"resourceType": resource_type})
            return
        _add(parent, name, _said(name, node))


def _said(name: str, node: Json) -> Any:
    value = node.pop("#", None)
    if value is None:
        return node
    # What extends a plain value is left out.
    return _TRUTH.get(value, value) if name in ("valueBoolean", "inactive", "experimental") else value


def _add(parent: Json, name: str, value: Any) -> None:
    if name not in parent or name == "resourceType":
        parent[name] = value
    elif isinstance(parent[name], list):
        parent[name].append(value)
    else:
        parent[name] = [parent[name], value]


def load_xml(content: bytes) -> Json:
    """The resource of a file in XML; raises FhirReadError."""
    builder = _Builder()
    parser = ParserCreate(namespace_separator=" ")

    def refuse(*_details: Any) -> None:
        raise FhirReadError("ce fichier XML contient une déclaration de type de document (DTD), qui est refusée")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(content, True)
    except ExpatError as error:
        raise FhirReadError(f"ce n'est pas un fichier XML bien formé (ligne {error.lineno})") from None
    if builder.root is None or "resourceType" not in builder.root:
        raise FhirReadError("ce fichier XML n'est pas une ressource FHIR")
    return builder.root
