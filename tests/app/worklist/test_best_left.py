"""The queue shows the best candidate left of a row, not one that somebody set aside."""

import csv
import io

from sqlmodel import Session

from app.models import Action
from app.platform.database import transaction
from app.review.marks import mark_candidate
from app.transcoding.repository import runs_of
from app.worklist.query import ReviewQuery
from app.worklist.queue import QueueRow, rows_of
from tests.app.review.conftest import Desk, desk
from tests.app.worklist.test_queue_sql import counting
from tests.conftest import TRANSCODER, ClientFor

__all__ = ["desk"]

GLUCOSE = ("14749-6", "2345-7")


def mark(desk: Desk, action: Action, *numbers: str) -> None:
    for number in numbers:
        with transaction(desk.engine) as session:
            mark_candidate(session, desk.access(), desk.glucose, desk.version(desk.glucose), action, number)


def shown(desk: Desk) -> QueueRow:
    with Session(desk.engine) as session:
        runs = runs_of(session, desk.catalogue_id)
        return rows_of(session, desk.access(), runs, ReviewQuery(), [desk.glucose])[0]


def test_the_next_candidate_stands_where_the_first_was_set_aside(desk: Desk, client_for: ClientFor) -> None:
    first = shown(desk)
    assert (first.best_loinc, first.has_contradiction) == (GLUCOSE[0], False)
    mark(desk, Action.REJECT_CANDIDATE, GLUCOSE[0])
    row = shown(desk)
    assert (row.best_loinc, row.has_contradiction, row.all_aside) == (GLUCOSE[1], True, False)
    assert row.band is not None
    assert row.band.text != (first.band.text if first.band else "")
    assert row.best_name is not None
    listed = client_for(TRANSCODER).get(f"{desk.base}/revue?q=glu&format=csv").text.lstrip("\ufeff")
    lines = list(csv.DictReader(io.StringIO(listed), delimiter=";"))
    assert [line["Proposition"] for line in lines if line["Code"] == "GLU"] == [GLUCOSE[1]]
    mark(desk, Action.RESTORE_CANDIDATE, GLUCOSE[0])
    assert shown(desk) == first


def test_a_row_of_which_all_are_set_aside_says_so(desk: Desk, client_for: ClientFor) -> None:
    mark(desk, Action.REJECT_CANDIDATE, *GLUCOSE)
    row = shown(desk)
    assert (row.best_loinc, row.band, row.has_contradiction, row.all_aside) == ("", None, False, True)
    client = client_for(TRANSCODER)
    assert "toutes écartées" in client.get(f"{desk.base}/revue").text
    assert "toutes écartées" in client.get(f"{desk.base}/revue?format=csv").text
    assert "toutes écartées" in client.get(f"{desk.base}/revue/{desk.glucose}/groupe").text


def test_a_code_that_was_decided_since_is_not_set_aside(desk: Desk) -> None:
    mark(desk, Action.REJECT_CANDIDATE, GLUCOSE[0])
    desk.decide(desk.glucose, loinc_num=GLUCOSE[0])
    assert shown(desk).best_loinc == GLUCOSE[0]


def test_what_is_set_aside_asks_two_statements_for_a_whole_page(desk: Desk) -> None:
    counts = []
    for number in ("", GLUCOSE[0]):
        if number:
            mark(desk, Action.REJECT_CANDIDATE, number)
        with counting(desk.engine) as statements:
            shown(desk)
        counts.append(len(statements))
    assert counts[1] - counts[0] == 2, "the facts of the rows concerned, and their candidates"
