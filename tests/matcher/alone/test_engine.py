"""The engine over a terminology of a few terms."""

import gc
import weakref
from collections.abc import Callable

import pytest

from matcher import Axis, Band, Engine, LocalTest, Verdict


def first(engine: Engine, row: LocalTest) -> str:
    proposals = [item for item in engine.propose(row) if item.rank > 0]
    return proposals[0].loinc_num if proposals else ""


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (LocalTest(label="Glycémie", unit="mmol/L", specimen="sérum"), "14749-6"),
        (LocalTest(label="GLYCEMIE (g/l)"), "2345-7"),
        (LocalTest(label="Glucose", unit="mmol/L", specimen="urines"), "15076-3"),
        (LocalTest(label="Natrémie", unit="mmol/L"), "2951-2"),
        (LocalTest(label="Sodium urinaire", unit="mmol/L"), "2955-3"),
        (LocalTest(label="Sodium urinaire", unit="mmol/24h"), "2956-1"),
        (LocalTest(label="GB", unit="G/L", specimen="sang"), "26464-8"),
        (LocalTest(label="CRP", unit="mg/L"), "1988-5"),
        (LocalTest(label="Antigène HBs", specimen="sérum"), "5195-3"),
        (LocalTest(label="Anticorps anti-HBs", specimen="sérum"), "22322-2"),
    ],
)
def test_first_proposal(small_engine: Engine, row: LocalTest, expected: str) -> None:
    assert first(small_engine, row) == expected


def test_proposals_are_ranked_and_their_confidences_fall(small_engine: Engine) -> None:
    proposals = small_engine.propose(LocalTest(label="Glucose", unit="mmol/L"))
    assert [item.rank for item in proposals] == list(range(1, len(proposals) + 1))
    confidences = [item.confidence for item in proposals]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0.0 <= value <= 1.0 for value in confidences)
    assert sum(confidences) <= 1.0 + 1e-3


def test_each_proposal_explains_every_axis(small_engine: Engine) -> None:
    for proposal in small_engine.propose(LocalTest(label="Glycémie", unit="g/L", specimen="sérum")):
        assert {item.axis for item in proposal.evidence} == set(Axis)
        assert all(item.sentence for item in proposal.evidence)


def test_a_contradiction_of_unit_is_said_and_is_never_sure(small_engine: Engine) -> None:
    proposals = {item.loinc_num: item for item in small_engine.propose(LocalTest(label="CRP", unit="mmol/L"))}
    crp = proposals["1988-5"]
    assert crp.has_contradiction
    assert crp.band is not Band.SURE
    contradicted = {item.axis for item in crp.evidence if item.verdict is Verdict.CONTRADICT}
    assert {Axis.PROPERTY, Axis.UNIT} <= contradicted


def test_a_comment_line_is_no_test(small_engine: Engine) -> None:
    proposals = small_engine.propose(LocalTest(label="Commentaire du biologiste"))
    assert proposals[0].rank == 0
    assert proposals[0].loinc_num == ""
    assert proposals[0].confidence > 0.9
    assert proposals[0].evidence[0].sentence == "texte de commentaire"


def test_a_line_without_a_word_is_no_test(small_engine: Engine) -> None:
    for label in ("", "----", "***", "12"):
        proposals = small_engine.propose(LocalTest(label=label))
        assert proposals[0].rank == 0


def test_an_unknown_label_gives_nothing(small_engine: Engine) -> None:
    assert small_engine.propose(LocalTest(label="zzyzx quux")) == []


def test_a_given_code_is_weighed(small_engine: Engine) -> None:
    row = LocalTest(label="Glycémie", unit="mmol/L", specimen="sérum")
    evidence = small_engine.weigh(row, "2345-7")
    assert Verdict.CONTRADICT in {item.verdict for item in evidence if item.axis is Axis.PROPERTY}
    assert small_engine.weigh(row, "14749-6") == small_engine.propose(row)[0].evidence
    assert small_engine.weigh(row, "0-0") == ()


def test_top_bounds_the_number_of_proposals(small_engine: Engine) -> None:
    assert len(small_engine.propose(LocalTest(label="Glucose"), top=2)) == 2


def test_an_engine_that_nobody_holds_is_freed_without_the_collector(engine_with: Callable[..., Engine]) -> None:
    """Whoever keeps several and lets one go need not have the whole memory of its process walked through."""
    engine = engine_with()
    assert engine.propose(LocalTest(label="Glucose"))
    left = weakref.ref(engine)
    was_on = gc.isenabled()
    gc.disable()
    try:
        del engine
        assert left() is None
    finally:
        if was_on:
            gc.enable()
