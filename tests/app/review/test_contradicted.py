"""A code that the row contradicts: never offered by itself, and chosen only with a written reason."""

import re

import pytest
from sqlmodel import select

from app.models import Proposal, Status
from app.platform.database import transaction
from app.transcoding.errors import JustificationNeededError
from tests.app.review.conftest import Desk
from tests.conftest import TRANSCODER, ClientFor

CHOSEN = re.compile(r'name="loinc_num" value="([^"]+)" form="form-choix"[^>]*checked')


def contradict(desk: Desk, row: int, code: str, axis: str) -> None:
    """Say that the row contradicts this proposal of it on one axis, and on no other."""
    with transaction(desk.engine) as session:
        found = session.exec(select(Proposal).where(Proposal.local_test_id == row, Proposal.loinc_num == code)).one()
        kept = [line for line in found.evidence if line["axis"] != axis]
        found.evidence = [*kept, {"axis": axis, "verdict": "contradict", "sentence": "Il contredit la ligne."}]
        session.add(found)


def page(desk: Desk, client_for: ClientFor, row: int, asked: str = "") -> str:
    return str(client_for(TRANSCODER).get(f"{desk.base}/revue/{row}{asked}").text)


@pytest.mark.parametrize("axis", ["component", "unit", "system", "property", "scale", "time", "method"])
def test_no_axis_may_be_contradicted_in_one_gesture(desk: Desk, client_for: ClientFor, axis: str) -> None:
    """Neither selected by the page, nor taken by the server without a justification; with one it is."""
    contradict(desk, desk.sodium, "2951-2", axis)
    html = page(desk, client_for, desk.sodium)
    assert CHOSEN.findall(html) == []
    assert re.search(r'value="2951-2" form="form-choix"[^>]*data-blocking', html)
    with pytest.raises(JustificationNeededError):
        desk.decide(desk.sodium, loinc_num="2951-2")
    assert desk.facts(desk.sodium) == []
    desk.decide(desk.sodium, loinc_num="2951-2", justification="le fournisseur le confirme")
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_the_first_candidate_is_selected_where_nothing_contradicts_it(desk: Desk, client_for: ClientFor) -> None:
    assert CHOSEN.findall(page(desk, client_for, desk.sodium)) == ["2951-2"]


def test_the_page_keeps_what_was_chosen_and_typed_when_a_justification_is_missing(
    desk: Desk, client_for: ClientFor
) -> None:
    contradict(desk, desk.sodium, "2951-2", "system")
    answer = client_for(TRANSCODER).post(
        f"{desk.base}/revue/{desk.sodium}/decision",
        data={"version": 0, "action": "choose", "retenir": "2951-2", "comment": "vu avec le technicien"},
    )
    assert answer.status_code == 422
    assert CHOSEN.findall(answer.text) == ["2951-2"]
    assert "vu avec le technicien" in answer.text
    assert "asks-justification" in answer.text


def test_a_code_reached_by_search_is_under_the_same_rule(desk: Desk, client_for: ClientFor) -> None:
    """C-reactive protein for a glucose: compared, not selected, and refused without a justification."""
    assert CHOSEN.findall(page(desk, client_for, desk.glucose, "?choix=1988-5")) == []
    answer = client_for(TRANSCODER).post(
        f"{desk.base}/revue/{desk.glucose}/decision", data={"version": 0, "retenir": "1988-5"}
    )
    assert answer.status_code == 422
    assert desk.facts(desk.glucose) == []


def test_a_decision_in_force_stays_shown_even_contradicted(desk: Desk, client_for: ClientFor) -> None:
    contradict(desk, desk.sodium, "2951-2", "system")
    desk.decide(desk.sodium, loinc_num="2951-2", justification="confirmé")
    assert CHOSEN.findall(page(desk, client_for, desk.sodium)) == ["2951-2"]
