"""Memory, NABM acts and the national set: evidence beside the release, never a rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import Axis, Band, Engine, Knowledge, LocalTest, Proposal, Remembered, Verdict
from matcher.knowledge import acts, cut_width, signature

GLUCOSE = LocalTest(label="Glycémie", unit="mmol/L", specimen="sérum")
LEUCOCYTES = LocalTest(label="Leucocytes", unit="G/L", specimen="sang")


def first(engine: Engine, row: LocalTest) -> Proposal:
    return next(item for item in engine.propose(row) if item.rank == 1)


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"label": "GLYCEMIE"}, True),
        ({"unit": "mmol / l"}, True),
        ({"specimen": "Sérum"}, True),
        ({"code": "GLU", "chapter": "BIOCHIMIE", "nabm": "0552"}, True),
        ({"unit": "g/L"}, False),
        ({"unit": ""}, False),
        ({"specimen": "urines"}, False),
        ({"technique": "bandelette"}, False),
        ({"timing": "24H"}, False),
        ({"scale": "ORD"}, False),
        ({"level": "exam"}, False),
        ({"label": "Glycosurie"}, False),
    ],
)
def test_the_signature_is_full(change: dict[str, str], is_same: bool) -> None:
    assert (signature(replace(GLUCOSE, **change)) == signature(GLUCOSE)) is is_same


def test_giga_and_gram_are_two_signatures() -> None:
    assert signature(replace(LEUCOCYTES, unit="G/L")) != signature(replace(LEUCOCYTES, unit="g/L"))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0552", ("0552",)),
        ("552", ("0552",)),
        ("0552;0553", ("0552", "0553")),
        ("0552 / 0552", ("0552",)),
        ("HN", ()),
        ("B20", ()),
        ("B 270", ()),
        ("1104 B 270", ("1104",)),
        ("1104 B27", ("1104",)),
        ("0552 (coef. 120)", ("0552",)),
        ("2 x 1104", ("1104",)),
        ("2x1104 + 0552", ("1104", "0552")),
        ("1104 x 2", ("1104",)),
        ("1104×12;0553", ("1104", "0553")),
        ("HN 0552", ("0552",)),
        ("0552,HN", ("0552",)),
        ("1610/1609", ("1610", "1609")),
        ("1432 ; 1433", ("1432", "1433")),
        ("AB1104", ()),
        ("12345", ()),
        ("", ()),
    ],
)
def test_acts_of_a_cell(cell: str, expected: tuple[str, ...]) -> None:
    assert acts(cell) == expected


def test_a_validated_mapping_is_evidence_with_its_origin(small_engine: Engine) -> None:
    remembered = {signature(LEUCOCYTES): (Remembered("6690-2", 2, ("Laboratoire des Tilleuls", "Bio-Nord")),)}
    engine = small_engine.with_knowledge(Knowledge(memory=remembered))
    assert first(small_engine, LEUCOCYTES).loinc_num == "26464-8"
    best = first(engine, LEUCOCYTES)
    assert best.loinc_num == "6690-2"
    said = [item for item in best.evidence if "Laboratoire des Tilleuls, Bio-Nord" in item.sentence]
    assert len(said) == 1
    assert said[0].weight > 0


def test_memory_is_for_its_signature_alone(small_engine: Engine) -> None:
    remembered = {signature(LEUCOCYTES): (Remembered("6690-2", 5, ("A",)),)}
    engine = small_engine.with_knowledge(Knowledge(memory=remembered))
    other = replace(LEUCOCYTES, specimen="")
    assert engine.propose(other) == small_engine.propose(other)


def test_a_withdrawn_mapping_leaves_no_trace(small_engine: Engine) -> None:
    remembered = {signature(LEUCOCYTES): (Remembered("6690-2", 5, ("A",)),)}
    engine = small_engine.with_knowledge(Knowledge(memory=remembered)).with_knowledge(Knowledge())
    assert engine.propose(LEUCOCYTES) == small_engine.propose(LEUCOCYTES)


def test_memory_of_a_code_that_the_release_does_not_hold_is_silent(small_engine: Engine) -> None:
    remembered = {signature(LEUCOCYTES): (Remembered("0-0", 5, ("A",)),)}
    engine = small_engine.with_knowledge(Knowledge(memory=remembered))
    assert engine.propose(LEUCOCYTES) == small_engine.propose(LEUCOCYTES)


def test_a_remembered_code_that_the_unit_contradicts_is_never_sure(small_engine: Engine) -> None:
    remembered = {signature(GLUCOSE): (Remembered("2345-7", 9, ("A",)),)}
    engine = small_engine.with_knowledge(Knowledge(memory=remembered))
    proposals = {item.loinc_num: item for item in engine.propose(GLUCOSE)}
    assert proposals["2345-7"].has_contradiction
    assert proposals["2345-7"].band is not Band.SURE
    assert first(engine, GLUCOSE).loinc_num == "14749-6", "one poisoned memory does not outweigh the unit"


def test_agreement_with_memory_raises_the_confidence(small_engine: Engine) -> None:
    remembered = {signature(GLUCOSE): (Remembered("14749-6", 3, ("A",)),)}
    engine = small_engine.with_knowledge(Knowledge(memory=remembered))
    assert first(engine, GLUCOSE).confidence > first(small_engine, GLUCOSE).confidence


def test_acts_and_the_national_set_are_said(small_engine: Engine) -> None:
    row = replace(GLUCOSE, nabm="0552")
    knowledge = Knowledge(nabm={"0552": frozenset({"14749-6"})}, preferred=frozenset({"14749-6"}))
    engine = small_engine.with_knowledge(knowledge)
    evidence = {item.loinc_num: item.evidence for item in engine.propose(row)}
    assert [item.verdict for item in evidence["14749-6"] if "NABM" in item.sentence] == [Verdict.AGREE]
    assert [item.verdict for item in evidence["2345-7"] if "NABM" in item.sentence] == [Verdict.COMPATIBLE]
    assert any("Circuit de la biologie" in item.sentence for item in evidence["2345-7"])
    assert {item.axis for item in evidence["14749-6"]} == set(Axis)


def test_an_act_that_no_list_holds_says_nothing(small_engine: Engine) -> None:
    engine = small_engine.with_knowledge(Knowledge(nabm={"0001": frozenset({"2345-7"})}))
    row = replace(GLUCOSE, nabm="0552")
    assert engine.propose(row) == small_engine.propose(row)


@pytest.mark.parametrize(
    ("counts", "width"),
    [
        ({}, 0),
        ({5: 3, 9: 4, 14: 2, 20: 1}, 0),
        ({8: 5, 19: 2, 20: 9}, 20),
        ({18: 4, 19: 1, 20: 11}, 0),
        ({18: 4, 19: 1, 20: 12}, 20),
        ({19: 3, 20: 8}, 0),
        ({19: 3, 20: 9}, 20),
        ({20: 4}, 20),
        ({20: 3}, 0),
        ({11: 40}, 0),
        ({12: 40}, 12),
        ({20: 40, 45: 1}, 0),
    ],
)
def test_a_field_that_is_full_says_so_by_a_crowd(counts: dict[int, int], width: int) -> None:
    assert cut_width(counts) == width


@given(st.dictionaries(st.integers(0, 60), st.integers(1, 50), max_size=12))
def test_a_width_is_that_of_the_longest_labels(counts: dict[int, int]) -> None:
    width = cut_width(counts)
    assert width in (0, max(counts, default=0))
    if width:
        assert counts[width] > max(counts.get(width - 1, 0), counts.get(width - 2, 0))
        assert cut_width({**counts, width + 9: 1}) == 0, "a longer label shows that nothing was cut there"
