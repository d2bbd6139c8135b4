"""The command `transcodeur export`: a transcoded file from the command line."""

from pathlib import Path
from typing import Annotated

import typer

from app.catalogues.service import catalogue_and_laboratory
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.platform.database import Transactions, make_engine
from app.publication.schemas import Incomplete
from app.settings import get_settings


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("export")
    def export(
        catalogue_id: Annotated[int, typer.Option("--catalogue", help="Numéro du catalogue.")],
        kind: Annotated[ExportKind, typer.Option("--format", help="Format du fichier.")],
        output: Annotated[Path, typer.Option("-o", "--output", help="Fichier à écrire.")],
        source: Annotated[
            int | None, typer.Option(help="Fichier reçu à compléter (le plus récent par défaut).")
        ] = None,
        refuse_incomplete: Annotated[
            bool,
            typer.Option("--refuse-incomplete", help="Refuse l'export si une ligne n'est pas approuvée."),
        ] = False,
        syntax: Annotated[Syntax, typer.Option("--syntaxe", help="Écriture des formats FHIR.")] = Syntax.JSON,
        archive: Annotated[bool, typer.Option("--zip", help="Archive avec la notice LOINC et le rapport.")] = False,
    ) -> None:
        """Exporte un catalogue transcodé ; l'export est inscrit au journal."""
        settings = get_settings()
        engine = make_engine(settings.resolved_database_url)
        request = ExportRequest(
            kind,
            Incomplete.REFUSE if refuse_incomplete else Incomplete.BLANK,
            Packaging.ZIP if archive else Packaging.FILE,
            source,
            syntax,
        )
        try:
            transactions = Transactions(engine)
            with transactions.reading() as session:
                laboratory, catalogue = catalogue_and_laboratory(session, catalogue_id)
            # Written before it is recorded: an export that cannot be written leaves no trace.
            file, exported = make_export(
                transactions, settings, laboratory, catalogue, request,
                deliver=lambda made: output.write_bytes(made.content),
            )  # fmt: skip
        finally:
            engine.dispose()
        for note in file.notes:
            typer.echo(f"À savoir : {note}", err=True)
        counts = exported.counts
        errors = f"erreurs bloquantes {counts['blocking']}, non bloquantes {counts['warnings']}"
        typer.echo(f"{output} : {file.coded} lignes codées sur {file.rows} ; {errors}.", err=True)
        typer.echo(f"SHA-256 {exported.sha256}", err=True)
