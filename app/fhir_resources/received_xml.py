"""A FHIR file in XML whose values change in place: what does not change keeps its bytes.

The file is read as the same plain values as FHIR in JSON, each of which knows where its element stands. What was
changed in the values is then written there: comments, spaces, prefixes, narratives and elements that we do not know
stay.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from app.fhir_resources.xml_order import FOLLOWERS
from app.files.fhir_json import FhirReadError, Json
from app.files.fhir_xml import load_xml

_NAMESPACE = "http://hl7.org/fhir"
_SEPARATOR = "\n"
"""Between a namespace and a name, as no name holds it."""
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_VALUE = re.compile(rb"""(\svalue\s*=\s*)("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
"""A bracket within the quotes of an attribute does not end a tag."""
_SPACES = re.compile(rb"\s+\Z")
_FIRST = frozenset({"copyright"})
"""Of the elements that may be new in one place, those that come before the others."""
Edit = tuple[int, int, int, bytes]
"""Beginning and end of what is replaced, rank among those of one place, and the text."""


@dataclass(slots=True)
class Place:
    """Where an element stands in the file."""

    name: str
    is_fhir: bool
    start: int
    inside: int
    """Where its content begins: after its first tag."""
    attributes: Mapping[str, str]
    inside_end: int = 0
    end: int = 0
    children: list["Place"] = field(default_factory=list)


class _Values(dict[str, Any]):
    """The values of an element, which knows where it stands and what it held."""

    __slots__ = ("before", "place")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.before: dict[str, list[tuple[Any, Place]]] = {}

    def add(self, name: str, value: Any, place: Place) -> None:
        """One more value of this name: alone it is a value, with others a list."""
        held = self.before.setdefault(name, [])
        held.append((value, place))
        self[name] = value if len(held) == 1 else [item for item, _ in held]


def _encoding_of(content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    found = _ENCODING.match(content)
    return found[1].decode() if found else "utf-8"


class _Reader:
    """Finds where each element stands in a file in UTF-8."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._open: list[Place] = []
        self.root: Place | None = None
        self._parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._finish
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.Parse(content, True)

    def _refuse(self, *_told: object) -> None:
        raise FhirReadError("ce fichier XML déclare une DTD")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_SEPARATOR)
        start = self._parser.CurrentByteIndex
        place = Place(local, namespace == _NAMESPACE, start, self._tag_end(start), attributes)
        if self._open:
            self._open[-1].children.append(place)
        else:
            self.root = place
        self._open.append(place)

    def _finish(self, _name: str) -> None:
        place = self._open.pop()
        if self._content[place.inside - 2 : place.inside] == b"/>":
            place.inside_end = place.end = place.inside
        else:
            place.inside_end = self._parser.CurrentByteIndex
            place.end = self._content.index(b">", place.inside_end) + 1

    def _tag_end(self, start: int) -> int:
        """After the tag that begins here."""
        found = _TAG.match(self._content, start)
        assert found is not None
        return found.end()


def _resource(place: Place) -> _Values:
    values = _children(place)
    values["resourceType"] = place.name
    return values


def _children(place: Place) -> _Values:
    values = _Values(place)
    values |= {key: value for key, value in place.attributes.items() if key in ("id", "url")}
    for child in place.children:
        if child.is_fhir:
            values.add(child.name, _value(child), child)
    return values


def _value(place: Place) -> Any:
    if "value" in place.attributes:
        return place.attributes["value"]
    if place.name in ("resource", "contained") and place.children:
        return _resource(place.children[0])
    return _children(place)


@dataclass(slots=True)
class ReceivedXml:
    """A received file: its values, to be changed, and the same file with these changes."""

    root: Json
    _content: bytes
    """In UTF-8."""
    _encoding: str
    _received: bytes

    @classmethod
    def read(cls, content: bytes) -> "ReceivedXml":
        """The values of a file that an import read before; raises FhirReadError when it cannot be kept as it is."""
        encoding = _encoding_of(content)
        try:
            text = content.decode(encoding)
            if text.encode(encoding) != content:
                raise FhirReadError(f"son encodage ({encoding}) ne se récrit pas à l'identique")
            held = text.encode()
            place = _Reader(held).root
        except (UnicodeError, LookupError, expat.ExpatError, ValueError) as error:
            raise FhirReadError(str(error)) from error
        if place is None or not place.is_fhir:
            raise FhirReadError("ce fichier XML n'est pas une ressource FHIR")
        return cls(_resource(place), held, encoding, content)

    def written(self) -> bytes:
        """The file with the values as they are now; raises FhirReadError when it would not say them."""
        edits = sorted(set(_edits(self._content, self.root, "")))
        if not edits:
            return self._received
        parts, position = [], 0
        for start, end, _, text in edits:
            parts += [self._content[position:start], text]
            position = end
        parts.append(self._content[position:])
        done = b"".join(parts).decode().encode(self._encoding, "xmlcharrefreplace")
        if _said(load_xml(done)) != _said(self.root):
            raise FhirReadError("le fichier complété ne dirait pas ce qui est approuvé")
        return done


def _said(value: Any) -> Any:
    """Values for comparison: one alone is a list of one, and a truth is its text."""
    if isinstance(value, dict):
        return {key: _said(item if isinstance(item, list) else [item]) for key, item in value.items()}
    if isinstance(value, list):
        return [_said(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value


def _edits(content: bytes, values: Any, kind: str) -> Iterator[Edit]:
    """What to write where; `kind` is the name of the element, a resource has its own."""
    if not isinstance(values, _Values):
        return
    kind = values.get("resourceType", kind)
    for name, value in values.items():
        if name in ("resourceType", "id") or (name == "url" and name not in values.before):
            continue
        held = values.before.get(name, [])
        now = value if isinstance(value, list) else [value]
        if len(now) == len(held) and all(item is before for item, (before, _) in zip(now, held, strict=True)):
            for item in now:
                yield from _edits(content, item, name)
            continue
        if len(now) == 1 and len(held) == 1 and isinstance(now[0], str) and isinstance(held[0][0], str):
            yield _new_value(content, held[0][1], now[0])
            continue
        yield from _new_children(content, values, name, now, kind)


def _new_value(content: bytes, place: Place, text: str) -> Edit:
    tag = content[place.start : place.inside]
    found = _VALUE.search(tag)
    assert found is not None
    return place.start + found.start(2), place.start + found.end(2), 0, quoteattr(text).encode()


def _new_children(content: bytes, values: _Values, name: str, now: list[Any], kind: str) -> Iterator[Edit]:
    """The elements of this name that go, those that stay, and after them those that come."""
    parent, held = values.place, values.before.get(name, [])
    kept = {id(item) for item in now}
    for item, place in held:
        if id(item) in kept:
            yield from _edits(content, item, name)
        else:
            yield place.start - len(_space_before(content, place.start)), place.end, 0, b""
    before = {id(item) for item, _ in held}
    prefix = _prefix(content, parent)
    made = [_element(f"{prefix}{name}", item, prefix).encode() for item in now if id(item) not in before]
    if not made:
        return
    at, space = _where(content, parent, held[-1][1] if held else None, FOLLOWERS.get((kind, name), frozenset()))
    text = b"".join(space + item for item in made)
    if parent.inside == parent.end:
        # `<code/>` has no inside: it gets one, whatever the number of names that come into it.
        yield parent.inside - 2, parent.inside, 0, b">"
        yield parent.inside, parent.inside, 2, f"</{prefix}{parent.name}>".encode()
        at = parent.inside
    yield at, at, int(name not in _FIRST), text


def _where(content: bytes, parent: Place, last: Place | None, followers: frozenset[str]) -> tuple[int, bytes]:
    """Where new elements come, and the space before each: after their like, else before what follows them."""
    if last is not None:
        return last.end, _space_before(content, last.start)
    following = next((child for child in parent.children if child.name in followers), None)
    if following is not None:
        space = _space_before(content, following.start)
        return following.start - len(space), space
    if parent.children:
        return parent.children[-1].end, _space_before(content, parent.children[-1].start)
    return parent.inside, b""


def _space_before(content: bytes, position: int) -> bytes:
    # Far enough for any indentation.
    found = _SPACES.search(content[max(0, position - 400) : position])
    return found[0] if found else b""


def _prefix(content: bytes, place: Place) -> str:
    """The prefix that the element has in the file, with its colon."""
    tag = content[place.start + 1 : place.inside].split(None, 1)[0].rstrip(b"/>").decode()
    return tag[: tag.index(":") + 1] if ":" in tag else ""


def _element(name: str, value: Any, prefix: str) -> str:
    if not isinstance(value, dict):
        return f"<{name} value={quoteattr(str(value))}/>"
    children = [
        _element(f"{prefix}{key}", item, prefix)
        for key, held in value.items()
        for item in (held if isinstance(held, list) else [held])
    ]
    return f"<{name}>{''.join(children)}</{name}>"
