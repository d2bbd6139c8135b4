"""Reading an official LOINC release, from its zip or its unzipped folder; columns are matched by name."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from loinc_data.checkdigit import is_valid_loinc
from matcher.types import Term

MAIN_TABLE = "LoincTable/Loinc.csv"
REQUIRED = (
    "LOINC_NUM", "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "STATUS", "LONG_COMMON_NAME",
)  # fmt: skip
MAX_UNZIPPED = 4_000_000_000


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
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.csv"))

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
        raise ReleaseError(f"« {path} » n'existe pas.")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_UNZIPPED:
                raise ReleaseError(f"« {path.name} » est trop volumineux une fois décompressé.")
            yield ZipSource(archive)
    except zipfile.BadZipFile as error:
        raise ReleaseError(f"« {path.name} » n'est pas une archive zip lisible (téléchargement interrompu ?).") from error


def find_member(source: ReleaseSource, tail: str) -> str | None:
    """The member whose path ends like `tail`, whatever the folder around it and the case."""
    wanted = tail.lower()
    for name in source.names():
        lowered = name.lower()
        if lowered == wanted or lowered.endswith("/" + wanted):
            return name
    return None


def column_key(name: str) -> str:
    """A heading without case, spaces and underscores: releases spell them differently."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read_table(source: ReleaseSource, name: str, required: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """The rows of a member, by normalised heading; raises ReleaseError with file, row and reason."""
    with source.open(name) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text)
        try:
            headings = [column_key(cell) for cell in next(reader, [])]
            missing = [column for column in required if column_key(column) not in headings]
            if missing:
                raise ReleaseError(
                    f"« {name} » : colonnes absentes ({', '.join(missing)}). Le fichier a-t-il été réenregistré par un tableur ?"
                )
            for cells in reader:
                if len(cells) != len(headings):
                    raise ReleaseError(
                        f"« {name} », ligne {reader.line_num} : {len(cells)} colonnes au lieu de {len(headings)} (fichier tronqué ?)."
                    )
                yield dict(zip(headings, cells, strict=True))
        except UnicodeDecodeError as error:
            raise ReleaseError(f"« {name} » n'est pas en UTF-8 : ce n'est pas le fichier d'origine.") from error
        except csv.Error as error:
            raise ReleaseError(f"« {name} », ligne {reader.line_num} : {error}.") from error


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def read_terms(source: ReleaseSource, laboratory_only: bool = True) -> Iterator[Term]:
    """The terms of Loinc.csv, fields unaltered; only laboratory terms (CLASSTYPE 1) by default.

    Raises ReleaseError when the table is absent, cut short, or holds a code with a wrong check digit.
    """
    name = find_member(source, MAIN_TABLE) or find_member(source, "Loinc.csv")
    if name is None:
        raise ReleaseError("La table LoincTable/Loinc.csv est absente : ce n'est pas une distribution LOINC officielle.")
    count = 0
    for row in read_table(source, name, REQUIRED):
        code = row["loincnum"]
        if not is_valid_loinc(code):
            raise ReleaseError(f"« {name} » : « {code} » n'est pas un code LOINC (fichier altéré par un tableur ?).")
        count += 1
        if laboratory_only and row.get("classtype", "1") not in ("1", ""):
            continue
        yield Term(
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
            rank=_number(row.get("commontestrank", "")),
        )
    if count == 0:
        raise ReleaseError(f"« {name} » ne contient aucun terme.")


def content_hash(path: Path) -> str:
    """SHA-256 of a zip, or of the main table of a folder."""
    digest = hashlib.sha256()
    with open_source(path) as source:
        name = find_member(source, MAIN_TABLE) or find_member(source, "Loinc.csv")
        if name is None:
            raise ReleaseError("La table LoincTable/Loinc.csv est absente : ce n'est pas une distribution LOINC officielle.")
        with source.open(name) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
