"""Approving and sending back: who may, on what, and what stops it."""

import itertools
import sqlite3
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from app.approval import service
from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import Action, Decision, LoincTerm, Outcome, Status
from app.platform.database import Transactions, transaction
from app.transcoding.errors import JustificationNeededError, StaleVersionError
from tests.app.approval.opened import approve as approve_opened
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, READER, TRANSCODER


def approve(desk: Desk, row: int, email: str = BIOLOGIST, version: int | None = None, **said: str) -> Decision:
    with transaction(desk.engine) as session:
        known = desk.version(row) if version is None else version
        return approve_opened(session, desk.access(email), row, known, settings=desk.settings, **said)


def send_back(desk: Desk, row: int, email: str = BIOLOGIST, reason: str = "à revoir") -> Decision:
    with transaction(desk.engine) as session:
        return service.send_back(session, desk.access(email), row, desk.version(row), reason)


def test_an_approval_is_dated_attributed_and_names_the_decision(desk: Desk) -> None:
    choice = desk.decide(desk.sodium)
    fact = approve(desk, desk.sodium, comment="vu")
    assert (fact.action, fact.loinc_num, fact.supersedes_id) == ("approve", "2951-2", choice.id)
    assert (fact.author_id, fact.author_role) == (desk.world.user_id(BIOLOGIST), "biologist")
    state = desk.state(desk.sodium)
    assert (state.status, state.loinc_num, state.decision_id, state.approval_id) == (
        "approved", "2951-2", choice.id, fact.id,
    )  # fmt: skip
    assert state.decided_by_id == desk.world.user_id(TRANSCODER)
    assert state.approved_by_id == desk.world.user_id(BIOLOGIST)
    assert desk.audit() == ["decision.choose", "decision.approve"]


@pytest.mark.parametrize("action", [Action.NO_LOINC, Action.OUT_OF_SCOPE])
def test_a_decision_without_code_is_approved_too(desk: Desk, action: Action) -> None:
    desk.decide(desk.sodium, action)
    approve(desk, desk.sodium)
    state = desk.state(desk.sodium)
    assert (state.status, state.loinc_num) == (Status.APPROVED, "")
    assert state.outcome in (Outcome.NO_LOINC, Outcome.OUT_OF_SCOPE)


@pytest.mark.parametrize("email", [TRANSCODER, READER])
def test_only_a_biologist_judges(desk: Desk, email: str) -> None:
    desk.decide(desk.sodium)
    with pytest.raises(NotAllowedError):
        approve(desk, desk.sodium, email)
    with pytest.raises(NotAllowedError):
        send_back(desk, desk.sodium, email)
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_nobody_approves_her_own_decision(desk: Desk) -> None:
    desk.decide(desk.sodium, email=BIOLOGIST)
    with pytest.raises(NotAllowedError, match="autre biologiste"):
        approve(desk, desk.sodium)
    approve(desk, desk.sodium, SECOND_BIOLOGIST)
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_a_biologist_who_changed_the_code_became_its_author(desk: Desk) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.sodium, email=BIOLOGIST, loinc_num="2955-3", justification="urine")
    with pytest.raises(NotAllowedError):
        approve(desk, desk.sodium)
    desk.undo(desk.sodium, BIOLOGIST)
    approve(desk, desk.sodium)


@pytest.mark.parametrize("action", [None, Action.DOUBT])
def test_only_a_decision_is_approved(desk: Desk, action: Action | None) -> None:
    if action is not None:
        desk.decide(desk.sodium, action)
    with pytest.raises(ConflictError):
        approve(desk, desk.sodium)


def test_what_was_sent_back_is_decided_again_before_it_is_approved(desk: Desk) -> None:
    desk.decide(desk.sodium)
    send_back(desk, desk.sodium)
    assert desk.state(desk.sodium).status == Status.SENT_BACK
    with pytest.raises(ConflictError):
        approve(desk, desk.sodium)
    desk.decide(desk.sodium)
    approve(desk, desk.sodium)


