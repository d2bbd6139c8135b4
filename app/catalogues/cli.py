"""The command `transcodeur import`: the same import as in the web application, without preview."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.catalogues import repository
from app.catalogues.records import ENCODINGS, detect_dialect
from app.catalogues.schemas import Choices, IncomingFile
from app.catalogues.service import import_files
from app.catalogues.workbook import is_workbook
from app.database import transaction
from app.errors import ImportRefusedError, InvalidInputError
from app.installation import open_ready
from app.jobs.queue import JobQueue
from app.laboratories.service import get_laboratory_by_name
from app.models import FileKind
from app.settings import get_settings

Files = Annotated[
    list[Path],
    typer.Argument(exists=True, dir_okay=False, help="Fichiers LOINC_1, LOINC_2, LOINC_3, CSV ou XLSX."),
]
SideFile = Annotated[
    Path | None,
    typer.Option("--annexes", exists=True, dir_okay=False, help="Données annexes, par code d'analyse."),
]
Encoding = Annotated[str, typer.Option("--encodage", help=f"Encodage imposé : {', '.join(ENCODINGS)}.")]


def _incoming(path: Path, encoding: str, kind: FileKind | None = None) -> IncomingFile:
    content = path.read_bytes()
    if not encoding or is_workbook(content):
        return IncomingFile(path.name, content, Choices(kind=kind))
    dialect = replace(detect_dialect(content, path.name), encoding=encoding)
    return IncomingFile(path.name, content, Choices(kind=kind, dialect=dialect, detect_header=True))


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("import")
    def import_command(
        files: Files,
        laboratory: Annotated[str, typer.Option("--laboratoire", help="Nom du laboratoire.")],
        catalogue: Annotated[str, typer.Option("--catalogue", help="Nom du catalogue, créé au besoin.")],
        side_file: SideFile = None,
        encoding: Encoding = "",
    ) -> None:
        """Importe le catalogue d'un laboratoire."""
        if encoding and encoding not in ENCODINGS:
            raise InvalidInputError(f"Encodage inconnu ; choisissez parmi {', '.join(ENCODINGS)}.")
        incoming = [_incoming(path, encoding) for path in files]
        if side_file is not None:
            incoming.append(_incoming(side_file, encoding, FileKind.SIDE_DATA))
        settings = get_settings()
        engine = open_ready(settings)
        name = " ".join(catalogue.split())
        try:
            with transaction(engine) as session:
                target = get_laboratory_by_name(session, laboratory)
                assert target.id is not None
                known = repository.find_catalogue(session, target.id, name)
                report = import_files(
                    session,
                    target.id,
                    incoming,
                    catalogue_id=known.id if known else None,
                    catalogue_name=name,
                    queue=JobQueue(settings, engine),
                    max_bytes=settings.max_upload_bytes,
                )
        except ImportRefusedError as error:
            typer.echo("Import refusé ; rien n'a été enregistré.", err=True)
            for problem in error.problems:
                typer.echo(f"- {problem}", err=True)
            raise typer.Exit(1) from error
        finally:
            engine.dispose()
        typer.echo(f"{report.sentence} Catalogue n° {report.catalogue_id} « {report.catalogue_name} ».")
        for warning in report.warnings:
            typer.echo(f"Avertissement : {warning}")
