"""The command `erase`."""

from typing import Annotated

import typer

from app.console.exit_codes import ExitCode
from app.console.options import file_argument
from app.console.streams import InputFile
from app.platform.installation import open_ready
from app.settings import get_settings
from app.text import counted
from app.upkeep.erasure import LEFT, Erased, Found, erase, find
from app.upkeep.erasure_places import Wanted

SERVER = (
    "Le journal (WAL), ses archives et les sauvegardes du serveur PostgreSQL gardent ces textes jusqu'à leur "
    "remplacement : supprimez-les ou laissez-les expirer selon votre règle de conservation."
)
BACKUPS = (
    "Les sauvegardes faites avant cet effacement gardent ces textes. Supprimez-les, ou effacez de nouveau après une "
    "restauration."
)


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("erase")
    def erase_texts(
        source: Annotated[InputFile, file_argument("Textes à effacer, un par ligne.")],
        person: Annotated[
            str, typer.Option("--par", help="Adresse de l'administrateur au nom de qui les textes sont effacés.")
        ] = "",
        reason: Annotated[
            str, typer.Option("--motif", help="Motif de l'effacement, gardé au journal ; sans ce qui est effacé.")
        ] = "",
        confirmed: Annotated[
            bool, typer.Option("--confirmer", help="Efface ; sans cela, les places sont seulement comptées.")
        ] = False,
    ) -> None:
        """Efface pour toujours des textes qui n'auraient pas dû entrer (le nom, le numéro d'un patient)."""
        _, content = source.read()
        wanted = Wanted(content.decode("utf-8-sig", "replace").splitlines())
        settings = get_settings()
        engine = open_ready(settings)
        try:
            if not confirmed:
                _tell_found(find(engine, wanted))
                return
            done = erase(engine, settings, wanted, email=person, reason=reason)
        finally:
            engine.dispose()
        _tell_done(done)


def _tell_found(found: Found) -> None:
    if not found.places:
        typer.echo("Aucun de ces textes n'est dans la base.")
        return
    typer.echo("Ces textes sont dans la base :")
    for table, rows in found.by_table:
        typer.echo(f"- {table} : {counted(rows, 'ligne', 'lignes')}{' (à changer à la main)' if table in LEFT else ''}")
    typer.echo(
        "Rien n'a été effacé. Le contenu des fichiers reçus qui les portent partira avec eux, comme les fichiers "
        "préparés pour un téléchargement. Pour effacer : --confirmer --par ADRESSE --motif TEXTE."
    )
    raise typer.Exit(ExitCode.NOT_CONFIRMED)


def _tell_done(done: Erased) -> None:
    typer.echo("Effacé :" if done.rows else "Aucun de ces textes n'était dans la base.")
    for table, rows in done.rows:
        typer.echo(f"- {table} : {counted(rows, 'ligne', 'lignes')}")
    if done.files:
        typer.echo(f"Contenu d'origine effacé : {counted(done.files, 'fichier reçu', 'fichiers reçus')}.")
    for place in done.left:
        number = "-".join(map(str, place.key))
        typer.echo(f"Reste à changer à la main : {place.table} n° {number}, {place.column}.")
    typer.echo(SERVER if done.is_server else BACKUPS)
    for path in done.on_disk:
        typer.echo(f"Garde peut-être ces textes : {path}")
    if done.left:
        raise typer.Exit(ExitCode.REFUSED)
