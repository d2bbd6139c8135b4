"""The commands `transcodeur archive`, `import-archive` and `close-laboratory`."""

from pathlib import Path
from typing import Annotated

import typer

from app.accounts.names import normalise_email
from app.accounts.repository import find_user_by_email
from app.console.options import Output, file_argument
from app.console.parameters import MAX_ID
from app.console.streams import InputFile
from app.errors import NotFoundError
from app.platform.database import Transactions
from app.platform.installation import open_ready
from app.platform.integrity import refuse_damaged
from app.portability.closing import Closed, close_laboratory
from app.portability.storing import import_archive
from app.portability.writing import Archive, make_archive
from app.settings import get_settings
from app.text import counted, without_controls

LaboratoryId = Annotated[
    int, typer.Option("--laboratory", min=1, max=MAX_ID, metavar="NUMÉRO", help="Numéro du laboratoire.")
]


def register(cli: typer.Typer) -> None:
    """Add the commands."""

    @cli.command("archive")
    def archive(laboratory_id: LaboratoryId, output: Output) -> None:
        """Écrit l'archive d'un laboratoire, tout ce qui est à lui ; son empreinte est inscrite au journal."""
        engine = open_ready(get_settings())

        def deliver(path: Path, _said: Archive) -> None:
            output.copy(path)

        try:
            refuse_damaged(engine)
            made = make_archive(Transactions(engine), laboratory_id, deliver)
        finally:
            engine.dispose()
        for line in _told(made):
            typer.echo(line, err=True)

    @cli.command("import-archive")
    def bring_in(
        source: Annotated[InputFile, file_argument("Archive faite par transcodeur archive.", "X.zip")],
        name: Annotated[
            str, typer.Option("--nom", help="Autre nom, quand un laboratoire d'ici porte déjà le sien.")
        ] = "",
    ) -> None:
        """Reprend un laboratoire d'une autre installation ; l'archive est vérifiée d'abord, tout ou rien."""
        engine = open_ready(get_settings())
        try:
            refuse_damaged(engine)
            with source.on_disk() as path:
                imported = import_archive(
                    engine, path, name=name, progress=lambda said: typer.echo(f"{without_controls(said)}…", err=True)
                )
        finally:
            engine.dispose()
        # What an archive says may hold signs that a terminal obeys.
        typer.echo(without_controls(imported.sentence))
        for number, said in imported.catalogues:
            typer.echo(f"Catalogue {number} : {without_controls(said)}")
        for said in imported.awaits:
            typer.echo(f"Ses chiffres attendent {without_controls(said)}.")
        if imported.awaits:
            typer.echo("Chargez ce qui manque (transcodeur load-loinc, transcodeur load-valueset, page Terminologie).")
        typer.echo(f"Empreinte (SHA-256) {imported.sha256}")

    @cli.command("close-laboratory")
    def close(
        laboratory_id: LaboratoryId,
        output: Output,
        confirmed: Annotated[
            str, typer.Option("--confirmer", metavar="NOM", help="Le nom du laboratoire, tel qu'il est écrit.")
        ] = "",
        by: Annotated[str, typer.Option("--par", metavar="ADRESSE", help="L'administrateur qui ferme.")] = "",
    ) -> None:
        """Ferme un laboratoire : écrit son archive, puis efface tout ce qui est à lui, pour toujours."""
        settings = get_settings()
        engine = open_ready(settings)

        def deliver(path: Path, _said: Archive) -> None:
            output.copy(path)

        try:
            refuse_damaged(engine)
            transactions = Transactions(engine)
            with transactions.reading() as session:
                actor = find_user_by_email(session, normalise_email(by)) if by.strip() else None
            if actor is None or not actor.is_active or not actor.is_administrator:
                raise NotFoundError(
                    "Une fermeture est faite au nom d'un administrateur : donnez son adresse avec --par."
                )
            closed = close_laboratory(transactions, laboratory_id, confirmed, actor, deliver)
        finally:
            engine.dispose()
        for line in _told(closed.archive):
            typer.echo(line, err=True)
        typer.echo(_closed(closed), err=True)


def _told(made: Archive) -> list[str]:
    return [
        f"{made.laboratory} : {counted(made.rows, 'ligne', 'lignes')}, {counted(made.files, 'fichier', 'fichiers')}, "
        f"{made.size} octets.",
        f"Chaîne d'audit : maillon {made.head_position}, empreinte {made.head_hash}",
        f"Empreinte (SHA-256) {made.sha256}",
    ]


def _closed(closed: Closed) -> str:
    rows = counted(closed.rows, "ligne effacée", "lignes effacées")
    return (
        f"Laboratoire « {closed.archive.laboratory} » fermé : {rows}. Les sauvegardes faites avant le contiennent "
        "encore ; la base se récrit sans ses pages libres au prochain transcodeur erase ou à l'entretien du serveur."
    )
