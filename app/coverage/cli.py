"""The command `transcodeur coverage`."""

from typing import Annotated

import typer
from sqlalchemy import Engine

from app.audit.service import record
from app.catalogues.service import catalogue_and_laboratory
from app.console.options import CatalogueId
from app.console.parameters import MAX_ID
from app.coverage.files import report_json
from app.coverage.pages import main_sentence
from app.coverage.printed import PRINTED, printed_values
from app.coverage.report import CoverageReport
from app.coverage.service import asked_day, coverage_report
from app.coverage.wording import day_sentence, name_of, scope_of, sentence_of
from app.platform.database import reading, transaction
from app.platform.installation import open_ready
from app.platform.integrity import refuse_damaged
from app.settings import get_settings
from app.text import format_number, paris_time

SHOWN = {False: "Chiffres donnés par la commande coverage", True: "Rapport JSON donné par la commande coverage"}
"""What the history of the figures calls what was printed; whether it was asked for a program."""


def _journal(engine: Engine, report: CoverageReport, laboratory_id: int | None, as_json: bool) -> None:
    """Say in the journal which figures leave, before they do: what nobody could record is not printed."""
    with transaction(engine) as session:
        record(
            session, PRINTED, object_type="catalogue", object_id=report.context.catalogue_id,
            laboratory_id=laboratory_id, **printed_values(report, SHOWN[as_json]),
        )  # fmt: skip


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("coverage")
    def coverage(
        catalogue_id: CatalogueId,
        as_json: Annotated[bool, typer.Option("--json", help="Rapport de couverture en JSON.")] = False,
        release_id: Annotated[
            int | None,
            typer.Option(
                "--release", min=1, max=MAX_ID, metavar="NUMÉRO", help="Numéro interne de la version de LOINC."
            ),
        ] = None,
        day: Annotated[
            str,
            typer.Option("--jour", metavar="AAAA-MM-JJ", help="Chiffres de la fin d'un jour passé, heure de Paris."),
        ] = "",
    ) -> None:
        """Mesure la couverture d'un catalogue : lignes approuvées avec un code LOINC, face à 80 %."""
        engine = open_ready(get_settings())
        refuse_damaged(engine)
        with reading(engine) as session:
            laboratory, catalogue = catalogue_and_laboratory(session, catalogue_id)
            report = coverage_report(session, laboratory, catalogue, release_id, asked_day(day))
        _journal(engine, report, laboratory.id, as_json)
        if as_json:
            typer.echo(report_json(report))
            return
        context = report.context
        typer.echo(f"{context.laboratory} — {context.catalogue}")
        typer.echo(
            f"{context.release_title}, le {paris_time(context.computed_at)}"
        )
        if context.version_label:
            typer.echo(context.version_label)
        if context.day:
            typer.echo(day_sentence(context.day))
        typer.echo(main_sentence(report.main))
        for sentence in report.all_warnings:
            typer.echo(sentence)
        for definition, figure in report.figures:
            share = f"{format_number(figure.numerator)} / {format_number(figure.denominator)}"
            title = f"{name_of(definition)}, {scope_of(definition)}"
            typer.echo(f"  {figure.percent:>8}  {share:>17}  {title}")
            typer.echo(f"{'':>31}{sentence_of(definition)}")
