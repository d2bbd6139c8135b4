"""A technique that the row names chooses the code that carries it, and says what is sought of an organism."""

import pytest

from matcher import Engine, LocalTest, Verdict
from matcher.evidence.method import weigh_method
from matcher.facts import Facts
from matcher.lexicon import compile_lexicon
from matcher.normalise.units import UnitReading
from matcher.types import LexiconEntry, Term

NO_UNIT = UnitReading("", (), ())


def first_term(engine: Engine, **row: str) -> Term:
    best = next(item for item in engine.propose(LocalTest(**row)) if item.rank == 1)
    return engine.index.terms[engine.index.number_of[best.loinc_num]]


@pytest.mark.parametrize("method", ["Line blot", "Confirm", "Thick film", "Nephelometry"])
def test_a_telling_technique_is_held_against_a_code_without_method(method: str) -> None:
    facts = Facts(NO_UNIT, methods=(method,))
    assert weigh_method(facts, "").strength < 0 < weigh_method(facts, method).strength


@pytest.mark.parametrize("method", ["IA", "Coag", "Automated count"])
def test_a_technique_that_goes_without_saying_is_not(method: str) -> None:
    assert weigh_method(Facts(NO_UNIT, methods=(method,)), "").strength > 0


@pytest.mark.parametrize("specimen", ["Selles", "Écouvillon nasopharyngé", "Prélèvement urétral"])
def test_immunofluorescence_outside_the_blood_shows_an_antigen(starter_engine: Engine, specimen: str) -> None:
    row = LocalTest(label="Chlamydia trachomatis", specimen=specimen, technique="Immunofluorescence")
    assert starter_engine.parser.parse(row).readings[0].facts.nature == "ag"


@pytest.mark.parametrize("specimen", ["Sérum", "LCR", "Sang", ""])
def test_in_the_blood_it_shows_antibodies(starter_engine: Engine, specimen: str) -> None:
    row = LocalTest(label="Chlamydia trachomatis", specimen=specimen, technique="Immunofluorescence")
    assert starter_engine.parser.parse(row).readings[0].facts.nature == "ab"


@pytest.mark.parametrize("label", ["Norovirus", "Rotavirus", "Astrovirus"])
def test_amplification_looks_for_nucleic_acids_not_for_the_usual_antigen(starter_engine: Engine, label: str) -> None:
    row = LocalTest(label=label, specimen="Selles", technique="PCR")
    best = max(starter_engine.parser.parse(row).readings, key=lambda reading: reading.prior)
    assert best.facts.nature == "na"
    usual = starter_engine.parser.parse(LocalTest(label=label, specimen="Selles", technique="ELISA")).readings[0]
    assert usual.facts.nature == "ag"


def test_what_is_identified_is_a_test_and_no_bare_organism() -> None:
    table = compile_lexicon(
        (
            LexiconEntry("paludisme", "organism", ("Plasmodium sp identified",)),
            LexiconEntry("toxoplasme", "organism", ("Toxoplasma gondii",)),
            LexiconEntry("virus de la rage", "synonym", ("Rabies virus",)),
        )
    )
    assert [table.get(text)[0].is_organism for text in ("paludisme", "toxoplasme", "virus de la rage")] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(("technique", "method"), [("Goutte épaisse", "Thick film"), ("Frottis mince", "Thin film")])
def test_a_film_of_blood_finds_the_code_of_its_film(starter_engine: Engine, technique: str, method: str) -> None:
    assert first_term(starter_engine, label="Plasmodium", specimen="Sang", technique=technique).method_typ == method


@pytest.mark.parametrize("method", ["Thin film", "Thick film", "Malaria smear", "Microscopy.light"])
def test_a_film_is_looked_at_under_the_microscope(method: str) -> None:
    assert weigh_method(Facts(NO_UNIT, methods=("Microscopy",)), method).verdict is not Verdict.CONTRADICT
    assert weigh_method(Facts(NO_UNIT, methods=("IA.rapid",)), method).verdict is Verdict.CONTRADICT
