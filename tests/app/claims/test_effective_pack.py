"""What emitted reports carried, in a pack: its facts, its figures, and every lie about them found."""

import csv
import io
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import app.claims.effective_checks
from app.claims.cli import _lines
from app.claims.documents import MANIFEST
from app.claims.effective_files import EFFECTIVE, EFFECTIVE_CHAPTERS, TO_REPAIR
from app.claims.effective_tables import EFFECTIVE_FILES, EFFECTIVE_NAMES, EFFECTIVE_RUN
from app.claims.pack import make_pack
from app.claims.report_checks import REPORT_DOCUMENT
from app.claims.verification import verify_pack
from app.claims.versions import Asked
from app.effective import wording
from app.platform.database import Transactions, make_engine
from tests.app.claims.forging import changed, opened, rebuilt, summed, written_again, zipped
from tests.app.claims.test_past_versions import signed
from tests.app.claims.test_reports_forged import text
from tests.app.claims.test_verification import refusal
from tests.app.effective.runs import keep_run
from tests.app.exports.conftest import decide_rows
from tests.app.exports.sample import POTASSIUM, Sample, add_sample, ans_files
from tests.conftest import TRANSCODER, World, _settings_of_tests

__all__ = ["signed"]
COUNTS, CLUSTERS = "faits/effective_counts.csv", "faits/effective_clusters.csv"
FILES = sorted([*EFFECTIVE_NAMES, EFFECTIVE, EFFECTIVE_CHAPTERS, TO_REPAIR])


def keep(sample: Sample) -> None:
    keep_run(sample.world.engine, sample.world.laboratory, sample.catalogue, sample.world.users[TRANSCODER])


