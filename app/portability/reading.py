"""Verifying an archive before anything is stored: its bytes, its files, every row and every number that leads on."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.claims.canonical_zip import Member, NotCanonicalError, read_zip
from app.claims.inventory import Sums, sums_file
from app.errors import InvalidInputError
from app.models import utc_now
from app.portability.carried import (
    BYTES,
    CARRIED,
    file_of,
    is_nested,
    references,
    schema_of,
    table_of,
    way_to_catalogue,
)
from app.portability.carried import written_columns as columns_of
from app.portability.chain_check import check_chains
from app.portability.documents import (
    CONTEXT,
    DEFINITIONS,
    FORMAT,
    MANIFEST,
    NOTICE,
    PEOPLE_COLUMNS,
    PEOPLE_FILE,
    README,
    SUMS,
)
from app.portability.encoding import AHEAD, UnreadableError, checked, of_cell, raw_csv, raw_json, strict_json
from app.portability.shapes import SHAPES, fits
from app.portability.staging import Stage
from app.portability.told import MANIFEST_SHAPE, Foreigner, Told, checked_context
from app.portability.values import check_value, is_erased_form, of_before, refuse_strange
from app.portability.writing import LINKS, MOST_MEMBERS, SALTS, chain_files, content_name, manifest_bytes
from app.text import without_controls

MOST_TOLD = 16 << 20
"""Bytes of a file that is read whole: manifest, context. The manifest of the most files has 12 MB."""
MOST_PEOPLE = 10_000
"""Each becomes an account."""


class ArchiveRefusedError(InvalidInputError):
    """Something in an archive does not hold; nothing of it was stored."""


@dataclass(slots=True)
class Verified:
    """An archive that holds, with its rows staged."""

    path: Path
    sha256: str
    told: Told
    stage: Stage
    members: dict[str, Member]

    @contextmanager
    def member(self, name: str) -> Iterator[BinaryIO]:
        """A member, to be read from its beginning."""
        with self.path.open("rb") as file:
            yield io.BufferedReader(_Slice(file, self.members[name]), 1 << 16)

    def content(self, name: str) -> bytes:
        """The bytes of a member."""
        with self.path.open("rb") as file:
            return _whole(file, self.members[name])


def verify_archive(path: Path, folder: Path) -> Verified:
    """Verify an archive; its rows are staged in a file of `folder`.

    Raises ArchiveRefusedError, in French, at the first thing that does not hold, with its file and its line.
    """
    stage = Stage(folder / "stage.sqlite")
    try:
        with path.open("rb") as file:
            members, sha256 = read_zip(file, path.stat().st_size, MOST_MEMBERS)
            return _Reading(path, file, {member.name: member for member in members}, sha256, stage).run()
    except (NotCanonicalError, UnreadableError) as error:
        stage.close()
        raise ArchiveRefusedError(f"Archive refusée, rien n’a été importé. {_sentence(str(error))}") from error
    except BaseException:
        stage.close()
        raise


def _sentence(text: str) -> str:
    # It may quote what the archive says, and a terminal obeys some signs.
    text = without_controls(text)
    return text if text.endswith(".") else f"{text}."


def _whole(file: BinaryIO, member: Member) -> bytes:
    file.seek(member.offset)
    return file.read(member.size)


class _Slice(io.RawIOBase):
    """A member of the zip, read from its beginning to its end and no further."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file, self._place, self._left = file, member.offset, member.size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # Two members are read side by side: links, and their salts.
        self._file.seek(self._place)
        piece = self._file.read(min(len(buffer), self._left))
        self._place, self._left = self._place + len(piece), self._left - len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


