"""The command `transcodeur import`: the same import as in the web application, without preview."""

from dataclasses import replace
from typing import Annotated

import typer
from sqlmodel import Session

from app.accounts.repository import find_user_by_email
from app.audit.refusals import refusals_journaled
from app.catalogues import repository
from app.catalogues.clearance import Answered
from app.catalogues.plan import ImportPlan
from app.catalogues.schemas import ImportReport
from app.catalogues.service import MAY_IMPORT, held_by, plan_into, read_files, write_plan
from app.console.exit_codes import ExitCode
from app.console.options import Encoding, SheetName, StandardInputName, file_argument, file_option
from app.console.streams import InputFile
from app.errors import ConflictError, ImportRefusedError, InvalidInputError
from app.files.archive import unpacked_and_left
from app.files.asked import asked_dialect, check_sheet
from app.files.choices import Choices, Duplicates, IncomingFile
from app.files.encodings import ENCODINGS
from app.files.guard import NOTHING_CLEARED
from app.files.reading import ReadFile, refuse_if
from app.jobs.queue import JobQueue
from app.laboratories.service import get_laboratory_by_name
from app.models import Catalogue, FileKind
from app.patient_guard.findings import Kind
from app.patient_guard.refusal import ARTICLES_WORDS, PatientDataError
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess, catalogue_access
from app.platform.installation import open_ready
from app.platform.open_transactions import forbid_open_transaction
from app.proposals.service import ask_for_proposals
from app.reimport.difference import UNCHANGED
from app.reimport.difference_view import KIND_WORDS
from app.reimport.service import UpdateReport, apply_update, compared
from app.settings import get_settings

ARTICLES_OPTION = "--codes-articles"
Files = Annotated[
    list[InputFile],
    file_argument("Fichiers LOINC_1, LOINC_2, LOINC_3, CSV, XLSX, XLS, ODS, FHIR (JSON ou XML) ou zip."),
]
SideFile = Annotated[
    InputFile | None,
    file_option("--annexes", help="Données annexes, par code d'analyse."),
]
OnDuplicates = Annotated[
    Duplicates | None,
    typer.Option("--doublons", help="Ce que deviennent les lignes qui ont le même code et disent autre chose."),
]
OnShared = Annotated[
    Duplicates,
    typer.Option(
        "--codes-partages",
        help="Ce que deviennent les lignes qui ont le même code, et une autre unité ou un autre milieu."
    ),
]
LeavesRows = Annotated[
    bool, typer.Option("--ecarter-lignes", help="Importe sans les lignes qui ne peuvent être reprises, et les nomme.")
]
AreArticles = Annotated[
    str,
    typer.Option(
        ARTICLES_OPTION,
        metavar="MOTIF",
        help="Les nombres de 13 chiffres qui se lisent aussi comme un NIR sont des codes d'articles (EAN) : pourquoi.",
    ),
]
Person = Annotated[str, typer.Option("--par", help="Adresse de la personne au nom de qui un catalogue est mis à jour.")]
Confirmed = Annotated[
    bool, typer.Option("--confirmer", help="Met à jour le catalogue ; sans cela, les différences sont comptées.")
]


def _incoming(
    name: str,
    content: bytes,
    encoding: str = "",
    kind: FileKind | None = None,
    duplicates: Duplicates | None = None,
    sheet: str = "",
    leaves_rows: bool = False,
    shared: Duplicates = Duplicates.KEEP,
    cleared: frozenset[Kind] = NOTHING_CLEARED,
) -> IncomingFile:
    choices = Choices(
        kind=kind, duplicates=duplicates, shared=shared, leaves_rows=leaves_rows, cleared=cleared
    )
    dialect = asked_dialect(name, content, encoding, sheet)
    return IncomingFile(name, content, replace(choices, dialect=dialect, detect_header=dialect is not None))


def _asking(error: PatientDataError) -> PatientDataError:
    """The refusal, with how a person answers the question that it asks, where it asks one."""
    if not error.asks_articles:
        return error
    return PatientDataError(
        [
            replace(problem, message=f'{problem.message} ({ARTICLES_OPTION} "MOTIF")')
            if ARTICLES_WORDS in problem.message
            else problem
            for problem in error.problems
        ],
        error.counts,
    )


def _check_sheet(read: list[ReadFile], sheet: str) -> None:
    for file in read:
        if file.kind is not FileKind.SIDE_DATA:
            check_sheet(file.name, file.table.sheet_names, file.table.dialect.sheet, sheet)


def _told(report: ImportReport | UpdateReport, ending: str = "") -> None:
    typer.echo(f"{report.sentence}{ending}")
    for warning in report.warnings:
        typer.echo(f"Avertissement : {warning}")


def _access(session: Session, email: str, catalogue_id: int) -> CatalogueAccess:
    person = find_user_by_email(session, email.strip()) if email.strip() else None
    if person is None:
        raise InvalidInputError("Une mise à jour est faite au nom d'une personne : donnez son adresse avec --par.")
    access = catalogue_access(session, person, catalogue_id)
    access.require(*MAY_IMPORT)
    return access