@pytest.fixture(scope="module")
def path(populated_database: tuple[Path, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pack with a run for the tests of this file: none changes it."""
    source, members = populated_database
    settings = _settings_of_tests().model_copy(update={"data_dir": tmp_path_factory.mktemp("mesure")})
    engine = make_engine(settings.resolved_database_url)
    assert engine.url.database is not None
    shutil.copyfile(source, engine.url.database)
    target = settings.data_dir / "dossier.zip"
    try:
        sample = decide_rows(add_sample(World(engine, *pickle.loads(members)), ans_files()))
        keep(sample)
        sample.approve("K", POTASSIUM)
        make_pack(Transactions(engine), settings, sample.world.laboratory, sample.catalogue,
                  lambda file, _pack: target.write_bytes(file.read_bytes()), asked=Asked(without_pdf=True))  # fmt: skip
    finally:
        engine.dispose()
    return target


def table(contents: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(contents[name].decode("utf-8-sig"), newline=""), delimiter=";"))


def test_the_pack_holds_the_facts_and_the_figures_of_the_run(path: Path) -> None:
    contents = opened(path)
    assert [name for name in contents if "effecti" in name] == FILES
    assert {item["name"] for item in json.loads(contents[MANIFEST])["files"]} >= set(FILES)
    readme = contents["LISEZMOI.txt"].decode("utf-8-sig")
    for file in EFFECTIVE_FILES:
        assert all(f"   {heading} : " in readme for heading in file.columns), file.name
        assert list(table(contents, file.name)[0]) == list(file.columns)
    figures = {line["Indicateur"]: line for line in table(contents, EFFECTIVE)}
    assert (figures["Par résultats"]["Compté"], figures["Par résultats"]["Taux (%)"]) == ("100", "40,16")
    assert figures["Par résultats"]["Définition"] == wording.BY_RESULTS
    assert [figures["Par résultats"][name] for name in ("Intervalle : de (%)", "à (%)")] == ["35,16", "46,05"]
    assert (figures["Par codes locaux"]["Compté"], figures["Par codes locaux"]["Total"]) == ("0", "7")
    # The coverage is that of the state, K being approved since.
    assert figures["Couverture du catalogue"]["Taux (%)"] == "50,00"
    assert [line["Définition"] for line in figures.values() if not line["Définition"]] == []
    chapters = {line["Chapitre"]: line for line in table(contents, EFFECTIVE_CHAPTERS)}
    assert chapters["Biochimie"]["Taux (%)"] == "53,76"
    assert (chapters["Biochimie"]["Couverture (%)"], chapters["Sans code local"]["Couverture (%)"]) == ("100,00", "")
    assert len(table(contents, TO_REPAIR)) == 10
    document = contents[REPORT_DOCUMENT].decode()
    assert "ce qui est approuvé a changé pour 1 code local vu" in document
    attestation = contents["attestation.txt"].decode()
    assert "À savoir : Depuis cette mesure, ce qui est approuvé a changé pour 1 code local vu" in attestation
    assert f"Par résultats : 40,16 % (100 sur 249). {wording.BY_RESULTS}" in attestation


def test_verifying_counts_every_figure_again_and_says_so(path: Path) -> None:
    verdict = verify_pack(path)
    assert verdict.run is not None
    assert (verdict.run.carried.effective, verdict.run.carried.results) == (100, 249)
    assert verdict.run.carried.chapters["Biochimie"] == (100, 186)
    assert verdict.run.not_recomputed == ()
    said = "\n".join(_lines(verdict, None, False))
    assert "100 / 249  par résultats\n" in said
    assert "intervalle du premier taux de 35,16\u00a0% à 46,05\u00a0% ; 4 chapitres recomptés" in said
    assert "L'intervalle du transcodage effectif n'est pas recalculé" not in said


def test_another_numpy_draws_no_interval_again_and_that_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.claims.effective_checks, "numpy_version", lambda: "9.0")
    verdict = verify_pack(path)
    assert verdict.run is not None
    (said,) = verdict.run.not_recomputed
    assert said == (
        "L'intervalle du transcodage effectif n'est pas recalculé, et la chaîne d'audit ne le tient pas : d'après le "
        "dossier, ses tirages ont été faits avec NumPy "
        f"{np.__version__}, et NumPy 9.0, qui est ici, peut tirer autrement."
    )
    lines = _lines(verdict, None, False)
    assert said in lines
    assert any("et l'intervalle là où il n'est pas recalculé" in line for line in lines)


FIGURES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a share": (EFFECTIVE, text("Par résultats;100;249;40,16", "Par résultats;240;249;96,38")),
    "a share of local codes": (EFFECTIVE, text("Par codes locaux;0;7;0,00", "Par codes locaux;7;7;100,00")),
    "a bound": (EFFECTIVE, text(";35,16;", ";79,16;")),
    "a count": (EFFECTIVE, text("plusieurs codes LOINC;6;", "plusieurs codes LOINC;0;")),
    "the coverage beside": (EFFECTIVE, text("Couverture du catalogue;3;6;50,00", "Couverture du catalogue;6;6;100,00")),
    "a chapter": (EFFECTIVE_CHAPTERS, text("Biochimie;100;186;53,76", "Biochimie;186;186;100,00")),
    "a definition": (EFFECTIVE_CHAPTERS, text("divisés par les résultats", "divisés par une part des résultats")),
    "a line to repair": (TO_REPAIR, text("Remplacez 2823-3 par 14749-6", "Gardez 2823-3")),
    "the document": (REPORT_DOCUMENT, text("40,16\u00a0%", "96,38\u00a0%")),
    "a chapter of the document": (REPORT_DOCUMENT, text("53,76\u00a0%", "99,99\u00a0%")),
    "what changed since": (REPORT_DOCUMENT, text("a changé pour 1 code local vu", "a changé pour 0 code local vu")),
    "the attestation": ("attestation.txt", text("40,16 % (100 sur 249)", "96,38 % (240 sur 249)")),
    "the README": ("LISEZMOI.txt", text("Un résultat est effectif quand", "Un résultat est effectif même quand")),
}


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_that_the_facts_do_not_give_is_named(path: Path, tmp_path: Path, kind: str) -> None:
    name, change = FIGURES[kind]
    said = refusal(tmp_path, zipped(summed(changed(path, name, change))))
    assert f"« {name} »" in said


def cell(line: int, column: str, value: str) -> Callable[[list[list[str]]], None]:
    def change(lines: list[list[str]]) -> None:
        lines[line][lines[0].index(column)] = value

    return change


def both(*changes: Callable[[list[list[str]]], None]) -> Callable[[list[list[str]]], None]:
    def change(lines: list[list[str]]) -> None:
        for one in changes:
            one(lines)

    return change


def without(line: int) -> Callable[[list[list[str]]], None]:
    return lambda lines: lines.pop(line) and None


RUN, COUNT, CLUSTER = EFFECTIVE_RUN.name, COUNTS, CLUSTERS
FACTS: dict[str, tuple[str, Callable[[list[list[str]]], None], str]] = {
    "more effective results": (COUNT, cell(2, "results", "70"), "« results » vaut 249, et les faits donnent 259"),
    "a line left out": (COUNT, without(1), "« results » vaut 249, et les faits donnent 189"),
    "results carried elsewhere": (
        COUNT, both(cell(1, "results", "59"), cell(2, "results", "61")), "« effective » vaut 100, et les faits donnent",
    ),
    "a chapter": (COUNT, cell(2, "chapter", "Ions"), "« chapter » n'est pas le texte auquel la chaîne d'audit"),
    "a local code": (COUNT, cell(2, "local_code", "NB"), "les faits donnent 8"),
    "a code sent": (COUNT, cell(2, "loinc_codes", POTASSIUM), "« differs_from_approved » ne se dit pas"),
    "codes sent and approved": (
        COUNT, both(cell(2, "loinc_codes", POTASSIUM), cell(2, "approved_codes", POTASSIUM)),
        "« loinc_codes » n'est pas ce que dit la chaîne d'audit",
    ),
    "a word that no run says": (COUNT, cell(2, "findings", "effective perfect"), "n'est pas ce que l'atelier dit"),
    "a word that the line denies": (
        COUNT, cell(1, "findings", "not_approved with_loinc"), "« with_loinc » ne se dit pas",
    ),
    "effective results of no approved code": (
        COUNT, cell(5, "findings", "effective no_local_code no_local_code_unapproved unknown_code with_loinc"),
        "« effective » ne se dit pas",
    ),
    "words that chain": (
        COUNT, both(cell(2, "findings", "effective with_loinc"), cell(2, "repair", "")),
        "« findings » n'est pas ce que dit la chaîne d'audit",
    ),
    "nothing to do": (COUNT, cell(1, "repair", ""), "n'est pas ce qui est à faire"),
    "no number": (COUNT, cell(1, "results", "soixante"), "n'est pas un nombre"),
    "a figure of the run": (RUN, cell(1, "effective", "240"), "« effective » vaut 240, et les faits donnent 100"),
    "reports read": (RUN, cell(1, "reports", "6300"), "« reports » n'est pas ce que dit la chaîne d'audit"),
    "the period": (RUN, cell(1, "period_from", "2026-02-01"), "« period_from » n'est pas ce que dit la chaîne"),
    "a period that ends before": (RUN, cell(1, "period_to", "2026-02-01"), "sa période finit trop tôt"),
    "no day": (RUN, cell(1, "period_to", "mars"), "un moment ou un jour ne peut être lu"),
    "a run of tomorrow": (RUN, cell(1, "measured_at", "2099-01-01T00:00:00.000000Z"), "plus tardive que l'état"),
    "the release": (RUN, cell(1, "release_version", "2.81"), "« release_version » n'est pas ce que dit la chaîne"),
    "an unknown person": (RUN, cell(1, "author", "x"), "cette personne n'est pas dans people.csv"),
    "neither yes nor no": (RUN, cell(1, "has_circuit", ""), "ni oui ni non"),
    "two runs": (RUN, lambda lines: lines.append(list(lines[1])), "une mesure, et une seule"),
    "no run": (RUN, without(1), "ne dit aucune mesure"),
    "an interval": (RUN, cell(1, "interval_low", "40,00"), "n'est pas celui que donnent les tirages, de 35,16 à 46,05"),
    "an interval of another sort": (RUN, cell(1, "interval_by", "wilson"), "n'est pas celui que donnent les tirages"),
    "an interval left out": (
        RUN, both(cell(1, "interval_low", ""), cell(1, "interval_high", ""), cell(1, "interval_by", "")), "les tirages",
    ),
    "an interval of another numpy around nothing": (
        RUN, both(cell(1, "numpy", "9.0"), cell(1, "interval_low", "50,00")), "n'entoure pas le taux",
    ),
    "draws of no version": (RUN, cell(1, "numpy", "magie"), "« magie » n'est pas une version de NumPy"),
    "draws without a version": (RUN, cell(1, "numpy", ""), "«  » n'est pas une version de NumPy"),
    "an interval that is none": (RUN, both(cell(1, "numpy", "9.0"), cell(1, "interval_low", "peu")), "pas une borne"),
    "reports alike": (CLUSTER, cell(1, "reports", "13"), "ne portent pas, ensemble, les résultats"),
    "reports of a chapter": (CLUSTER, cell(9, "reports", "17"), "« reports » n'est pas ce que dit la chaîne d'audit"),
    "more reports than were read": (CLUSTER, cell(1, "reports", "1400"), "plus de comptes rendus que la mesure"),
    "more effective results than results": (CLUSTER, cell(1, "effective", "9"), "plus de résultats effectifs"),
    "reports without any result": (
        CLUSTER, lambda lines: lines.insert(1, ["", "0", "0", "3"]),
        "effective_clusters.csv, ligne 2 : plus de résultats",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FACTS)
def test_a_fact_changed_with_all_that_follows_is_found(path: Path, tmp_path: Path, kind: str) -> None:
    """Everything is made again from the facts that lie: figures, documents, hashes."""
    name, change, told = FACTS[kind]
    try:
        forged = written_again(path, name, change)
    except (ValueError, IndexError, KeyError):
        # What no document can be made of.
        forged = summed(opened(path) | {name: plain(path, name, change)})
    assert told in refusal(tmp_path, zipped(forged))


def plain(path: Path, name: str, change: Callable[[list[list[str]]], None]) -> bytes:
    lines = list(csv.reader(io.StringIO(opened(path)[name].decode("utf-8-sig"), newline=""), delimiter=";"))
    change(lines)
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(lines)
    return buffer.getvalue().encode("utf-8-sig")


def test_a_line_left_out_with_its_proof_and_its_sums_is_found(path: Path, tmp_path: Path) -> None:
    def line_of(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        place = next(n for n, line in enumerate(lines) if b'"table":"effective_count"' in line)
        return b"".join(lines[:place] + lines[place + 1 :])

    contents = opened(path)
    proof = line_of(contents["chaine/faits.jsonl"])
    run = plain(path, RUN, both(cell(1, "results", "189"), cell(1, "local_codes", "6")))
    counts = plain(path, COUNT, without(1))
    forged = contents | {RUN: run, COUNT: counts, "chaine/faits.jsonl": proof}
    clusters = plain(path, CLUSTER, lambda lines: lines.__delitem__(slice(1, 9)))
    bounds = both(
        cell(1, "results", "189"), cell(1, "local_codes", "6"), cell(1, "interval_low", ""),
        cell(1, "interval_high", ""), cell(1, "interval_by", ""), cell(1, "numpy", ""),
    )  # fmt: skip
    forged |= {CLUSTERS: clusters, RUN: plain(path, RUN, bounds)}
    assert "« results » n'est pas ce que dit la chaîne d'audit" in refusal(tmp_path, zipped(rebuilt(forged)))


@pytest.mark.parametrize("name", FILES)
def test_none_of_its_files_may_be_missing(path: Path, tmp_path: Path, name: str) -> None:
    contents = opened(path)
    del contents[name]
    assert f"« {name} » manque au dossier" in refusal(tmp_path, zipped(summed(contents)))


def test_the_facts_of_a_run_may_not_be_taken_away_alone(path: Path, tmp_path: Path) -> None:
    contents = {name: content for name, content in opened(path).items() if name not in EFFECTIVE_NAMES}
    assert "effecti" in refusal(tmp_path, zipped(summed(contents)))
