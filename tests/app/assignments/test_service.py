"""Rows are given and taken back by facts; lists and counts follow."""

import pytest
from sqlmodel import col, select

from app.accounts import service as accounts
from app.assignments import presence
from app.assignments import service as sharing
from app.assignments.service import Scope, share_out
from app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from app.models import AssignedRow, Assignment, AuditEvent, CaseClaim, Role, WorklistEntry, utc_now
from app.platform.database import Transactions, reading, transaction
from app.review.queue_page import queue_page
from app.worklist import claims
from app.worklist.counts import queue_counts
from app.worklist.navigation import next_to_work_on
from app.worklist.query import ReviewQuery
from tests.app.approval.opened import approve
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk, desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER

__all__ = ["desk"]

EVERYTHING = Scope(ReviewQuery(), "tout le catalogue")


def give(desk: Desk, scope: Scope, to: str | None, by: str = BIOLOGIST) -> int:
    who = desk.world.user_id(to) if to else None
    return share_out(Transactions(desk.engine), desk.access(by), scope, who)


def assignees(desk: Desk) -> dict[int, str]:
    with reading(desk.engine) as session:
        statement = select(WorklistEntry.local_test_id, WorklistEntry.assignee)
        return {row: who for row, who in session.exec(statement) if who}


def chapter(name: str) -> Scope:
    return Scope(ReviewQuery(only={"chapitre": (name,)}), f"chapitre {name}")


def test_a_chapter_goes_to_a_person_and_the_lists_follow(desk: Desk) -> None:
    assert give(desk, chapter("Biochimie"), TRANSCODER) == 2
    mine = str(desk.world.user_id(TRANSCODER))
    assert assignees(desk) == {desk.sodium: mine, desk.glucose: mine}
    with reading(desk.engine) as session:
        counts = queue_counts(session, desk.catalogue_id, ReviewQuery())
        assert counts.facets["attribuee"] == {mine: 2, "": 3}
        kept = queue_counts(session, desk.catalogue_id, ReviewQuery(without={"attribuee": (mine,)}))
        assert kept.total == 3
        fact = session.exec(select(Assignment)).one()
        assert (fact.assignee_id, fact.rows, fact.scope) == (int(mine), 2, "chapitre Biochimie")
        assert fact.author_id == desk.world.user_id(BIOLOGIST)
        event = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "assignment.give")).one()
        assert event.details["rows"] == 2


def test_the_newest_fact_holds_and_the_older_ones_stay(desk: Desk) -> None:
    give(desk, EVERYTHING, TRANSCODER)
    give(desk, chapter("Urines"), SECOND_BIOLOGIST)
    give(desk, chapter("Divers"), None)
    other = str(desk.world.user_id(SECOND_BIOLOGIST))
    found = assignees(desk)
    assert found[desk.strip] == other
    assert desk.comment_row not in found
    assert desk.unproposed not in found
    with reading(desk.engine) as session:
        assert len(session.exec(select(Assignment)).all()) == 3
        assert len(session.exec(select(AssignedRow)).all()) == 5 + 1 + 2


def test_a_range_of_the_file(desk: Desk) -> None:
    assert give(desk, Scope(ReviewQuery(), "lignes 2 à 3", 2, 3), TRANSCODER) == 2
    assert set(assignees(desk)) == {desk.glucose, desk.strip}


def test_many_rows_are_given_in_several_facts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "AT_ONCE", 2)
    assert give(desk, EVERYTHING, TRANSCODER) == 5
    with reading(desk.engine) as session:
        assert [fact.rows for fact in session.exec(select(Assignment).order_by(col(Assignment.id)))] == [2, 2, 1]
    assert len(assignees(desk)) == 5


def test_a_decision_on_an_assigned_row_keeps_its_assignee(desk: Desk) -> None:
    give(desk, EVERYTHING, TRANSCODER)
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        approve(session, desk.access(BIOLOGIST), desk.sodium, 1, settings=desk.settings)
    mine = str(desk.world.user_id(TRANSCODER))
    assert assignees(desk)[desk.sodium] == mine
    with reading(desk.engine) as session:
        kept = queue_counts(session, desk.catalogue_id, ReviewQuery()).kept["attribuee"][mine]
        assert {status: rows for status, rows in kept.items() if rows} == {"approved": 1, "todo": 4}


@pytest.mark.parametrize("by", [TRANSCODER, READER])
def test_others_share_nothing_out(desk: Desk, by: str) -> None:
    with pytest.raises(NotAllowedError):
        give(desk, EVERYTHING, TRANSCODER, by=by)
    assert assignees(desk) == {}


@pytest.mark.parametrize("to", [READER, OUTSIDER])
def test_rows_go_to_those_who_decide_here(desk: Desk, to: str) -> None:
    with pytest.raises(ConflictError):
        give(desk, EVERYTHING, to)
    assert assignees(desk) == {}


def test_nothing_to_give_is_said(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="Aucune ligne"):
        give(desk, chapter("Nulle part"), TRANSCODER)
    with pytest.raises(InvalidInputError, match="après la dernière"):
        give(desk, Scope(ReviewQuery(), "à l'envers", 3, 2), TRANSCODER)