def test_sending_back_needs_a_reason_and_reopens_an_approved_row(desk: Desk) -> None:
    desk.decide(desk.sodium)
    approve(desk, desk.sodium)
    with pytest.raises(InvalidInputError):
        send_back(desk, desk.sodium, reason=" ")
    send_back(desk, desk.sodium, SECOND_BIOLOGIST)
    state = desk.state(desk.sodium)
    assert (state.status, state.approved_by_id) == (Status.SENT_BACK, None)
    desk.undo(desk.sodium, SECOND_BIOLOGIST)
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_a_stale_page_approves_nothing(desk: Desk) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.sodium, loinc_num="2955-3", justification="urine")
    with pytest.raises(StaleVersionError):
        approve(desk, desk.sodium, version=1)


def test_a_blocking_check_asks_the_biologist_when_nobody_justified(desk: Desk) -> None:
    desk.decide(desk.glucose, loinc_num="14749-6")
    with transaction(desk.engine) as session:
        # LOINC retires the code after the decision.
        term = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "14749-6")).one()
        term.status = "DEPRECATED"
        session.add(term)
    with pytest.raises(JustificationNeededError):
        approve(desk, desk.glucose)
    fact = approve(desk, desk.glucose, justification="le code reste valable")
    assert fact.justification == "le code reste valable"


def test_a_row_of_another_laboratory_does_not_exist(desk: Desk) -> None:
    other = desk.world.add_catalogue("Autre", desk.world.other_laboratory.id)
    desk.decide(desk.sodium)
    access = desk.world.catalogue_access(BIOLOGIST, other)
    with transaction(desk.engine) as session, pytest.raises(NotFoundError):
        service.approve(session, access, desk.sodium, 1, settings=desk.settings)


def test_each_ticked_row_has_its_own_answer(desk: Desk) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, loinc_num="14749-6", email=BIOLOGIST)
    desk.decide(desk.strip, loinc_num="25428-4")
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    ticked = [
        (desk.sodium, 1),
        (desk.glucose, 1),
        (desk.strip, 7),
        (desk.comment_row, 1),
        (desk.unproposed, 0),
        (99, 1),
    ]
    answers = service.approve_many(Transactions(desk.engine), desk.access(BIOLOGIST), ticked, desk.settings)
    assert [answer.is_approved for answer in answers] == [True, False, False, True, False, False]
    assert "autre biologiste" in answers[1].message
    assert "a changé" in answers[2].message
    assert "en attente d'approbation" in answers[4].message
    assert desk.state(desk.sodium).status == Status.APPROVED
    assert desk.state(desk.glucose).status == Status.DECIDED


def test_a_contradiction_is_not_approved_without_opening_the_row(desk: Desk) -> None:
    desk.decide(desk.sodium, loinc_num="2947-0", justification="sang total en fait")
    answers = service.approve_many(Transactions(desk.engine), desk.access(BIOLOGIST), [(desk.sodium, 1)], desk.settings)
    assert [answer.is_approved for answer in answers] == [False]
    assert answers[0].message.startswith(service.OPEN_THE_ROW)
    approve(desk, desk.sodium)


def _busy_at(monkeypatch: pytest.MonkeyPatch, turn: int) -> None:
    """Make the `turn`-th writing transaction fail as a busy database does; one row a transaction."""
    monkeypatch.setattr(service, "ROWS_AT_ONCE", 1)
    writing, turns = Transactions.writing, itertools.count(1)

    def busy(self: Transactions) -> AbstractContextManager[Session]:
        if next(turns) == turn:
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        return writing(self)

    monkeypatch.setattr(Transactions, "writing", busy)


def test_a_bulk_interrupted_says_which_rows_were_recorded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    _busy_at(monkeypatch, 2)
    ticked = [(desk.sodium, 1), (desk.comment_row, 1)]
    answers = service.approve_many(Transactions(desk.engine), desk.access(BIOLOGIST), ticked, desk.settings)
    assert [answer.is_approved for answer in answers] == [True, False]
    assert answers[1].message == service.NOT_RECORDED
    assert desk.state(desk.sodium).status == Status.APPROVED
    assert desk.state(desk.comment_row).status == Status.DECIDED


def test_a_bulk_that_cannot_begin_is_refused_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.decide(desk.sodium)
    _busy_at(monkeypatch, 1)
    with pytest.raises(OperationalError):
        service.approve_many(Transactions(desk.engine), desk.access(BIOLOGIST), [(desk.sodium, 1)], desk.settings)
    assert desk.state(desk.sodium).status == Status.DECIDED
