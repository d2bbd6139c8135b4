"""Where texts that must go are kept: every text, JSON value and stored file of the database is looked at."""

import gzip
import html
import io
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from anyascii import anyascii
from sqlalchemy import Boolean, Connection, Date, DateTime, Integer, LargeBinary, Numeric, Table, TypeDecorator, select

from app.errors import InvalidInputError
from app.models import metadata

SHORTEST = 5
"""Letters and digits of a text, at least: fewer would take other things along."""
LEAST_DIGITS = 8
"""A number of so many digits is found however its digits are grouped."""
NOT_LOOKED_AT = frozenset(
    {
        "chain_link", "chain_head", "text_salt", "erasure", "tally_rule", "job_turn",
        "loinc_axis_value", "loinc_french_name", "loinc_map_to", "loinc_panel_member", "loinc_release", "loinc_term",
        "loinc_term_text", "nabm_alignment", "value_set_member",
    }
)  # fmt: skip
"""Hashes, counts, and terminologies that others publish."""
_ROWS = 500
_INFLATED = 300_000_000
DEEPEST = 3
"""A workbook within an archive is opened twice, and what it embeds once more."""
_UNREADABLE = (
    OSError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
)  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s.\-/_]+(?=\d)")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
"""How JSON may write any letter."""
_TAGS = re.compile(r"<[^>]{0,2000}>")


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(anyascii(text).lower()))} "


class Wanted:
    """The texts that must go; one is found whatever its case, accents and spaces, a number however it is grouped."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
        if not self.texts:
            raise InvalidInputError("Le fichier des textes à effacer est vide : il en faut un par ligne.")
        self._phrases: list[str] = []
        self._numbers: list[str] = []
        for number, text in enumerate(self.texts, start=1):
            words = _words(text)
            if len(words.replace(" ", "")) < SHORTEST:
                raise InvalidInputError(
                    f"Le texte n° {number} est trop court : il faut au moins {SHORTEST} lettres ou chiffres, "
                    "sans quoi d'autres textes partiraient avec lui."
                )
            digits = re.sub(r"[\s.\-/_]", "", text)
            if digits.isascii() and digits.isdigit() and len(digits) >= LEAST_DIGITS:
                self._numbers.append(digits)
            else:
                self._phrases.append(words)

    def within(self, text: str) -> bool:
        """Whether one of them is in this text."""
        if self._phrases:
            words = _words(text)
            if any(phrase in words for phrase in self._phrases):
                return True
        return any(number in _BETWEEN_DIGITS.sub("", text) for number in self._numbers)

    def within_value(self, value: Any) -> bool:
        """Whether one of them is in a text or a JSON value, also spread over the cells of a row."""
        if isinstance(value, str):
            return self.within(value)
        leaves = list(texts_of(value))
        return any(map(self.within, leaves)) or (len(leaves) > 1 and self.within(" ".join(leaves)))

    def within_bytes(self, content: bytes, depth: int = 0) -> bool:
        """Whether one of them is in a file: a text in any usual encoding, compressed or not, a workbook."""
        if depth < DEEPEST and any(self.within_bytes(part, depth + 1) for part in _inflated(content)):
            return True
        for encoding in ("utf-8", "cp1252", "utf-16-le"):
            text = content.decode(encoding, "ignore")
            if self.within(text) or ("<" in text and any(map(self.within, _without_marks(text)))):
                return True
            if "\\u" in text and self.within(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)):
                return True
        return self.within(content[1:].decode("utf-16-le", "ignore"))


def _without_marks(text: str) -> tuple[str, str]:
    """A marked-up text twice: its parts apart, and run together as a workbook cuts a word of several styles."""
    return html.unescape(_TAGS.sub(" ", text)), html.unescape(_TAGS.sub("", text))


def _inflated(content: bytes) -> Iterator[bytes]:
    """What a compressed content holds; a part that cannot be read hides no other."""
    try:
        if content.startswith(b"PK"):
            yield from _members(zipfile.ZipFile(io.BytesIO(content)))
        elif content.startswith(b"\x1f\x8b"):
            yield gzip.GzipFile(fileobj=io.BytesIO(content)).read(_INFLATED)
        elif content[:1] == b"\x78":
            yield zlib.decompressobj().decompress(content, _INFLATED)
    except _UNREADABLE:
        return


def _members(archive: zipfile.ZipFile) -> Iterator[bytes]:
    left = _INFLATED
    with archive:
        for member in archive.infolist():
            # A name may be in the name of a file.
            yield member.filename.encode("utf-8", "replace")
            left -= member.file_size
            if left < 0:
                return
            try:
                yield archive.read(member)
            except _UNREADABLE:
                continue


def texts_of(value: Any) -> Iterator[str]:
    """The texts and numbers within a JSON value, its keys too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


@dataclass(frozen=True, slots=True)
class Place:
    """A value that holds one of the texts."""

    table: str
    key: tuple[Any, ...]
    """Primary key of the row."""
    column: str


def columns_of(table: Table) -> list[str]:
    """Columns whose values are texts, JSON or bytes: all but numbers, moments and what is true or not."""
    return [item.name for item in table.columns if not isinstance(_plain_type(item.type), _NOT_TEXTS)]


_NOT_TEXTS = (Integer, Numeric, Boolean, DateTime, Date)


def _plain_type(of: Any) -> Any:
    """The type beneath the decorators of ours."""
    while isinstance(of, TypeDecorator):
        of = of.impl_instance
    return of


def looked_at() -> Sequence[Table]:
    """The tables that are searched."""
    return [table for table in metadata.sorted_tables if table.name not in NOT_LOOKED_AT]


def places(connection: Connection, wanted: Wanted) -> list[Place]:
    """Every value of the database that holds one of these texts."""
    found = []
    for table in looked_at():
        names = columns_of(table)
        keys = [column.name for column in table.primary_key.columns]
        if not names:
            continue
        statement = select(*(table.c[name] for name in dict.fromkeys((*keys, *names))))
        batch = 4 if any(isinstance(table.c[name].type, LargeBinary) for name in names) else _ROWS
        for row in connection.execute(statement.execution_options(yield_per=batch)).mappings():
            key = tuple(row[name] for name in keys)
            found += [Place(table.name, key, name) for name in names if _holds(wanted, row[name])]
    return found


def _holds(wanted: Wanted, value: Any) -> bool:
    if not value:
        return False
    if isinstance(value, bytes | memoryview):
        return wanted.within_bytes(bytes(value))
    return wanted.within_value(value)


def without(wanted: Wanted, value: Any) -> Any:
    """A JSON value of the same shape, without the texts that hold one of them.

    When one is only found over several texts together, all of them go.
    """
    apart = any(map(wanted.within, texts_of(value)))

    def cleared(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: cleared(each) for key, each in item.items() if not wanted.within(str(key))}
        if isinstance(item, list):
            return [cleared(each) for each in item]
        if item is None or isinstance(item, bool):
            return item
        goes = wanted.within(str(item)) if apart else isinstance(item, str)
        return ("" if isinstance(item, str) else None) if goes else item

    return cleared(json.loads(json.dumps(value)))
