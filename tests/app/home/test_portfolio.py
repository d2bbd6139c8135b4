"""The portfolio and the deadlines of laboratories."""

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from app.laboratories.deadlines import deadline_of
from app.models import AuditEvent, Catalogue, DeadlineKind, Laboratory, LaboratoryDeadline, utc_now
from app.platform.database import reading, transaction
from app.text import in_paris
from tests.app.coverage.sample import make_sample
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

PAGE = "/portefeuille"


def in_days(count: int) -> str:
    return (in_paris(utc_now()).date() + timedelta(days=count)).isoformat()


def test_the_portfolio_shows_figures_and_deadlines(engine: Engine, world: World, client_for: ClientFor) -> None:
    make_sample(engine, world)
    address = f"/laboratoires/{world.laboratory_id}/echeances"
    days = {"order": in_days(-3), "deposit": in_days(10), "end_of_service": in_days(300)}
    assert client_for(BIOLOGIST).post(address, data=days, follow_redirects=False).status_code == 303
    page = unescape(client_for(READER).get(PAGE).text)
    assert "50,00\u00a0%" in page
    assert "passée depuis 3 jours" in page
    assert "dans 10 jours" in page
    assert page.count("chip-warn") == 1
    assert "Échéances proches ou passées" in page
    assert "passée depuis 3 jours" in unescape(client_for(READER).get(f"/laboratoires/{world.laboratory_id}").text)


def test_each_sees_her_laboratories_and_the_administrator_all(
    engine: Engine, world: World, client_for: ClientFor
) -> None:
    make_sample(engine, world)
    with transaction(engine) as session:
        session.add(Laboratory(name="Laboratoire lointain"))
    assert "Laboratoire lointain" not in client_for(READER).get(PAGE).text
    assert world.laboratory.name not in unescape(client_for(OUTSIDER).get(PAGE).text)
    page = unescape(client_for(ADMINISTRATOR).get(PAGE).text)
    assert "Laboratoire lointain" in page
    assert world.laboratory.name in page


def test_entering_is_a_fact_with_its_author_and_the_newest_is_in_force(
    world: World, client_for: ClientFor, engine: Engine
) -> None:
    address = f"/laboratoires/{world.laboratory_id}/echeances"
    client_for(BIOLOGIST).post(address, data={"order": "2026-01-05"})
    client_for(ADMINISTRATOR).post(f"/administration{address}", data={"order": "2026-02-05", "deposit": ""})
    client_for(ADMINISTRATOR).post(f"/administration{address}", data={"order": ""})
    with reading(engine) as session:
        facts = session.exec(select(LaboratoryDeadline)).all()
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "laboratory.set_deadline")).all()
    assert [fact.day for fact in facts] == [date(2026, 1, 5), date(2026, 2, 5), None]
    assert [event.details["day"] for event in events] == ["2026-01-05", "2026-02-05", ""]
    assert "05/02/2026" not in client_for(READER).get(PAGE).text


@pytest.mark.parametrize("day", ["hier", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_odd_days_are_told(world: World, client_for: ClientFor, day: str) -> None:
    for person, start in ((BIOLOGIST, ""), (ADMINISTRATOR, "/administration")):
        address = f"{start}/laboratoires/{world.laboratory_id}/echeances"
        assert client_for(person).post(address, data={"deposit": day}).status_code == 422


def test_only_biologists_and_administrators_enter_them(world: World, client_for: ClientFor) -> None:
    address = f"/laboratoires/{world.laboratory_id}/echeances"
    for person in (READER, TRANSCODER):
        assert client_for(person).post(address, data={"order": "2026-01-05"}).status_code == 403
    assert client_for(OUTSIDER).post(address, data={"order": "2026-01-05"}).status_code == 404
    assert client_for(BIOLOGIST).post(f"/administration{address}", data={"order": "2026-01-05"}).status_code == 403


def test_statements_do_not_grow_with_the_catalogues(engine: Engine, world: World, client_for: ClientFor) -> None:
    client = client_for(ADMINISTRATOR)
    counts = []
    for added in (1, 30):
        with transaction(engine) as session:
            _add(session, added)
        said: list[str] = []

        def note(_c: Any, _u: Any, statement: str, *_rest: Any, said: list[str] = said) -> None:
            said.append(statement)

        client.get(PAGE)
        event.listen(engine, "before_cursor_execute", note)
        client.get(PAGE)
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(said))
    assert counts[0] == counts[1]


def _add(session: Session, count: int) -> None:
    for number in range(count):
        laboratory = Laboratory(name=f"Laboratoire {count}-{number}")
        session.add(laboratory)
        session.flush()
        session.add(Catalogue(laboratory_id=laboratory.id, name="Catalogue"))


def test_how_near_a_day_is() -> None:
    today = date(2026, 6, 1)
    said = {ago: deadline_of(DeadlineKind.ORDER, today + timedelta(days=ago), today).said for ago in (-1, 0, 30, 31)}
    assert said == {-1: "passée depuis 1 jour", 0: "aujourd'hui", 30: "dans 30 jours", 31: ""}
