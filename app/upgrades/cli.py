"""The commands `transcodeur load-loinc` and `transcodeur load-valueset`."""

import sys
from contextlib import closing
from typing import Annotated

import typer
from sqlmodel import Session

from app.console.options import StandardInputName, file_argument
from app.console.streams import InputFile
from app.models import ValueSetKind
from app.platform.apart import beside
from app.platform.database import Transactions, reading
from app.platform.installation import open_ready
from app.settings import get_settings
from app.terminology.service import current_release, get_release
from app.terminology.value_set_files import ColumnMap
from app.terminology.value_sets import load_value_sets
from app.terminology.wording import release_name
from app.upgrades.impact import sentences, used_codes
from app.upgrades.impact_rows import row_sentences, rows_for
from app.upgrades.service import load_release, make_current


class _Console:
    """Progress on one line of the terminal; silent when the output is a file."""

    def __init__(self) -> None:
        self._shown = ""
        self._is_live = sys.stderr.isatty()

    def __call__(self, done: int, total: int, message: str) -> None:
        line = f"{message} {100 * done // total} %" if total else message
        if self._is_live and line != self._shown:
            self._shown = line
            typer.echo(f"\r{line:<70}", err=True, nl=False)

    def end(self) -> None:
        """Leave the line of progress."""
        if self._shown:
            typer.echo("", err=True)


def _changes(session: Session, release_id: int) -> list[str]:
    """What making this release current would change, when another one is in service."""
    release, used = get_release(session, release_id), current_release(session)
    if used is None or used.id == release_id:
        return []
    found = used_codes(session, used, release)
    # Whoever has the database may read the rows of every laboratory.
    return [*sentences(found, release_name(release)), *row_sentences(found, rows_for(session, found, None))]


def register(cli: typer.Typer) -> None:
    """Add the commands."""

    @cli.command("load-loinc")
    def load_loinc(
        release: Annotated[InputFile, file_argument("Distribution LOINC officielle.", metavar="ZIP_OU_DOSSIER")],
        version: Annotated[str, typer.Option(help="Numéro de version, si l'archive ne le dit pas.")] = "",
        current: Annotated[bool, typer.Option("--current", help="Utiliser cette version dès maintenant.")] = False,
        whole: Annotated[
            bool, typer.Option("--entiere", help="Avec --current : la table est entière, bien qu'elle paraisse coupée.")
        ] = False,
    ) -> None:
        """Charge une version officielle de LOINC, avec ses variantes françaises."""
        settings = get_settings()
        engine = open_ready(settings)
        console = _Console()
        try:
            with closing(beside(settings, engine)) as apart, release.on_disk() as path:
                report = load_release(engine, path, console, version=version, apart=apart)
        finally:
            console.end()
        with reading(engine) as session:
            changes = _changes(session, report.release_id)
        asked = current and not report.is_used
        typer.echo(report.sentence(is_asked=asked))
        for line in changes:
            typer.echo(line)
        if asked:
            make_current(Transactions(engine), report.release_id, may_be_cut=whole)
        with reading(engine) as session:
            used = current_release(session)
        if used is not None and used.id != report.release_id:
            typer.echo(
                f"La version utilisée reste LOINC {used.version}\u202f; "
                "changez-en avec --current ou dans la page Administration > Terminologies."
            )

        elif asked:
            typer.echo("Elle est utilisée dès maintenant.")

    @cli.command("load-valueset")
    def load_value_set(
        file: Annotated[InputFile, file_argument("XLSX, CSV, ou ValueSet FHIR en JSON.")],
        kind: Annotated[
            ValueSetKind | None, typer.Option("--type", help="Type de liste, si le fichier ne le dit pas.")
        ] = None,
        sheet: Annotated[str, typer.Option("--feuille", help="Feuille du classeur.")] = "",
        code: Annotated[str, typer.Option("--colonne-code", help="Colonne des codes LOINC.")] = "",
        label: Annotated[str, typer.Option("--colonne-libelle", help="Colonne des libellés.")] = "",
        nabm: Annotated[str, typer.Option("--colonne-nabm", help="Colonne des codes NABM.")] = "",
        nabm_label: Annotated[str, typer.Option("--colonne-libelle-nabm", help="Colonne des libellés NABM.")] = "",
        title: Annotated[str, typer.Option("--titre", help="Titre de la liste.")] = "",
        version: Annotated[str, typer.Option("--version", help="Version de la liste.")] = "",
        standard_name: StandardInputName = "",
    ) -> None:
        """Charge un jeu de valeurs de l'ANS (Circuit de la biologie…) ou l'alignement NABM-LOINC."""
        columns = ColumnMap(kind, sheet, code, label, nabm, nabm_label, title, version)
        settings = get_settings()
        engine = open_ready(settings)
        name, content = file.read(standard_name)
        with closing(beside(settings, engine)) as apart:
            loaded = load_value_sets(Transactions(engine), name, content, columns, apart=apart)
        for item in loaded:
            typer.echo(item.sentence())
