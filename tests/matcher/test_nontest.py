"""Rows that are no tests, or name a set of tests, are told from tests, and no test is thrown away."""

import re

import pytest

from matcher import Band, Engine, LocalTest, Tables
from matcher.nontest import PANEL_REASON
from tests.bench.matching.datasets import Case
from tests.bench.matching.nontests import alarms_over_cases, halves, read_labelled, said_of, shares

ALARMS = 1 / 200
"""The largest share of tests that may be taken for something else."""


def no_test_probability(engine: Engine, row: LocalTest) -> float:
    said = [item for item in engine.propose(row, top=1) if item.rank == 0]
    return max((item.confidence for item in said if item.evidence[0].sentence != PANEL_REASON), default=0.0)


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
        ("Vitamine D", "ng/mL"), ("Sérologie vaccinale hépatite B", "UI/L"),
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


def test_most_rows_of_our_own_set_are_recognised_and_hardly_a_test_is(starter_engine: Engine) -> None:
    rows = read_labelled()
    learning, judging = (shares(starter_engine, half) for half in halves(rows))
    assert min(learning.nontests, learning.panels) >= 0.93
    assert min(judging.nontests, judging.panels) >= 0.88
    alarms, count = alarms_over_cases(starter_engine)
    assert alarms / count <= ALARMS
    assert shares(starter_engine, rows).false_alarms <= ALARMS


def test_the_labelled_rows_are_told_apart_once(starter_engine: Engine) -> None:
    """A row labelled twice, or a set too small, would make the shares above say less than they seem to."""
    rows = read_labelled()
    counts = {kind: sum(row.kind == kind for row in rows) for kind in ("nontest", "panel", "test")}
    assert sum(counts.values()) == len(rows) == len({(row.test.label, row.test.unit) for row in rows})
    assert counts["nontest"] >= 250
    assert counts["panel"] >= 120
    assert counts["test"] >= 600


@pytest.mark.parametrize(
    "label",
    [
        # A noun of a thing handled, of an act, of administration, whatever follows.
        "Étiquettes bactério suppl.", "FLACON EDTA N°3", "Facturé à la clinique", "ENVOYER AU CNR", "Saisie glycémie",
        "Réimpression carte", "Tube violet pédiatrique", "CODE SERVICE", "Paillasse d'hématologie", "Pot stérile reçu",
        # What becomes of it, at the end.
        "Glycémie non faite", "Sérum à recongeler", "NFS à refaire", "CMV annulée",
        # A question, a bare heading, a word cut at the width of its column.
        "Grossesse en cours ?", "Hématologie", "INTERPRETAT", "Aspect",
    ],
)  # fmt: skip
def test_kinds_of_words_that_are_no_test(starter_engine: Engine, label: str) -> None:
    assert said_of(starter_engine, LocalTest(label=label)) == "nontest"


@pytest.mark.parametrize(
    "row",
    [
        LocalTest(label="Fact VIII"), LocalTest(label="Blanc d'œuf"), LocalTest(label="IgE tabac, feuille"),
        LocalTest(label="Cryoglobulines"), LocalTest(label="Titre", chapter="Sérologie"), LocalTest(label="PRL"),
        LocalTest(label="Aspect", specimen="LCR"), LocalTest(label="Aspect", chapter="Urines"), LocalTest(label="TB1"),
        LocalTest(label="Saisie glycémie", unit="mmol/L"), LocalTest(label="Flacon aérobie"),
        LocalTest(label="Tube 3", reference_range="2 à 5"), LocalTest(label="Profil électrophorétique"),
        LocalTest(label="Électrophorèse des protéines"), LocalTest(label="Sérologie rubéole IgG"),
        LocalTest(label="Ionogramme urinaire - Na"), LocalTest(label="ECBU culture"), LocalTest(label="HGPO T120"),
        LocalTest(label="Bilan azoté"), LocalTest(label="Numération des plaquettes"),
    ],
    ids=lambda row: row.label,
)  # fmt: skip
def test_an_analyte_a_unit_or_a_result_keeps_a_test(starter_engine: Engine, row: LocalTest) -> None:
    assert said_of(starter_engine, row) == "test"


SETS = (
    "Bilan rénal et lipidique", "NFS + VS", "IONO COMPLET", "Hémogramme complet", "Hémostase standard", "Transaminases",
    "Sérologie toxo", "Sérologie rubéole IgG IgM", "Antibiogramme", "Sous-populations lymphocytaires", "Gaz du sang",
    "Marqueurs tumoraux", "ECBU sonde", "Hémostase préop", "Groupe complet",
)  # fmt: skip


@pytest.mark.parametrize("label", SETS)
def test_an_analysis_that_names_a_set_is_said_to(starter_engine: Engine, label: str) -> None:
    first = starter_engine.propose(LocalTest(label=label))[0]
    assert first.rank == 0
    assert first.evidence[0].sentence == PANEL_REASON
    assert first.band is Band.TO_CHECK, "a person still looks"


@pytest.mark.parametrize("label", SETS)
def test_an_exam_or_a_row_with_results_is_no_set_of_analyses(starter_engine: Engine, label: str) -> None:
    assert said_of(starter_engine, LocalTest(label=label, level="exam")) == "test"
    assert said_of(starter_engine, LocalTest(label=label, unit="g/L")) == "test"
    assert said_of(starter_engine, LocalTest(label=label, scale="Quantitatif")) == "test"
    assert said_of(starter_engine, LocalTest(label=label, reference_range="1 à 3")) == "test"


@pytest.mark.parametrize("label", ["TP TCA FIB", "Fer, ferritine, CST", "ASAT / ALAT / GGT", "CK LDH ASAT"])
def test_results_named_one_after_the_other_are_a_set(starter_engine: Engine, label: str) -> None:
    best = starter_engine.propose(LocalTest(label=label))[0]
    assert best.rank == 0
    assert best.evidence[0].sentence == PANEL_REASON


@pytest.mark.parametrize(
    "label",
    ["Rapport albumine créatinine", "Protéine C réactive", "Toxo IgG IgM", "CA 15-3", "Cholestérol HDL"],
)
def test_one_result_of_several_words_is_no_set(starter_engine: Engine, label: str) -> None:
    assert starter_engine.propose(LocalTest(label=label))[0].rank == 1
