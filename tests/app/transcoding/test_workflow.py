"""The truth table of the review, row by row."""

import csv
from itertools import product
from pathlib import Path

import pytest

from app.errors import ConflictError, NotAllowedError
from app.models import MARKS, Action, Outcome, Role, Status
from app.transcoding import workflow

TABLE = Path(workflow.__file__).with_name("workflow.csv")


STAYING = {"comment", *(action.value for action in MARKS)}
"""The actions after which the state is what it was."""


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_covers_every_state_action_and_role_once() -> None:
    listed = [(row["from_status"], row["outcome"], row["action"], row["role"]) for row in rows()]
    wanted = {
        (status.value, outcome.value, action.value, role.value)
        for (status, outcome), action, role in product(workflow.states(), Action, Role)
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == wanted


@pytest.mark.parametrize(
    "row", rows(), ids=lambda row: "-".join((row["from_status"], row["outcome"], row["action"], row["role"]))
)
def test_the_state_machine_is_the_table(row: dict[str, str]) -> None:
    found = workflow.transition(
        Status(row["from_status"]), Outcome(row["outcome"]), Action(row["action"]), Role(row["role"])
    )
    assert (found is not None) is (row["allowed"] == "yes")
    if found is not None:
        expected = None if row["to_status"] == "before" else Status(row["to_status"])
        assert found.to_status is expected
        assert found.needs_reason is (row["reason_required"] == "yes")


def test_a_reader_only_reads() -> None:
    assert all(row["allowed"] == "no" for row in rows() if row["role"] == "reader")


def test_only_a_biologist_approves_or_sends_back() -> None:
    allowed = {row["role"] for row in rows() if row["action"] in ("approve", "send_back") and row["allowed"] == "yes"}
    assert allowed == {"biologist"}


def test_reopening_an_approved_row_needs_a_reason() -> None:
    leaving = [
        row for row in rows()
        if row["from_status"] == "approved" and row["allowed"] == "yes" and row["action"] not in STAYING
    ]  # fmt: skip
    assert leaving
    assert all(row["reason_required"] == "yes" for row in leaving)


def test_a_refusal_of_the_role_is_not_a_refusal_of_the_state() -> None:
    with pytest.raises(NotAllowedError):
        workflow.require(Status.DECIDED, Outcome.CODE, Action.APPROVE, Role.TRANSCODER)
    with pytest.raises(ConflictError):
        workflow.require(Status.TODO, Outcome.NONE, Action.APPROVE, Role.BIOLOGIST)
    with pytest.raises(NotAllowedError):
        workflow.require(Status.APPROVED, Outcome.CODE, Action.UNDO, Role.TRANSCODER)