def _update(
    transactions: Transactions,
    catalogue: Catalogue,
    plan: ImportPlan,
    email: str,
    confirmed: bool,
    queue: JobQueue,
    answered: Answered,
) -> None:
    """Update a catalogue, or only count what would change."""
    assert catalogue.id is not None
    comparison = compared(transactions, catalogue.id, plan)
    difference = comparison.difference
    if confirmed:
        with transactions.writing() as session:
            access = _access(session, email, catalogue.id)
            report = apply_update(session, access, plan, comparison.digest, comparison, queue)
            answered.record(session, catalogue.laboratory_id, catalogue.id, access.user)
        _told(report, f" Catalogue n° {catalogue.id}.")
        return
    for warning in plan.warnings:
        typer.echo(f"Avertissement : {warning}")
    typer.echo(f"Le catalogue « {catalogue.name} » contient déjà un tel export. Différences :")
    for kind, (_word, _name, _chip, names) in KIND_WORDS.items():
        typer.echo(f"- {names.lower()} : {difference.count(kind)}")
    typer.echo(f"- décisions renvoyées en revue : {len(difference.sent_back)}")
    typer.echo("Rien n'a été enregistré. Pour mettre à jour : --confirmer --par ADRESSE.")
    if difference.count(UNCHANGED) != len(difference.tests):
        raise typer.Exit(ExitCode.NOT_CONFIRMED)


def _import(
    transactions: Transactions,
    laboratory: str,
    name: str,
    read: list[ReadFile],
    queue: JobQueue,
    answered: Answered,
) -> tuple[Catalogue, ImportPlan] | None:
    """Write the files into their catalogue; the catalogue and the plan when they are a newer export of it instead."""
    with transactions.reading() as session:
        target = get_laboratory_by_name(session, laboratory)
        assert target.id is not None
        known = repository.find_catalogue(session, target.id, name)
        held = held_by(session, known.id if known else None)
    plan = plan_into(held, read, may_update=True)
    refuse_if(plan.problems)
    if plan.unsettled:
        words = ", ".join(Duplicates)
        raise ImportRefusedError(
            [replace(problem, message=f"{problem.message} (--doublons : {words})") for problem in plan.unsettled]
        )
    if known is not None and plan.updates:
        return known, plan
    with transactions.writing() as session:
        now = repository.find_catalogue(session, target.id, name)
        if (now.id if now else None) != (known.id if known else None) or held_by(
            session, known.id if known else None
        ) != held:
            raise ConflictError("Un autre import a modifié ce catalogue entre-temps ; rien n'a été enregistré.")
        report = write_plan(session, target.id, plan, known.id if known else None, name, None)
        answered.record(session, target.id, report.catalogue_id)
        if plan.tests:
            ask_for_proposals(session, queue, session.get_one(Catalogue, report.catalogue_id), None)
    _told(report, f" Catalogue n° {report.catalogue_id} « {report.catalogue_name} ».")
    return None


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("import")
    def import_command(
        files: Files,
        laboratory: Annotated[str, typer.Option("--laboratoire", help="Nom du laboratoire.")],
        catalogue: Annotated[str, typer.Option("--catalogue", help="Nom du catalogue, créé au besoin.")],
        side_file: SideFile = None,
        encoding: Encoding = "",
        duplicates: OnDuplicates = None,
        shared: OnShared = Duplicates.KEEP,
        leaves_rows: LeavesRows = False,
        articles: AreArticles = "",
        sheet: SheetName = "",
        person: Person = "",
        confirmed: Confirmed = False,
        standard_name: StandardInputName = "",
    ) -> None:
        """Importe le catalogue d'un laboratoire."""
        if encoding and encoding not in ENCODINGS:
            raise typer.BadParameter(f"Encodage inconnu ; choisissez parmi {', '.join(ENCODINGS)}.")
        answered = Answered(articles)
        settings = get_settings()
        engine = open_ready(settings)
        name = " ".join(catalogue.split())
        try:
            received, left = unpacked_and_left((file.read(standard_name) for file in files), settings.max_upload_bytes)
            for told in left:
                typer.echo(f"Avertissement : {told}")
            incoming = [
                _incoming(
                    file_name, content, encoding, duplicates=duplicates, sheet=sheet, leaves_rows=leaves_rows,
                    shared=shared, cleared=answered.cleared,
                )
                for file_name, content in received
            ]
            if side_file is not None:
                side = side_file.read(standard_name)
                incoming.append(_incoming(*side, encoding, FileKind.SIDE_DATA, cleared=answered.cleared))
            forbid_open_transaction("read the files of an import")
            transactions, queue = Transactions(engine), JobQueue(settings, engine)
            with refusals_journaled(transactions, "command", actor=None, laboratory_id=None):
                try:
                    read = read_files(incoming, settings.max_upload_bytes)
                except PatientDataError as error:
                    raise _asking(error) from error
            _check_sheet(read, sheet)
            newer = _import(transactions, laboratory, name, read, queue, answered)
            if newer is not None:
                _update(transactions, *newer, person, confirmed, queue, answered)
        finally:
            engine.dispose()
