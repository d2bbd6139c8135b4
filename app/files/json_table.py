"""Tables written in JSON: a list of simple objects, or one object a line. Anything deeper is refused by its name."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from app.files import limits
from app.files.foreign import text_start

_LIST = re.compile(r"\[\s*(?:[{\"]|\[\s*[\[{\"\d\]]|\]\s*\Z)")
_BLANK = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REMEDY = "l'atelier ne lit en JSON que du FHIR et des listes d'objets simples. Demandez au SGL un export en CSV"
_WORDS = {None: "", True: "true", False: "false"}


class JsonTableError(ValueError):
    """The file is JSON, and no table; the message says why, in French."""


class _Object:
    """An object as its pairs, in their order."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


@dataclass(slots=True)
class JsonTable:
    """The rows of a file, and where each object ends in its text."""

    headings: list[str] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    """As long as the headings that were met so far: later objects may have more."""
    ends: list[int] = field(default_factory=list)
    """The place of the brace that closes each object."""


_DECODER = json.JSONDecoder(object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str)
"""Numbers stay as they are written: `1.50`, or a code of twenty digits."""


def is_json_table(content: bytes) -> bool:
    """Whether a file is a list in JSON, or several JSON objects one after the other; one object alone may be FHIR."""
    start = text_start(content).decode("utf-8", "replace")
    if _LIST.match(start):
        return True
    if not start.startswith("{"):
        return False
    try:
        _, end = _DECODER.raw_decode(start)
    except (ValueError, RecursionError):
        return False  # longer than what was looked at, or no JSON: who reads FHIR says which
    return start[end:].lstrip(" \t\r\n,").startswith("{")


def read_json_table(text: str) -> JsonTable:
    """The objects of a text without byte order mark; raises JsonTableError."""
    table = JsonTable()
    places: dict[str, int] = {}
    position = _skip(text, 0)
    is_list = text.startswith("[", position)
    position = _skip(text, position + is_list)
    while position < len(text) and not (is_list and text[position] == "]"):
        number = len(table.rows) + 1
        value, position = _value(text, position)
        table.rows.append(_cells(value, number, places))
        table.ends.append(position - 1)
        if len(places) > limits.MAX_COLUMNS or number > limits.MAX_ROWS:
            raise JsonTableError(f"la liste dépasse {limits.MAX_ROWS} objets ou {limits.MAX_COLUMNS} noms différents")
        position = _skip(text, position)
        if is_list:
            position = _after_item(text, position)
    if is_list and (position >= len(text) or _skip(text, position + 1) < len(text)):
        raise _malformed(text, position)
    if not places:
        raise JsonTableError(f"la liste JSON ne contient aucun objet ; {_REMEDY}")
    table.headings = list(places)
    return table


def _after_item(text: str, position: int) -> int:
    """The place of the next item of a list, or of the bracket that closes it."""
    if text.startswith("]", position):
        return position
    following = _skip(text, position + 1)
    if not text.startswith(",", position) or text.startswith("]", following):
        raise _malformed(text, position)
    return following


def _malformed(text: str, position: int) -> JsonTableError:
    line = text.count("\n", 0, position) + 1
    return JsonTableError(f"ce n'est pas un fichier JSON bien formé (ligne {line})")


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _value(text: str, position: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except ValueError as error:
        raise _malformed(text, getattr(error, "pos", position)) from None
    except RecursionError:
        raise JsonTableError("ce fichier JSON emboîte trop de niveaux") from None


def _cells(value: Any, number: int, places: dict[str, int]) -> tuple[str, ...]:
    """The cells of an object under the headings, which grow with the names that it brings."""
    if not isinstance(value, _Object):
        raise JsonTableError(f"l'élément n° {number} de la liste n'est pas un objet ; {_REMEDY}")
    names = [name for name, _ in value.pairs]
    if "resourceType" in names:
        raise JsonTableError(
            "c'est du FHIR en une ressource par ligne (NDJSON) ou en liste ; envoyez un Bundle ou un CodeSystem"
        )
    for name in names:
        places.setdefault(name, len(places))
    cells = [""] * len(places)
    for name, member in value.pairs:
        if names.count(name) > 1:
            raise JsonTableError(f"l'objet n° {number} a deux fois le nom « {name} »")
        if isinstance(member, _Object | list):
            raise JsonTableError(
                f"l'objet n° {number} a sous « {name} » une liste ou un objet au lieu d'un texte ; {_REMEDY}"
            )
        text = member if isinstance(member, str) else _WORDS[member]
        cells[places[name]] = text
    return tuple(cells)


def is_storable(text: str) -> bool:
    """Whether a text of JSON can be kept by a database: JSON may write half of a character."""
    return _SURROGATE.search(text) is None
