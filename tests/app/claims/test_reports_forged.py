"""A pack whose facts are true and whose reports lie, every hash closed again: each lie is found, and its file named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.claims.coverage_files import REPORT
from app.claims.report_checks import REPORT_DOCUMENT
from tests.app.claims.forging import changed, summed, zipped
from tests.app.claims.test_verification import path, refusal

__all__ = ["path"]

INDICATORS, CHAPTERS = "couverture/indicateurs.csv", "couverture/chapitres.csv"


def text(before: str, after: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(before.encode(), after.encode(), 1)


def line(starting: str, then: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change the first line that begins so."""

    def forge(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        place = next(n for n, item in enumerate(lines) if item.startswith(starting.encode()))
        return b"".join([*lines[:place], then(lines[place]), *lines[place + 1 :]])

    return forge


TABLES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a rate": (INDICATORS, text(";33,33", ";83,33")),
    "the target reached": (INDICATORS, line("Analyses;", text(";non;", ";oui;"))),
    "rows missing": (INDICATORS, line("Analyses;", text(";non;3;", ";non;0;"))),
    "a definition": (INDICATORS, text("approuvées avec un code LOINC, divisé", "certifiées, divisé")),
    "the label": (INDICATORS, text('"PROJET : aucune version signée"', '"Version 1 signée"')),
    "the version": (INDICATORS, line("Version du transcodage", text("PROJET : aucune version signée", "Version 1"))),
    "the laboratory": (INDICATORS, text("Laboratoire;Laboratoire du Parc", "Laboratoire;Laboratoire voisin")),
    "a missing line": (INDICATORS, line("Analyses;hors", lambda _: b"")),
    "a line added": (INDICATORS, lambda b: b + b"Analyses;certifi\xc3\xa9es;6;6;100,00 %;oui;0;Toutes.\r\n"),
    "a line repeated": (INDICATORS, line("Analyses;hors", lambda b: b + b)),
    "no table": (INDICATORS, lambda b: b[: b.index(b"Indicateur;")]),
    "the rate of a chapter": (CHAPTERS, text("66,66", "96,66")),
    "a chapter left out": (CHAPTERS, line("Analyses;Sans chapitre", lambda _: b"")),
    "a row out of scope left out": ("couverture/hors-perimetre.csv", line("Analyse;COM", lambda _: b"")),
    "a reason": ("couverture/hors-perimetre.csv", text(";commentaire;", ";doublon;")),
    "who approved": ("couverture/sans-code.csv", text("Béatrice Biologiste", "Une autre")),
    "a row without code left out": ("couverture/sans-code.csv", line("Analyse;RARE", lambda _: b"")),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_the_facts_do_not_give_is_named(path: Path, tmp_path: Path, kind: str) -> None:
    name, change = TABLES[kind]
    said = refusal(tmp_path, zipped(summed(changed(path, name, change))))
    assert f"« {name} »" in said


def put(value: Any, *keys: Any) -> Callable[[Any], None]:
    def forge(report: Any) -> None:
        for key in keys[:-1]:
            report = report[key]
        assert report[keys[-1]] != value
        report[keys[-1]] = value

    return forge


def added(report: Any) -> None:
    report["certified"] = True


REPORTS: dict[str, Callable[[Any], None]] = {
    "chapters removed": lambda report: report.pop("chapters"),
    "chapters emptied": put({}, "chapters"),
    "chapters of a level emptied": put([], "chapters", "analysis"),
    "a chapter removed": lambda report: report["chapters"]["analysis"].pop(),
    "a chapter repeated": lambda report: report["chapters"]["analysis"].append(report["chapters"]["analysis"][0]),
    "a chapter with no row missing": put(0, "chapters", "analysis", 0, "rows_missing"),
    "rows missing": put(0, "figures", 0, "rows_missing"),
    "the target": put(0.3, "figures", 0, "target"),
    "the rows by standing": put(6, "figures", 0, "rows_by_standing", "transcoded"),
    "the words of a definition": put("Toutes les analyses.", "figures", 0, "definition"),
    "a choice": put(True, "figures", 0, "choices", "circuit_only"),
    "a title": put("Analyses certifiées", "figures", 0, "title"),
    "a definition that somebody composed": put("f" * 32, "figures", 0, "composed"),
    "a figure left out": lambda report: report["figures"].pop(),
    "the laboratory": put("Laboratoire voisin", "laboratory", "name"),
    "the FINESS": put("690000001", "laboratory", "finess"),
    "the catalogue": put("Autre", "catalogue", "name"),
    "the number of the catalogue": put("1", "catalogue", "id"),
    "the release": put("2.81", "loinc_release", "version"),
    "the moment": put("2020-01-01T00:00:00+00:00", "computed_at"),
    "the head": put("maillon 9", "audit_head"),
    "the version": put("Version 1", "mapping_version"),
    "an approver": put("Une autre", "approved_by", 0, "name"),
    "approvers emptied": put([], "approved_by"),
    "a row out of scope removed": put([], "out_of_scope"),
    "rows without code removed": put([], "approved_without_code"),
    "warnings": put(["Rien à savoir."], "warnings"),
    "the notice": put("", "loinc_notice"),
    "an extra key": added,
}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_that_the_facts_do_not_give_is_named(path: Path, tmp_path: Path, kind: str) -> None:
    def forge(content: bytes) -> bytes:
        report = json.loads(content)
        REPORTS[kind](report)
        return (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode()

    said = refusal(tmp_path, zipped(summed(changed(path, REPORT, forge))))
    assert REPORT in said or "faits/definitions.csv" in said or "ne peut être lu" in said


DOCUMENTS: dict[str, Callable[[bytes], bytes]] = {
    "the default figure": text("<strong>33,33\u00a0%</strong>", "<strong>83,33\u00a0%</strong>"),
    "the target reached": text("Il manque 3 lignes approuvées", "Il ne manque plus de lignes approuvées"),
    "a figure of a definition": text('<td class="num">50,00\u00a0%</td>', '<td class="num">90,00\u00a0%</td>'),
    "a version of which ours is the beginning": text(
        "PROJET : aucune version signée</p>", "PROJET : aucune version signée avant celle-ci, la version 1</p>"
    ),
    "a version said elsewhere": lambda b: text("<p>", "<p>PROJET : aucune version signée")(
        text('<p class="version">PROJET : aucune version signée', '<p class="version">Version 1 signée')(b)
    ),
    "who approved": text("Béatrice Biologiste (", "Une autre ("),
    "a share drawn": text(' fill="#1f4e5f"', ' fill="#1f4e5f" transform="scale(3 1)"'),
    "a row out of scope": text("<td>commentaire</td>", "<td>doublon</td>"),
    "a script": text("<h2>Notice LOINC</h2>", "<script>document.title='100'</script><h2>Notice LOINC</h2>"),
    "a style": text("<h2>Notice LOINC</h2>", '<p style="position:fixed">100 %</p><h2>Notice LOINC</h2>'),
    "a comment that hides": text("<h2>Double lecture</h2>", "<!--<h2>Double lecture</h2>"),
    "a chapter more": text("<h2>Notice LOINC</h2>", "<h2>Part du catalogue transcodée</h2><h2>Notice LOINC</h2>"),
    "something after the end": lambda b: b + b"<p>100 %</p>",
    "another moment": text(" (heure de Paris), calculé le", "&#32;(heure de Paris), calculé le"),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_that_the_facts_do_not_give_is_named(path: Path, tmp_path: Path, kind: str) -> None:
    said = refusal(tmp_path, zipped(summed(changed(path, REPORT_DOCUMENT, DOCUMENTS[kind]))))
    assert REPORT_DOCUMENT in said
