"""Candidates set aside and flags: facts that help those who review, and that no state nor export depends on."""

import csv
import io
import re

import pytest
from sqlmodel import select

from app.errors import ConflictError, InvalidInputError, NotAllowedError
from app.models import Action, Decision, WorklistEntry
from app.platform.database import reading, transaction
from app.publication.state import state_of
from app.review.marks import mark_candidate, mark_row
from app.transcoding.errors import StaleVersionError
from app.transcoding.facts import rejected_candidates
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, READER, TRANSCODER, ClientFor

REJECT, RESTORE = Action.REJECT_CANDIDATE, Action.RESTORE_CANDIDATE


def mark(desk: Desk, code: str, action: Action = REJECT, email: str = TRANSCODER, row: int = 0) -> Decision:
    row = row or desk.sodium
    with transaction(desk.engine) as session:
        return mark_candidate(session, desk.access(email), row, desk.version(row), action, code)


def flag(desk: Desk, action: Action = Action.FLAG, note: str = "", email: str = TRANSCODER) -> Decision:
    with transaction(desk.engine) as session:
        return mark_row(session, desk.access(email), desk.sodium, desk.version(desk.sodium), action, note)


def columns(html: str) -> list[str]:
    """The codes of the columns, in their order."""
    return re.findall(r'<th scope="col" class="candidate[^"]*"[^>]*>.*?([0-9]+-[0-9])', html, re.DOTALL)


def selected(html: str) -> str:
    found = re.search(r'name="loinc_num" value="([^"]+)"[^>]* checked', html)
    return found[1] if found else ""


