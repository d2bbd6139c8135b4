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
from app.platform.apart import beside
from app.platform.database import reading, transaction
from app.platform.installation import open_ready
from app.platform.integrity import refuse_damaged
from app.settings import get_settings

_HELP = (
    "Comptes rendus émis : CR-Bio en CDA, IHE_XDM (zip), messages HL7 v2 ORU^R01, Bundles FHIR."
)


def _journal(engine: Engine, measured: Measured, as_json: bool) -> None:
    """Say in the journal which figures leave, before they do: what nobody could record is not printed."""
    against = measured.against
    with transaction(engine) as session:
        record(
            session, PRINTED, object_type="catalogue", object_id=against.catalogue_id,
            laboratory_id=against.laboratory_id, release_id=against.release_id, circuit_id=against.circuit_id,
            figures_at=against.at.isoformat(), as_json=as_json, **told_values(measured.figures),
        )  # fmt: skip


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("effective")
    def effective(
        files: Annotated[list[InputFile], file_argument(_HELP)],
        catalogue_id: CatalogueId,
        as_json: Annotated[bool, typer.Option("--json", help="Nombres en JSON.")] = False,
    ) -> None:
        """Compte ce que portent les comptes rendus émis, face aux codes approuvés ; aucune donnée de patient."""
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
        _journal(engine, measured, as_json)
        for damaged in measured.damaged:
            typer.echo(f"Abîmé, laissé de côté — {damaged.place} : {damaged.reason}", err=True)
        if as_json:
            typer.echo(measured_json(measured))
            return
        for sentence in sentences(measured):
            typer.echo(sentence)
