"""Looking into zip containers — XLSX, ODS, archives of files — without being drowned by them.

A few kilobytes can inflate to gigabytes: every part is inflated in a bounded stream before any reader sees it.
"""

import io
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from posixpath import normpath

from app.files import limits

ZIP_SIGNATURE = b"PK\x03\x04"
_CENTRAL_SIGNATURE = b"PK\x01\x02"
_MOST_LISTED = 20_000
"""Parts that are listed to name what is wrong with a container; more are not even listed."""
_CHUNK = 1 << 20

Feed = Callable[[bytes], None]
"""Receives the inflated bytes of a part, chunk by chunk, and once an empty chunk at its end."""
Visit = Callable[[zipfile.ZipInfo], Feed | None]


class UnsafeWorkbookError(ValueError):
    """The container must not be opened; the message says why, in French."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a container may hold: parts, and bytes once inflated."""

    parts: int
    inflated: int


@dataclass(frozen=True, slots=True)
class Words:
    """How a container is named in sentences: `le classeur est …`, `l'archive est …`."""

    noun: str
    too_big: str
    inflated: str
    damaged: str
    locked: str


LOCKED_ADVICE = (
    " : ouvrez-le dans le tableur avec ce mot de passe, retirez le mot de passe d'ouverture, enregistrez-le, puis "
    "renvoyez-le"
)
"""What to do of a workbook that cannot be opened without its password."""
WORKBOOK = Words(
    "le classeur",
    "trop volumineux une fois décompressé",
    "anormalement compressé",
    "abîmé ou incomplet",
    f"protégé par un mot de passe{LOCKED_ADVICE}",
)
ARCHIVE = Words(
    "l'archive",
    "trop volumineuse une fois décompressée",
    "anormalement compressée",
    "abîmée ou incomplète",
    "protégée par un mot de passe",
)


def plain_path(name: str) -> str:
    """The path of a part as the most tolerant reader takes it: `XL\\./Sheet1.XML` is `xl/sheet1.xml`."""
    return normpath("/" + name.replace("\\", "/")).lstrip("/").lower()


def has_too_many_parts(content: bytes) -> bool:
    """Whether listing the parts of a zip would itself be long: each takes some hundreds of bytes of memory."""
    return content.count(_CENTRAL_SIGNATURE) > _MOST_LISTED


def entry_names(content: bytes) -> frozenset[str]:
    """The names inside a zip, empty when it cannot be listed."""
    if has_too_many_parts(content):
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError):
        return frozenset()


def walk_zip(
    content: bytes, words: Words, visit: Visit, first: Collection[str] = (), bounds: Bounds | None = None
) -> None:
    """Inflate every part within bounds, giving those that `visit` wants; raises UnsafeWorkbookError.

    The parts of the plain paths `first` come before the others, wherever they stand in the container. Without other
    `bounds` it is one file, a workbook or a catalogue.
    """
    bounds = bounds or Bounds(limits.MAX_ZIP_ENTRIES, limits.MAX_INFLATED_BYTES)
    if has_too_many_parts(content):
        raise UnsafeWorkbookError(f"{words.noun} contient trop de parties")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = sorted(archive.infolist(), key=lambda entry: plain_path(entry.filename) not in first)
            if len(entries) > bounds.parts:
                raise UnsafeWorkbookError(f"{words.noun} contient trop de parties")
            if len({entry.filename for entry in entries}) != len(entries):
                raise UnsafeWorkbookError(f"{words.noun} contient deux fois la même partie")
            if any(entry.flag_bits & 1 for entry in entries):
                raise UnsafeWorkbookError(f"{words.noun} est {words.locked}")
            _check_inflation(sum(entry.file_size for entry in entries), len(content), words, bounds)
            inflated = 0
            for entry in entries:
                budget = bounds.inflated - inflated
                inflated += _inflate(archive, entry, visit(entry), budget, words)
            _check_inflation(inflated, len(content), words, bounds)
    except UnsafeWorkbookError:
        raise
    except Exception as error:
        # zipfile, zlib, lzma and expat raise errors of their own on damaged data.
        raise UnsafeWorkbookError(f"{words.noun} est {words.damaged}") from error


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, feed: Feed | None, budget: int, words: Words) -> int:
    """Inflate one part without keeping it; returns its true size."""
    size = 0
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > budget:
                raise UnsafeWorkbookError(f"{words.noun} est {words.too_big}")
            if feed is not None:
                feed(chunk)
    if feed is not None and size:
        feed(b"")
    return size


def _check_inflation(inflated: int, compressed: int, words: Words, bounds: Bounds) -> None:
    if inflated > bounds.inflated:
        raise UnsafeWorkbookError(f"{words.noun} est {words.too_big}")
    if inflated > limits.INFLATION_FLOOR_BYTES and inflated > limits.MAX_INFLATION * compressed:
        raise UnsafeWorkbookError(f"{words.noun} est {words.inflated}")
