"""Rows that are no tests are told from tests, and no test is thrown away."""

import re

import pytest

from matcher import Engine, LocalTest, Tables
from tests.bench.matching.datasets import Case


def no_test_probability(engine: Engine, row: LocalTest) -> float:
    return max((item.confidence for item in engine.propose(row, top=1, explain=False) if item.rank == 0), default=0.0)


def test_no_labelled_test_is_judged_no_test(starter_engine: Engine, cases: list[Case]) -> None:
    thrown_away = [
        case.case_id for case in cases if case.right and no_test_probability(starter_engine, case.test) > 0.5
    ]
    assert thrown_away == []


def test_most_labelled_rows_that_are_no_tests_are_recognised(starter_engine: Engine, cases: list[Case]) -> None:
    rows = [case for case in cases if not case.right]
    recognised = [case for case in rows if no_test_probability(starter_engine, case.test) > 0.5]
    assert len(recognised) / len(rows) >= 0.65


@pytest.mark.parametrize(
    "label",
    [
        "Commentaire", "COMMENTAIRE BIOLOGISTE", "Prélèvement à domicile", "Prise de sang", "Forfait préanalytique",
        "Conclusion", "Conclusion ECBU", "Majoration de nuit", "Date des dernières règles", "Traitement en cours",
        "Nombre de tubes", "Frais de transport", "Sérothèque", "Interprétation biologique", "----------", "Étiquette",
    ],
)  # fmt: skip
def test_rows_that_are_no_tests(starter_engine: Engine, label: str) -> None:
    proposals = starter_engine.propose(LocalTest(label=label))
    assert proposals[0].rank == 0
    assert proposals[0].confidence > 0.5
    assert proposals[0].evidence[0].sentence


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("Glycémie", "g/L"), ("Créatinine", "µmol/L"), ("Aspect du sérum", ""), ("Aspect des urines", ""),
        ("Volume urinaire 24h", "mL"), ("Volume du prélèvement", "mL"), ("Délai d'abstinence", "j"),
        ("Diurèse", "mL/24h"),
        ("Recherche de sang dans les selles", ""), ("Couleur", ""), ("Temps de saignement", "min"),
        ("Rapport albumine/globulines", ""), ("Indice de Sokolov", ""), ("Test de Coombs direct", ""),
        ("Examen direct", ""), ("Culture", ""), ("Frottis sanguin", ""), ("Coloration de Gram", ""),
        ("Antibiogramme", ""), ("Vitamine D", "ng/mL"), ("Sérologie vaccinale hépatite B", "UI/L"),
    ],
)  # fmt: skip
def test_tests_that_resemble_other_rows(starter_engine: Engine, label: str, unit: str) -> None:
    assert no_test_probability(starter_engine, LocalTest(label=label, unit=unit)) <= 0.5


def test_every_pattern_compiles_and_has_a_reason(starter_tables: Tables) -> None:
    assert len(starter_tables.nontests) > 50
    for pattern, reason in starter_tables.nontests:
        re.compile(pattern)
        assert reason.strip(), pattern


def test_patterns_are_written_in_folded_text(starter_tables: Tables) -> None:
    """Labels are folded before they are matched: an accent or a capital letter would never match."""
    for pattern, _ in starter_tables.nontests:
        bare = re.sub(r"\\[A-Za-z]", "", pattern)
        assert bare.isascii(), pattern
        assert bare == bare.lower(), pattern
