"""Members added to the objects of a list in JSON: received characters stay, each object only grows at its end."""

import json
from collections.abc import Callable, Sequence

from app.exports.append import Appended, AppendError
from app.files.encodings import BOM, shown
from app.files.headings import is_empty
from app.files.json_table import JsonTable, read_json_table
from app.files.records import Dialect, decode

CellsOfRow = Callable[[int, Sequence[str]], Sequence[str]]
"""Row number, the first object being on row 2, and its cells -> the texts to add."""


def append_members(content: bytes, dialect: Dialect, names: Sequence[str], values_of: CellsOfRow) -> Appended:
    """The file with new members in each object that holds something.

    Raises AppendError when the result does not read back as expected.
    """
    text = decode(content, dialect.encoding)
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    table = read_json_table(body)
    width = len(table.headings)
    new_names = [_free_name(name, table.headings) for name in names]
    parts: list[str] = []
    expected: list[tuple[str, ...]] = []
    start = rows = 0
    for number, (cells, end) in enumerate(zip(table.rows, table.ends, strict=True), start=2):
        full = (*cells, *("",) * (width - len(cells)))
        if all(map(is_empty, full)):
            expected.append(full + ("",) * len(names))
            continue
        added = [*values_of(number, tuple(map(shown, full)))]
        rows += 1
        last = len(body[:end].rstrip(" \t\r\n"))
        parts += [body[start:last], _members(new_names, added, dialect.encoding)]
        start = last
        expected.append((*full, *added))
    result = (mark + "".join(parts) + body[start:]).encode(dialect.encoding)
    _check(read_json_table(decode(result, dialect.encoding).removeprefix(BOM)), [*table.headings, *new_names], expected)
    return Appended(result, rows, width)


def _free_name(name: str, taken: Sequence[str]) -> str:
    """A name that no object has: a file that was completed once already has the first one."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def _members(names: Sequence[str], values: Sequence[str], encoding: str) -> str:
    pairs = zip(names, values, strict=True)
    return "".join(f", {_written(name, encoding)}: {_written(value, encoding)}" for name, value in pairs)


def _written(text: str, encoding: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)
    try:
        plain.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(text)
    return plain


def _check(found: JsonTable, headings: Sequence[str], expected: Sequence[tuple[str, ...]]) -> None:
    """Read the file back: each object has its own members and the new ones, in whatever order names first come."""
    for number, (cells, wanted) in enumerate(zip(found.rows, expected, strict=True), start=1):
        here = {name: cell for name, cell in zip(found.headings, cells, strict=False) if cell}
        if here != {name: cell for name, cell in zip(headings, wanted, strict=True) if cell}:
            raise AppendError(f"objet n° {number}")
