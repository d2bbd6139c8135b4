"""What an archive says of itself beside its rows: whose it is, its people, what was in service. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.claims.past_facts import moment_of
from app.models import ValueSetKind
from app.portability.encoding import LARGEST, UnreadableError
from app.portability.shapes import fits

_TEXT, _WHOLE, _BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
MANIFEST_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "format": _TEXT, "laboratory": _TEXT, "laboratory_id": _TEXT, "laboratory_number": _WHOLE, "stated_at": _TEXT,
        "head": {"type": "object", "properties": {"position": _WHOLE, "hash": _TEXT}, "required": ["position", "hash"]},
        "chains": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 50},
        "rows": {"type": "object", "additionalProperties": _WHOLE},
        "files": {"type": "array", "items": {"type": "object"}},
    },
    "required": [
        "format", "laboratory", "laboratory_id", "laboratory_number", "stated_at", "head", "chains", "rows", "files",
    ],
}  # fmt: skip
_RELEASE = {
    "type": "object",
    "properties": {
        "id": _WHOLE, "public_id": _TEXT, "kind": _TEXT, "version": _TEXT, "source_name": _TEXT,
        "content_hash": _TEXT, "terms_hash": _TEXT, "term_count": _WHOLE, "is_needed": {},
    },
    "required": [
        "id", "public_id", "kind", "version", "source_name", "content_hash", "terms_hash", "term_count", "is_needed",
    ],
}  # fmt: skip
_LIST = {
    "type": "object",
    "properties": {
        "id": _WHOLE, "public_id": _TEXT, "kind": _TEXT, "title": _TEXT, "version": _TEXT, "content_hash": _TEXT,
        "member_count": _WHOLE,
    },
    "required": ["id", "public_id", "kind", "title", "version", "content_hash", "member_count"],
}  # fmt: skip
_PAIRS = {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}}
_CONTEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "releases": {"type": "array", "items": _RELEASE}, "value_sets": {"type": "array", "items": _LIST},
        "releases_in_service": _PAIRS, "value_sets_in_service": {"type": "object", "additionalProperties": _PAIRS},
        "grace": _PAIRS,
    },
    "required": ["releases", "value_sets", "releases_in_service", "value_sets_in_service", "grace"],
}  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{64}|")
_LENGTHS = {"public_id": 36, "kind": 20, "version": 40, "source_name": 255}


@dataclass(frozen=True, slots=True)
class Foreigner:
    """A person of the installation that an archive comes from."""

    number: int
    public_id: str
    name: str
    email: str
    role: str

    @staticmethod
    def of(cells: Sequence[str], line: int) -> "Foreigner":
        """From the cells of a line. Raises UnreadableError."""
        if len(cells) != 5:
            raise UnreadableError(f"ligne {line} : cinq cellules sont attendues")
        number, public_id, name, email, role = (cell.removeprefix("'") for cell in cells)
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise UnreadableError(f"ligne {line}, colonne id : un numéro est attendu")
        for said, text, most in (("public_id", public_id, 36), ("name", name, 120), ("email", email, 254)):
            if len(text) > most or "\0" in text:
                raise UnreadableError(f"ligne {line}, colonne {said} : plus de {most} caractères")
        return Foreigner(int(number), public_id, name, email, role)


@dataclass(frozen=True, slots=True)
class Told:
    """What an archive says of itself."""

    number: int
    """Of the laboratory there."""
    public_id: str
    name: str
    stated_at: datetime
    head_position: int
    head_hash: str
    nested: int
    """How many chains came with the laboratory before."""
    people: Mapping[int, Foreigner]
    releases: Mapping[int, Mapping[str, Any]]
    value_sets: Mapping[int, Mapping[str, Any]]
    context: Mapping[str, Any]

    @staticmethod
    def of(manifest: Mapping[str, Any], context: Mapping[str, Any], people: Mapping[int, Foreigner]) -> "Told":
        """From the files that say it. Raises UnreadableError."""
        if not 1 <= manifest["laboratory_number"] <= LARGEST or not 0 <= manifest["head"]["position"] <= LARGEST:
            raise UnreadableError("manifeste.json : un numéro n’en est pas un")
        return Told(
            manifest["laboratory_number"], manifest["laboratory_id"], manifest["laboratory"],
            _moment(manifest["stated_at"], "manifeste.json"), manifest["head"]["position"], manifest["head"]["hash"],
            len(manifest["chains"]) - 1, people,
            {item["id"]: item for item in context["releases"]}, {item["id"]: item for item in context["value_sets"]},
            context,
        )  # fmt: skip


def checked_context(value: Any, name: str) -> dict[str, Any]:
    """The context of an archive, as it is used. Raises UnreadableError."""
    if not fits(_CONTEXT, value):
        raise UnreadableError(f"{name} : il ne dit pas ce qu’un contexte dit")
    context: dict[str, Any] = value
    for items, kinds in ((context["releases"], {"starter", "official"}), (context["value_sets"], set(ValueSetKind))):
        if len({item["id"] for item in items}) != len(items):
            raise UnreadableError(f"{name} : un numéro y est deux fois")
        for item in items:
            wrong = item["kind"] not in kinds or not _HASH.fullmatch(item["content_hash"])
            wrong |= any(len(item[column]) > most for column, most in _LENGTHS.items() if column in item
                         and column != "kind") or len(str(item.get("title", ""))) > 255  # fmt: skip
            if wrong:
                raise UnreadableError(f"{name} : {item['version'][:40]} n’est ni une version de LOINC ni une liste")
    releases = {item["id"] for item in context["releases"]}
    lists = {item["id"] for item in context["value_sets"]}
    _check_periods(context["releases_in_service"], releases, name)
    for kind, periods in context["value_sets_in_service"].items():
        if kind not in set(ValueSetKind):
            raise UnreadableError(f"{name} : « {kind[:40]} » n’est pas une sorte de liste")
        _check_periods(periods, lists, name)
    for at, day in context["grace"]:
        _moment(at, name)
        try:
            date.fromisoformat(day) if day is not None else None
        except (TypeError, ValueError) as error:
            raise UnreadableError(f"{name} : un jour est attendu") from error
    return context


def _check_periods(periods: Sequence[Sequence[Any]], known: set[int], name: str) -> None:
    for since, number in periods:
        if since is not None:
            _moment(since, name)
        if number is not None and (type(number) is not int or number not in known):
            raise UnreadableError(f"{name} : le numéro {str(number)[:20]} ne mène à rien")


def _moment(text: Any, name: str) -> datetime:
    try:
        return moment_of(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise UnreadableError(f"{name} : un moment est attendu") from error
