"""Warnings are kept with each decision: the list reads them, and no row that it does not show."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, update
from sqlmodel import Session, col, select

from app.consistency.found_sql import Found
from app.consistency.kept_sql import counts_of, page_of
from app.consistency.repository import shown_of
from app.models import ConsistencyFinding, LocalTest, WorklistEntry
from app.platform.database import reading, transaction
from app.tallies import keeping
from app.tallies.check import wrong_catalogues
from tests.app.consistency.conftest import Code
from tests.app.review.conftest import Desk
from tests.conftest import TRANSCODER, ClientFor

AddRows = Callable[[Mapping[str, Code]], dict[str, int]]


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    """The SQL of a block."""
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def kept(session: Session, desk: Desk) -> list[Found]:
    return page_of(
        session, desk.catalogue_id, order="gravite", is_down=False, kinds=(), is_answered=False, limit=100
    )


def two_names(add_rows: AddRows) -> dict[str, int]:
    return add_rows(
        {
            "one": (LocalTest(code="A", label="SODIUM", annual_volume=20), "2951-2"),
            "two": (LocalTest(code="B", label="CHLORE", annual_volume=30), "2951-2"),
            "three": (LocalTest(code="C", label="CHLORE", annual_volume=30), ""),
        }
    )


def test_the_list_reads_no_row_but_those_that_it_shows(desk: Desk, add_rows: AddRows, client_for: ClientFor) -> None:
    two_names(add_rows)
    client = client_for(TRANSCODER)
    with statements_of(desk.engine) as said:
        page = client.get(f"/catalogues/{desk.catalogue_id}/coherence")
        assert client.get(f"/catalogues/{desk.catalogue_id}/coherence?format=csv").text.count("\n") == 2
    assert "2 noms différents" in page.text
    rows = [statement for statement in said if "worklist_entry" in statement]
    assert rows
    assert all("worklist_entry.local_test_id IN (" in statement and "GROUP BY" not in statement for statement in rows)


def test_a_row_that_takes_the_place_of_another_is_shown_in_its_place(desk: Desk, add_rows: AddRows) -> None:
    """Rows, names and volumes of the warning say the same before and after: only which rows they are differs."""
    ids = two_names(add_rows)
    with reading(desk.engine) as session:
        (before,) = kept(session, desk)
        assert {row.id for row in shown_of(session, [before])["names " + before.subject]} == {ids["one"], ids["two"]}
    desk.undo(ids["two"])
    with reading(desk.engine) as session:
        assert kept(session, desk) == []
        assert counts_of(session, desk.catalogue_id) in ({}, {"names": (0, 0)})
    desk.decide(ids["three"], loinc_num="2951-2", justification="essai")
    with reading(desk.engine) as session:
        (after,) = kept(session, desk)
        assert set(after.examples) == {ids["one"], ids["three"]}
        assert (after.rows, after.variants, after.volume, after.seen) == (
            before.rows, before.variants, before.volume, before.seen
        )  # fmt: skip
        assert counts_of(session, desk.catalogue_id) == {"names": (1, 0)}


def test_a_decision_finds_the_warnings_of_its_own_codes_only(desk: Desk, add_rows: AddRows) -> None:
    ids = two_names(add_rows) | add_rows({"other": (LocalTest(code="Z", label="GLUCOSE"), "")})
    with transaction(desk.engine) as session:
        # What no decision did: only who looks at this code again can see that it is wrong.
        session.execute(update(ConsistencyFinding).values(volume=7_000))
    desk.decide(ids["other"], loinc_num="14749-6", justification="essai")
    with reading(desk.engine) as session:
        assert [item.volume for item in kept(session, desk)] == [7_000]
        assert "avertissement names analysis:2951-2" in wrong_catalogues(session)[desk.catalogue_id]
    desk.decide(ids["three"], loinc_num="2951-2", justification="essai")
    with reading(desk.engine) as session:
        assert [item.volume for item in kept(session, desk)] == [80]


@pytest.mark.parametrize("damage", ["gone", "another", "one too many"])
def test_doctor_sees_warnings_that_went_wrong_and_they_are_made_again(
    desk: Desk, add_rows: AddRows, damage: str
) -> None:
    two_names(add_rows)
    with transaction(desk.engine) as session:
        finding = session.exec(select(ConsistencyFinding)).one()
        if damage == "gone":
            session.delete(finding)
        elif damage == "another":
            finding.examples = ""
        else:
            session.add(ConsistencyFinding(**finding.model_dump() | {"subject": "analysis:1-8", "number": "1-8"}))
    with reading(desk.engine) as session:
        assert any(said.startswith("avertissement ") for said in wrong_catalogues(session)[desk.catalogue_id])
    keeping.recompute_all(desk.engine)
    with reading(desk.engine) as session:
        assert wrong_catalogues(session) == {}
        (item,) = kept(session, desk)
        assert item.number == "2951-2"
        coded = session.exec(select(WorklistEntry.local_test_id).where(col(WorklistEntry.loinc_num) == "2951-2"))
        assert set(item.examples) == set(coded)
