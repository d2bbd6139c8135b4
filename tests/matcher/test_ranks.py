"""On real rows: no proposal is more confident than one ranked before it."""

from itertools import pairwise

import pytest

from matcher import Engine, Knowledge, Proposal, Remembered
from matcher.knowledge import signature
from tests.bench.matching.datasets import Case

DEEP = 50


def ranked(engine: Engine, cases: list[Case], top: int) -> dict[str, list[Proposal]]:
    """Case -> its proposals of a rank, without explanations; the opinion that a row is no test has none."""
    rows = engine.propose_many([case.test for case in cases], top)
    return {
        case.case_id: [item for item in proposals if item.rank > 0] for case, proposals in zip(cases, rows, strict=True)
    }


@pytest.fixture(scope="module")
def knowing_engine(starter_engine: Engine, cases: list[Case]) -> Engine:
    """The engine with a memory, acts and a national set that favour right codes here, and wrong ones there."""
    coded = [case for case in cases if case.best]
    others = [*coded[7:], *coded[:7]]
    return starter_engine.with_knowledge(
        Knowledge(
            memory={
                signature(case.test): (Remembered((case if number % 2 else other).best, 1),)
                for number, (case, other) in enumerate(zip(coded, others, strict=True))
                if number % 3
            },
            nabm={case.test.nabm.zfill(4): frozenset({case.best}) for case in coded[::2] if case.test.nabm},
            preferred=frozenset(case.best for case in coded[::5]),
        )
    )


@pytest.fixture(scope="module")
def plain(starter_engine: Engine, cases: list[Case]) -> dict[str, list[Proposal]]:
    return ranked(starter_engine, cases[::3], DEEP)


@pytest.fixture(scope="module")
def knowing(knowing_engine: Engine, cases: list[Case]) -> dict[str, list[Proposal]]:
    return ranked(knowing_engine, cases[::3], DEEP)


@pytest.fixture(params=["plain", "knowing"])
def answers(request: pytest.FixtureRequest) -> dict[str, list[Proposal]]:
    found: dict[str, list[Proposal]] = request.getfixturevalue(request.param)
    return found


def test_confidence_never_rises_with_the_rank(answers: dict[str, list[Proposal]]) -> None:
    rising = [
        (case_id, better.rank, better.confidence, worse.rank, worse.confidence)
        for case_id, proposals in answers.items()
        for better, worse in pairwise(proposals)
        if worse.rank <= better.rank or worse.confidence > better.confidence
    ]
    assert rising == []


def test_some_rows_need_the_ceiling(answers: dict[str, list[Proposal]]) -> None:
    """There are rows whose first candidate is so doubtful that the others' share of the doubt would pass it."""
    firsts = [proposals[:2] for proposals in answers.values() if len(proposals) > 1]
    assert len(firsts) > 300
    assert any(first.confidence == second.confidence < 0.5 for first, second in firsts)


def test_the_first_ten_share_at_most_certainty(answers: dict[str, list[Proposal]]) -> None:
    for case_id, proposals in answers.items():
        assert sum(item.confidence for item in proposals[:10]) <= 1.0 + 1e-5, case_id


def test_what_is_known_beside_the_release_changed_ranks(
    plain: dict[str, list[Proposal]], knowing: dict[str, list[Proposal]]
) -> None:
    """Otherwise the second set of answers would prove nothing more than the first."""
    moved = sum(
        [item.loinc_num for item in proposals[:3]] != [item.loinc_num for item in plain[case_id][:3]]
        for case_id, proposals in knowing.items()
    )
    assert moved > 30


def test_sure_is_only_ever_the_first(answers: dict[str, list[Proposal]]) -> None:
    assert {item.rank for proposals in answers.values() for item in proposals if item.band == "sure"} == {1}
