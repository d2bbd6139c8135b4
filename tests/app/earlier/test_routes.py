"""The page of earlier work: what it shows, and what people make of it."""

import csv
import io

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.models import (
    Action,
    AuditEvent,
    Decision,
    EarlierUse,
    EarlierVerdict,
    MemoryEntry,
    Outcome,
    Relation,
    ReviewState,
    Status,
)
from app.platform.database import reading
from tests.app.earlier.conftest import Inherited
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def ticked(inherited: Inherited, *codes: str, version: int = 0) -> list[str]:
    found = inherited.statements()
    return [f"{found[code].id}:{version}" for code in codes]


def states(inherited: Inherited) -> dict[str, ReviewState]:
    with reading(inherited.engine) as session:
        return {
            code: session.get_one(ReviewState, item.local_test_id)
            for code, item in inherited.statements().items()
            if item.local_test_id
        }


def test_the_page_says_how_each_code_stands(client: TestClient, inherited: Inherited) -> None:
    page = client.get(inherited.address).text
    for text in (
        "Même code", "Même analyse, autre technique", "Contredit par la ligne", "Code déprécié ou déconseillé",
        "Code absent de la version", "Déclarée sans code", "plusieurs codes dans la cellule",
        "la clé de contrôle devrait être 6", "LOINC le remplace par", "Diffère : ", "Dr Anne Roy, 12/03/2021",
    ):  # fmt: skip
        assert text in page
    kept = client.get(inherited.address, params={"verdict": EarlierVerdict.METHOD}).text
    assert "Protéine C réactive" in kept
    assert "Sodium urinaire" not in kept


@pytest.mark.parametrize("order", ["code", "-code", "libelle", "anterieur", "propose", "-verdict", "source", "autre"])
def test_the_list_sorts(client: TestClient, inherited: Inherited, order: str) -> None:
    page = client.get(inherited.address, params={"tri": order}).text
    first, last = page.find(">ABS<"), page.find(">OLD<")
    assert first > 0
    assert last > 0
    if order.endswith("code"):
        assert (first > last) is order.startswith("-")


def test_the_list_exports(client: TestClient, inherited: Inherited) -> None:
    answer = client.get(inherited.address, params={"format": "csv", "verdict": "same"})
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["Code local"], row["Code antérieur"], row["Comparaison"]) for row in rows] == [
        ("NA", "2951-2", "Même code")
    ]


def test_nobody_else_sees_it_and_readers_only_see(client_for: ClientFor, inherited: Inherited) -> None:
    assert client_for(OUTSIDER).get(inherited.address).status_code == 404
    reader = client_for(READER)
    assert "Prendre en mémoire" not in reader.get(inherited.address).text
    for act in ("", "/prendre", "/confirmer", "/comparer"):
        assert reader.post(f"{inherited.address}{act}").status_code == 403


def test_codes_are_taken_as_memory(client: TestClient, inherited: Inherited) -> None:
    form = {"choix": ticked(inherited, "NA", "CRP", "ABS", "COM", "GLU"), "usage": "memory"}
    answer = client.post(f"{inherited.address}/prendre", data=form)
    page = client.get(answer.headers["location"]).text
    assert "2 lignes en mémoire" in page
    assert "3 autres ne le peuvent" in page
    with reading(inherited.engine) as session:
        entries = session.exec(select(MemoryEntry)).all()
        assert {(item.local_code, item.loinc_num) for item in entries} == {("NA", "2951-2"), ("CRP", "30522-7")}
        assert session.exec(select(Decision)).all() == []
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "earlier.take")).one()
        assert event.details["taken_as"] == "memory"
    inherited.run()
    assert inherited.verdicts()["CRP"] == EarlierVerdict.SAME, "what is remembered is proposed first"


def test_all_that_a_filter_keeps_is_taken(client: TestClient, inherited: Inherited) -> None:
    form = {"portee": "filtre", "usage": "to_confirm"}
    client.post(f"{inherited.address}/prendre", params={"verdict": "same"}, data=form)
    uses = {code: item.taken_as for code, item in inherited.statements().items()}
    assert {code for code, use in uses.items() if use} == {"NA"}
    assert uses["NA"] == EarlierUse.TO_CONFIRM
    assert {state.status for state in states(inherited).values()} == {Status.TODO}, "a decision is hers alone"
    client.post(f"{inherited.address}/prendre", data={"portee": "filtre", "usage": "left"})
    assert {item.taken_as for item in inherited.statements().values()} == {EarlierUse.LEFT}
    client.post(f"{inherited.address}/prendre", data={"portee": "filtre", "usage": "-"})
    assert {item.taken_as for item in inherited.statements().values()} == {EarlierUse.NONE}


