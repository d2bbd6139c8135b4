"""Every part of a score is a line of the explanation: the weights of the lines add up to it."""

import pytest

from matcher.engine import Engine
from matcher.evidence import choice, usage
from matcher.evidence.base import sentence_of
from matcher.index import TermIndex
from matcher.knowledge import Knowledge, Remembered, signature
from matcher.types import LexiconEntry, LocalTest, Tables, Term

TERMS = (
    Term("1-8", "Leukocytes", "NCnc", "Pt", "Bld", "Qn", "Automated count", "HEM/BC", usage=1),
    Term("2-6", "Leukocytes", "NCnc", "Pt", "Bld", "Qn", "", "HEM/BC", usage=1),
    Term("3-4", "Leukocytes", "NCnc", "Pt", "Bld", "Qn", "Manual count", "HEM/BC", usage=2),
    Term("4-2", "Leukocytes", "NCnc", "Pt", "Urine", "Qn", "", "UA", status="DISCOURAGED"),
    Term("5-9", "Leukocytes", "PrThr", "Pt", "Bld", "Ord", "", "HEM/BC", order_obs="Order"),
    Term("6-7", "Leukocytes", "NCnc", "Pt", "Bld", "Qn", "", "HEM/BC", long_common_name="Leukocytes in Blood of Donor"),
)
TABLES = Tables(
    lexicon=(LexiconEntry("leucocytes", component=("Leukocytes",)),),
    units=(("G/L", ("10*9/L",), ("number/volume",)),),
    specimens=(("Sang", ("Bld",)), ("Urines", ("Urine",))),
    chapters=(("Hématologie", ("HEM/BC",), ("Bld",)),),
    national=(("1-8", "liste publique"),),
)
ROWS = (
    LocalTest(label="Leucocytes", unit="G/L", specimen="Sang", chapter="Hématologie"),
    LocalTest(label="Leucocytes", specimen="Urines"),
    LocalTest(label="Leucocytes inconnu", chapter="Hématologie"),
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(TermIndex.build(TERMS), TABLES)


@pytest.mark.parametrize("test", ROWS)
def test_the_weights_of_the_lines_are_the_score(engine: Engine, test: LocalTest) -> None:
    knowing = engine.with_knowledge(
        Knowledge(memory={signature(test): (Remembered("3-4", 2, ("un catalogue",)),)}, preferred=frozenset({"2-6"}))
    )
    for known in (engine, knowing):
        found = known.candidates(test, 6)
        assert len(found) >= 4
        for candidate in found:
            lines = known.explain(candidate, test)
            assert sum(line.weight for line in lines) == pytest.approx(candidate.score, abs=0.01)


def test_what_is_about_no_axis_has_its_line(engine: Engine) -> None:
    row = ROWS[0]
    told = {
        engine.index.loinc_nums[candidate.position]: {line.sentence: line.weight for line in lines}
        for candidate in engine.candidates(row, 6)
        if (lines := engine.explain(candidate, row))
    }
    back = sentence_of(choice.stands_back, "", "")
    assert [code for code, lines in told.items() if back in lines] == ["2-6", "3-4"]
    assert told["2-6"][back] == told["3-4"][back] == -engine.options.weights.national_choice
    assert told["4-2"][sentence_of(usage.status_counts, "", "DISCOURAGED")] == -1.5
    assert told["4-2"][sentence_of(usage.class_meets_chapter, "Hématologie", "UA")] < 0
    assert told["1-8"][sentence_of(usage.class_meets_chapter, "Hématologie", "HEM/BC")] > 0
    assert told["5-9"][sentence_of(usage.kind_of_code, "Hématologie", "Order")] < 0
    assert told["6-7"][sentence_of(usage.subject_counts, "Hématologie", "")] < 0
    assert told["1-8"][sentence_of(usage.code_is_usual, "Hématologie", "")] > 0


def test_a_contradicted_axis_says_what_it_costs(engine: Engine) -> None:
    row = ROWS[0]
    wrong = next(item for item in engine.candidates(row, 6) if engine.index.loinc_nums[item.position] == "4-2")
    weights = engine.options.weights
    assert any(line.weight < -weights.veto for line in engine.explain(wrong, row) if line.axis == "system")