def test_a_candidate_set_aside_goes_last_and_is_never_chosen_in_advance(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    address = f"{desk.base}/revue/{desk.sodium}"
    before = client.get(address).text
    assert (columns(before)[0], selected(before)) == ("2951-2", "2951-2")
    answer = client.post(f"{address}/candidat", data={"version": 0, "action": "reject_code", "candidat": "2951-2"})
    assert answer.status_code == 303
    html = client.get(answer.headers["location"]).text
    assert "SODIUM : candidat 2951-2 écarté." in html
    assert columns(html) == ["2947-0", "2955-3", "2956-1", "14749-6", "2345-7", "2951-2"]
    assert selected(html) == "", "the row contradicts the next one: nobody but a person chooses it"
    assert html.count("is-aside") == 1
    assert re.search(r"Écarté par Théo Transcodeur, le \d\d/\d\d/\d{4}", html) or "Écarté par" in html
    state = desk.state(desk.sodium)
    assert (state.status, state.outcome, state.version) == ("todo", "", 1)
    # Not even when the address asks for it.
    assert selected(client.get(f"{address}?choix=2951-2").text) == ""


def test_a_candidate_is_taken_back_by_a_new_fact(desk: Desk, client_for: ClientFor) -> None:
    aside = mark(desk, "2951-2")
    assert aside.proposal_id is not None
    back = mark(desk, "2951-2", RESTORE, BIOLOGIST)
    assert back.undoes_id == aside.id
    html = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert selected(html) == "2951-2"
    assert "is-aside" not in html
    assert "a repris le candidat" in html
    assert desk.audit()[-2:] == ["decision.reject_code", "decision.restore_code"]


def test_a_code_chosen_since_is_no_longer_aside(desk: Desk) -> None:
    mark(desk, "2951-2")
    desk.decide(desk.sodium)
    assert rejected_candidates(desk.facts(desk.sodium)) == {}
    desk.undo(desk.sodium)
    assert list(rejected_candidates(desk.facts(desk.sodium))) == ["2951-2"]


def test_what_cannot_be_set_aside_is_refused_in_french(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="Choisissez d'abord un candidat"):
        mark(desk, "2951-9")
    with pytest.raises(ConflictError, match="n'est pas écarté"):
        mark(desk, "2951-2", RESTORE)
    with pytest.raises(InvalidInputError, match="On écarte un candidat"):
        mark(desk, "2951-2", Action.CHOOSE)
    mark(desk, "2951-2")
    with pytest.raises(ConflictError, match="déjà écarté"):
        mark(desk, "2951-2")
    desk.decide(desk.glucose, loinc_num="14749-6")
    with pytest.raises(ConflictError, match="est le code décidé"):
        mark(desk, "14749-6", row=desk.glucose)
    with pytest.raises(NotAllowedError):
        mark(desk, "2947-0", email=READER)
    with transaction(desk.engine) as session, pytest.raises(StaleVersionError):
        mark_candidate(session, desk.access(), desk.sodium, 0, REJECT, "2947-0")


@pytest.mark.parametrize(("action", "candidate"), [("choose", "2951-2"), ("reject_code", "n'importe"), ("???", "")])
def test_a_bad_mark_is_no_fault_of_the_server(desk: Desk, client_for: ClientFor, action: str, candidate: str) -> None:
    address = f"{desk.base}/revue/{desk.sodium}"
    data = {"version": "0", "action": action, "candidat": candidate}
    assert client_for(TRANSCODER).post(f"{address}/candidat", data=data).status_code == 422
    assert client_for(TRANSCODER).post(f"{address}/repere", data=data).status_code == 422
    assert client_for(READER).post(f"{address}/candidat", data=data).status_code == 403
    assert desk.facts(desk.sodium) == []


def test_a_flag_is_seen_found_and_given_out(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    address = f"{desk.base}/revue/{desk.sodium}"
    answer = client.post(f"{address}/repere", data={"version": 0, "action": "flag", "note": "voir avec Anne"})
    assert answer.status_code == 303
    html = client.get(answer.headers["location"]).text
    assert "Repère : voir avec Anne" in html
    assert "Retirer le repère" in html
    flagged = client.get(f"{desk.base}/revue?repere=avec").text
    assert "SODIUM" in flagged
    assert "flag-mark" in flagged
    assert "GLYCÉMIE" not in flagged
    others = client.get(f"{desk.base}/revue?sauf-repere=avec").text
    assert "GLYCÉMIE" in others
    assert ">SODIUM<" not in others
    rows = {
        row["Code"]: row
        for row in csv.DictReader(
            io.StringIO(client.get(f"{desk.base}/revue?format=csv").content.decode("utf-8-sig")), delimiter=";"
        )
    }
    assert (rows["NA"]["Repère"], rows["NA"]["Note du repère"]) == ("oui", "voir avec Anne")
    assert rows["NA"]["Repère posé par"]
    assert (rows["GLU"]["Repère"], rows["GLU"]["Note du repère"]) == ("non", "")
    state = desk.state(desk.sodium)
    assert (state.status, state.has_comment) == ("todo", False)


def test_a_flag_is_taken_off_and_put_again(desk: Desk) -> None:
    first = flag(desk)
    with pytest.raises(ConflictError, match="déjà ce repère"):
        flag(desk)
    changed = flag(desk, note="plasma ?")
    assert desk.state(desk.sodium).flag_id == changed.id
    off = flag(desk, Action.UNFLAG, email=BIOLOGIST)
    assert off.undoes_id == changed.id != first.id
    assert desk.state(desk.sodium).flag_id is None
    with pytest.raises(ConflictError, match="pas de repère"):
        flag(desk, Action.UNFLAG)
    with pytest.raises(InvalidInputError, match="trop long"):
        flag(desk, note="x" * 501)
    with reading(desk.engine) as session:
        entry = session.exec(select(WorklistEntry).where(WorklistEntry.local_test_id == desk.sodium)).one()
    assert entry.flag == "0"


def test_marks_stand_in_the_way_of_nothing(desk: Desk) -> None:
    desk.decide(desk.sodium)
    mark(desk, "2947-0")
    flag(desk, note="note")
    facts = desk.facts(desk.sodium)
    assert [fact.supersedes_id for fact in facts[1:]] == [None, None]
    assert desk.undo(desk.sodium).undoes_id == facts[0].id
    assert desk.state(desk.sodium).flag_id == facts[2].id


def test_what_is_published_does_not_change_with_a_mark(desk: Desk) -> None:
    def stamp() -> object:
        with reading(desk.engine) as session:
            return state_of(session, desk.world.laboratory, desk.catalogue)

    desk.decide(desk.sodium)
    before = stamp()
    mark(desk, "2947-0")
    flag(desk)
    assert stamp() == before
    desk.decide(desk.sodium, Action.COMMENT, comment="dit quelque chose")
    assert stamp() != before