def test_a_reviewer_confirms_and_nobody_approves(client: TestClient, inherited: Inherited) -> None:
    form = {"choix": ticked(inherited, "NA", "COM")}
    page = client.post(f"{inherited.address}/confirmer", data=form).text
    assert "2 confirmées sur 2" in page
    found = states(inherited)
    assert (found["NA"].status, found["NA"].loinc_num) == (Status.DECIDED, "2951-2")
    assert (found["COM"].status, found["COM"].outcome) == (Status.DECIDED, Outcome.NO_LOINC)
    with reading(inherited.engine) as session:
        facts = {fact.action: fact for fact in session.exec(select(Decision))}
        chosen = facts[Action.CHOOSE]
        assert (chosen.relation, chosen.comment) == (Relation.EQUIVALENT, "vérifié au 2e passage")
        assert chosen.reason == "Repris de « ancien_catalogue.csv », ligne 2 (par Dr Anne Roy le 12/03/2021)"
        assert chosen.author_id == inherited.world.user_id(TRANSCODER)
        assert facts[Action.NO_LOINC].reason == "texte libre"
    assert "Décidée" in client.get(inherited.address, params={"verdict": "same"}).text


def test_what_the_row_contradicts_is_never_confirmed_in_a_bulk(client: TestClient, inherited: Inherited) -> None:
    form = {"choix": ticked(inherited, "NAU", "OLD", "ABS", "GLU", "CRP")}
    page = client.post(f"{inherited.address}/confirmer", data=form).text
    assert "1 confirmée sur 5" in page
    assert "Ouvrez la ligne" in page
    found = states(inherited)
    assert {code for code, state in found.items() if state.status == Status.DECIDED} == {"CRP"}


def test_what_others_did_meanwhile_is_not_overwritten(client: TestClient, inherited: Inherited) -> None:
    client.post(f"{inherited.address}/confirmer", data={"choix": ticked(inherited, "NA")})
    stale = client.post(f"{inherited.address}/confirmer", data={"choix": ticked(inherited, "NA")}).text
    assert "0 confirmée sur 1" in stale
    again = client.post(f"{inherited.address}/confirmer", data={"choix": ticked(inherited, "NA", version=1)}).text
    assert "déjà décidée" in again
    with reading(inherited.engine) as session:
        assert len(session.exec(select(Decision)).all()) == 1


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("prendre", {"usage": "memory"}),
        ("prendre", {"usage": "autre", "portee": "filtre"}),
        ("prendre", {"usage": "memory", "choix": "x:1"}),
        ("prendre", {"usage": "memory", "choix": "1:2:3"}),
        ("confirmer", {}),
        ("confirmer", {"choix": f"{10**17}:0{'9' * 30}"}),
    ],
)
def test_what_makes_no_sense_is_refused(
    client_for: ClientFor, inherited: Inherited, act: str, form: dict[str, str]
) -> None:
    assert client_for(BIOLOGIST).post(f"{inherited.address}/{act}", data=form).status_code == 422


def test_statements_of_another_catalogue_are_not_taken(client: TestClient, inherited: Inherited) -> None:
    other = inherited.world.add_catalogue("Autre")
    form = {"choix": ticked(inherited, "NA"), "usage": "left"}
    client.post(f"/catalogues/{other.id}/anterieur/prendre", data=form)
    assert inherited.statements()["NA"].taken_as == EarlierUse.NONE


def test_the_overview_leads_to_what_waits(client: TestClient, inherited: Inherited) -> None:
    overview = f"/catalogues/{inherited.catalogue_id}"
    assert "8 codes d'un transcodage antérieur" in client.get(overview).text
    client.post(f"{inherited.address}/prendre", data={"portee": "filtre", "usage": "left"})
    assert "transcodage antérieur" not in client.get(overview).text
