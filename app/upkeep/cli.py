"""The commands `backup`, `restore` and `doctor`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.console.exit_codes import ExitCode
from app.console.options import file_argument
from app.console.streams import InputFile, OutputFile
from app.platform.installation import backup as copy_embedded
from app.platform.installation import refuse_target
from app.platform.migrations import head_revision
from app.settings import Settings, get_settings
from app.text import counted, format_number
from app.upkeep.doctor import examine
from app.upkeep.embedded import embedded_file
from app.upkeep.restore import restore as put_back
from app.upkeep.server import backup_server, restore_server


def _megabytes(size: int) -> str:
    return f"{format_number(size / 1_000_000, 1)} Mo"


def copy_database(settings: Settings, target: Path) -> int:
    """Back up the database of this installation, wherever it is; returns the size of the file in bytes."""
    if embedded_file(settings) is not None:
        return copy_embedded(settings, target)
    refuse_target(target)
    return backup_server(settings, target)


def register(cli: typer.Typer) -> None:
    """Add the commands."""

    @cli.command("backup")
    def backup(
        target: Annotated[
            OutputFile,
            typer.Argument(parser=OutputFile, metavar="FICHIER", help="Fichier à créer ; - est la sortie standard."),
        ],
    ) -> None:
        """Sauvegarde la base dans un fichier, pendant qu'elle sert ; le même pour SQLite et PostgreSQL."""
        settings = get_settings()
        if target.is_standard:
            with tempfile.TemporaryDirectory(prefix="transcodeur-") as folder:
                copy = Path(folder) / "sauvegarde.sqlite3"
                size = copy_database(settings, copy)
                target.copy(copy)
        else:
            size = copy_database(settings, Path(target.given))
        typer.echo(f"Sauvegarde écrite dans « {target} » ({_megabytes(size)}).", err=target.is_standard)

    @cli.command("restore")
    def restore(
        source: Annotated[InputFile, file_argument("Sauvegarde à remettre en place.")],
        replace: Annotated[
            bool, typer.Option("--remplacer", help="Remplace la base embarquée, qui est gardée à côté.")
        ] = False,
    ) -> None:
        """Remet une sauvegarde à la place de la base embarquée, ou dans une base vide d'un serveur PostgreSQL."""
        settings = get_settings()
        if embedded_file(settings) is None:
            with source.on_disk() as path:
                loaded = restore_server(settings, path, source.given)
            typer.echo(f"Base restaurée dans « {loaded.shown} » ({counted(loaded.rows, 'ligne', 'lignes')}).")
            return
        with source.on_disk() as path:
            restored = put_back(settings, path, named=source.given, replace=replace)
        typer.echo(f"Base restaurée dans « {restored.path} » ({_megabytes(restored.size)}).")
        if restored.kept is not None:
            typer.echo(f"La base d'avant est gardée dans « {restored.kept} ».")
        if restored.revision != head_revision():
            typer.echo(f"Elle en est à la migration {restored.revision} ; le prochain démarrage la mettra à jour.")

    @cli.command("doctor")
    def doctor() -> None:
        """Examine l'installation sans rien y écrire : base, terminologie, dossier, travaux, versions."""
        faults = 0
        for check in examine(get_settings()):
            typer.echo(check.line)
            faults += not check.is_well
        typer.echo("Tout va bien." if not faults else f"À revoir : {faults}.")
        if faults:
            raise typer.Exit(ExitCode.REFUSED)
