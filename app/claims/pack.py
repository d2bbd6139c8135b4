"""Making an evidence pack: collected at one moment, written with no transaction, journaled when it is delivered."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlmodel import Session

from app.audit.service import record
from app.claims.canonical_zip import write_zip
from app.claims.chain_files import FACTS, HEADS, LINKS, SALTS, heads_file
from app.claims.collecting import JOURNAL, Collected, collect, refuse_hidden, write_table
from app.claims.content import CONTENT, content_of
from app.claims.coverage_files import Told, coverage_files, coverage_of
from app.claims.documents import DRAFT, FORMAT, MANIFEST, SUMS, documents
from app.claims.effective_checks import check_run
from app.claims.effective_facts import files_in, path_of
from app.claims.effective_section import agrees, section_of
from app.claims.inventory import file_sums, manifest, sums_file
from app.claims.past_base import opened, refuse_figures, refuse_other, write_past
from app.claims.reading_facts import Facts, FactsError, read_facts
from app.claims.recompute import Moment
from app.claims.report_checks import REPORT_DOCUMENT, REPORT_ROWS
from app.claims.tables import STATE
from app.claims.versions import Asked, asked_version, given
from app.coverage.report import CoverageReport
from app.coverage.wording import counted_as_transcoded, name_of, scope_of
from app.errors import ConflictError, TooBusyError
from app.exports.service import ExportRequest, build
from app.models import Catalogue, Laboratory, User
from app.models.base import moment_told
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.platform.working_folders import working_folder
from app.reports.content import excluded_of, without_code_of
from app.reports.document import RowFile, document_html
from app.reports.pdf import pdf_of
from app.reports.row_file import rows_csv
from app.settings import Settings
from app.text import stamp_day
from app.versions.canonical import content_sha256
from app.versions.repository import changes_since
from app.versions.service import told_as_draft
from app.versions.whole import WholeVersion

MADE_BY = "dossier de preuve"
REPORT_PDF = "rapport/rapport.pdf"
WITHOUT_PDF = f"absent:{REPORT_PDF}"
"""What the state says of a pack without the report in PDF, and why it has none."""
NO_PDF_ASKED = "le dossier a été demandé sans le rapport en PDF ; le même rapport y est en HTML"
_PDF_FAILED = (
    "Le dossier porte le rapport en PDF, qui n'a pas pu être fait : {} Rien n'a été produit. Sans PDF, demandez le "
    "dossier avec --without-pdf (« sans le rapport en PDF » sur la page) : le manifeste le dit alors."
)
_DISAGREE = (
    "Les faits de ce catalogue ne redonnent pas les chiffres de la page Couverture ({}) : aucun dossier n'est produit. "
    "Prévenez l’administrateur : transcodeur doctor dit ce qui est à réparer."
)
_OTHER_RUN = (
    "Les faits de la dernière mesure du transcodage effectif ne redonnent pas ses chiffres ({}) : aucun dossier n'est "
    "produit. Prévenez l’administrateur : transcodeur doctor dit ce qui est à réparer."
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
    label: str
    """Which version it is of, in French."""
    version: int
    """That of the sign-off whose state it holds; 0 for a draft."""
    changes_since: int
    """Decisions, and changes of newer exports, since that sign-off: they are not in the pack."""
    absent: tuple[str, ...]
    """What could not be made, or was not asked for, each with the reason."""

    @property
    def sentence(self) -> str:
        """Which state it holds, and what it does not, in French."""
        return given(self.label, self.version, self.changes_since)


def make_pack(
    transactions: Transactions,
    settings: Settings,
    laboratory: Laboratory,
    catalogue: Catalogue,
    deliver: Callable[[Path, Pack], object],
    actor: User | None = None,
    publish: Callable[[Session, Pack], object] | None = None,
    asked: Asked = Asked(),
) -> Pack:
    """Make the pack of a catalogue, hand its file to `deliver`, then journal its fingerprint.

    It is that of the last whole sign-off, as it was signed, or of another state (`asked`); of the day, as a draft,
    where nothing was ever signed whole. A pack that cannot be delivered is not journaled; `publish` is part of the
    transaction that journals it. Raises ConflictError when none can be made, NotFoundError for a version that there is
    not. `actor` is None on the command line.
    """
    assert catalogue.id is not None
    assert laboratory.id is not None
    since = 0
    with working_folder("dossier") as folder:
        base = folder / "past.sqlite"
        with transactions.reading() as session:
            refuse_hidden(session, laboratory, catalogue, actor)
            version = asked_version(session, catalogue.id, asked)
            if version is None:
                with told_as_draft():
                    collected = collect(session, folder, laboratory, catalogue)
            else:
                since = changes_since(session, catalogue.id, version)
                write_past(session, base, laboratory.id, catalogue.id, version)
        forbid_open_transaction("write an evidence pack")
        if version is not None:
            collected = _collect_past(base, folder, laboratory.id, catalogue.id, version)
            base.unlink()
        target = folder / "pack.zip"
        with target.open("wb") as file, moment_told(collected.stated_at):
            fingerprint = write_pack(collected, settings, file, version, with_pdf=not asked.without_pdf)
        absent = [f"{kind.value} : {reason}" for kind, reason in collected.absent.items()]
        pack = Pack(
            name=_name(collected),
            fingerprint=fingerprint,
            size=target.stat().st_size,
            stated_at=collected.stated_at,
            is_signed=collected.version.is_signed,
            label=collected.version.label,
            version=version.number if version else 0,
            changes_since=since,
            absent=(*absent, *([f"{REPORT_PDF} : {NO_PDF_ASKED}"] if asked.without_pdf else ())),
        )
        deliver(target, pack)
        with transactions.writing() as session:
            _record(session, collected, pack, actor)
            if publish is not None:
                publish(session, pack)
    return pack


def _collect_past(
    base: Path, folder: Path, laboratory_id: int, catalogue_id: int, version: WholeVersion
) -> Collected:
    """What a pack is made of, as of a signature."""
    with moment_told(version.signed_at), opened(base) as session:
        laboratory = session.get_one(Laboratory, laboratory_id)
        catalogue = session.get_one(Catalogue, catalogue_id)
        collected = collect(session, folder, laboratory, catalogue, version.signed_at)
        session.expunge_all()
    refuse_figures(
        version,
        {
            (name_of(definition), scope_of(definition)): (figure.numerator, figure.denominator)
            for definition, figure in collected.report.figures
        },
    )
    return collected


def _name(collected: Collected) -> str:
    named = f"version_{collected.version.number}" if collected.version.is_signed else DRAFT
    return f"dossier_catalogue_{collected.catalogue.id}_{named}_{stamp_day(collected.stated_at)}.zip"


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


def write_pack(
    collected: Collected,
    settings: Settings,
    target: BinaryIO,
    version: WholeVersion | None = None,
    *,
    with_pdf: bool = True,
) -> str:
    """Write the pack; returns its fingerprint. Nothing is read from the database.

    `version` is the sign-off whose state it must be. Raises ConflictError when it is not, and when the report cannot
    be made as a PDF.
    """
    folder = collected.folder
    exports, notes = _exports(collected, settings)
    members: dict[str, Path] = {}

    def keep(name: str, content: bytes) -> None:
        path = folder / f"member{len(members)}"
        path.write_bytes(content)
        members[name] = path

    members |= {LINKS: folder / "links", FACTS: folder / "linked", SALTS: folder / "salts"}
    members[JOURNAL] = folder / "journal"
    keep(HEADS, heads_file(collected.head, collected.stated_at))
    state = _state(collected, notes)
    if not with_pdf:
        state[WITHOUT_PDF] = NO_PDF_ASKED
    write_table(folder, STATE, state.items())
    moment = Moment(_facts(folder))
    _refuse_disagreement(collected, moment)
    _refuse_other_run(moment.facts)
    report = _from_facts(collected, moment)
    reports = _report_files(collected, moment, report, with_pdf)
    for name, content in (exports | coverage_files(report) | reports).items():
        keep(name, content)
    content = content_of(moment)
    keep(CONTENT, content)
    moment.facts.state["content_sha256"] = content_sha256(content)
    if version is not None:
        refuse_other(version, collected.version, content_sha256(content))
    write_table(folder, STATE, moment.facts.state.items())
    for name, content in documents(moment).items():
        keep(name, content)
    members |= {file.name: path_of(folder, file) for file in files_in(folder)}
    sums = [file_sums(name, members[name]) for name in sorted(members)]
    keep(MANIFEST, manifest(moment.facts.state, sums))
    keep(SUMS, sums_file([*sums, file_sums(MANIFEST, members[MANIFEST])]))
    return write_zip(target, members)


def _facts(folder: Path) -> Facts:
    return read_facts({file.table: path_of(folder, file).read_bytes() for file in files_in(folder)})


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


def _from_facts(collected: Collected, moment: Moment) -> CoverageReport:
    """The coverage report as whoever verifies makes it again from the facts."""
    try:
        return coverage_of(moment, Told.of(collected.report))
    except FactsError as error:
        raise ConflictError(_DISAGREE.format(error)) from error


def _report_files(
    collected: Collected, moment: Moment, report: CoverageReport, with_pdf: bool
) -> dict[str, bytes]:
    """The report to read and to print, and the table of all rows that it names by its SHA-256."""
    document = replace(
        collected.document, coverage=report, excluded=excluded_of(report), without_code=without_code_of(report),
        effective=section_of(moment, report),
    )  # fmt: skip
    rows = rows_csv(document)
    html = document_html(document, RowFile.of(REPORT_ROWS, rows))
    found = {REPORT_ROWS: rows, REPORT_DOCUMENT: html.encode()}
    if with_pdf:
        try:
            found[REPORT_PDF] = pdf_of(html)
        except (ConflictError, TooBusyError) as error:
            raise type(error)(_PDF_FAILED.format(error.message)) from error
    return found


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


def _refuse_other_run(facts: Facts) -> None:
    """Refuse the figures of a run that its facts would not give again."""
    try:
        again = check_run(facts)
    except FactsError as error:
        raise ConflictError(_OTHER_RUN.format(error)) from error
    if again is not None and not agrees(facts, again.carried):
        raise ConflictError(_OTHER_RUN.format("ses lignes se comptent de deux façons"))
