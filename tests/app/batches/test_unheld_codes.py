"""A proposal whose code the release in use no longer holds: no batch accepts it, no group takes it."""

import pytest
from sqlmodel import col, select

from app.models import Batch, LoincRelease, LoincTerm, Proposal, Status
from app.platform.database import reading, transaction
from app.terminology.schemas import FEWEST_TERMS
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk
from tests.conftest import TRANSCODER, ClientFor

SODIUM, WRONG = "2951-2", "2951-3"


@pytest.fixture(params=["extract", "whole", "wrong"])
def rows(request: pytest.FixtureRequest, desk: Desk) -> list[int]:
    """Rows with a sure proposal each, of a code that the release does not hold, or that is none."""
    ids = add_rows(desk, 3, label="SODIUM")
    with transaction(desk.engine) as session:
        if request.param == "wrong":
            for proposal in session.exec(select(Proposal).where(col(Proposal.local_test_id).in_(ids))):
                proposal.loinc_num = WRONG
                session.add(proposal)
            return ids
        session.delete(session.exec(select(LoincTerm).where(LoincTerm.loinc_num == SODIUM)).one())
        if request.param == "whole":
            release = session.get_one(LoincRelease, desk.release.id)
            release.kind, release.term_count = "official", FEWEST_TERMS
            session.add(release)
    return ids


def test_no_batch_accepts_it(desk: Desk, client_for: ClientFor, rows: list[int]) -> None:
    answer = client_for(TRANSCODER).post(f"{desk.base}/lots?chapitre=Lot")
    assert answer.status_code in (303, 409), answer.text[:500]
    assert set(statuses(desk, rows)) == {Status.TODO}
    assert [desk.facts(row) for row in rows] == [[]] * 3


def test_no_group_takes_it(desk: Desk, client_for: ClientFor, rows: list[int]) -> None:
    with reading(desk.engine) as session:
        code = session.exec(select(Proposal.loinc_num).where(Proposal.local_test_id == rows[0])).one()
    data = {"lignes": [f"{row}:0" for row in rows], "action": "choose", "loinc_num": code, "autre_code": code}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{rows[0]}/groupe", data=data)
    assert answer.status_code == 422
    assert set(statuses(desk, rows)) == {Status.TODO}
    with reading(desk.engine) as session:
        assert session.exec(select(Batch)).all() == []
