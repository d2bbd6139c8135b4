"""Earlier codes that the release in use does not hold, or that are none: they are shown, and go no further."""

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import col, select, update

from app.models import Decision, EarlierStatement, EarlierUse, EarlierVerdict, LoincRelease, MemoryEntry
from app.platform.database import reading, transaction
from app.terminology.schemas import FEWEST_TERMS
from tests.app.earlier.conftest import Inherited
from tests.conftest import TRANSCODER, ClientFor

UNKNOWN, WRONG = "ABS", "GLY"
"""The rows whose earlier code the release does not hold, and is of a wrong check digit."""


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


@pytest.fixture(params=[False, True], ids=["extract", "whole"])
def release(request: pytest.FixtureRequest, inherited: Inherited) -> bool:
    """Whether the release is whole. What was compared with another one is compared again, and not yet."""
    with transaction(inherited.engine) as session:
        if request.param:
            session.execute(update(LoincRelease).values(kind="official", term_count=FEWEST_TERMS))
        unknown = col(EarlierStatement.local_code) == UNKNOWN
        session.execute(update(EarlierStatement).where(unknown).values(verdict=EarlierVerdict.NONE.value))
    return bool(request.param)


def decisions(inherited: Inherited) -> list[Decision]:
    with reading(inherited.engine) as session:
        return list(session.exec(select(Decision)))


def memory(inherited: Inherited) -> set[str]:
    with reading(inherited.engine) as session:
        return set(session.exec(select(MemoryEntry.loinc_num)))


def take(client: TestClient, inherited: Inherited, use: EarlierUse, *codes: str) -> Response:
    found = inherited.statements()
    form = {"usage": use.value, "choix": [f"{found[code].id}:0" for code in codes]}
    return client.post(f"{inherited.address}/prendre", data=form)


def test_it_is_shown_as_absent_and_decides_nothing(inherited: Inherited) -> None:
    assert inherited.verdicts()[UNKNOWN] == EarlierVerdict.ABSENT
    assert inherited.verdicts()[WRONG] == EarlierVerdict.UNREADABLE
    assert decisions(inherited) == []


@pytest.mark.parametrize("use", [EarlierUse.MEMORY, EarlierUse.TO_CONFIRM])
def test_no_code_of_loinc_is_taken(
    client: TestClient, inherited: Inherited, release: bool, use: EarlierUse
) -> None:
    """With an extract it waits for a release that holds it; with a whole release it is refused, compared or not."""
    assert take(client, inherited, use, UNKNOWN, WRONG, "NA").status_code == 303
    taken = {code: item.taken_as for code, item in inherited.statements().items()}
    assert taken[WRONG] == ""
    assert taken["NA"] == use
    assert taken[UNKNOWN] == ("" if release else use)
    if use is EarlierUse.MEMORY:
        assert memory(inherited) == ({"2951-2"} if release else {"2951-2", "718-7"})
    assert decisions(inherited) == []


def test_none_is_confirmed_without_its_case_being_opened(
    client: TestClient, inherited: Inherited, release: bool
) -> None:
    found = inherited.statements()
    form = {"choix": [f"{found[code].id}:0" for code in (UNKNOWN, WRONG)]}
    answer = client.post(f"{inherited.address}/confirmer", data=form)
    assert answer.status_code == 200
    assert "absent" in answer.text
    assert decisions(inherited) == []
