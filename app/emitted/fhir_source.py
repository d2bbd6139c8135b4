"""The resources of a file of FHIR, in JSON, in lines of JSON or in XML, bounded, as JSON values."""

import json
import re
from collections.abc import Iterator
from typing import Any

from app.emitted.observed import Damaged, Refused
from app.files.fhir_json import FhirReadError, Json
from app.files.fhir_xml import DeclaredXmlError, load_xml
from app.files.foreign import is_xml

MOST_OBJECTS = 8_000_000
"""Objects and lists of one JSON text: each takes some hundreds of bytes in memory."""
NOT_JSON = "ce n’est pas du JSON bien formé"
NOT_FHIR = "c’est du JSON et pas du FHIR\u202f; l’atelier y lit des Bundles, des DiagnosticReport et des Observation"
NOT_XML = "ce n’est pas du XML bien formé"
DECLARED = "ce fichier XML déclare une DTD ou des entités\u202f: il n’est pas lu"
NOT_TEXT = "ce JSON n’est ni en UTF-8 ni en UTF-16"
TWICE = "une propriété y est écrite deux fois dans un même objet\u202f: rien ne dit laquelle vaut"
TOO_DEEP = "ce JSON emboîte trop de niveaux"
TOO_MANY = f"ce fichier dépasse {MOST_OBJECTS // 1_000_000} millions d’éléments\u202f; partagez-le"
_BLANK = re.compile(r"[\s,\ufeff\x1e]*")
"""Between two values; RS begins each of them in a sequence of JSON texts."""


class _TwiceError(ValueError):
    """A name stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=str)


def roots(content: bytes, place: str) -> Iterator[Json | Damaged]:
    """The resources of a file that stand in no other: one, or one a line; Damaged for what cannot be read.

    Refused, and nothing else, for a file of JSON that holds no resource, or of XML that declares a document type.
    """
    if is_xml(content):
        yield _xml(content, place)
        return
    text = _text(content)
    if text is None:
        yield Damaged(place, NOT_TEXT)
    elif text.count("{") + text.count("[") > MOST_OBJECTS:
        yield Damaged(place, TOO_MANY)
    else:
        yield from _resources(list(_values(text, place)), place)


def _xml(content: bytes, place: str) -> Json | Damaged:
    try:
        return load_xml(content)
    except (FhirReadError, RecursionError) as error:
        return Refused(place, DECLARED) if isinstance(error, DeclaredXmlError) else Damaged(place, NOT_XML)


def _text(content: bytes) -> str | None:
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _resources(values: list[Any], place: str) -> Iterator[Json | Damaged]:
    found = [item for value in values for item in (value if isinstance(value, list) else [value])]
    resources = [item for item in found if isinstance(item, Damaged) or _is_resource(item)]
    if found and not resources:
        yield Refused(place, NOT_FHIR)
    yield from resources


def _is_resource(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def _values(text: str, place: str) -> Iterator[Any]:
    """The values of a text: one alone, or one after the other; after a damaged one, those of the lines that follow."""
    at = _after_blank(text, 0)
    while at < len(text):
        value, end = _value(text, at)
        if isinstance(value, str):
            line = text.count("\n", 0, at) + 1
            yield Damaged(f"{place}, ligne {line}", value)
            end = text.find("\n", at) + 1 or len(text)
        else:
            yield value
        at = _after_blank(text, end)


def _after_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int) -> tuple[Any, int]:
    """One object or list and where it ends, or why there is none there."""
    if text[at] not in "{[":
        return NOT_JSON, at
    try:
        return _DECODER.raw_decode(text, at)
    except _TwiceError:
        return TWICE, at
    except RecursionError:
        return TOO_DEEP, at
    except ValueError:
        return NOT_JSON, at
