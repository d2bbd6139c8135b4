"""The command `transcodeur export`: a transcoded file from the command line."""

from contextlib import closing
from typing import Annotated

import typer

from app.catalogues.service import catalogue_and_laboratory
from app.console.options import CatalogueId, Output
from app.console.parameters import MAX_ID
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.platform.apart import beside
from app.platform.database import Transactions
from app.platform.installation import open_ready
from app.platform.integrity import refuse_damaged
from app.publication.schemas import Incomplete
from app.settings import get_settings


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("export")
    def export(
        catalogue_id: CatalogueId,
        kind: Annotated[ExportKind, typer.Option("--format", help="Format du fichier.")],
        output: Output,
        source: Annotated[
            int | None,
            typer.Option(
                min=1,
                max=MAX_ID,
                metavar="NUMÉRO",
                help="Numéro du fichier reçu à compléter (le plus récent par défaut).",
            ),
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
        engine = open_ready(settings)
        request = ExportRequest(
            kind,
            Incomplete.REFUSE if refuse_incomplete else Incomplete.BLANK,
            Packaging.ZIP if archive else Packaging.FILE,
            source,
            syntax,
        )
        try:
            refuse_damaged(engine)
            transactions = Transactions(engine)
            with transactions.reading() as session:
                laboratory, catalogue = catalogue_and_laboratory(session, catalogue_id)
            # Written before it is recorded: an export that cannot be written leaves no trace.
            with closing(beside(settings, engine)) as apart:
                file, exported = make_export(
                    transactions, settings, laboratory, catalogue, request,
                    deliver=lambda made: output.write(made.content), apart=apart,
                )  # fmt: skip
        finally:
            engine.dispose()
        for note in file.notes:
            typer.echo(f"À savoir : {note}", err=True)
        counts = exported.counts
        errors = f"erreurs bloquantes {counts['blocking']}, non bloquantes {counts['warnings']}"
        typer.echo(f"{output} : {file.coded} lignes codées sur {file.rows} ; {errors}.", err=True)
        typer.echo(f"SHA-256 {exported.sha256}", err=True)
