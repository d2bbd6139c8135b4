"""The default order, where volumes are known and where they are not; the steps of the filters."""

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.models import LocalTest, LoincTerm, Proposal, WorklistEntry
from app.platform.database import reading, transaction
from app.worklist import entries_sql
from app.worklist.query import ReviewQuery
from tests.app.review.conftest import Desk, desk
from tests.conftest import TRANSCODER, ClientFor

__all__ = ["desk"]


def order(desk: Desk) -> list[int]:
    with reading(desk.engine) as session:
        return [row for row, _ in entries_sql.first_rows(session, desk.catalogue_id, ReviewQuery(), 10)]


@pytest.fixture
def without_volumes(desk: Desk) -> Desk:
    with transaction(desk.engine) as session:
        for row in session.exec(select(LocalTest).where(LocalTest.catalogue_id == desk.catalogue_id)):
            row.annual_volume = None
    return desk


def set_usage(desk: Desk, code: str, usage: int = 0, rank: int = 0) -> None:
    with transaction(desk.engine) as session:
        term = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == code)).one()
        term.fr_usage, term.common_test_rank = usage, rank


def test_volume_times_uncertainty(desk: Desk) -> None:
    # 20,000 × 0.25; 15,000 × 0.08; 3 × 1.05; then those of unknown volume.
    assert order(desk) == [desk.glucose, desk.sodium, desk.unproposed, desk.strip, desk.comment_row]


def test_without_volumes_the_usual_tests_come_first(without_volumes: Desk) -> None:
    desk = without_volumes
    # The sure sodium is in every laboratory; the strip and the glucose are not said to be.
    set_usage(desk, "2951-2", usage=1)
    assert order(desk) == [desk.sodium, desk.strip, desk.glucose, desk.unproposed, desk.comment_row]


def test_the_rank_of_loinc_stands_in_for_an_unknown_usage(without_volumes: Desk) -> None:
    desk = without_volumes
    set_usage(desk, "14749-6", rank=12)
    set_usage(desk, "25428-4", usage=3)
    assert order(desk)[:3] == [desk.glucose, desk.strip, desk.sodium]


def test_a_row_of_known_volume_comes_before_the_others(without_volumes: Desk) -> None:
    desk = without_volumes
    set_usage(desk, "2951-2", usage=1)
    with transaction(desk.engine) as session:
        row = session.get(LocalTest, desk.unproposed)
        assert row is not None
        row.annual_volume = 0
    assert order(desk)[0] == desk.unproposed


def test_the_page_says_so(without_volumes: Desk, client_for: ClientFor) -> None:
    page = client_for(TRANSCODER).get(f"{without_volumes.base}/revue").text
    assert "analyses usuelles d’abord" in page


def test_steps_of_margin_and_volume(desk: Desk) -> None:
    with reading(desk.engine) as session:
        found = {
            entry.local_test_id: (entry.margin, entry.volume_band) for entry in session.exec(select(WorklistEntry))
        }
    assert found == {
        desk.sodium: ("wide", "huge"),
        desk.glucose: ("wide", "huge"),
        desk.strip: ("alone", ""),
        desk.comment_row: ("", ""),
        desk.unproposed: ("", "small"),
    }


def test_a_second_proposal_close_behind_is_a_small_margin(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        second = update(Proposal).where(
            col(Proposal.local_test_id) == desk.glucose, col(Proposal.rank) == 2
        )
        session.execute(second.values(confidence=0.7))
        row = session.get(LocalTest, desk.glucose)
        assert row is not None
        row.label = "GLYCÉMIE (J)"
    client = client_for(TRANSCODER)
    page = client.get(f"{desk.base}/revue?ecart=faible").text
    assert f'id="ligne-{desk.glucose}"' in page
    assert f'id="ligne-{desk.sodium}"' not in page
    assert f'id="ligne-{desk.glucose}"' not in client.get(f"{desk.base}/revue?sauf-ecart=faible").text
    assert f'id="ligne-{desk.sodium}"' in client.get(f"{desk.base}/revue?volume-annuel=10000").text
