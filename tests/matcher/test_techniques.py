"""Techniques: named before implied, understood from the chapter, from the unit, from what is looked at."""

import pytest

from matcher import Engine, LocalTest
from matcher.evidence.method import not_grown, seen_directly, weigh_method
from matcher.facts import Facts, Reading
from matcher.normalise.units import UnitReading
from matcher.types import Term


def reading_of(engine: Engine, **row: str) -> Reading:
    return engine.parser.parse(LocalTest(**row)).readings[0]


def first_term(engine: Engine, **row: str) -> Term:
    best = next(item for item in engine.propose(LocalTest(**row)) if item.rank == 1)
    return engine.index.terms[engine.index.number_of[best.loinc_num]]


@pytest.mark.parametrize("label", ["Recherche de BAAR par fluorochrome", "BAAR à l'auramine", "BAAR (auramine)"])
def test_a_technique_that_the_label_names_replaces_the_one_that_its_analyte_implies(
    starter_engine: Engine, label: str
) -> None:
    methods = reading_of(starter_engine, label=label, specimen="Crachat", chapter="Mycobactériologie").facts.methods
    assert methods[0] == "Rhodamine-auramine fluorochrome stain"
    assert "Acid fast stain.Ziehl-Neelsen" not in methods


@pytest.mark.parametrize("words", ["préparation humide", "état frais", "montage humide", "entre lame et lamelle"])
def test_a_wet_preparation_has_many_names(starter_engine: Engine, words: str) -> None:
    row = {"label": f"Candida {words}", "specimen": "Prélèvement vaginal", "chapter": "Bactériologie"}
    assert "Wet preparation" in reading_of(starter_engine, **row).facts.methods


@pytest.mark.parametrize("label", ["Clue cells", "Leucocytes", "Hématies", "Levures", "Cellules épithéliales"])
@pytest.mark.parametrize("specimen", ["Prélèvement vaginal", "Prélèvement urétral", "Gorge", "Sperme"])
def test_what_bacteriology_sees_is_seen_and_not_grown(starter_engine: Engine, label: str, specimen: str) -> None:
    facts = reading_of(starter_engine, label=label, specimen=specimen, chapter="Bactériologie").facts
    assert facts.is_seen
    assert weigh_method(facts, "Wet preparation").rule is seen_directly
    assert weigh_method(facts, "Organism specific culture").rule is not_grown


@pytest.mark.parametrize(
    "row",
    [
        {"label": "Levures", "specimen": "Prélèvement vaginal", "chapter": "Bactériologie", "technique": "Culture"},
        {"label": "Leucocytes", "specimen": "LCR", "chapter": "Bactériologie", "unit": "/mm3"},
        {"label": "Leucocytes", "specimen": "Sang", "chapter": "Hématologie"},
        {"label": "Streptocoque B", "specimen": "Prélèvement vaginal", "chapter": "Bactériologie"},
    ],
)
def test_what_is_counted_grown_or_of_the_blood_is_not_merely_seen(starter_engine: Engine, row: dict[str, str]) -> None:
    assert not reading_of(starter_engine, **row).facts.is_seen


def test_an_exam_as_synonym_does_not_outweigh_the_analyte(starter_engine: Engine) -> None:
    row = {"label": "Hématies", "synonym": "ECB oreille", "specimen": "Oreille", "chapter": "Bactériologie"}
    assert first_term(starter_engine, **row).component == "Erythrocytes"


@pytest.mark.parametrize("label", ["Numération", "Nombre", "Dénombrement"])
def test_a_unit_of_colonies_says_that_colonies_are_counted(starter_engine: Engine, label: str) -> None:
    row = {"label": label, "unit": "UFC/mL", "specimen": "Urines", "chapter": "Bactériologie"}
    assert first_term(starter_engine, **row).component == "Colony count"


@pytest.mark.parametrize("label", ["CCMH", "CGMH", "Concentration corpusculaire moyenne en hémoglobine"])
def test_the_percent_of_a_corpuscular_concentration_is_grams_in_100_ml(starter_engine: Engine, label: str) -> None:
    unit = reading_of(starter_engine, label=label, unit="%", specimen="Sang").facts.unit
    assert unit.dimensions == ("mass_conc",)
    assert "%" in unit.text
    assert reading_of(starter_engine, label="Hématocrite", unit="%", specimen="Sang").facts.unit.text == "%"


@pytest.mark.parametrize("label", ["Mixtes", "MXD", "Cellules moyennes", "MID"])
def test_the_third_population_of_a_three_part_count_has_its_name(starter_engine: Engine, label: str) -> None:
    spans = reading_of(starter_engine, label=label, unit="%", specimen="Sang", chapter="Hématologie").spans
    assert any(component.startswith("Basophils+Eosinophils+Monocytes") for _, component in spans), spans


def test_a_limit_of_detection_is_held_against_a_code_less_than_a_technique() -> None:
    facts = Facts(unit=UnitReading("mUI/L"))
    precise = weigh_method(facts, "Detection limit <= 0.005 mIU/L").strength
    assert weigh_method(facts, "Radioimmunoassay (RIA)").strength < precise < weigh_method(facts, "").strength
