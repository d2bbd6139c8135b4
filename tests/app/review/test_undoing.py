"""Taking back one's own decisions, the newest first, as deep as they go."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import ColumnElement, event
from sqlmodel import Session, col

from app.approval.service import send_back
from app.errors import ConflictError
from app.jobs.queue import JobQueue
from app.models import Action, Decision, Level, LocalTest, Status
from app.platform.database import transaction
from app.platform.identity import CatalogueAccess
from app.review import undoing
from app.review.marks import mark_candidate
from app.transcoding import undoables
from app.transcoding.undoables import Together
from tests.app.approval.opened import approve
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.conftest import BIOLOGIST, READER, TRANSCODER, ClientFor


def undo(desk: Desk, email: str = TRANSCODER, before: int | None = None, reason: str = "") -> undoing.Outcome:
    with transaction(desk.engine) as session:
        return undoing.undo_newest(session, desk.access(email), JobQueue(desk.settings, desk.engine), before, reason)


def undone_row(outcome: undoing.Outcome) -> int:
    assert isinstance(outcome, undoing.Undone), outcome
    return outcome.fact.local_test_id


def add_rows(desk: Desk, count: int) -> list[int]:
    rows = [
        LocalTest(
            catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, code=f"R{n}", label=f"LIGNE {n}", position=50 + n
        )
        for n in range(count)
    ]  # fmt: skip
    with transaction(desk.engine) as session:
        session.add_all(rows)
        session.flush()
        return [row.id or 0 for row in rows]


def test_decisions_are_taken_back_the_newest_first_as_deep_as_they_go(desk: Desk) -> None:
    rows = add_rows(desk, 20)
    for row in rows:
        desk.decide(row, Action.NO_LOINC)
    # A server that has just started knows as much.
    desk.world.engine.dispose()
    assert [undone_row(undo(desk)) for _ in rows] == rows[::-1]
    assert {desk.state(row).status for row in rows} == {Status.TODO}
    assert isinstance(undo(desk), undoing.NothingLeft)
    # What was undone is not undone again; what is decided again is.
    desk.decide(rows[3], Action.NO_LOINC)
    assert undone_row(undo(desk)) == rows[3]
    assert isinstance(undo(desk), undoing.NothingLeft)


def test_two_decisions_on_one_row_go_back_one_by_one(desk: Desk) -> None:
    desk.decide(desk.sodium)
    desk.decide(desk.sodium, Action.DOUBT)
    assert undone_row(undo(desk)) == desk.sodium
    assert desk.state(desk.sodium).status == Status.DECIDED
    assert undone_row(undo(desk)) == desk.sodium
    assert desk.state(desk.sodium).status == Status.TODO


def test_only_one_s_own_decisions_in_this_catalogue_go_back(desk: Desk) -> None:
    other = desk.world.add_catalogue("Un autre")
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, email=BIOLOGIST, loinc_num="14749-6")
    assert undone_row(undo(desk)) == desk.sodium
    assert isinstance(undo(desk), undoing.NothingLeft)
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        access = desk.world.catalogue_access(TRANSCODER, other)
        queue = JobQueue(desk.settings, desk.engine)
        assert isinstance(undoing.undo_newest(session, access, queue), undoing.NothingLeft)
    assert desk.state(desk.glucose).status == Status.DECIDED


def test_an_approved_row_is_refused_by_name_and_can_be_passed_over(
    desk: Desk, approved: Callable[[int], None]
) -> None:
    desk.decide(desk.glucose, loinc_num="14749-6")
    approved(desk.sodium)
    refused = undo(desk)
    assert isinstance(refused, undoing.Refused)
    assert "SODIUM" in refused.what
    assert refused.why.startswith("Béatrice Biologiste a approuvé (2951-2) le ")
    assert desk.state(desk.sodium).status == Status.APPROVED
    assert undone_row(undo(desk, before=refused.fact_id)) == desk.glucose


@pytest.mark.parametrize("act", ["sent back", "decided"])
def test_a_row_on_which_somebody_acted_since_is_refused(desk: Desk, act: str) -> None:
    desk.decide(desk.sodium)
    if act == "sent back":
        with transaction(desk.engine) as session:
            send_back(session, desk.access(BIOLOGIST), desk.sodium, 1, "milieu ?")
    else:
        desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST)
    refused = undo(desk)
    assert isinstance(refused, undoing.Refused)
    assert refused.why.startswith("Béatrice Biologiste a ")
    assert len(desk.facts(desk.sodium)) == 2


def test_a_biologist_takes_her_approval_back_with_a_reason(desk: Desk) -> None:
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        approve(session, desk.access(BIOLOGIST), desk.sodium, 1, settings=desk.settings)
    refused = undo(desk, BIOLOGIST)
    assert isinstance(refused, undoing.Refused)
    assert refused.needs_reason
    assert undone_row(undo(desk, BIOLOGIST, reason="mauvaise ligne")) == desk.sodium
    assert desk.state(desk.sodium).status == Status.DECIDED
    assert isinstance(undo(desk, SECOND_BIOLOGIST), undoing.NothingLeft)


def test_a_candidate_set_aside_comes_back_in_its_turn(desk: Desk) -> None:
    desk.decide(desk.glucose, loinc_num="14749-6")
    with transaction(desk.engine) as session:
        mark_candidate(session, desk.access(), desk.sodium, 0, Action.REJECT_CANDIDATE, "2947-0")
    back = undo(desk)
    assert undone_row(back) == desk.sodium
    assert desk.facts(desk.sodium)[-1].action == Action.RESTORE_CANDIDATE
    assert undone_row(undo(desk)) == desk.glucose


def test_undoing_on_the_page_shows_the_row_and_says_why_not(
    desk: Desk, client_for: ClientFor, approved: Callable[[int], None]
) -> None:
    desk.decide(desk.glucose, loinc_num="14749-6")
    approved(desk.sodium)
    desk.decide(desk.strip, Action.NO_LOINC)
    client = client_for(TRANSCODER)
    assert f"{desk.base}/revue/annuler" in client.get(f"{desk.base}/revue").text
    first = client.post(f"{desk.base}/revue/annuler?tri=fichier", data={})
    assert first.status_code == 303
    assert f"/revue/{desk.strip}?tri=fichier" in first.headers["location"]
    assert "décision annulée" in client.get(first.headers["location"]).text
    refused = client.post(f"{desk.base}/revue/annuler", data={"au_dela": ""})
    assert refused.status_code == 409
    assert "Rien n’a été annulé. Béatrice Biologiste a approuvé" in refused.text
    assert "Passer à ma décision précédente" in refused.text
    beyond = refused.text.split('name="au_dela" value="')[1].split('"')[0]
    passed = client.post(f"{desk.base}/revue/annuler", data={"au_dela": beyond})
    assert passed.status_code == 303
    shown = client.get(passed.headers["location"]).text
    # The next one goes on from there, and does not meet the approved row again.
    assert f'name="au_dela" value="{beyond}"' in shown
    nothing = client.post(f"{desk.base}/revue/annuler", data={"au_dela": beyond})
    assert "pas de décision plus ancienne" in nothing.text
    assert client.post(f"{desk.base}/revue/annuler", data={"au_dela": "9" * 30 + "x"}).status_code == 409


def test_a_reader_takes_nothing_back(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(READER)
    assert "/revue/annuler" not in client.get(f"{desk.base}/revue").text
    assert "/revue/annuler" not in client.get(f"{desk.base}/revue/{desk.sodium}").text
    assert client.post(f"{desk.base}/revue/annuler", data={}).status_code == 403


def test_undoing_costs_the_same_however_much_was_decided(desk: Desk) -> None:
    rows = add_rows(desk, 30)
    for row in rows:
        desk.decide(row, Action.NO_LOINC)

    def cost() -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(desk.engine, "before_cursor_execute", note)
        undo(desk)
        event.remove(desk.engine, "before_cursor_execute", note)
        return len(seen)

    undo(desk)
    first = cost()
    for _ in range(20):
        undo(desk)
    assert cost() == first


@dataclass
class Batches:
    """A room whose acts write several facts: those of `facts` go back together."""

    facts: list[int] = field(default_factory=list)
    refuses: str = ""
    taken: int = 0

    def holds(self) -> ColumnElement[bool]:
        return col(Decision.id).in_(self.facts)

    def newest(self, session: Session, access: CatalogueAccess, before: int | None) -> Together | None:
        if not self.facts or self.taken or (before is not None and self.facts[-1] >= before):
            return None
        return Together(self.facts[-1], "le lot de deux lignes", self.take_back)

    def take_back(self, session: Session, access: CatalogueAccess, queue: JobQueue) -> str:
        if self.refuses:
            raise ConflictError(self.refuses)
        self.taken += 1
        return "/un-lot"


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Batches:
    monkeypatch.setattr(undoables, "SOURCES", [])
    room = Batches()
    undoables.register(room)
    undoables.register(room)
    assert len(undoables.SOURCES) == 1
    return room


def test_what_was_written_together_goes_back_together(desk: Desk, batches: Batches, client_for: ClientFor) -> None:
    desk.decide(desk.strip, Action.NO_LOINC)
    batches.facts = [desk.decide(row, Action.NO_LOINC).id or 0 for row in (desk.sodium, desk.glucose)]
    desk.decide(desk.unproposed, Action.NO_LOINC)
    assert undone_row(undo(desk)) == desk.unproposed
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/annuler", data={})
    assert (answer.status_code, answer.headers["location"], batches.taken) == (303, "/un-lot", 1)
    # Its facts never go back one by one.
    assert undone_row(undo(desk)) == desk.strip
    assert isinstance(undo(desk), undoing.NothingLeft)


def test_a_batch_that_cannot_go_back_says_why_and_can_be_passed_over(desk: Desk, batches: Batches) -> None:
    desk.decide(desk.strip, Action.NO_LOINC)
    batches.facts = [desk.decide(row, Action.NO_LOINC).id or 0 for row in (desk.sodium, desk.glucose)]
    batches.refuses = "Trois lignes du lot sont approuvées."
    refused = undo(desk)
    assert refused == undoing.Refused(batches.facts[-1], "le lot de deux lignes", batches.refuses)
    assert undone_row(undo(desk, before=refused.fact_id)) == desk.strip


def test_the_same_undo_received_twice_is_no_conflict_with_oneself(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client, address = client_for(TRANSCODER), f"{desk.base}/revue/{desk.sodium}/annulation"
    answers = [client.post(address, data={"version": 1}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(desk.facts(desk.sodium)) == 2
