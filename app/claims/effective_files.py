"""What emitted reports carried as files of a pack, and what its README and its attestation say of it. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.claims.effective_recompute import REPAIRS as REPAIR_WORDS
from app.claims.effective_recompute import Carried, carried
from app.claims.effective_section import approved_of, labels_of, run_of
from app.claims.effective_tables import BOOTSTRAP, EFFECTIVE_FILES
from app.claims.figures_files import VERSION, first_of_level
from app.claims.reading_facts import Facts
from app.claims.recompute import Moment
from app.claims.tables import csv_bytes
from app.effective import wording
from app.effective.lines import CONTRACT, NOT_IN_CATALOGUE, WITHOUT_LOCAL_CODE, Finding
from app.effective.repairs import TITLES, Repair
from app.effective.reported import REPAIRS, moved_since, read_text, repair_cells, to_repair
from app.effective.sampling import DRAWS, SEED
from app.text import paris_time, release_title, share_text

EFFECTIVE, EFFECTIVE_CHAPTERS = "chiffres/effectif.csv", "chiffres/effectif-chapitres.csv"
TO_REPAIR = "chiffres/effectif-a-corriger.csv"
NO_CHAPTER = "Sans chapitre"
_SAID = (*CONTRACT, *(finding for finding in Finding if finding not in (*CONTRACT, Finding.EFFECTIVE)))


def effective_files(moment: Moment) -> dict[str, bytes]:
    """The figures of the run with their definitions, its chapters, and all of what to repair; none without a run."""
    facts = moment.facts
    if not facts.effective_run:
        return {}
    found, label = carried(facts), facts.state["version_label"]
    heads = ("Indicateur", "Compté", "Total", "Taux (%)", "Intervalle : de (%)", "à (%)", "Définition", VERSION)
    chapters = (
        "Chapitre", "Résultats effectifs", "Résultats", "Taux (%)", "Analyses transcodées", "Analyses",
        "Couverture (%)", "Définition", VERSION,
    )  # fmt: skip
    return {
        EFFECTIVE: csv_bytes(heads, [(*line, label) for line in _figures(moment, found)]),
        EFFECTIVE_CHAPTERS: csv_bytes(chapters, [(*line, label) for line in _chapters(moment, found)]),
        TO_REPAIR: csv_bytes((*REPAIRS, VERSION), [(*line, label) for line in _repairs(facts)]),
    }


def _percent(part: int, total: int) -> str:
    """A share rounded down to two decimals, exactly; empty when there is nothing to count."""
    hundredths = part * 10_000 // total if total else 0
    return f"{hundredths // 100},{hundredths % 100:02d}" if total else ""


def _shares(facts: Facts, found: Carried) -> list[tuple[str, int, int, str]]:
    """Name, part, total and definition of each share."""
    run = facts.effective_run[0]
    codes, seen = int(run["effective_local_codes"]), int(run["local_codes"])
    return [
        ("Par résultats", found.effective, found.results, wording.BY_RESULTS),
        ("Par résultats, avec ceux qui n’ont pas de code local", found.with_loinc_alone, found.results,
         wording.WITH_LOINC_ALONE),
        ("Par codes locaux", codes, seen, wording.BY_CODES),
    ]  # fmt: skip


def _figures(moment: Moment, found: Carried) -> Iterator[Sequence[Any]]:
    facts = moment.facts
    run = facts.effective_run[0]
    for number, (name, part, total, definition) in enumerate(_shares(facts, found)):
        bounds = (run["interval_low"], run["interval_high"]) if number == 0 else ("", "")
        yield name, part, total, _percent(part, total), *bounds, definition
    covered = _covered(moment)
    yield "Couverture du catalogue", *covered, _percent(*covered), "", "", wording.COVERAGE
    for finding in _SAID:
        is_unknown = finding is Finding.OUTSIDE_CIRCUIT and run["has_circuit"] == "non"
        count = found.findings[finding.value]
        told = ("", "") if is_unknown else (count, found.results)
        percent = "" if is_unknown else _percent(count, found.results)
        said = wording.NO_CIRCUIT if is_unknown else f"Part des résultats lus. {wording.OVERLAP}"
        yield f"Résultats {wording.NAMES[finding]}", *told, percent, "", "", said


def _covered(moment: Moment, chapter: str | None = None) -> tuple[int, int]:
    definition = first_of_level(moment.facts, "analysis")
    if definition is None:
        return 0, 0
    figure = moment.figure(definition, chapter)
    return figure.numerator, figure.denominator


def _chapters(moment: Moment, found: Carried) -> Iterator[Sequence[Any]]:
    """Those of the catalogue in its order, then those of the run alone, then what is in none."""
    covered = {name or NO_CHAPTER: _covered(moment, name) for name in moment.chapters("analysis")}
    alone = sorted((name for name in found.chapters if name not in covered), key=lambda name: (name.casefold(), name))
    last = (NO_CHAPTER, NOT_IN_CATALOGUE, WITHOUT_LOCAL_CODE)
    names = [*covered, *(name for name in alone if name not in last), *(name for name in last if name in alone)]
    for name in [one for one in names if one not in last[1:]] + [one for one in last[1:] if one in names]:
        carries, covers = found.chapters.get(name, (0, 0)), covered.get(name, (0, 0))
        yield name, *carries, _percent(*carries), *covers, _percent(*covers), wording.BY_CHAPTER


def _repairs(facts: Facts) -> Iterator[Sequence[Any]]:
    labels = labels_of(facts)
    return (repair_cells(line, labels) for line in to_repair(run_of(facts)))


# ---- what documents say


def attestation_lines(moment: Moment) -> list[tuple[str, str]]:
    """Heading and text of each thing that the attestation says of the run; none without."""
    facts = moment.facts
    if not facts.effective_run:
        return []
    run, told = facts.effective_run[0], run_of(facts)
    shares = _shares(facts, carried(facts))
    lines = [
        ("Mesure", f"faite le {paris_time(told.measured_at)} (heure de Paris)"),
        ("Comptes rendus", wording.period_text(told.period_from, told.period_to) or "période non précisée"),
        ("Lu", read_text(told.figures)),
        ("Comparé à", f"ce qui était approuvé alors, {release_title(run['release_version'])}"),
        *((name, f"{_said(part, total)}. {definition}") for name, part, total, definition in shares),
    ]
    if told.interval.text:
        lines.append(("Intervalle du premier taux", f"{told.interval.text}. {told.interval.note}"))
    return [*lines, *(("À savoir", sentence) for sentence in moved_since(told, approved_of(moment)))]


def _said(part: int, total: int) -> str:
    return f"{share_text(part, total)} ({part} sur {total})" if total else "rien à compter"


def readme_columns() -> list[str]:
    """What each column of the facts of a run says."""
    lines: list[str] = []
    for file in EFFECTIVE_FILES:
        lines += ["", file.name, *(f"   {heading} : {said}" for heading, said in file.columns.items())]
    return lines


def readme_blocks(facts: Facts) -> list[str | list[str]]:
    """How each figure of the run is counted again; none without a run."""
    if not facts.effective_run:
        return []
    run = facts.effective_run[0]
    drawn = (
        f"L'intervalle vient de {DRAWS} tirages avec remise des comptes rendus (lignes de effective_clusters.csv dont "
        "« domain » est vide, rangées par results, effective et reports) : "
        f"numpy.random.default_rng({SEED}).multinomial, où chaque ligne pèse ses reports, puis les quantiles 2,5 % et "
        "97,5 % du rapport des résultats effectifs aux résultats, arrondis vers le bas. Une autre version de NumPy que "
        "celle de effective_run.csv peut tirer "
        "autrement : verify-pack dit alors qu'il ne l'a pas recalculé."
    )
    wilson = (
        "Tous les comptes rendus disent la même part : l'intervalle est celui de Wilson, d'une part de comptes rendus "
        "(lignes de effective_clusters.csv dont « domain » est vide)."
    )
    interval = {BOOTSTRAP: [drawn], "": []}.get(run["interval_by"], [wilson])
    return [
        "Une mesure est celle de comptes rendus émis, lus et comptés ; il n'en reste que des nombres et des codes. Les "
        "lignes de ses trois fichiers sont aussi dans chaine/faits.jsonl, dans le même ordre, tenues par la chaîne "
        "d'audit.",
        "Chaque ligne de effective_counts.csv est une sorte de résultats, avec leur nombre (results). Un résultat est "
        "effectif quand « findings » contient effective : il porte un code LOINC et un seul, celui qui était approuvé "
        "(approved_codes) et qui comptait. Par résultats : la somme de results de ces lignes, divisée par celle de "
        "toutes. Avec ceux qui n'ont pas de code local : on y ajoute les lignes qui contiennent "
        "no_local_code_approved. Par codes locaux : les local_code dont toutes les lignes contiennent effective, "
        "divisés par les local_code. Par chapitre : le premier rapport parmi les lignes du chapitre (no_local_code : "
        f"« {WITHOUT_LOCAL_CODE} » ; not_in_catalogue : « {NOT_IN_CATALOGUE} » ; vide : « {NO_CHAPTER} »).",
        *interval,
        "Ce qui est à faire (repair) suit le premier de ces mots de « findings », et rien quand il est approuvé "
        "qu'une analyse non retirée n'a pas de code (no_code_exists, out_of_scope) et qu'elle part sans (local_only) :",
        [f"   {word} : {repair} ({TITLES[Repair(repair)]})" for word, repair in REPAIR_WORDS],
        "Les mots de « findings » :",
        [f"   {finding.value} : résultats {wording.NAMES[finding]}" for finding in Finding],
        wording.WHAT_IS_A_RESULT,
        readme_columns(),
    ]
