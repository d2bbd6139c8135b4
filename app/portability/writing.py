"""Writing the archive of a laboratory: read at one moment, a file a table, then one zip in one form only."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Column
from sqlmodel import Session

from app.audit.service import record
from app.claims.canonical_zip import write_zip
from app.claims.chain_files import link_line
from app.claims.inventory import Sums, file_sums, sums_file
from app.claims.tables import csv_pieces, moment_text
from app.errors import ConflictError
from app.laboratories.service import get_laboratory
from app.models import ImportedArchive, Laboratory, User
from app.platform.chain_digests import BEGINNING, canonical, digest
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.platform.working_folders import working_folder
from app.portability import repository
from app.portability.carried import BYTES, CARRIED, file_of, is_nested, schema_of, written_columns
from app.portability.context import Context, context_of
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
    notice,
    readme,
)
from app.portability.encoding import csv_lines, json_line
from app.portability.schemas import schema

MOST_MEMBERS = 60_000
"""Files of an archive: each received file and each signature is one."""
TOLD = {
    "catalogues": "catalogue", "source_files": "source_file", "local_tests": "local_test", "facts": "decision",
    "sign_offs": "sign_off", "export_records": "export_record", "audit_events": "audit_event",
}  # fmt: skip
"""What the journal counts for a person → the table whose rows they are."""
LINKS = "chaine/maillons.jsonl"
SALTS = "chaine/sels.jsonl"
_BROKEN = (
    "La chaîne d’audit de ce laboratoire ne se suit pas : aucune archive n’est produite. Prévenez l’administrateur : "
    "transcodeur verify-audit dit ce qui a été modifié."
)
AT_WORK = (
    "Un travail est en cours dans ce laboratoire : une archive n’en tiendrait que la moitié. Attendez sa fin, ou "
    "annulez-le."
)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that was written."""

    laboratory: str
    sha256: str
    """Of the zip, in hexadecimal."""
    size: int
    rows: int
    files: int
    stated_at: datetime
    head_position: int
    head_hash: str
    counts: Mapping[str, int]
    """Table → its rows."""


def chain_files(number: int) -> tuple[str, str]:
    """The files of the links and salts of a chain that came with the laboratory: number 1 is the oldest."""
    return f"chaine/venue-{number}.maillons.jsonl", f"chaine/venue-{number}.sels.jsonl"


def make_archive(
    transactions: Transactions,
    laboratory_id: int,
    deliver: Callable[[Path, Archive], object],
    actor: User | None = None,
    publish: Callable[[Session, Archive], object] = lambda _session, _archive: None,
) -> Archive:
    """Write the archive of a laboratory, hand its file to `deliver`, then journal its SHA-256.

    The journal of the installation keeps it, and not that of the laboratory: the same state gives the same bytes
    again. `publish` is called in the transaction that journals it. Raises ConflictError while a job is at work there,
    NotFoundError for a laboratory that there is not.
    """
    with working_folder("archive") as folder:
        with transactions.reading() as session:
            laboratory = get_laboratory(session, laboratory_id)
            written = _Writing(folder, session, laboratory).run()
        forbid_open_transaction("write an archive")
        target = folder / "archive.zip"
        with target.open("wb") as file:
            sha256 = written.zip_to(file)
        archive = Archive(
            laboratory.name, sha256, target.stat().st_size, sum(written.counts.values()), len(written.members),
            written.stated_at, written.head_position, written.head_hash, written.counts,
        )  # fmt: skip
        deliver(target, archive)
        with transactions.writing() as session:
            record(
                session, "laboratory.archive", actor=actor, object_type="laboratory", object_id=laboratory_id,
                laboratory=laboratory.name, sha256=sha256, rows=archive.rows, files=archive.files,
                head_position=archive.head_position, head_hash=archive.head_hash,
                counts={what: archive.counts[table] for what, table in TOLD.items()},
            )  # fmt: skip
            publish(session, archive)
    return archive


