"""A question of `$translate` in XML, read element by element as it is parsed: no tree is built, and what is too deep,
too much or declares a DTD is refused where that is seen.

The bytes are at most `MOST_BODY_BYTES` of the routes. What is kept is the values of `MOST_ELEMENTS` elements at most,
as JSON writes them; texts, comments and instructions are passed over, and entities cannot be declared without a DTD.
"""

from collections.abc import Mapping
from xml.parsers import expat

from app.files.fhir_json import FhirReadError, Json
from app.files.fhir_xml import add_value, typed_text

MOST_ELEMENTS = 10_000
"""A concept of a thousand codes has a third of them."""
MOST_DEPTH = 32
"""A coding of a concept of a parameter stands on the fifth level."""
_NAMESPACE = "http://hl7.org/fhir"
_SEPARATOR = "\n"
"""Between a namespace and a name, as no name holds it."""
_LISTS = frozenset({"parameter", "part", "coding"})
"""Elements that are lists even alone."""
_OF_RESOURCES = ("resource", "contained")


class _Element:
    """An element that has begun, and the values of those inside of it that have ended."""

    __slots__ = ("first", "is_fhir", "name", "value", "values")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        namespace, _, self.name = name.rpartition(_SEPARATOR)
        self.is_fhir = namespace == _NAMESPACE
        self.value = attributes.get("value")
        self.values: Json = {key: text for key, text in attributes.items() if key in ("id", "url")}
        self.first: Json | None = None
        """The first element inside, as a resource."""

    def said(self) -> object:
        """What it is in JSON."""
        if self.value is not None:
            return typed_text(self.name, self.value)
        if self.name in _OF_RESOURCES and self.first is not None:
            return self.first
        return self.values

    def as_resource(self) -> Json:
        """The same as a resource, whose name says its type."""
        return self.values | {"resourceType": self.name}


class _Reader:
    """Reads one body."""

    def __init__(self) -> None:
        self.root: Json | None = None
        self._open: list[_Element] = []
        self._count = 0

    def read(self, body: bytes) -> Json:
        """The values of the resource; raises FhirReadError."""
        parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        try:
            parser.Parse(body, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            if isinstance(error, FhirReadError):
                raise
            line = getattr(error, "lineno", 0)
            raise FhirReadError(f"ce n'est pas du XML bien formé{f' (ligne {line})' if line else ''}") from error
        assert self.root is not None
        return self.root

    def _refuse(self, *_told: object) -> None:
        raise FhirReadError("ce fichier XML déclare une DTD")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise FhirReadError(f"ce fichier XML dépasse {MOST_ELEMENTS} éléments")
        if len(self._open) >= MOST_DEPTH:
            raise FhirReadError(f"ce fichier emboîte plus de {MOST_DEPTH} niveaux")
        element = _Element(name, attributes)
        if not self._open and not element.is_fhir:
            raise FhirReadError("ce fichier XML n'est pas une ressource FHIR")
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if not self._open:
            self.root = element.as_resource()
        elif element.is_fhir:
            within = self._open[-1]
            add_value(within.values, element.name, element.said(), _LISTS)
            if within.name in _OF_RESOURCES and within.first is None:
                within.first = element.as_resource()


def read_parameters(body: bytes) -> Json:
    """The values of a resource in XML, as JSON writes them; raises FhirReadError."""
    return _Reader().read(body)
