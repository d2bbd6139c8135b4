"""What changes the nature of a test, as laboratories write it: the technique, the gene, the form, the ratio."""

from dataclasses import replace

import pytest

from matcher import Engine, LocalTest, Proposal
from matcher.evidence.method import weigh_method
from matcher.types import Verdict


def codes(engine: Engine, **row: str) -> list[Proposal]:
    return [item for item in engine.propose(LocalTest(**row)) if item.rank]


def component(engine: Engine, proposal: Proposal) -> str:
    position = engine.index.number_of[proposal.loinc_num]
    return engine.index.analytes[engine.index.analyte_of[position]]


@pytest.mark.parametrize(
    "row",
    [
        {"label": "PCR", "unit": "copies/mL", "chapter": "Virologie"},
        {"label": "PCR", "unit": "log", "specimen": "LCR"},
        {"label": "PCR", "unit": "UI/mL", "specimen": "Plasma", "chapter": "Virologie"},
        {"label": "PCR", "specimen": "LCR"},
        {"label": "PCR", "chapter": "Bactériologie"},
    ],
    ids=str,
)
def test_an_amplification_is_no_c_reactive_protein(starter_engine: Engine, row: dict[str, str]) -> None:
    found = codes(starter_engine, **row)
    assert all(component(starter_engine, item) != "c reactive protein" for item in found)


def test_a_protein_mistyped_as_an_amplification_is_still_read(starter_engine: Engine) -> None:
    assert codes(starter_engine, label="PCR", unit="mg/L", specimen="Sérum")[0].loinc_num == "1988-5"


@pytest.mark.parametrize(
    ("unit", "label", "specimen", "expected"),
    [
        ("mU.L-1", "Insuline", "Sérum", "20448-7"),
        ("G.L-1", "Leucocytes", "Sang", "6690-2"),
        ("g.dL-1", "Hémoglobine", "Sang", "718-7"),
        ("µmol·L⁻¹", "Créatinine", "Sérum", "14682-9"),
    ],
)
def test_a_negative_power_is_a_slash(
    starter_engine: Engine, unit: str, label: str, specimen: str, expected: str
) -> None:
    assert starter_engine.parser.units.read(unit).dimensions
    assert codes(starter_engine, label=label, unit=unit, specimen=specimen)[0].loinc_num == expected


def test_giga_and_gram_with_a_negative_power_differ(starter_engine: Engine) -> None:
    read = starter_engine.parser.units.read
    assert (read("G.L-1").dimensions, read("g.L-1").dimensions) == (("num_conc",), ("mass_conc",))


@pytest.mark.parametrize("label", ["Flacon hémoculture", "Flacon ECBU", "Frais d'envoi", "Coût analyse sous-traitée"])
def test_what_is_believed_of_no_test_is_not_shared_again(starter_engine: Engine, label: str) -> None:
    found = starter_engine.propose(LocalTest(label=label))
    assert found[0].rank == 0
    assert sum(item.confidence for item in found) <= 1.0 + 1e-5


def test_two_writings_of_molecular_genetics_agree(starter_engine: Engine) -> None:
    facts = starter_engine.parser.parse(LocalTest(label="Facteur V Leiden", specimen="Sang")).readings[0].facts
    found = weigh_method(replace(facts, methods=("Molgen",)), "Molecular genetics method Nominal")
    assert found.verdict is Verdict.AGREE


def test_urea_nitrogen_is_not_urea(starter_engine: Engine) -> None:
    readings = starter_engine.parser.parse(LocalTest(label="Azote uréique", unit="mg/dL", specimen="Sérum")).readings
    assert {analyte for reading in readings for analyte in reading.analytes} == {"urea nitrogen"}


def test_a_total_over_hdl_is_a_ratio(starter_engine: Engine) -> None:
    assert codes(starter_engine, label="CHOL TOT/HDL", specimen="Sérum")[0].loinc_num in {"9830-1", "32309-7"}


def test_the_gene_mpl_is_no_mycoplasma(starter_engine: Engine) -> None:
    readings = starter_engine.parser.parse(LocalTest(label="MPL", specimen="Sang")).readings
    assert readings
    assert not any("mycoplasma" in analyte for reading in readings for analyte in reading.analytes)


@pytest.mark.parametrize("exam", ["Hyperglycémie provoquée", "Hyperglycémie provoquée par voie orale"])
def test_fasting_in_a_tolerance_test_is_before_the_dose(starter_engine: Engine, exam: str) -> None:
    assert codes(starter_engine, label="A jeun", unit="mmol/L", exam=exam)[0].loinc_num == "14996-3"


@pytest.mark.parametrize(("label", "unit", "expected"), [("INR", "INR", "6301-6"), ("TP", "%", "5894-1")])
def test_a_calculation_does_not_contradict_how_its_measure_is_made(
    starter_engine: Engine, label: str, unit: str, expected: str
) -> None:
    row = LocalTest(label=label, unit=unit, specimen="Plasma citraté", technique="Calcul")
    first = starter_engine.propose(row)[0]
    assert first.loinc_num == expected
    assert [line for line in first.evidence if line.verdict is Verdict.CONTRADICT] == []


def test_a_calculated_ldl_is_still_not_a_direct_one(starter_engine: Engine) -> None:
    row = LocalTest(label="LDL cholestérol", unit="g/L", specimen="Sérum", technique="Calcul")
    assert starter_engine.propose(row)[0].loinc_num == "13457-7"
