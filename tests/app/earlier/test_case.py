"""What the case of a row shows of earlier work, and what a decision keeps of it."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.models import Decision
from app.platform.database import reading
from tests.app.earlier.conftest import Inherited
from tests.conftest import TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def case(client: TestClient, inherited: Inherited, code: str) -> str:
    return client.get(f"/catalogues/{inherited.catalogue_id}/revue/{inherited.test_id(code)}").text


def take(client: TestClient, inherited: Inherited, *codes: str) -> None:
    found = inherited.statements()
    form = {"usage": "to_confirm", "choix": [f"{found[code].id}:0" for code in codes]}
    client.post(f"{inherited.address}/prendre", data=form)


def selected(page: str) -> str:
    return next(iter(re.findall(r'name="loinc_num" value="([\d-]+)"[^>]* checked', page)), "")


def test_earlier_work_is_shown_and_acts_on_nothing_by_itself(client: TestClient, inherited: Inherited) -> None:
    page = case(client, inherited, "CRP")
    assert "Transcodage antérieur" in page
    assert "Comparer ce code" not in page, "it is one of the proposals"
    assert selected(page) == "1988-5"
    assert "Comparer ce code" in case(client, inherited, "ABS")
    assert "plusieurs codes dans la cellule" in case(client, inherited, "GLU")


def test_what_is_to_be_confirmed_is_chosen_with_what_was_said(client: TestClient, inherited: Inherited) -> None:
    take(client, inherited, "CRP", "NA")
    assert selected(case(client, inherited, "CRP")) == "30522-7"
    page = case(client, inherited, "NA")
    assert selected(page) == "2951-2"
    assert ">vérifié au 2e passage</textarea>" in page
    form = {"version": "0", "action": "choose", "loinc_num": "2951-2", "relation": "equivalent", "comment": "vu"}
    address = f"/catalogues/{inherited.catalogue_id}/revue/{inherited.test_id('NA')}/decision"
    assert client.post(address, data=form).status_code == 303
    with reading(inherited.engine) as session:
        fact = session.exec(select(Decision)).one()
        assert fact.reason.startswith("Repris de « ancien_catalogue.csv », ligne 2")
        assert fact.comment == "vu"


def test_a_contradicted_code_is_never_chosen_beforehand(client: TestClient, inherited: Inherited) -> None:
    take(client, inherited, "NAU")
    page = case(client, inherited, "NAU")
    assert selected(page) != "2951-2"
    assert "Contredit par la ligne" in page
