"""Making an evidence pack: collected at one moment, written with no transaction, journaled when it is delivered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from sqlmodel import Session

from app.audit.service import record
from app.claims.canonical_zip import write_zip
from app.claims.chain_files import FACTS, HEADS, LINKS, SALTS, heads_file
from app.claims.collecting import JOURNAL, Collected, collect, path_of, write_table
from app.claims.content import CONTENT, content_of
from app.claims.documents import DRAFT, FORMAT, MANIFEST, SUMS, documents
from app.claims.inventory import file_sums, manifest, sums_file
from app.claims.reading_facts import Facts, read_facts
from app.claims.recompute import Moment
from app.claims.tables import FILES, STATE
from app.coverage.files import CsvKind, Document, written
from app.coverage.wording import counted_as_transcoded
from app.errors import ConflictError
from app.exports.service import ExportRequest, build
from app.models import Catalogue, Laboratory, User
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.reports.document import RowFile, document_html
from app.reports.row_file import rows_csv
from app.settings import Settings
from app.text import stamp_day
from app.versions.canonical import content_sha256

MADE_BY = "dossier de preuve"
REPORT = "couverture/rapport.json"
REPORT_ROWS, REPORT_DOCUMENT = "rapport/lignes.csv", "rapport/rapport.html"
_DISAGREE = (
    "Les faits de ce catalogue ne redonnent pas les chiffres de la page Couverture ({}) : aucun dossier n'est produit. "
    "Prévenez l’administrateur : transcodeur doctor dit ce qui est à réparer."
)

_NOT_SIGNED_SO = (
    "Le transcodage n'est pas, mot pour mot, celui qui est signé ({}) : aucun dossier n'est produit. Signez la version "
    "telle qu'elle est."
)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was written."""

    name: str
    fingerprint: str
    """SHA-256 of the zip, in hexadecimal."""
    size: int
    """Bytes."""
    stated_at: datetime
    is_signed: bool
    absent: tuple[str, ...]
    """The exports that could not be made, each with the reason."""


def make_pack(
    transactions: Transactions,
    settings: Settings,
    laboratory: Laboratory,
    catalogue: Catalogue,
    deliver: Callable[[Path, Pack], object],
    actor: User | None = None,
    publish: Callable[[Session, Pack], object] | None = None,
) -> Pack:
    """Make the pack of a catalogue, hand its file to `deliver`, then journal its fingerprint.

    A pack that cannot be delivered is not journaled; `publish` is part of the transaction that journals it. Raises
    ConflictError when none can be made. `actor` is None on the command line.
    """
    with TemporaryDirectory(prefix="transcodeur-dossier-") as name:
        folder = Path(name)
        with transactions.reading() as session:
            collected = collect(session, folder, laboratory, catalogue, actor)
        forbid_open_transaction("write an evidence pack")
        target = folder / "pack.zip"
        with target.open("wb") as file:
            fingerprint = write_pack(collected, settings, file)
        pack = Pack(
            _name(collected), fingerprint, target.stat().st_size, collected.stated_at, collected.version.is_signed,
            tuple(f"{kind.value} : {reason}" for kind, reason in collected.absent.items()),
        )  # fmt: skip
        deliver(target, pack)
        with transactions.writing() as session:
            _record(session, collected, pack, actor)
            if publish is not None:
                publish(session, pack)
    return pack


def _name(collected: Collected) -> str:
    draft = "" if collected.version.is_signed else f"{DRAFT}_"
    return f"{draft}dossier_catalogue_{collected.catalogue.id}_{stamp_day(collected.stated_at)}.zip"


def _record(session: Session, collected: Collected, pack: Pack, actor: User | None) -> None:
    record(
        session,
        "evidence.create",
        actor=actor,
        object_type="catalogue",
        object_id=collected.catalogue.id,
        laboratory_id=collected.laboratory.id,
        catalogue_id=collected.catalogue.id,
        file_name=pack.name,
        sha256=pack.fingerprint,
        version=collected.version.label,
        release=collected.report.context.release_version,
    )


