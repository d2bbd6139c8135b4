"""Files sent together in a zip: looked into as carefully as workbooks, then read as if sent one by one."""

import re
import zipfile
from collections.abc import Iterable

from app.errors import ImportRefusedError, InputProblem
from app.files import limits
from app.files.foreign import foreign
from app.files.foreign_packages import foreign_package
from app.files.workbook import workbook_format
from app.files.zip_safety import ARCHIVE, ZIP_SIGNATURE, Feed, UnsafeWorkbookError, walk_zip
from app.patient_guard.messages import message_in_bytes
from app.text import plain_file_name

MOST_FILES_LONG = 3
"""An archive holds no more than so many of the longest files: as much as a form without archive may send."""
_READ_ME = re.compile(
    r"(?:lisez|lire|read)[ _.-]*(?:moi|me)\b.*|(?:licen[cs]e|notice|copying)\.(?:txt|md|html?)$", re.IGNORECASE
)
_IGNORED = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")
COMPANION_NAME = "transcodage_loinc.csv"
"""What the archives of this product hold beside a completed file: it says the transcoding, and more than the file."""
OWN_NAMES = ("lisezmoi_loinc.txt", "loinc_short_license.txt", "rapport_export.csv")
"""What they hold for their reader: no catalogue, and left aside."""


def is_archive(content: bytes) -> bool:
    """Whether these bytes are a zip of files, not a workbook."""
    return content.startswith(ZIP_SIGNATURE) and not workbook_format(content)


def _is_ignored(name: str) -> bool:
    lowered = name.lower()
    base = lowered.rsplit("/", 1)[-1]
    if lowered.endswith("/") or base.startswith("._"):
        return True
    return any(lowered.startswith(item) or base == item for item in (*_IGNORED, *OWN_NAMES))


def members(name: str, content: bytes, max_bytes: int) -> list[tuple[str, bytes]]:
    """(name, content) of the files of an archive; raises ImportRefusedError when it must not be opened."""
    kept: list[tuple[str, list[bytes]]] = []
    sizes: list[int] = []

    def visit(entry: zipfile.ZipInfo) -> Feed | None:
        if _is_ignored(entry.filename):
            return None
        if entry.file_size > max_bytes:
            raise UnsafeWorkbookError(
                f"le fichier « {entry.filename} » de l'archive dépasse la taille admise ({max_bytes // 1_000_000} Mo)"
            )
        if len(kept) == limits.MAX_FILES:
            raise UnsafeWorkbookError(f"l'archive contient plus de {limits.MAX_FILES} fichiers")
        sizes.append(entry.file_size)
        if sum(sizes) > MOST_FILES_LONG * max_bytes:
            raise UnsafeWorkbookError(
                f"les fichiers de l'archive dépassent ensemble {MOST_FILES_LONG * max_bytes // 1_000_000} Mo"
            )
        kept.append((plain_file_name(entry.filename), []))
        return kept[-1][1].append

    try:
        if len(content) > max_bytes:
            raise UnsafeWorkbookError(f"l'archive dépasse la taille admise ({max_bytes // 1_000_000} Mo)")
        if found := foreign_package(content):
            raise UnsafeWorkbookError(f"c'est {found[0]} ; {found[1]}")
        walk_zip(content, ARCHIVE, visit)
        if not kept:
            raise UnsafeWorkbookError("l'archive ne contient aucun fichier")
        files = [(inner, b"".join(chunks)) for inner, chunks in kept]
        if any(is_archive(inside) for _, inside in files):
            raise UnsafeWorkbookError("l'archive contient une autre archive")
    except UnsafeWorkbookError as error:
        raise ImportRefusedError([InputProblem(name, f"{error}.")]) from error
    return files


def _is_for_readers(name: str, content: bytes) -> str:
    """Why a file of an archive is no table, so that the others come in without it; empty for what may be one.

    What speaks of patients is never passed over.
    """
    if message_in_bytes(content):
        return ""
    if _READ_ME.match(name):
        return "c'est une notice."
    told = foreign(content) if content.strip() else ""
    return "" if "atient" in told else told


def _is_companion(name: str) -> bool:
    return name.lower() == COMPANION_NAME


def unpacked(
    received: Iterable[tuple[str, bytes]], max_bytes: int, *, as_catalogue: bool = True
) -> list[tuple[str, bytes]]:
    """The received files, each archive replaced by its files; raises ImportRefusedError with all problems.

    Of an archive of this product a catalogue takes the completed file; who wants the transcoding, what says all of it.
    """
    return unpacked_and_left(received, max_bytes, as_catalogue=as_catalogue)[0]


def unpacked_and_left(
    received: Iterable[tuple[str, bytes]], max_bytes: int, *, as_catalogue: bool = True
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """The same, and a sentence on each file of an archive that is set aside, as it is no table."""
    files: list[tuple[str, bytes]] = []
    problems: list[InputProblem] = []
    left: list[str] = []
    for name, content in received:
        if not is_archive(content):
            files.append((name, content))
            continue
        try:
            found = members(name, content, max_bytes)
            why = {inner: _is_for_readers(inner, inside) for inner, inside in found}
            if all(why.values()):
                raise ImportRefusedError([InputProblem(inner, told) for inner, told in why.items()])
            left += [f"{inner}, dans {name}, est laissé de côté : {told}" for inner, told in why.items() if told]
            found = [(inner, inside) for inner, inside in found if not why[inner]]
            has_companion = any(_is_companion(inner) for inner, _ in found)
            files.extend(
                (inner, inside)
                for inner, inside in found
                if not has_companion or _is_companion(inner) is not as_catalogue
            )
        except ImportRefusedError as error:
            problems.extend(error.problems)
    if problems:
        raise ImportRefusedError(problems)
    return files, left