@pytest.mark.parametrize("how", ["member no more", "reader", "deactivated"])
def test_who_leaves_frees_her_rows(desk: Desk, how: str) -> None:
    give(desk, chapter("Biochimie"), TRANSCODER)
    give(desk, chapter("Divers"), BIOLOGIST)
    leaver = desk.world.users[TRANSCODER]
    with transaction(desk.engine) as session:
        leaver = session.merge(leaver)
        if how == "deactivated":
            accounts.set_active(session, leaver, False)
        else:
            role = Role.READER if how == "reader" else None
            accounts.set_role(session, leaver, desk.world.laboratory, role)
    assert set(assignees(desk)) == {desk.comment_row, desk.unproposed}
    with reading(desk.engine) as session:
        fact = session.exec(select(Assignment).order_by(col(Assignment.id).desc())).first()
        assert fact is not None
        assert (fact.assignee_id, fact.rows, fact.scope) == (None, 2, sharing.LEFT)


def test_a_new_role_among_those_who_decide_frees_nothing(desk: Desk) -> None:
    give(desk, chapter("Biochimie"), TRANSCODER)
    with transaction(desk.engine) as session:
        member = session.merge(desk.world.users[TRANSCODER])
        accounts.set_role(session, member, desk.world.laboratory, Role.BIOLOGIST)
    assert len(assignees(desk)) == 2


# ---- who has a row open -----------------------------------------------------------------------------------


def announce(desk: Desk, email: str, row: int | None = None) -> str:
    with transaction(desk.engine) as session:
        return presence.announce(session, desk.access(email), desk.sodium if row is None else row)


def test_two_people_on_one_row_see_each_other(desk: Desk) -> None:
    assert announce(desk, TRANSCODER) == ""
    assert announce(desk, BIOLOGIST) == "Tania Transcodeuse"
    assert announce(desk, TRANSCODER) == "Béatrice Biologiste"
    before = len(desk.audit())
    with transaction(desk.engine) as session:
        presence.leave(session, desk.access(BIOLOGIST), desk.sodium)
    assert announce(desk, TRANSCODER) == ""
    assert len(desk.audit()) == before


def test_a_claim_is_forgotten_after_a_silence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    announce(desk, TRANSCODER, desk.glucose)
    later = utc_now() + claims.SILENCE * 1.1
    monkeypatch.setattr(claims, "utc_now", lambda: later)
    monkeypatch.setattr(presence, "utc_now", lambda: later)
    with reading(desk.engine) as session:
        assert claims.open_elsewhere(session, [desk.glucose], desk.world.user_id(BIOLOGIST)) == {}
    announce(desk, BIOLOGIST)
    with reading(desk.engine) as session:
        assert [claim.local_test_id for claim in session.exec(select(CaseClaim))] == [desk.sodium]


def test_a_row_of_nowhere_is_not_claimed(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        announce(desk, TRANSCODER, 999_999)


# ---- two people in one queue ------------------------------------------------------------------------------


def next_of(desk: Desk, email: str, row: int) -> int | None:
    with reading(desk.engine) as session:
        query = ReviewQuery(tri="fichier")
        return next_to_work_on(session, desk.catalogue_id, query, row, False, desk.world.user_id(email))


def test_the_next_row_is_not_the_one_that_a_colleague_has_open(desk: Desk) -> None:
    assert next_of(desk, TRANSCODER, desk.sodium) == desk.glucose
    announce(desk, BIOLOGIST, desk.glucose)
    assert next_of(desk, TRANSCODER, desk.sodium) == desk.strip
    assert next_of(desk, BIOLOGIST, desk.sodium) == desk.glucose, "one's own row is not passed over"
    with transaction(desk.engine) as session:
        presence.leave(session, desk.access(BIOLOGIST), desk.glucose)
    assert next_of(desk, TRANSCODER, desk.sodium) == desk.glucose


def test_the_queue_begins_on_a_row_that_nobody_has_open(desk: Desk) -> None:
    def first(email: str) -> str:
        with reading(desk.engine) as session:
            return queue_page(session, desk.access(email), ReviewQuery(tri="fichier")).first_url or ""

    announce(desk, BIOLOGIST, desk.sodium)
    assert f"/revue/{desk.glucose}?" in first(TRANSCODER)
    assert f"/revue/{desk.sodium}?" in first(BIOLOGIST)


def test_a_row_that_is_open_elsewhere_is_met_when_it_is_the_last(desk: Desk) -> None:
    rows = (desk.sodium, desk.glucose, desk.strip, desk.comment_row, desk.unproposed)
    for row in rows:
        announce(desk, BIOLOGIST, row)
    assert next_of(desk, TRANSCODER, desk.sodium) == desk.glucose
    assert next_of(desk, TRANSCODER, desk.glucose) == desk.sodium
    desk.decide(desk.glucose, loinc_num="14749-6")
    assert next_of(desk, TRANSCODER, desk.sodium) == desk.strip


def test_a_claim_that_fell_silent_passes_nothing_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    announce(desk, BIOLOGIST, desk.glucose)
    monkeypatch.setattr(claims, "utc_now", lambda: utc_now() + claims.SILENCE * 1.1)
    assert next_of(desk, TRANSCODER, desk.sodium) == desk.glucose
