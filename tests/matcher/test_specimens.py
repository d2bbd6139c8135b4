"""The specimen of a row: several in one cell, a site against its neighbour, a fluid that has a name, a clearance."""

import pytest

from matcher import Axis, Engine, LocalTest, Verdict
from matcher.evidence.system import one_of_several_specimens, weigh_system
from matcher.facts import Facts
from matcher.normalise.units import UnitReading


def systems_of(engine: Engine, **row: str) -> tuple[str, ...]:
    return engine.parser.parse(LocalTest(**row)).readings[0].facts.systems


def weighed(*systems: str, value: str) -> tuple[Verdict, float]:
    found = weigh_system(Facts(unit=UnitReading(""), systems=systems), value)
    return found.verdict, found.strength


@pytest.mark.parametrize("cell", ["Écouvillon vaginal|Urines", "Selles ; Gorge", "LCR ou urines", "Peau, Urines"])
def test_specimens_that_are_not_neighbours_mean_any_of_them(starter_engine: Engine, cell: str) -> None:
    assert systems_of(starter_engine, label="Mycoplasma genitalium", specimen=cell)[0] == "XXX"


@pytest.mark.parametrize("cell", ["Sérum|Plasma", "Sérum|Plasma|Sang total", "Écouvillon vaginal|Endocol", "Sérum"])
def test_neighbouring_specimens_stay_what_they_are(starter_engine: Engine, cell: str) -> None:
    assert "XXX" not in systems_of(starter_engine, label="Potassium", specimen=cell)[:1]


def test_a_code_of_one_of_several_specimens_says_so_and_yields_to_one_of_any() -> None:
    found = weigh_system(Facts(unit=UnitReading(""), systems=("XXX", "Vag", "Urine")), "Urine")
    assert found.rule is one_of_several_specimens
    assert found.strength < weighed("XXX", "Vag", "Urine", value="XXX")[1]


@pytest.mark.parametrize(("site", "other"), [("Urethra", "Vag"), ("Vag", "Urethra"), ("Penis", "Cvx")])
def test_two_sites_of_one_region_contradict_each_other(site: str, other: str) -> None:
    assert weighed(site, "Genital", value=other)[0] is Verdict.CONTRADICT
    assert weighed(site, "Genital", value="Genital")[0] is not Verdict.CONTRADICT


def test_a_nasal_swab_is_of_the_nose_before_the_nasopharynx(starter_engine: Engine) -> None:
    assert systems_of(starter_engine, label="VRS", specimen="Écouvillonnage nasal") == ("Nose",)
    assert weighed("Nose", value="Nph")[0] is Verdict.COMPATIBLE


def test_a_named_fluid_has_the_code_of_any_fluid_before_that_of_any_specimen() -> None:
    assert weighed("Plr fld", value="Body fld")[1] > weighed("Plr fld", value="XXX")[1]


@pytest.mark.parametrize("label", ["Couleur du liquide", "Cellularité du liquide"])
def test_a_fluid_in_the_label_is_read_and_yields_to_a_column_that_names_one(starter_engine: Engine, label: str) -> None:
    assert systems_of(starter_engine, label=label)[:1] == ("Body fld",)
    assert systems_of(starter_engine, label=label, specimen="LCR") == ("CSF",)


@pytest.mark.parametrize("label", ["Clairance de l'urée", "Clairance du phosphore", "Clairance acide urique"])
@pytest.mark.parametrize("specimen", ["Urines", "Sérum"])
def test_a_clearance_is_of_urine_and_of_serum(starter_engine: Engine, label: str, specimen: str) -> None:
    reading = starter_engine.parser.parse(LocalTest(label=label, specimen=specimen, unit="mL/min")).readings[0]
    for value in ("Urine", "Ser/Plas", "Urine+Ser/Plas"):
        assert weigh_system(reading.facts, value).verdict is not Verdict.CONTRADICT
    proposal = starter_engine.propose(LocalTest(label=label, specimen=specimen, unit="mL/min"))[0]
    assert not any(item.axis is Axis.SYSTEM and item.verdict is Verdict.CONTRADICT for item in proposal.evidence)


def test_a_word_for_any_specimen_adds_nothing_to_a_name(starter_engine: Engine) -> None:
    for cell in ("Genital Specimen", "Échantillon urinaire"):
        assert "XXX" not in systems_of(starter_engine, label="Candida", specimen=cell), cell


def test_a_region_is_not_one_of_its_sites() -> None:
    assert weighed("Genital", "Vag", value="Genital")[1] > 2 * weighed("Genital", "Vag", value="Vag")[1] - 0.1


@pytest.mark.parametrize(
    ("specimen", "unit", "nature"), [("Sérum", "", "ab"), ("Gorge", "", ""), ("Sérum", "UI/L", "")]
)
def test_a_bare_organism_of_a_serum_is_a_serology(
    starter_engine: Engine, specimen: str, unit: str, nature: str
) -> None:
    row = LocalTest(label="Oreillons", specimen=specimen, unit=unit, chapter="Virologie")
    assert starter_engine.parser.parse(row).readings[0].facts.nature == nature


@pytest.mark.parametrize(
    ("cell", "first", "further"),
    [("Sang total|Plasma", "Bld", "Plas"), ("Plasma|Sang total", "Plas", "Bld"), ("Selles ou Urines", "", "")],
)
def test_the_specimen_named_first_is_the_usual_one(starter_engine: Engine, cell: str, first: str, further: str) -> None:
    facts = starter_engine.parser.parse(LocalTest(label="VIH-1 qualitatif", specimen=cell)).readings[0].facts
    assert (further in facts.further_systems) is bool(further)
    if further:
        assert first not in facts.further_systems
        assert weigh_system(facts, first).strength - weigh_system(facts, further).strength >= 0.4


def test_a_specimen_named_in_the_label_leaves_the_column_without_an_order(starter_engine: Engine) -> None:
    row = LocalTest(label="VIH-1 plasma", specimen="Sang total|Plasma")
    assert starter_engine.parser.parse(row).readings[0].facts.further_systems == ()
