"""The JSON Schema of each file of an archive, and what each column says, in French."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, DateTime, Float, Integer

from app.claims.tables import NO, YES
from app.portability.carried import BYTES, CARRIED, file_of, is_nested, references, written_columns
from app.portability.encoding import LARGEST, LARGEST_BIG, kind_of
from app.portability.shapes import BELOW_NOTHING, SHAPES, WORDS, form_of
from app.portability.words import TABLES, said_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"


def schema(name: str) -> dict[str, Any]:
    """The schema of a row of a file: a JSON line as it is, or a line of a CSV as an object of texts."""
    columns = written_columns(name)
    return {
        "$schema": DRAFT,
        "title": file_of(name),
        "description": TABLES[name] + (
            "" if is_nested(name)
            else " Chaque ligne du CSV est ici un objet dont les valeurs sont les textes des cellules."
        ),
        "type": "object",
        "properties": {column.name: _property(name, column) for column in columns},
        "required": [column.name for column in columns],
        "additionalProperties": False,
    }  # fmt: skip


def _property(name: str, column: Column[Any]) -> dict[str, Any]:
    said = said_of(name, column.name)
    target = references(name).get(column.name)
    if target is not None:
        said += f" (numéro dans {_place(target)})"
    values = _value(name, column) if is_nested(name) else _cell(name, column)
    return {"description": said, **values}


def _place(target: str) -> str:
    if target in CARRIED:
        return file_of(target)
    return {"user_account": "contexte/personnes.csv", "loinc_release": "contexte/contexte.json"}.get(
        target, "l’installation d’origine, sans suite ici"
    )


def _value(name: str, column: Column[Any]) -> dict[str, Any]:
    kind = kind_of(column)
    found: dict[str, Any]
    if kind is JSON:
        found = dict(SHAPES[name, column.name])
    elif kind is Boolean:
        found = {"type": "boolean"}
    elif kind in (Integer, BigInteger):
        most = LARGEST if kind is Integer else LARGEST_BIG
        least = -most if column.name in BELOW_NOTHING else 0
        found = {"type": "integer", "minimum": least, "maximum": most}
    elif kind is Float:
        found = {"type": "number"}
    elif kind is DateTime:
        found = {"type": "string", "pattern": _MOMENT}
    elif kind is Date:
        found = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    else:
        found = {"type": "string"}
        if (length := getattr(column.type, "length", None)) is not None:
            found["maxLength"] = length
        if (name, column.name) in WORDS:
            found["enum"] = sorted(WORDS[name, column.name])
        elif (form := form_of(name, column.name)) is not None:
            found["pattern"] = f"^{form.pattern}$"
    return {"anyOf": [found, {"type": "null"}]} if column.nullable else found


def _cell(name: str, column: Column[Any]) -> dict[str, Any]:
    kind = kind_of(column)
    found: dict[str, Any] = {"type": "string"}
    if kind is Boolean:
        found["enum"] = [NO, YES]
    elif kind in (Integer, BigInteger):
        found["pattern"] = r"^-?\d+$" if column.name in BELOW_NOTHING else r"^\d+$"
    elif kind is DateTime:
        found["pattern"] = _MOMENT
    elif kind is Date:
        found["pattern"] = r"^\d{4}-\d{2}-\d{2}$"
    elif kind is Float:
        found["pattern"] = r"^-?\d+(\.\d+)?(e-?\d+)?$"
    elif (name, column.name) in WORDS:
        found["enum"] = sorted(WORDS[name, column.name])
    elif (form := form_of(name, column.name)) is not None:
        found["pattern"] = f"^'?{form.pattern}$"
    elif (length := getattr(column.type, "length", None)) is not None:
        # An apostrophe may stand before the text.
        found["maxLength"] = length + 1
    return {"anyOf": [found, {"const": ""}]} if column.nullable else found


def files_said() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(file, what it holds, [(column, what it says)]) of every table, in French, for the page of a stranger."""
    return [
        (file_of(name), TABLES[name] + (f" Ses octets sont dans {BYTES[name]}/." if name in BYTES else ""),
         [(column.name, said_of(name, column.name)) for column in written_columns(name)])
        for name in CARRIED
    ]  # fmt: skip
