"""The commands `transcodeur evidence` and `transcodeur verify-pack`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from app.catalogues.service import catalogue_and_laboratory
from app.claims.effective_section import run_of
from app.claims.figures_files import Shown, yes_no
from app.claims.pack import Pack, make_pack
from app.claims.verification import Verdict, verify_pack
from app.claims.versions import Asked
from app.console.options import CatalogueId, Output, file_argument
from app.console.streams import InputFile
from app.errors import InvalidInputError
from app.platform.database import Transactions
from app.platform.installation import open_ready
from app.platform.integrity import refuse_damaged
from app.settings import get_settings
from app.text import counted, french_day, paris_time, share_text

BLIND_TO = (
    "Ce que cette vérification ne voit pas : des faits inventés ou laissés de côté avant que le dossier soit fait, "
    "ce que la chaîne d'audit ne tient pas (faits/rows.csv, exams.csv, codes.csv, releases.csv, grace.csv, people.csv, "
    "definitions.csv, les chapitres de signatures.csv et, de effective_run.csv, l'auteur, ce qui était en service à "
    "l'état du dossier, et l'intervalle là où il n'est pas recalculé), et ce qui n'est connu que par son empreinte "
    "(journal/journal.csv, rapport/lignes.csv, rapport/rapport.pdf, les textes des exports, et dans "
    "rapport/rapport.html la double lecture, les alertes justifiées et les anomalies) : "
    "l'empreinte du journal (--expect) et la tête de la chaîne (transcodeur verify-audit --head) sont là pour cela."
)
"""Said after « Tout se tient », so that nobody takes it for more than it is."""


def register(cli: typer.Typer) -> None:
    """Add the commands."""

    @cli.command("evidence")
    def evidence(
        catalogue_id: CatalogueId,
        output: Output,
        version: Annotated[
            int | None,
            typer.Option("--version", metavar="N", min=1, help="Une version signée en entier, par son numéro."),
        ] = None,
        draft: Annotated[bool, typer.Option("--draft", help="L'état du jour, marqué PROJET.")] = False,
        without_pdf: Annotated[
            bool, typer.Option("--without-pdf", help="Sans le rapport en PDF ; le manifeste du dossier le dit.")
        ] = False,
    ) -> None:
        """Écrit le dossier de preuve de la dernière version signée ; son empreinte est inscrite au journal."""
        asked = Asked(version, draft, without_pdf)
        settings = get_settings()
        engine = open_ready(settings)

        def deliver(path: Path, _pack: Pack) -> None:
            output.copy(path)

        try:
            refuse_damaged(engine)
            transactions = Transactions(engine)
            with transactions.reading() as session:
                laboratory, catalogue = catalogue_and_laboratory(session, catalogue_id)
            pack = make_pack(transactions, settings, laboratory, catalogue, deliver, asked=asked)
        finally:
            engine.dispose()
        typer.echo(pack.sentence, err=True)
        for reason in pack.absent:
            typer.echo(f"Absent du dossier : {reason}", err=True)
        typer.echo(f"{output} : état au {paris_time(pack.stated_at)} (heure de Paris), {pack.size} octets.", err=True)
        typer.echo(f"Empreinte (SHA-256) {pack.fingerprint}", err=True)

    @cli.command("verify-pack")
    def verify(
        pack: Annotated[InputFile, file_argument("Dossier de preuve à vérifier.", "DOSSIER.zip")],
        expected: Annotated[
            str, typer.Option("--expect", metavar="EMPREINTE", help="Empreinte que l'atelier a inscrite à son journal.")
        ] = "",
        day: Annotated[
            str,
            typer.Option("--jour", metavar="AAAA-MM-JJ", help="Donne aussi les chiffres de la fin d'un jour passé."),
        ] = "",
    ) -> None:
        """Vérifie un dossier de preuve sans base de données : refait le dossier et recalcule chaque chiffre."""
        asked = _day(day)
        with pack.on_disk() as path:
            verdict = verify_pack(path, expected, asked)
        for line in _lines(verdict, asked, bool(expected)):
            typer.echo(line)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError(f"« {text.strip()[:30]} » n'est pas un jour : attendu AAAA-MM-JJ.") from None


def _lines(verdict: Verdict, day: date | None, is_expected: bool) -> list[str]:
    state = verdict.facts.state
    lines = [
        f"{state['laboratory']} — {state['catalogue']}",
        f"{state['release_title']} ; {state['version_label']} ; état au {state['stated_at']}",
        *map(_figure, verdict.figures),
    ]
    if day is not None:
        lines += [f"À la fin du {french_day(day)} (heure de Paris) :", *map(_figure, verdict.past)]
    lines += _run_lines(verdict)
    files = counted(verdict.files, "fichier", "fichiers")
    links = counted(verdict.links, "maillon", "maillons")
    figures = counted(len(verdict.figures), "chiffre recalculé", "chiffres recalculés")
    lines += [
        f"Absent du dossier : {name.removeprefix('absent:')} : {said}"
        for name, said in state.items() if name.startswith("absent:")
    ]  # fmt: skip
    lines += [
        f"Contenu transcodé (SHA-256) {state['content_sha256']}",
        f"Chaîne d'audit : {state['chain_head'] or 'aucun maillon'}",
        f"Empreinte {verdict.fingerprint}",
        f"Tout se tient ({files}, {links}, {figures}).",
        BLIND_TO,
    ]
    if is_expected:
        lines.append("C'est le dossier attendu.")
    else:
        lines.append("Pour savoir que l'atelier a produit ce dossier, comparez l'empreinte à son journal (--expect).")
    return lines


def _run_lines(verdict: Verdict) -> list[str]:
    """What emitted reports carried, counted again, and what of it could not be; none where the pack holds no run."""
    if verdict.run is None:
        return []
    found = verdict.run.carried
    told = run_of(verdict.facts)
    shares = (
        ("par résultats", found.effective, found.results),
        ("par résultats, avec ceux qui n’ont pas de code local", found.with_loinc_alone, found.results),
        ("par codes locaux", *verdict.run.local_codes),
    )
    lines = [f"Transcodage effectif, mesure du {paris_time(told.measured_at)} (heure de Paris) :"]
    lines += [f"  {share_text(part, total):>9}  {f'{part} / {total}':>17}  {name}" for name, part, total in shares]
    chapters = counted(len(found.chapters), "chapitre recompté", "chapitres recomptés")
    interval = f"intervalle du premier taux {told.interval.text} ; " if told.interval.text else ""
    return [*lines, f"  {interval}{chapters}", *verdict.run.not_recomputed]


def _figure(item: Shown) -> str:
    figure = item.figure
    share = f"{figure.numerator} / {figure.denominator}"
    percent = f"{figure.percent} %" if figure.percent else "—"
    return f"  {percent:>9}  {share:>17}  {item.title} ; 80 % atteint : {yes_no(figure.is_reached)}"