def write_pack(collected: Collected, settings: Settings, target: BinaryIO) -> str:
    """Write the pack; returns its fingerprint. Nothing is read from the database."""
    folder = collected.folder
    exports, notes = _exports(collected, settings)
    members: dict[str, Path] = {}

    def keep(name: str, content: bytes) -> None:
        path = folder / f"member{len(members)}"
        path.write_bytes(content)
        members[name] = path

    for name, content in (exports | _coverage_files(collected) | _report_files(collected)).items():
        keep(name, content)
    members |= {LINKS: folder / "links", FACTS: folder / "linked", SALTS: folder / "salts"}
    members[JOURNAL] = folder / "journal"
    keep(HEADS, heads_file(collected.head, collected.stated_at))
    write_table(folder, STATE, _state(collected, notes).items())
    moment = Moment(_facts(folder))
    _refuse_disagreement(collected, moment)
    content = content_of(moment)
    keep(CONTENT, content)
    moment.facts.state["content_sha256"] = content_sha256(content)
    if collected.version.is_signed and collected.version.content_sha256 != moment.facts.state["content_sha256"]:
        raise ConflictError(_NOT_SIGNED_SO.format(collected.version.label))
    write_table(folder, STATE, moment.facts.state.items())
    for name, content in documents(moment).items():
        keep(name, content)
    members |= {file.name: path_of(folder, file) for file in FILES}
    sums = [file_sums(name, members[name]) for name in sorted(members)]
    keep(MANIFEST, manifest(moment.facts.state, sums))
    keep(SUMS, sums_file([*sums, file_sums(MANIFEST, members[MANIFEST])]))
    return write_zip(target, members)


def _facts(folder: Path) -> Facts:
    return read_facts({file.table: path_of(folder, file).read_bytes() for file in FILES})


def _state(collected: Collected, notes: dict[str, str]) -> dict[str, Any]:
    context, laboratory, catalogue = collected.report.context, collected.laboratory, collected.catalogue
    return {
        "format": FORMAT,
        "laboratory": laboratory.name,
        "laboratory_id": laboratory.public_id,
        "finess": laboratory.finess,
        "sgl": laboratory.sgl_name,
        "catalogue": catalogue.name,
        "catalogue_id": catalogue.public_id,
        "stated_at": collected.stated_at,
        "first_received_at": collected.first_received_at,
        "is_signed": collected.version.is_signed,
        "version_number": collected.version.number,
        "version_label": collected.version.label,
        "release_title": context.release_title,
        "release_version": context.release_version,
        "circuit_version": collected.circuit_version,
        "counted_as_transcoded": counted_as_transcoded(context.grace),
        "content_sha256": "",
        "chain_head": context.audit_head,
        **{f"absent:{kind.value}": reason for kind, reason in collected.absent.items()},
        **{f"note:{name}": said for name, said in notes.items()},
    }


def _exports(collected: Collected, settings: Settings) -> tuple[dict[str, bytes], dict[str, str]]:
    """The exports by their names in the pack, and what is to be known of each."""
    found: dict[str, bytes] = {}
    notes: dict[str, str] = {}
    draft = "" if collected.version.is_signed else f"{DRAFT}_"
    for kind in list(collected.materials):
        material = collected.materials.pop(kind)
        try:
            file, _ = build(material, settings, ExportRequest(kind), collected.stated_at, MADE_BY)
        except ConflictError as error:
            collected.absent[kind] = error.message
            continue
        name = f"exports/{draft}{_plain(file.name)}"
        found[name] = file.content
        if file.notes:
            notes[name] = " ".join(file.notes)
    return found, notes


def _plain(name: str) -> str:
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in name)
    return kept[-80:].lstrip("._-") or "export"


def _coverage_files(collected: Collected) -> dict[str, bytes]:
    """The coverage report as the workbench gives it, each file saying first which version it is of."""
    found: dict[str, bytes] = {}
    label = collected.version.label
    for kind in CsvKind:
        _, _, content = written(collected.report, Document(kind.value))
        mark = b"\xef\xbb\xbf"
        said = f"{_cell(label)}\r\n".encode()
        found[f"couverture/{kind.value}.csv"] = mark + said + content.removeprefix(mark)
    _, _, content = written(collected.report, Document.REPORT)
    report = {"version_label": label, **json.loads(content)}
    found[REPORT] = (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode()
    return found


def _report_files(collected: Collected) -> dict[str, bytes]:
    """The report to read and to print, and the table of all rows that it names by its SHA-256."""
    rows = rows_csv(collected.document)
    html = document_html(collected.document, RowFile.of(REPORT_ROWS, rows))
    return {REPORT_ROWS: rows, REPORT_DOCUMENT: html.encode()}


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _refuse_disagreement(collected: Collected, moment: Moment) -> None:
    """Refuse to give figures that the facts of the pack would not give again."""
    for (_, figure), definition in zip(collected.report.figures, moment.facts.definitions, strict=True):
        found = moment.figure(definition)
        said = (
            figure.numerator, figure.denominator, figure.rows_counted, figure.rows_missing, figure.rows_without_volume,
            figure.rows_emptied, {name.value: count for name, count in figure.standings.items() if count},
        )  # fmt: skip
        again = (
            found.numerator, found.denominator, found.rows_counted, found.rows_missing, found.rows_without_volume,
            found.rows_emptied, dict(found.standings),
        )  # fmt: skip
        if said != again:
            raise ConflictError(_DISAGREE.format(f"{definition['title']}, {definition['scope']}"))
