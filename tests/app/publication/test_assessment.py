"""What leaves, what does not, and what the laboratory system will say."""

from dataclasses import replace

import pytest

from app.models import Level, Outcome, Status
from app.publication.assessment import assess
from app.publication.schemas import Issue, PublishedRelease, PublishedTerm, PublishedTest, SglSeverity, UncodedReason
from tests.app.exports.sample import GLUCOSE, SODIUM, TERMS

RELEASE = PublishedRelease(1, "2.80", "official")
APPROVED = PublishedTest(
    id=1,
    level=Level.ANALYSIS,
    code="NA",
    label="SODIUM",
    status=Status.APPROVED,
    outcome=Outcome.CODE,
    loinc_num=SODIUM,
    approved_by="Béatrice",
    term=PublishedTerm(SODIUM, TERMS[SODIUM]),
)


def rules(issues: list[Issue]) -> list[str]:
    return [issue.rule for issue in issues]


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (Status.TODO, Outcome.NONE, UncodedReason.TODO),
        (Status.DOUBT, Outcome.NONE, UncodedReason.DOUBT),
        (Status.DECIDED, Outcome.CODE, UncodedReason.DECIDED),
        (Status.DECIDED, Outcome.OUT_OF_SCOPE, UncodedReason.DECIDED),
        (Status.SENT_BACK, Outcome.CODE, UncodedReason.SENT_BACK),
        (Status.APPROVED, Outcome.NO_LOINC, UncodedReason.NO_LOINC),
        (Status.APPROVED, Outcome.OUT_OF_SCOPE, UncodedReason.OUT_OF_SCOPE),
    ],
)
def test_each_state_without_approved_code_has_its_reason(
    status: Status, outcome: Outcome, reason: UncodedReason
) -> None:
    found = assess([replace(APPROVED, status=status, outcome=outcome)], RELEASE)
    assert found.reasons == {1: reason}
    assert found.names == {}
    assert found.issues == ()
    assert bool(found.unsettled) is not reason.is_settled


def test_an_approved_known_code_leaves() -> None:
    found = assess([APPROVED], RELEASE)
    assert found.names[1].label == TERMS[SODIUM]
    assert found.issues == ()
    assert found.approvers() == [("Béatrice", 1)]


def test_several_codes_on_one_analysis_are_blocking_in_a_file_for_machines() -> None:
    other = replace(APPROVED, id=2, code=" NA ", loinc_num=GLUCOSE, term=PublishedTerm(GLUCOSE, "Glucose"))
    found = assess([APPROVED, other], RELEASE)
    assert rules(found.blocking) == ["several_codes"] * 2
    assert found.reasons == {1: UncodedReason.BLOCKED, 2: UncodedReason.BLOCKED}
    # Where a person reads rows, each row has its own code: it is only worth a warning.
    by_row = assess([APPROVED, other], RELEASE, row_by_row=True)
    assert set(by_row.names) == {1, 2}
    assert rules(by_row.warnings) == ["several_codes"] * 2


def test_the_same_code_twice_or_at_two_levels_is_no_error() -> None:
    tests = [APPROVED, replace(APPROVED, id=2), replace(APPROVED, id=3, level=Level.EXAM, loinc_num=GLUCOSE)]
    assert assess(tests, RELEASE).issues == ()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"loinc_num": "2951-3", "term": None}, "invalid_code"),
        ({"loinc_num": "2951-2 2345-7", "term": None}, "invalid_code"),
        ({"term": None}, "unknown_code"),
    ],
)
def test_codes_that_the_laboratory_system_would_refuse(change: dict[str, object], rule: str) -> None:
    found = assess([replace(APPROVED, **change)], RELEASE)  # type: ignore[arg-type]
    assert rules(found.blocking) == [rule]
    assert found.reasons == {1: UncodedReason.BLOCKED}


def test_without_a_release_nothing_leaves() -> None:
    assert rules(assess([replace(APPROVED, term=None)], None).blocking) == ["unknown_code"]


@pytest.mark.parametrize(
    ("term", "circuit", "expected"),
    [
        (PublishedTerm(SODIUM, "Sodium"), frozenset({GLUCOSE}), ["outside_circuit"]),
        (PublishedTerm(SODIUM, "Sodium"), frozenset({SODIUM}), []),
        (PublishedTerm(SODIUM, "Sodium", status="DEPRECATED"), None, ["status"]),
        (PublishedTerm(SODIUM, "Sodium", status="DISCOURAGED"), None, ["status"]),
        (PublishedTerm("19146-0", "Reference lab test"), None, ["placeholder"]),
    ],
)
def test_non_blocking_errors_let_the_code_leave(
    term: PublishedTerm, circuit: frozenset[str] | None, expected: list[str]
) -> None:
    found = assess([replace(APPROVED, loinc_num=term.loinc_num, term=term)], RELEASE, circuit)
    assert rules(found.warnings) == expected
    assert [issue.severity for issue in found.issues] == [SglSeverity.WARNING] * len(expected)
    assert set(found.names) == {1}