class _Writing:
    """An archive being written: members are files of a folder until the end."""

    def __init__(self, folder: Path, session: Session, laboratory: Laboratory) -> None:
        assert laboratory.id is not None
        self._folder, self._session, self._laboratory = folder, session, laboratory
        self._number = laboratory.id
        self.members: dict[str, Path] = {}
        self.counts: dict[str, int] = {}
        self._contents: dict[str, str] = {}
        self.stated_at = laboratory.created_at
        self.head_position, self.head_hash = 0, BEGINNING

    def run(self) -> "_Writing":
        """Read everything of the laboratory."""
        if repository.is_at_work(self._session, self._number):
            raise ConflictError(AT_WORK)
        archives = repository.archives_of(self._session, self._number)
        self._links(self._number, self._number, LINKS, SALTS, None)
        for number, archive in enumerate(archives, start=1):
            self._links(-(archive.id or 0), archive.origin_chain, *chain_files(number), archive)
        for name in CARRIED:
            self.counts[name] = self._table(name)
        for name, folder in BYTES.items():
            self._bytes(name, folder)
        context = context_of(self._session, self._laboratory)
        self._context(context)
        manifest = {
            "format": FORMAT,
            "laboratory": self._laboratory.name,
            "laboratory_id": self._laboratory.public_id,
            "laboratory_number": self._number,
            "stated_at": moment_text(self.stated_at),
            "head": {"position": self.head_position, "hash": self.head_hash},
            "chains": [LINKS, *(chain_files(number)[0] for number in range(1, len(archives) + 1))],
            "rows": {file_of(name): count for name, count in self.counts.items()},
        }
        for name in CARRIED:
            self._keep(schema_of(name), _pretty(schema(name)))
        self._keep(README, readme(manifest, self.counts))
        self._keep(NOTICE, notice())
        sums = [file_sums(name, self.members[name]) for name in sorted(self.members)]
        self._keep(MANIFEST, manifest_bytes(manifest, sums))
        self._keep(SUMS, sums_file([*sums, file_sums(MANIFEST, self.members[MANIFEST])]))
        return self

    def zip_to(self, target: BinaryIO) -> str:
        """Write the zip; its SHA-256."""
        try:
            return write_zip(target, self.members, MOST_MEMBERS)
        except ValueError as error:
            raise ConflictError(
                "Ce laboratoire est trop grand pour une archive zip (4 Go, 60 000 fichiers) : rien n’a été produit."
            ) from error

    def _path(self, name: str) -> Path:
        path = self._folder / f"member{len(self.members)}"
        self.members[name] = path
        return path

    def _keep(self, name: str, content: bytes) -> None:
        self._path(name).write_bytes(content)

    def _table(self, name: str) -> int:
        columns = written_columns(name)
        count = 0
        with self._path(file_of(name)).open("wb") as file:
            line = _line_of(name, columns)
            if not is_nested(name):
                file.write(csv_lines(columns)(None))
            for row in repository.rows(self._session, name, self._number):
                file.write(line(dict(row)))
                count += 1
                if name in BYTES:
                    self._contents[f"{name} {row['id']}"] = content_name(name, dict(row))
        return count

    def _bytes(self, name: str, folder: str) -> None:
        for row in repository.contents(self._session, name, self._number):
            member = self._contents[f"{name} {row['key']}"]
            assert member.startswith(folder)
            self._keep(member, bytes(row["content"] or b""))

    def _links(self, chain: int, told_as: int, links: str, salts: str, of: ImportedArchive | None) -> None:
        """A chain as it is; told under the number that it had where it was made."""
        before = BEGINNING
        with self._path(links).open("wb") as file, self._path(salts).open("wb") as beside:
            for link, salted in repository.links(self._session, chain):
                line = link_line(link, told_as)
                if digest(line) != link.hash or link.previous_hash != before:
                    raise ConflictError(_BROKEN)
                before = link.hash
                file.write(f"{line}\n".encode())
                if salted:
                    beside.write(f"{canonical({'position': link.position, 'salts': json.loads(salted)})}\n".encode())
                if of is None:
                    self.stated_at, self.head_position, self.head_hash = link.linked_at, link.position, link.hash
        if of is not None and before != of.head_hash:
            raise ConflictError(_BROKEN)

    def _context(self, context: Context) -> None:
        self._keep(CONTEXT, _pretty(json.loads(canonical(context.as_json))))
        rows = (
            (person.id, person.public_id, person.display_name, person.foreign_email or person.email, role)
            for person, role in context.people
        )
        self._write(PEOPLE_FILE, csv_pieces(PEOPLE_COLUMNS, rows))
        lines = (f"{canonical(dict(row))}\n".encode() for row in repository.definitions(self._session))
        self._write(DEFINITIONS, lines)

    def _write(self, name: str, pieces: Iterator[bytes]) -> None:
        with self._path(name).open("wb") as file:
            file.writelines(pieces)


def _line_of(name: str, columns: Sequence[Column[Any]]) -> Callable[[Mapping[str, Any]], bytes]:
    return (lambda row: json_line(columns, row)) if is_nested(name) else csv_lines(columns)


def content_name(name: str, row: Mapping[str, Any]) -> str:
    """The file of the bytes of a row."""
    if name == "sign_off":
        return f"{BYTES[name]}/{row['public_id']}.zlib"
    ending = row["file_name"].rpartition(".")[2].lower() if isinstance(row["file_name"], str) else ""
    is_plain = 1 <= len(ending) <= 5 and ending.isascii() and ending.isalnum() and "." in row["file_name"]
    return f"{BYTES[name]}/{row['public_id']}{'.' + ending if is_plain else ''}"


def manifest_bytes(said: Mapping[str, Any], sums: Sequence[Sums]) -> bytes:
    """The manifest: what the archive is of, and every file but itself and the list for `sha256sum`."""
    files = [{"name": item.name, "size": item.size, "sha256": item.sha256} for item in sums]
    return _pretty({**said, "files": files})


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
