"""What a code leaves out of a row, or guesses of it, keeps it from being sure and is a line of its explanation."""

import pytest

from loinc_data.tables import load_starter_terms
from matcher import Band, Engine, LocalTest, Proposal, Tables
from matcher.certainty import guesses_specimen, left_out
from matcher.evidence.doubt import another_comes_first, technique_left_out, words_left_out
from matcher.facts import Facts, Reading
from matcher.index import TermIndex
from matcher.normalise.units import UnitReading

NO_UNIT = UnitReading("")


def rules_of(
    reading: Reading, analyte: str, method_strength: float = 0.5, analytes: frozenset[str] = frozenset()
) -> list[object]:
    return [doubt.rule for doubt in left_out(reading, analyte, "Ser/Plas", method_strength, analytes)]


def a_reading(*analytes: str, wanted: tuple[str, ...], instead: tuple[str, ...] = (), **facts: object) -> Reading:
    said = Facts(unit=NO_UNIT, systems=("Ser/Plas",), **facts)  # type: ignore[arg-type]
    return Reading(wanted, (), analytes, (), said, 0.0, instead=instead)


def test_a_code_that_says_all_the_words_leaves_nothing_out() -> None:
    assert rules_of(a_reading("gliadin ab.iga", wanted=("gliadin", "ab", "iga")), "gliadin ab.iga") == []


def test_a_word_of_the_label_that_the_component_does_not_say() -> None:
    reading = a_reading("gliadin ab.iga", wanted=("gliadin", "ab", "iga", "igg"))
    assert rules_of(reading, "gliadin ab.iga") == [words_left_out]


def test_an_analyte_of_the_release_that_comes_first() -> None:
    reading = a_reading("choriogonadotropin", wanted=("choriogonadotropin",), instead=("hcg beta",))
    assert rules_of(reading, "choriogonadotropin", analytes=frozenset({"hcg beta"})) == [another_comes_first]
    assert rules_of(reading, "choriogonadotropin") == []


def test_a_technique_of_the_label_that_the_code_does_not_carry() -> None:
    reading = a_reading("glucose", wanted=("glucose",), label_methods=("Calculated",))
    assert rules_of(reading, "glucose", method_strength=0.15) == [technique_left_out]
    assert rules_of(reading, "glucose", method_strength=1.0) == []


@pytest.mark.parametrize(
    ("facts", "system", "expected"),
    [
        (Facts(NO_UNIT, classes=("MICRO",)), "Urine", True),
        (Facts(NO_UNIT, classes=("MICRO",)), "XXX", False),
        (Facts(NO_UNIT, classes=("MICRO",), nature="susc"), "Isolate", False),
        (Facts(NO_UNIT, systems=("RBC", "Bld")), "Bld", True),
        (Facts(NO_UNIT, systems=("Ser/Plas", "Bld", "Ser"), class_systems=("Ser/Plas",)), "Bld", True),
        (Facts(NO_UNIT, systems=("Ser/Plas", "Bld", "Ser"), class_systems=("Ser/Plas",)), "Ser/Plas", False),
        (Facts(NO_UNIT, systems=("Ser", "Ser/Plas"), class_systems=("Bld",)), "Ser/Plas", False),
    ],
)
def test_a_specimen_is_guessed_when_the_row_does_not_settle_it(facts: Facts, system: str, expected: bool) -> None:
    assert guesses_specimen(facts, system) is expected


ROWS = [
    LocalTest(label="Diamètre ceftriaxone", unit="mm", chapter="Antibiogramme"),
    LocalTest(label="CMI vancomycine", unit="mg/L", chapter="Antibiogramme"),
    LocalTest(label="PFA collagène ADP", unit="s", specimen="Sang citraté", chapter="Hémostase"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_without_the_right_code_its_neighbour_is_not_sure(
    starter_engine: Engine, starter_tables: Tables, row: LocalTest
) -> None:
    best = next(item for item in starter_engine.propose(row) if item.rank == 1)
    named = starter_engine.index.terms[starter_engine.index.number_of[best.loinc_num]]
    left = [
        term
        for term in load_starter_terms()
        if (term.component, term.system, term.method_typ) != (named.component, named.system, named.method_typ)
    ]
    without = Engine(TermIndex.build(left), starter_tables)
    assert not [item for item in without.propose(row) if item.band is Band.SURE]


def lines_of(proposal: Proposal) -> str:
    return " ".join(item.sentence for item in proposal.evidence)


@pytest.mark.parametrize(
    ("label", "read"), [("Cr?atinine", "creatinine"), ("Ferriti", "ferritin")]
)
def test_a_word_that_was_completed_is_named(starter_engine: Engine, label: str, read: str) -> None:
    row = LocalTest(label=label, unit="µg/L", specimen="Sérum")
    assert f"lu « {read}" in lines_of(starter_engine.propose(row)[0]).lower()
