"""FHIR resources as plain values: their order, their dates, and how they are written in JSON and in XML.

A catalogue makes tens of thousands of elements. Built as objects of a FHIR library they take minutes and
gigabytes; as values they take seconds. What the library would check is checked by our own rules before a
resource leaves, and by a panel of independent validators in the tests, the order of the elements included.
"""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Resource = dict[str, Any]


class Syntax(StrEnum):
    """How a resource is written."""

    JSON = "json"
    XML = "xml"


MEDIA_TYPES = {Syntax.JSON: "application/fhir+json", Syntax.XML: "application/fhir+xml"}
METADATA_ORDER = (
    "resourceType", "id", "meta", "language", "extension", "url", "identifier", "version", "name", "title", "type",
    "status", "experimental", "date", "publisher", "description", "jurisdiction", "purpose", "copyright",
    "approvalDate", "author", "reviewer", "topic",
)  # fmt: skip
"""The elements that published resources share, in the order of their definitions; their own elements follow."""
_RANK = {name: rank for rank, name in enumerate(METADATA_ORDER)}
_NAMESPACE = ' xmlns="http://hl7.org/fhir"'
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The elements that have a value: FHIR knows no empty ones."""
    return {key: value for key, value in values.items() if value not in ("", None, [], {})}


def published(resource_type: str, values: Mapping[str, Any]) -> Resource:
    """A published resource: its elements that have a value, in the order of its definition."""
    found = filled({"resourceType": resource_type, **values})
    return dict(sorted(found.items(), key=lambda item: _RANK.get(item[0], len(_RANK))))


def instant(moment: datetime) -> str:
    """A moment as FHIR writes it, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise_instant(moment: datetime) -> str:
    """A moment in UTC as finely as it is known: two changes of one second are told apart."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def written(resource: Resource, syntax: Syntax) -> bytes:
    """A resource as it is sent, in UTF-8."""
    if syntax is Syntax.XML:
        return as_xml(resource)
    return _as_json(resource)


def _as_json(resource: Resource) -> bytes:
    """What `json.dumps` gives, an item of the first lists at a time: the text of 60,000 entries is never whole."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    buffer = io.BytesIO()
    for position, (name, value) in enumerate(resource.items()):
        buffer.write(f"{',' if position else '{'}{encode(name)}:".encode())
        if isinstance(value, list) and value:
            for rank, item in enumerate(value):
                buffer.write(b"," if rank else b"[")
                buffer.write(encode(item).encode())
            buffer.write(b"]")
        else:
            buffer.write(encode(value).encode())
    buffer.write(b"}\n" if resource else b"{}\n")
    return buffer.getvalue()


def as_xml(resource: Resource) -> bytes:
    """A resource in FHIR XML: elements in the order they have here, primitive values as attributes."""
    buffer = io.BytesIO()
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n', f"<{resource['resourceType']}{_NAMESPACE}>"]
    for name, value in resource.items():
        for item in value if isinstance(value, list) else [value]:
            if name != "resourceType":
                _write_element(name, item, parts)
            buffer.write("".join(parts).encode())
            parts.clear()
    buffer.write(f"</{resource['resourceType']}>".encode())
    return buffer.getvalue()


def _write_resource(resource: Resource, parts: list[str]) -> None:
    kind = resource["resourceType"]
    parts.append(f"<{kind}>")
    for name, value in resource.items():
        if name != "resourceType":
            _write_element(name, value, parts)
    parts.append(f"</{kind}>")


def _write_element(name: str, value: Any, parts: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _write_element(name, item, parts)
    elif not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        parts.append(f'<{name} value="{text.translate(_ESCAPES)}"/>')
    elif "resourceType" in value:
        parts.append(f"<{name}>")
        _write_resource(value, parts)
        parts.append(f"</{name}>")
    else:
        # The id of an element, and the url of an extension, are attributes.
        attributes = ("id", "url") if name in ("extension", "modifierExtension") else ("id",)
        said = "".join(f' {key}="{value[key].translate(_ESCAPES)}"' for key in attributes if key in value)
        parts.append(f"<{name}{said}>")
        for key, child in value.items():
            if key not in attributes:
                _write_element(key, child, parts)
        parts.append(f"</{name}>")
