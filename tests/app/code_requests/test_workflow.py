"""The state machine of requests is its table."""

import csv
from pathlib import Path

import pytest

from app.code_requests import workflow
from app.code_requests.workflow import actions_of, require, transition
from app.errors import ConflictError, NotAllowedError
from app.models import RequestAction, RequestStatus, Role

TABLE = Path(workflow.__file__).with_name("workflow.csv")


def told() -> dict[tuple[str, str, str], tuple[str, str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (line["status"], line["action"], line["role"]): (line["allowed"], line["to_status"], line["needs"])
            for line in csv.DictReader(file)
        }


def test_the_table_is_the_machine_over_every_state_action_and_role() -> None:
    made = {}
    for status in RequestStatus:
        for action in RequestAction:
            for role in Role:
                found = transition(status, action, role)
                made[(status.value, action.value, role.value)] = (
                    ("yes", found.to_status.value, found.needs) if found else ("no", "", "")
                )
    assert made == told()


def test_what_a_request_may_live_through() -> None:
    """Written by hand, beside the table: the ways of a request, and none from one end to another."""
    ways = {
        RequestStatus.TO_PREPARE: {"send": "sent", "withdraw": "withdrawn"},
        RequestStatus.SENT: {"accept": "accepted", "refuse": "refused", "withdraw": "withdrawn"},
        RequestStatus.ACCEPTED: {"reopen": "to_prepare"},
        RequestStatus.REFUSED: {"reopen": "to_prepare", "send": "sent"},
        RequestStatus.WITHDRAWN: {"reopen": "to_prepare"},
    }
    for status, allowed in ways.items():
        found = {
            action.value: require(status, action, Role.TRANSCODER).to_status.value
            for action in actions_of(status, Role.TRANSCODER)
            if action is not RequestAction.WAITING_CODE
        }
        assert found == allowed, status


def test_a_reader_is_refused_before_a_state_is() -> None:
    with pytest.raises(NotAllowedError):
        require(RequestStatus.ACCEPTED, RequestAction.SEND, Role.READER)
    with pytest.raises(ConflictError, match="à préparer ou refusée"):
        require(RequestStatus.ACCEPTED, RequestAction.SEND, Role.TRANSCODER)
