"""Reading an official LOINC release, from its zip or its unzipped folder; columns are matched by name."""

import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.french import quoted
from matcher.types import Term

MAIN_TABLE = "LoincTable/Loinc.csv"
REQUIRED = (
    "LOINC_NUM", "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "STATUS",
    "LONG_COMMON_NAME",
)  # fmt: skip
STATUSES = frozenset({"ACTIVE", "TRIAL", "DISCOURAGED", "DEPRECATED"})
MAX_UNZIPPED = 4_000_000_000
MAX_MEMBERS = 5_000
MAX_LINE = 2_000_000
"""Characters; those of official releases stay under ten thousand."""
MAX_DIGITS = 9
READ_SUFFIXES = frozenset({".csv", ".txt", ".md", ".html", ""})
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
READ_ME = ("version", "readme", "loinc_readme", "loincreadme", "release")
LABORATORY = 1

_VERSION_IN_NAME = re.compile(r"loinc[ _-]*v?(\d+\.\d{1,3})(?![\d.]*\d)", re.IGNORECASE)
_VERSION_IN_TEXT = re.compile(r"(?:version|release|loinc)[ :\u00ae_]*v?(\d+\.\d{2,3})\b", re.IGNORECASE)
_VERSION_ALONE = re.compile(r"\s*v?(\d+\.\d{2,3})\s*", re.IGNORECASE)
LOOKS_LIKE_DATE = re.compile(
    r"\d{1,4}[-/. ][a-zéû]{3,5}\.?|[a-zéû]{3,5}\.?[-/ ]\d{1,4}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.IGNORECASE
)
TAKE_THE_ORIGINAL = "Reprenez l'archive d'origine, sans l'ouvrir dans un tableur."


class ReleaseError(ValueError):
    """The file is no usable LOINC release; the message says why, in French."""


class ReleaseSource(Protocol):
    """A zip or a folder."""

    def names(self) -> list[str]:
        """All member names, with forward slashes."""

    def open(self, name: str) -> IO[bytes]:
        """A member, as bytes."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """An unzipped release."""

    folder: Path

    def names(self) -> list[str]:
        """All member names, with forward slashes."""
        files = (path for path in self.folder.rglob("*") if path.suffix.lower() in READ_SUFFIXES)
        return sorted(path.relative_to(self.folder).as_posix() for path in files if path.is_file())

    def open(self, name: str) -> IO[bytes]:
        """A member, as bytes."""
        return (self.folder / name).open("rb")


@dataclass(frozen=True, slots=True)
class ZipSource:
    """A release as downloaded."""

    archive: zipfile.ZipFile

    def names(self) -> list[str]:
        """All member names, with forward slashes."""
        return sorted(self.archive.namelist())

    def open(self, name: str) -> IO[bytes]:
        """A member, as bytes."""
        return self.archive.open(name)


@contextmanager
def open_source(path: Path) -> Iterator[ReleaseSource]:
    """Open a zip or a folder; a zip that would unzip to more than a release can hold is refused."""
    if path.is_dir():
        yield FolderSource(path)
        return
    if not path.is_file():
        raise ReleaseError(f"{quoted(str(path))} n'existe pas.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(item.file_size for item in members) > MAX_UNZIPPED:
                raise ReleaseError(f"{quoted(path.name)} est trop volumineux une fois décompressé.")
            yield ZipSource(archive)
    except UNREADABLE as error:
        if type(error) is RuntimeError and "password" not in str(error):
            raise
        raise ReleaseError(
            f"{quoted(path.name)} n'est pas une archive zip lisible (téléchargement interrompu\u202f?)."
        ) from error


def find_member(source: ReleaseSource, tail: str) -> str | None:
    """The member whose path ends like `tail`, whatever the case and the folder; the outermost wins."""
    wanted = tail.lower()
    found = [name for name in source.names() if name.lower() == wanted or name.lower().endswith("/" + wanted)]
    return min(found, key=lambda name: (name.count("/"), name)) if found else None


def main_table(source: ReleaseSource) -> str:
    """The member that holds the terms; raises ReleaseError with the likely mistake when there is none."""
    name = find_member(source, MAIN_TABLE)
    if name is None:
        # The panels folder holds a partial copy of the table: it is never the table itself.
        candidate = find_member(source, "Loinc.csv")
        name = candidate if candidate and "accessoryfiles" not in candidate.lower() else None
    if name is not None:
        return name
    if find_member(source, "LoincTableCore.csv"):
        raise ReleaseError(
            "L'archive ne contient que LoincTableCore, sans unités ni rangs\u202f: "
            "téléchargez la distribution LOINC complète."
        )
    if any(name.lower().endswith("linguisticvariant.csv") for name in source.names()):
        raise ReleaseError(
            "L'archive ne contient que des variantes linguistiques\u202f: "
            "chargez la distribution LOINC complète, qui les contient."
        )
    raise ReleaseError(
        "La table LoincTable/Loinc.csv est absente\u202f: ce n'est pas une distribution LOINC officielle."
    )


def column_key(name: str) -> str:
    """A heading without case, spaces and underscores: releases spell them differently."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _missing_columns(name: str, headings: list[str], missing: list[str]) -> ReleaseError:
    if len(headings) == 1 and (";" in headings[0] or "\t" in headings[0]):
        return ReleaseError(
            f"{quoted(name)} n'est plus séparé par des virgules\u202f: un tableur l'a changé. {TAKE_THE_ORIGINAL}"
        )
    return ReleaseError(f"{quoted(name)}\u202f: colonnes absentes ({', '.join(missing)}). {TAKE_THE_ORIGINAL}")


