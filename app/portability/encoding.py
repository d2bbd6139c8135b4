"""How a row is written in an archive, and read again to the same values. Pure.

A flat table is a CSV that a French spreadsheet opens by a double click (semicolons, UTF-8 with its mark, CRLF); a
text that it would compute is behind an apostrophe, which a reader takes off, and an apostrophe alone is an empty text
where nothing at all is another thing. A table with lists or objects is one JSON object a line.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, BinaryIO

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, DateTime, Float, Integer
from sqlalchemy.types import TypeDecorator

from app.claims.tables import MARK, NO, YES, cell
from app.platform.chain_digests import canonical

LONGEST_LINE = 16 << 20
"""Bytes of one row: more than any that the workbench writes."""
DEEPEST = 40
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No fact is older: each day since then would be counted."""
AHEAD = timedelta(days=2)
"""How far the clock of there may be ahead of that of here."""
LARGEST, LARGEST_BIG = 2**31 - 1, 2**63 - 1


class UnreadableError(ValueError):
    """A value that is not of its column; the message says why, in French."""


@cache
def kind_of(column: Column[Any]) -> type:
    """The kind of the values of a column."""
    of: Any = column.type
    while isinstance(of, TypeDecorator):
        of = of.impl_instance
    kinds: tuple[type, ...] = (JSON, Boolean, BigInteger, Integer, Float, DateTime, Date)
    return next((kind for kind in kinds if isinstance(of, kind)), str)


def csv_cell(column: Column[Any], value: Any) -> str:
    """A value as its cell."""
    if value == "" and column.nullable and kind_of(column) is str:
        return "'"
    if isinstance(value, float):
        return repr(value)
    return cell(value)


def csv_lines(columns: Sequence[Column[Any]]) -> Callable[[Mapping[str, Any] | None], bytes]:
    """What writes the heading (for None), then each row, of a CSV."""

    def line(row: Mapping[str, Any] | None) -> bytes:
        buffer = io.StringIO(newline="")
        cells = [column.name if row is None else csv_cell(column, row[column.name]) for column in columns]
        csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow(cells)
        return (MARK if row is None else b"") + buffer.getvalue().encode()

    return line


def json_line(columns: Sequence[Column[Any]], row: Mapping[str, Any]) -> bytes:
    """A row as a JSON line."""
    return f"{canonical({column.name: row[column.name] for column in columns})}\n".encode()


# ---- reading --------------------------------------------------------------------------------------------------


def raw_csv(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """The heading and the rows of a CSV with the number of the row (the heading is 1). Raises UnreadableError."""
    text = io.TextIOWrapper(io.BufferedReader(_Bounded(file)), encoding="utf-8-sig", newline="")
    before = csv.field_size_limit(LONGEST_LINE)
    number = read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        while line := text.readline(LONGEST_LINE + 1):
            read += len(line)
            if read > LONGEST_LINE:
                raise UnreadableError(f"ligne {number + 1} : ligne trop longue")
            yield line

    try:
        for number, row in enumerate(csv.reader(lines(), delimiter=";", strict=True), start=1):
            read = 0
            yield number, row
    except UnicodeDecodeError as error:
        raise UnreadableError(f"ligne {number + 1} : ce n'est pas de l'UTF-8") from error
    except csv.Error as error:
        raise UnreadableError(f"ligne {number + 1} : ce n'est pas du CSV") from error
    finally:
        csv.field_size_limit(before)
        text.detach()


class _Bounded(io.RawIOBase):
    """A member of the zip as a stream that a text reader accepts."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def raw_json(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    """The values of a file of JSON lines with the number of their line. Raises UnreadableError."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UnreadableError(f"ligne {number} : ligne trop longue")
        if not line.endswith(b"\n"):
            raise UnreadableError(f"ligne {number} : la dernière ligne n'est pas finie")
        try:
            yield number, strict_json(line)
        except ValueError as error:
            raise UnreadableError(f"ligne {number} : ce n'est pas du JSON") from error


def strict_json(text: bytes | str) -> Any:
    """A JSON value in UTF-8, without NaN, a number that no database holds or a name given twice, no
    deeper than ours. Raises ValueError."""
    try:
        value = json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_constant=_refused, object_pairs_hook=_once, parse_float=_finite, parse_int=_storable,
        )  # fmt: skip
    except RecursionError as error:
        raise ValueError("too deep") from error
    _check_depth(value, 0)
    return value


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("no such number")
    return value