class _Reading:
    def __init__(self, path: Path, file: BinaryIO, members: dict[str, Member], sha256: str, stage: Stage) -> None:
        self._path, self._file, self._members, self._sha256, self._stage = path, file, members, sha256, stage
        self._contents: dict[str, tuple[str, int, int]] = {}
        self._latest = utc_now() + AHEAD
        """When a fact may have been written, at most."""

    def run(self) -> Verified:
        manifest = self._manifest()
        told = Told.of(manifest, self._context(), self._people())
        known = self._known(manifest)
        self._stage.begin()
        for name in CARRIED:
            count = self._table(name, told)
            if count != manifest["rows"].get(file_of(name), 0):
                raise UnreadableError(f"{file_of(name)} : {count} lignes, et non celles que dit {MANIFEST}")
        self._stage.end()
        for name in self._members:
            if name not in known and name not in self._contents:
                raise UnreadableError(f"« {name} » n’a pas sa place dans une archive")
        self._one_laboratory(told)
        self._bytes()
        self._stage.begin()
        lines = {name: self._lines(name) for name in known if name.startswith("chaine/")}
        check_chains(self._stage, told, lines, self._latest)
        self._stage.end()
        return Verified(self._path, self._sha256, told, self._stage, self._members)

    # ---- what is read whole -----------------------------------------------------------------------------------

    def _read(self, name: str) -> bytes:
        member = self._members.get(name)
        if member is None:
            raise UnreadableError(f"« {name} » manque à l’archive")
        if member.size > MOST_TOLD:
            raise UnreadableError(f"« {name} » : {member.size} octets, plus que l’atelier n’en écrit")
        return _whole(self._file, member)

    def _json(self, name: str) -> Any:
        try:
            return strict_json(self._read(name))
        except UnreadableError:
            raise
        except ValueError as error:
            raise UnreadableError(f"{name} : ce n’est pas du JSON") from error

    def _manifest(self) -> dict[str, Any]:
        manifest = self._json(MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise UnreadableError(f"{MANIFEST} : ce n’est pas une archive au format {FORMAT}")
        if not fits(MANIFEST_SHAPE, manifest):
            raise UnreadableError(f"{MANIFEST} : il ne dit pas ce qu’un manifeste dit")
        sums = [Sums(item.name, item.size, item.sha256) for item in self._members.values()]
        listed = [item for item in sums if item.name not in (MANIFEST, SUMS)]
        said = {name: value for name, value in manifest.items() if name != "files"}
        if manifest_bytes(said, listed) != self._read(MANIFEST):
            raise UnreadableError(f"{MANIFEST} : ses fichiers ne sont pas ceux de l’archive, à l’octet près")
        if sums_file([*listed, *(item for item in sums if item.name == MANIFEST)]) != self._read(SUMS):
            raise UnreadableError(f"{SUMS} : ses empreintes ne sont pas celles des fichiers")
        return manifest

    def _known(self, manifest: Mapping[str, Any]) -> set[str]:
        names = {CONTEXT, DEFINITIONS, MANIFEST, NOTICE, PEOPLE_FILE, README, SUMS, LINKS, SALTS}
        names |= {file_of(name) for name in CARRIED} | {schema_of(name) for name in CARRIED}
        for number in range(1, len(manifest["chains"])):
            names |= set(chain_files(number))
        for name in names - {DEFINITIONS, NOTICE, README}:
            # An older archive has no file of a table that came later.
            if name not in self._members and not name.startswith(("donnees/", "schemas/")):
                raise UnreadableError(f"« {name} » manque à l’archive")
        return names

    def _context(self) -> dict[str, Any]:
        return checked_context(self._json(CONTEXT), CONTEXT)

    def _people(self) -> dict[int, Foreigner]:
        found: dict[int, Foreigner] = {}
        rows = raw_csv(io.BytesIO(self._read(PEOPLE_FILE)))
        try:
            for number, cells in rows:
                if number == 1:
                    if cells != list(PEOPLE_COLUMNS):
                        raise UnreadableError("ligne 1 : ce ne sont pas ses colonnes")
                    continue
                if number > MOST_PEOPLE + 1:
                    raise UnreadableError(f"ligne {number} : plus de {MOST_PEOPLE} personnes")
                person = Foreigner.of(cells, number)
                if person.number in found:
                    raise UnreadableError(f"ligne {number} : le numéro {person.number} y est déjà")
                found[person.number] = person
        except UnreadableError as error:
            raise UnreadableError(f"{PEOPLE_FILE}, {error}") from error
        return found

    # ---- tables -----------------------------------------------------------------------------------------------

    def _lines(self, name: str) -> Iterator[tuple[int, Any]]:
        reader = io.BufferedReader(_Slice(self._file, self._members[name]), 1 << 16)
        try:
            yield from raw_json(reader)
        except UnreadableError as error:
            raise UnreadableError(f"{name}, {error}") from error

    def _table(self, name: str, told: Told) -> int:
        if file_of(name) not in self._members:
            return 0
        count = 0
        try:
            for line, row in self._json_rows(name) if is_nested(name) else self._csv_rows(name):
                count += 1
                try:
                    self._row(name, line, row, told)
                except UnreadableError as error:
                    raise UnreadableError(f"ligne {line} : {error}") from error
        except UnreadableError as error:
            raise UnreadableError(f"{file_of(name)}, {error}") from error
        return count

    def _json_rows(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        known = {column.name: column for column in columns_of(name)}
        reader = io.BufferedReader(_Slice(self._file, self._members[file_of(name)]), 1 << 16)
        for line, value in raw_json(reader):
            if not isinstance(value, dict):
                raise UnreadableError(f"ligne {line} : un objet est attendu")
            refuse_strange(name, line, value, known)
            row = {}
            for column_name, column in known.items():
                if column_name not in value:
                    row[column_name] = of_before(name, column)[0]
                    continue
                try:
                    row[column_name] = checked(column, value[column_name])
                except UnreadableError as error:
                    raise UnreadableError(f"ligne {line}, colonne {column_name} : {error}") from error
                shape = SHAPES.get((name, column_name))
                if shape is not None and row[column_name] is not None and not (
                    fits(shape, row[column_name]) or is_erased_form(name, column_name, row[column_name])
                ):
                    raise UnreadableError(f"ligne {line}, colonne {column_name} : ce n’est pas de sa forme")
            yield line, row

    def _csv_rows(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        known = {column.name: column for column in columns_of(name)}
        headings: list[str] = []
        before: dict[str, Any] = {}
        reader = io.BufferedReader(_Slice(self._file, self._members[file_of(name)]), 1 << 16)
        for line, cells in raw_csv(reader):
            if line == 1:
                headings = cells
                if len(set(headings)) != len(headings):
                    raise UnreadableError("ligne 1 : une colonne y est deux fois")
                refuse_strange(name, line, dict.fromkeys(headings), known)
                before = {item: of_before(name, known[item])[0] for item in known if item not in headings}
                continue
            if len(cells) != len(headings):
                raise UnreadableError(f"ligne {line} : {len(cells)} cellules pour {len(headings)} colonnes")
            row = dict(before)
            for heading, cell in zip(headings, cells, strict=True):
                try:
                    row[heading] = of_cell(known[heading], cell)
                except UnreadableError as error:
                    raise UnreadableError(f"ligne {line}, colonne {heading} : {error}") from error
            yield line, row
        if not headings:
            raise UnreadableError("ligne 1 : les titres des colonnes manquent")

    def _row(self, name: str, line: int, row: dict[str, Any], told: Told) -> None:
        for column in row:
            check_value(name, column, row[column], self._latest)
        key = next(iter(table_of(name).primary_key.columns)).name
        if not row[key] >= 1:
            raise UnreadableError(f"colonne {key} : un numéro commence à 1")
        home = self._home(name, row)
        for column, target in references(name).items():
            number = row[column]
            if number is None or target == "job" or (number == 0 and column == "after_decision_id"):
                continue
            self._reference(name, column, target, number, home, told, row)
        if not self._stage.add(name, row[key], line, home, row):
            raise UnreadableError(f"colonne {key} : le numéro {row[key]} y est déjà")
        if name in BYTES:
            member = content_name(name, row)
            if member in self._contents:
                raise UnreadableError(f"colonne public_id : « {row['public_id'][:40]} » y est déjà")
            self._contents[member] = (name, row[key], line)

    def _home(self, name: str, row: Mapping[str, Any]) -> int | None:
        """The catalogue that a row is in, by the way that it names."""
        way = way_to_catalogue(name)
        if name == "catalogue":
            return int(row["id"])
        if not way or row[way] is None:
            return None
        if way == "catalogue_id":
            return int(row[way])
        place = self._stage.place(references(name)[way], row[way])
        return place[1] if place is not None else None

    def _reference(
        self, name: str, column: str, target: str, number: int, home: int | None, told: Told, row: Mapping[str, Any]
    ) -> None:
        if target == "user_account":
            is_there = number in told.people
        elif target == "loinc_release":
            is_there = number in told.releases
        else:
            place = self._stage.place(target, number)
            is_there = place is not None
            if place is not None and target != "laboratory" and home != place[1] and None not in (home, place[1]):
                raise UnreadableError(f"colonne {column} : le numéro {number} est d’un autre catalogue")
        if not is_there:
            raise UnreadableError(f"colonne {column} : le numéro {number} ne mène à rien ({target})")

    def _one_laboratory(self, told: Told) -> None:
        found = [row for _, row in self._stage.rows("laboratory")]
        if len(found) != 1 or (found[0]["id"], found[0]["public_id"], found[0]["name"]) != (
            told.number, told.public_id, told.name
        ):  # fmt: skip
            raise UnreadableError(f"{file_of('laboratory')} : ce n’est pas le laboratoire que dit {MANIFEST}")

    # ---- bytes ------------------------------------------------------------------------------------------------

    def _bytes(self) -> None:
        """Every file is the one that its row holds the SHA-256 of, or was erased."""
        for member, (name, number, line) in self._contents.items():
            where = f"{file_of(name)}, ligne {line}"
            if member not in self._members:
                raise UnreadableError(f"{where} : « {member} » manque à l’archive")
            row = self._stage.row(name, number)
            assert row is not None
            digest = row["compressed_sha256" if name == "sign_off" else "sha256"]
            found = self._members[member]
            is_erased = found.size == 0 and self._stage.is_erased(name, number, "content")
            if found.sha256 != digest and not is_erased:
                raise UnreadableError(f"{where} : « {member} » n’est pas le fichier dont elle dit l’empreinte")