def _lines(text: IO[str], name: str) -> Iterator[str]:
    """The lines of a table; raises ReleaseError on one that never ends, which would have to be held whole."""
    while line := text.readline(MAX_LINE):
        if len(line) >= MAX_LINE:
            raise ReleaseError(f"{quoted(name)}\u202f: une ligne est anormalement longue. {TAKE_THE_ORIGINAL}")
        yield line


def read_table(source: ReleaseSource, name: str, required: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """The rows of a member, by normalised heading; raises ReleaseError with file, row and reason."""
    with source.open(name) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(_lines(text, name), strict=True)
        try:
            first = next(reader, [])
            headings = [column_key(cell) for cell in first]
            missing = [column for column in required if column_key(column) not in headings]
            if missing:
                raise _missing_columns(name, first, missing)
            width = len(headings)
            for cells in reader:
                if len(cells) != width:
                    raise ReleaseError(
                        f"{quoted(name)}, ligne {reader.line_num}\u202f: {len(cells)} colonnes au lieu de {width} "
                        "(fichier tronqué\u202f?)."
                    )
                yield dict(zip(headings, cells, strict=True))
        except UnicodeDecodeError as error:
            raise ReleaseError(
                f"{quoted(name)} n'est pas en UTF-8\u202f: ce n'est pas le fichier d'origine."
            ) from error
        except csv.Error as error:
            raise ReleaseError(
                f"{quoted(name)}, ligne {reader.line_num}\u202f: ligne coupée ou mal formée (fichier tronqué\u202f?)."
            ) from error


@dataclass(frozen=True, slots=True)
class ReleaseTerm:
    """A term, with what only a release says of it."""

    term: Term
    class_type: int
    """1 laboratory, 2 clinical, 3 claims attachment, 4 survey."""
    external_copyright_notice: str
    version_last_changed: str


def read_release_terms(source: ReleaseSource) -> Iterator[ReleaseTerm]:
    """All terms of Loinc.csv, fields unaltered.

    Raises ReleaseError when the table is absent, cut short, damaged by a spreadsheet, or names a code twice.
    """
    name = main_table(source)
    seen: set[str] = set()
    for row in read_table(source, name, REQUIRED):
        code = row["loincnum"]
        if not is_valid_loinc(code):
            raise _not_a_code(name, code)
        if code in seen:
            raise ReleaseError(f"{quoted(name)}\u202f: le code {code} y est deux fois. {TAKE_THE_ORIGINAL}")
        seen.add(code)
        if row["status"] not in STATUSES:
            raise ReleaseError(f"{quoted(name)}, code {code}\u202f: statut {quoted(row['status'])} inconnu de LOINC.")
        yield ReleaseTerm(
            term=Term(
                loinc_num=code,
                component=row["component"],
                property=row["property"],
                time_aspct=row["timeaspct"],
                system=row["system"],
                scale_typ=row["scaletyp"],
                method_typ=row["methodtyp"],
                class_name=row.get("class", ""),
                status=row["status"],
                order_obs=row.get("orderobs", ""),
                long_common_name=row["longcommonname"],
                short_name=row.get("shortname", ""),
                units=row.get("exampleucumunits", ""),
                rank=_integer(name, code, "COMMON_TEST_RANK", row.get("commontestrank", "")),
            ),
            class_type=_integer(name, code, "CLASSTYPE", row.get("classtype", "")) or LABORATORY,
            external_copyright_notice=row.get("externalcopyrightnotice", ""),
            version_last_changed=row.get("versionlastchanged", ""),
        )
    if not seen:
        raise ReleaseError(f"{quoted(name)} ne contient aucun terme.")


def read_terms(source: ReleaseSource, laboratory_only: bool = True) -> Iterator[Term]:
    """The terms of Loinc.csv as the matcher wants them; only laboratory terms and panels by default."""
    for item in read_release_terms(source):
        if not laboratory_only or item.class_type == LABORATORY:
            yield item.term


def _not_a_code(name: str, code: str) -> ReleaseError:
    if LOOKS_LIKE_DATE.fullmatch(code):
        return ReleaseError(
            f"{quoted(name)}\u202f: {quoted(code)} est un code qu'un tableur a changé en date. {TAKE_THE_ORIGINAL}"
        )
    return ReleaseError(f"{quoted(name)}\u202f: {quoted(code)} n'est pas un code LOINC. {TAKE_THE_ORIGINAL}")


def _integer(name: str, code: str, column: str, text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise ReleaseError(
            f"{quoted(name)}, code {code}\u202f: {column} vaut {quoted(text)}, pas un entier. {TAKE_THE_ORIGINAL}"
        )
    return int(text)


def release_version(source: ReleaseSource, file_name: str) -> str:
    """The release number that the file's name, a folder inside or a read-me states; else nothing."""
    for candidate in (file_name, *(part for name in source.names() for part in name.split("/")[:-1])):
        if match := _VERSION_IN_NAME.search(candidate):
            return match.group(1)
    for name in source.names():
        base = name.rsplit("/", 1)[-1].lower()
        if base.startswith(READ_ME) and not base.endswith(".csv"):
            with source.open(name) as file:
                text = file.read(20_000).decode("utf-8-sig", "replace")
            if match := (_VERSION_ALONE.match(text) if base.startswith("version") else None):
                return match.group(1)
            if match := _VERSION_IN_TEXT.search(text):
                return match.group(1)
    return ""


def main_table_hash(path: Path) -> str:
    """SHA-256 of the table of terms, whether zipped or not: what the terms that we read from a release depend on."""
    digest = hashlib.sha256()
    with open_source(path) as source:
        _digest_of(source, main_table(source), digest.update)
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """SHA-256 of what a release says: the tables that we read, whether zipped or not."""
    digest = hashlib.sha256()
    with open_source(path) as source:
        main = main_table(source)
        names = [main, *sorted(name for name in source.names() if name != main and _is_read(name))]
        for name in names:
            digest.update(name.rsplit("/", 1)[-1].lower().encode() + b"\0")
            _digest_of(source, name, digest.update)
    return digest.hexdigest()


def _digest_of(source: ReleaseSource, name: str, update: Callable[[bytes], None]) -> None:
    with source.open(name) as file:
        while block := file.read(1 << 20):
            update(block)


def _is_read(name: str) -> bool:
    base = name.rsplit("/", 1)[-1].lower()
    return base in ("mapto.csv", "panelsandforms.csv", "linguisticvariants.csv") or base.endswith(
        ("linguisticvariant.csv", "labordersvalueset.csv")
    )
