"""The command `transcodeur effective`."""

from contextlib import ExitStack, closing
from typing import Annotated

import typer
from sqlalchemy import Engine

from app.audit.service import record
from app.catalogues.service import catalogue_and_laboratory
from app.console.options import CatalogueId, file_argument
from app.console.streams import InputFile
from app.effective.measuring import Measured, against_now, measure
from app.effective.printed import PRINTED, measured_json, sentences, told_values
from app.effective.service import Period, keep, read_period
from app.platform.apart import beside
from app.platform.database import reading, transaction
from app.platform.installation import open_ready
from app.platform.integrity import refuse_damaged
from app.settings import get_settings

_HELP = (
    "Comptes rendus émis : CR-Bio en CDA, IHE_XDM (zip), messages HL7 v2 ORU^R01, Bundles FHIR."
)


def _kept_or_told(engine: Engine, measured: Measured, as_json: bool, period: Period | None) -> str:
    """Say in the journal which figures leave, before they do: what nobody could record is not printed.

    With a period they are kept in the same transaction; the identifier of the run, empty where none is.
    """
    against = measured.against
    with transaction(engine) as session:
        run = keep(session, measured, None, period) if period is not None else None
        record(
            session, PRINTED, object_type="catalogue", object_id=against.catalogue_id,
            laboratory_id=against.laboratory_id, release_id=against.release_id, figures_at=against.at.isoformat(),
            as_json=as_json, **told_values(measured.figures),
        )  # fmt: skip
        return run.public_id if run is not None else ""


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("effective")
    def effective(
        files: Annotated[list[InputFile], file_argument(_HELP)],
        catalogue_id: CatalogueId,
        as_json: Annotated[bool, typer.Option("--json", help="Nombres en JSON.")] = False,
        keeps: Annotated[
            bool, typer.Option("--garder", help="Garde ces nombres avec le catalogue, comme le fait la page.")
        ] = False,
        first: Annotated[
            str, typer.Option("--du", metavar="AAAA-MM-JJ", help="Avec --garder : premier jour des comptes rendus.")
        ] = "",
        last: Annotated[
            str, typer.Option("--au", metavar="AAAA-MM-JJ", help="Avec --garder : leur dernier jour.")
        ] = "",
    ) -> None:
        """Compte ce que portent les comptes rendus émis, face aux codes approuvés ; aucune donnée de patient."""
        period = read_period(first, last)
        settings = get_settings()
        engine = open_ready(settings)
        refuse_damaged(engine)
        with reading(engine) as session:
            laboratory, catalogue = catalogue_and_laboratory(session, catalogue_id)
            against = against_now(session, laboratory, catalogue)
        with ExitStack() as stack:
            paths = [stack.enter_context(file.on_disk()) for file in files]
            for path in paths:
                # A file that is not there is said by the name that was typed, which nothing keeps.
                path.open("rb").close()
            apart = stack.enter_context(closing(beside(settings, engine)))
            measured = measure(engine, settings, apart, against, paths)
        kept = _kept_or_told(engine, measured, as_json, period if keeps else None)
        for damaged in measured.damaged:
            typer.echo(f"Abîmé, laissé de côté — {damaged.place} : {damaged.reason}.", err=True)
        if as_json:
            typer.echo(measured_json(measured, kept))
            return
        for sentence in sentences(measured):
            typer.echo(sentence)
        if kept:
            typer.echo(f"Mesure gardée : {kept}")
