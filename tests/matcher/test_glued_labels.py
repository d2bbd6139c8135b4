"""A label that is but glued abbreviations finds its code, and is never sure on its own."""

import pytest

from matcher import Band, Engine, LocalTest
from matcher.evidence.doubt import word_is_taken_apart


@pytest.mark.parametrize(
    ("row", "component", "system"),
    [
        (LocalTest(label="NAU24", unit="mmol/24h"), "Sodium", "Urine"),
        (LocalTest(label="GLULCR", specimen="LCR", unit="mmol/L"), "Glucose", "CSF"),
        (LocalTest(label="MGGR", unit="mmol/L"), "Magnesium", "RBC"),
        (LocalTest(label="CAU", specimen="U", unit="mmol/L"), "Calcium", "Urine"),
        (LocalTest(label="ROUM", specimen="S"), "Measles virus Ab.IgM", "Ser"),
        (LocalTest(label="CLLCR", specimen="LCR", unit="mmol/L"), "Chloride", "CSF"),
    ],
)
def test_a_glued_label_is_read(starter_engine: Engine, row: LocalTest, component: str, system: str) -> None:
    best = starter_engine.propose(row)[0]
    term = starter_engine.index.terms[starter_engine.index.number_of[best.loinc_num]]
    assert component in term.component
    assert term.system.startswith(system)


@pytest.mark.parametrize("label", ["NAU24", "ZNGR", "ROUM", "TOXG", "FOLS"])
def test_a_glued_label_alone_says_so_and_is_not_sure(starter_engine: Engine, label: str) -> None:
    best = starter_engine.propose(LocalTest(label=label))[0]
    assert best.band is not Band.SURE
    reading = starter_engine.parser.parse(LocalTest(label=label)).readings[0]
    assert [doubt.term for doubt in reading.doubts if doubt.rule is word_is_taken_apart]
    assert any("abréviations collées" in line.sentence for line in best.evidence)


def test_a_word_that_is_known_is_not_taken_apart(starter_engine: Engine) -> None:
    for label in ("Fer", "CRP", "Cystatine", "GALE", "Plomb urinaire"):
        readings = starter_engine.parser.parse(LocalTest(label=label)).readings
        assert not any(doubt.rule is word_is_taken_apart for reading in readings for doubt in reading.doubts), label


@pytest.mark.parametrize(
    ("row", "component"),
    [
        (LocalTest(label="AC URIQ", specimen="S", unit="µmol/L"), "Urate"),
        (LocalTest(label="CHOHDL", specimen="S", unit="mmol/L"), "Cholesterol.in HDL"),
        (LocalTest(label="LEVETI", specimen="S", unit="mg/L"), "levETIRAcetam"),
        (LocalTest(label="TP T", unit="s"), "Coagulation tissue factor induced"),
    ],
)
def test_the_mnemonics_of_laboratory_systems_are_read(starter_engine: Engine, row: LocalTest, component: str) -> None:
    assert starter_engine.parser.parse(row).readings[0].spans[0][1] == component


@pytest.mark.parametrize("label", ["PHENO", "CARBA", "PARA"])
def test_a_mnemonic_of_several_meanings_needs_its_unit(starter_engine: Engine, label: str) -> None:
    with_unit = starter_engine.parser.parse(LocalTest(label=label, unit="mg/L")).readings[0]
    assert with_unit.spans
    alone = starter_engine.parser.parse(LocalTest(label=label)).readings[0]
    assert not alone.spans