def _storable(text: str) -> int:
    # The longest that the largest has: the others are not even computed.
    value = int(text) if len(text) <= 20 else LARGEST_BIG + 1
    if abs(value) > LARGEST_BIG:
        raise ValueError("no such number")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name given twice")
    return found


def _check_depth(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _check_depth(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_depth(item, depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text or (not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text)):
        raise ValueError("a sign that no text of ours has")


def of_cell(column: Column[Any], text: str) -> Any:
    """The value of a cell. Raises UnreadableError."""
    kind = kind_of(column)
    if kind is str:
        if not text and column.nullable:
            return None
        return checked(column, text.removeprefix("'"))
    if not text:
        return checked(column, None)
    if kind is Boolean:
        return checked(column, {YES: True, NO: False}.get(text, text))
    if kind in (Integer, BigInteger):
        is_number = text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20
        return checked(column, int(text) if is_number else text)
    if kind is Float:
        try:
            return checked(column, _finite(text))
        except ValueError as error:
            raise UnreadableError("un nombre est attendu") from error
    return checked(column, text)


def checked(column: Column[Any], value: Any) -> Any:
    """A value that JSON or a cell gave, as the database takes it. Raises UnreadableError when it is not of its kind."""
    if value is None:
        if not column.nullable:
            raise UnreadableError("une valeur est attendue")
        return None
    kind = kind_of(column)
    if kind is JSON:
        return value
    if kind is Boolean:
        return _is(value, bool, "oui ou non est attendu")
    if kind in (Integer, BigInteger):
        number: int = _is(value, int, "un nombre entier est attendu")
        most = LARGEST if kind is Integer else LARGEST_BIG
        if not -most <= number <= most:
            raise UnreadableError("ce nombre est trop grand")
        return number
    if kind is Float:
        if type(value) is int:
            value = float(value)
        return _is(value, float, "un nombre est attendu")
    if kind is DateTime:
        return moment(value)
    if kind is Date:
        return _day(value)
    text: str = _is(value, str, "un texte est attendu")
    most_signs = getattr(column.type, "length", None)
    if most_signs is not None and len(text) > most_signs:
        raise UnreadableError(f"plus de {most_signs} caractères")
    try:
        _check_text(text)
    except ValueError as error:
        raise UnreadableError("un caractère qu'aucun texte ne contient") from error
    return text


def _is(value: Any, kind: type, otherwise: str) -> Any:
    # A boolean is an integer to Python, and to nobody else.
    if type(value) is not kind:
        raise UnreadableError(otherwise)
    return value


def moment(value: Any) -> datetime:
    """A moment as canonical JSON writes it. Raises UnreadableError."""
    try:
        found = datetime.fromisoformat(value.removesuffix("Z")).replace(tzinfo=UTC)
    except (ValueError, AttributeError) as error:
        raise UnreadableError("un moment est attendu (2026-03-01T08:30:15.000000Z)") from error
    if f"{found.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" != value:
        raise UnreadableError("un moment est attendu (2026-03-01T08:30:15.000000Z)")
    return found


def check_moment(value: datetime, latest: datetime) -> None:
    """Raise UnreadableError for a moment at which no fact was written: before EARLIEST, or after this one."""
    if value < EARLIEST:
        raise UnreadableError(f"aucun fait n'est d'avant {EARLIEST.year}")
    if value > latest:
        raise UnreadableError("ce moment est à venir ; l'horloge de l'une des deux installations est peut-être fausse")


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value) if len(value) == 10 else _refused(value)
    except (ValueError, TypeError) as error:
        raise UnreadableError("un jour est attendu (2026-03-01)") from error
