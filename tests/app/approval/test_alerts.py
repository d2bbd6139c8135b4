"""A row with an alert of any kind is approved from its opened case alone, whatever is posted by hand."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from app.approval import service
from app.double_reading.service import Answer
from app.models import Action, LoincTerm, Relation, ReviewTask, Status, ValueSet, ValueSetKind, ValueSetMember
from app.platform.database import transaction
from app.transcoding.ledger import DecisionContent, append, open_row
from tests.app.approval.opened import read_case
from tests.app.double_reading.conftest import Readings
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, ClientFor

CODE = "2951-2"
Attack = Callable[[Desk], int]
"""Makes a row with one kind of alert; returns it."""


def _term_becomes(status: str) -> Attack:
    def make(desk: Desk) -> int:
        desk.decide(desk.sodium)
        with transaction(desk.engine) as session:
            term = session.scalars(select(LoincTerm).where(col(LoincTerm.loinc_num) == CODE)).one()
            term.status = status
            session.add(term)
        return desk.sodium

    return make


def _decided(row: str, action: Action = Action.CHOOSE, **said: str) -> Attack:
    def make(desk: Desk) -> int:
        row_id: int = getattr(desk, row)
        desk.decide(row_id, action, **said)
        return row_id

    return make


def _after(action: Action, **said: str) -> Attack:
    def make(desk: Desk) -> int:
        if action is Action.SEND_BACK:
            desk.decide(desk.sodium)
            with transaction(desk.engine) as session:
                service.send_back(session, desk.access(BIOLOGIST), desk.sodium, 1, "quel tube ?")
        else:
            desk.decide(desk.sodium, action, **said)
        desk.decide(desk.sodium)
        return desk.sodium

    return make


def _shared_with_another_label(desk: Desk) -> int:
    desk.decide(desk.glucose, loinc_num=CODE, justification="faute de frappe")
    desk.decide(desk.sodium)
    return desk.sodium


def _outside_circuit(desk: Desk) -> int:
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        circuit = ValueSet(kind=ValueSetKind.CIRCUIT_BIOLOGIE, title="Circuit", is_current=True)
        session.add(circuit)
        session.flush()
        session.add(ValueSetMember(value_set_id=circuit.id or 0, loinc_num="2345-7", label="Glucose"))
    return desk.sodium


def _flag(desk: Desk) -> int:
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        row = open_row(session, desk.access(), desk.sodium, 1)
        append(session, row, Action.FLAG, DecisionContent(reason="à revoir avec Paul"))
    return desk.sodium


def _task(desk: Desk) -> int:
    fact = desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        add_task(session, desk, fact.id or 0)
    return desk.sodium


def add_task(session: Session, desk: Desk, decision_id: int) -> None:
    """A new release asks to look at a decision again."""
    session.add(
        ReviewTask(
            catalogue_id=desk.catalogue_id, local_test_id=desk.sodium, kind="changed", loinc_num=CODE,
            old_release_id=desk.release.id or 0, new_release_id=desk.release.id or 0, after_decision_id=decision_id,
        )
    )


def _readings(*, are_reconciled: bool) -> Attack:
    def make(desk: Desk) -> int:
        readings = Readings(desk)
        readings.decide_and_ask(desk.sodium)
        readings.read(desk.sodium, Answer(Action.NO_LOINC, reason="aucun code"))
        if are_reconciled:
            readings.reconcile(desk.sodium, Answer(Action.CHOOSE, CODE, reason="vu ensemble"))
        return desk.sodium

    return make


ATTACKS: dict[str, Attack] = {
    "contradicted unit, justified": _decided("sodium", loinc_num="2947-0", justification="sang total en fait"),
    "contradicted time": _decided("sodium", loinc_num="2956-1", justification="recueil de 24 heures"),
    "unit on a qualitative code": _decided("glucose", loinc_num="25428-4", justification="bandelette"),
    "no specimen": _decided("unproposed", loinc_num="1988-5", justification="essai"),
    "technique imposed": _decided("unproposed", loinc_num="30522-7", justification="essai"),
    "justified": _decided("sodium", justification="vu avec le fournisseur"),
    "deprecated": _term_becomes("DEPRECATED"),
    "discouraged": _term_becomes("DISCOURAGED"),
    "trial": _term_becomes("TRIAL"),
    "wider": _decided("sodium", relation=Relation.LOINC_WIDER),
    "narrower": _decided("sodium", relation=Relation.LOINC_NARROWER, comment="plus précis"),
    "related": _decided("sodium", relation=Relation.RELATED),
    "out of scope against a sure proposal": _decided("sodium", Action.OUT_OF_SCOPE),
    "out of scope against a proposal": _decided("strip", Action.OUT_OF_SCOPE),
    "no code against a proposal": _decided("strip", Action.NO_LOINC),
    "doubt asked before": _after(Action.DOUBT),
    "sent back before": _after(Action.SEND_BACK),
    "flag": _flag,
    "code of another label": _shared_with_another_label,
    "outside of Circuit de la biologie": _outside_circuit,
    "task of a release": _task,
    "readings that differ": _readings(are_reconciled=False),
    "readings reconciled": _readings(are_reconciled=True),
}


@pytest.mark.parametrize("kind", ATTACKS)
def test_no_alert_passes_in_a_batch_nor_from_the_list(kind: str, desk: Desk, client_for: ClientFor) -> None:
    row = ATTACKS[kind](desk)
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    version = desk.version(row)
    client = client_for(BIOLOGIST)
    by_hand = {"choix": [f"{row}:{version}", f"{desk.comment_row}:1"], "confirme": "oui"}
    assert client.post(f"{desk.base}/approbation", data=by_hand).status_code in (200, 303)
    assert desk.state(row).status == Status.DECIDED, "approved in a batch"
    alone = client.post(f"{desk.base}/approbation/{row}", data={"version": version, "action": "approve"})
    assert alone.status_code in (409, 422), "approved from the list"
    assert desk.state(row).status == Status.DECIDED
    # The row beside it had none: what keeps one out keeps no other.
    assert desk.state(desk.comment_row).status == Status.APPROVED
    # What the page offers is what the server takes.
    page = client.get(f"{desk.base}/approbation").text
    assert f'value="{row}:' not in page


@pytest.mark.parametrize("kind", sorted(set(ATTACKS) - {"readings that differ"}))
def test_the_same_row_is_approved_from_its_opened_case(kind: str, desk: Desk, client_for: ClientFor) -> None:
    row = ATTACKS[kind](desk)
    client = client_for(BIOLOGIST)
    data = {"version": desk.version(row), "action": "approve", "justification": "lu, et d'accord"}
    data["lu"] = read_case(client, desk.base, row)
    answer = client.post(f"{desk.base}/approbation/{row}?depuis=revue", data=data)
    assert answer.status_code == 303, answer.text
    assert desk.state(row).status == Status.APPROVED


def test_a_row_without_any_alert_is_approved_in_a_batch(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    by_hand = {"choix": [f"{desk.sodium}:1"], "confirme": "oui"}
    client_for(BIOLOGIST).post(f"{desk.base}/approbation", data=by_hand)
    assert desk.state(desk.sodium).status == Status.APPROVED


def test_an_alert_that_came_after_the_page_was_shown_stops_the_row(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    assert f'value="{desk.sodium}:1"' in client.get(f"{desk.base}/approbation").text
    # Nobody touched the row: another one was given its code meanwhile.
    desk.decide(desk.glucose, loinc_num=CODE, justification="faute de frappe")
    client.post(f"{desk.base}/approbation", data={"choix": [f"{desk.sodium}:1"], "confirme": "oui"})
    assert desk.state(desk.sodium).status == Status.DECIDED
