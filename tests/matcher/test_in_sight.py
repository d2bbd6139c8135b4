"""What the label names in full is among the first proposals, and a strip is no part of a cytology of urine."""

from itertools import pairwise

import pytest

from matcher import Engine, LocalTest
from matcher.evidence.choice import stands_in_sight
from matcher.evidence.method import strip_is_apart, weigh_method
from matcher.facts import Facts
from matcher.normalise.units import UnitReading
from matcher.ranking import IN_SIGHT
from matcher.types import Verdict
from tests.bench.matching.datasets import Case

NO_UNIT = UnitReading("", (), ())


def test_what_the_label_names_in_full_is_seen_though_all_contradicts(starter_engine: Engine) -> None:
    row = LocalTest(label="Phénotype Rh", specimen="Sérum", unit="g/L")
    proposals = [item for item in starter_engine.propose(row, 10) if item.rank]
    assert [item.loinc_num for item in proposals].index("10331-7") == IN_SIGHT - 1
    shown = proposals[IN_SIGHT - 1]
    assert Verdict.CONTRADICT in {line.verdict for line in shown.evidence}
    assert stands_in_sight.__doc__ in {line.sentence for line in shown.evidence}
    assert all(left.confidence >= right.confidence for left, right in pairwise(proposals))


def test_few_rows_need_it(starter_engine: Engine, cases: list[Case]) -> None:
    found = [starter_engine.candidates(case.test, 100) for case in cases]
    assert sum(any(item.is_in_sight for item in items) for items in found) < len(cases) / 200
    assert all(item.is_in_sight <= (place == IN_SIGHT - 1) for items in found for place, item in enumerate(items))


@pytest.mark.parametrize("method", ["Test strip", "Automated test strip"])
def test_a_strip_is_apart_from_the_cytology_of_urine(method: str) -> None:
    apart = weigh_method(Facts(NO_UNIT, systems=("Urine",), is_cytology=True), method)
    assert apart.rule is strip_is_apart
    assert apart.strength < weigh_method(Facts(NO_UNIT, systems=("Urine",)), method).strength
    named = Facts(NO_UNIT, systems=("Urine",), methods=("Test strip",), is_cytology=True)
    assert weigh_method(named, "Test strip").verdict is Verdict.AGREE


@pytest.mark.parametrize(
    ("row", "is_cytology"),
    [
        ({"chapter": "ECBU", "specimen": "Urines"}, True),
        ({"exam": "Examen cytobactériologique des urines", "specimen": "Urines"}, True),
        ({"chapter": "ECBU"}, True),
        ({"chapter": "Bandelette urinaire", "specimen": "Urines"}, False),
        ({"chapter": "Cytobactériologie", "specimen": "LCR"}, False),
    ],
)
def test_what_makes_a_cytology_of_urine(starter_engine: Engine, row: dict[str, str], is_cytology: bool) -> None:
    facts = starter_engine.parser.parse(LocalTest(label="Hématies", **row)).readings[0].facts
    assert facts.is_cytology is is_cytology
