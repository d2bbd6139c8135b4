"""The memory of a laboratory: evidence for proposals, never decisions; withdrawn by a new fact."""

import itertools
import sqlite3
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from app.catalogues.matcher_input import to_matcher
from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.memory import service
from app.memory.service import import_memory
from app.models import (
    AuditEvent,
    Decision,
    Laboratory,
    LocalTest,
    MappingWithdrawal,
    MemoryEntry,
    ReviewState,
)
from app.platform.database import Transactions, reading, transaction
from app.proposals.knowledge import knowledge_for
from matcher import LocalTest as MatcherTest
from matcher.knowledge import signature
from tests.app.catalogues.fhir_fixtures import CODE_SYSTEM, as_bytes, bundle
from tests.app.files.workbooks import zipped
from tests.app.memory.files import CONCEPT_MAP_R4, SSSOM, USAGI_FULL
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

ADDRESS = "/laboratoires/1/memoire"
CATALOGUE = "code;libelle;unite;milieu\nNA;Sodium dosé;mmol/L;Sérum\nCL;Chlorure;mmol/L;Sérum\n"


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def send(client: TestClient, *files: tuple[str, bytes]) -> Response:
    return client.post(ADDRESS, files=[("fichiers", file) for file in files])


def add_catalogue(world: World) -> int:
    with transaction(world.engine) as session:
        file = IncomingFile("catalogue.csv", CATALOGUE.encode())
        return import_files(session, world.laboratory_id, [file], catalogue_name="Essai").catalogue_id


def entries(world: World) -> list[MemoryEntry]:
    with reading(world.engine) as session:
        return list(session.exec(select(MemoryEntry).order_by(MemoryEntry.id)))


def remembered(session: Session, catalogue_id: int, code: str) -> list[str]:
    """The LOINC codes that the matcher would remember for a test of the catalogue."""
    statement = select(LocalTest).where(LocalTest.catalogue_id == catalogue_id, LocalTest.code == code)
    test = session.exec(statement).one()
    return [item.loinc_num for item in knowledge_for(session, catalogue_id).memory.get(signature(to_matcher(test)), ())]


def test_a_concept_map_becomes_memory_and_no_decision(client: TestClient, world: World) -> None:
    catalogue = add_catalogue(world)
    answer = send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4)))
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "ConceptMap R4 « carte.json » : 2 correspondances prises en mémoire, dont 1 pour un code" in page
    assert "1 ligne non reprise : au code LOINC mal formé." in page
    assert "Sodium dosé" in page
    sodium, potassium = entries(world)
    assert (sodium.is_from_catalogue, sodium.label, sodium.unit) == (True, "Sodium dosé", "mmol/L")
    assert (potassium.is_from_catalogue, potassium.signature) == (False, signature(MatcherTest(label="K")))
    with reading(world.engine) as session:
        assert remembered(session, catalogue, "NA") == ["2951-2"]
        assert remembered(session, catalogue, "CL") == []
        assert session.exec(select(Decision)).all() == []
        assert {state.status for state in session.exec(select(ReviewState))} == {"todo"}


def test_the_same_file_again_adds_nothing(client: TestClient, world: World) -> None:
    send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4)))
    page = client.get(send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4))).headers["location"]).text
    assert "2 étaient déjà connues" in page
    assert len(entries(world)) == 2


def test_a_long_file_is_stored_in_parts_and_completed_when_it_was_interrupted(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification"]
    lines += [f"T{row}\tTest {row}\tskos:exactMatch\tLOINC:2951-2\tsemapv:ManualMappingCuration" for row in range(5)]
    file = ("long.tsv", "\n".join(lines).encode())
    monkeypatch.setattr(service, "STORED_AT_ONCE", 2)
    insert, calls = service.insert_all, itertools.count()

    def insert_once(session: Session, model: Any, rows: Any) -> None:
        if next(calls) == 1:
            raise OperationalError("INSERT", None, sqlite3.OperationalError("database is locked"))
        insert(session, model, rows)

    monkeypatch.setattr(service, "insert_all", insert_once)
    assert send(client, file).status_code == 503
    assert len(entries(world)) == 2
    page = client.get(send(client, file).headers["location"]).text
    assert "3 correspondances prises en mémoire" in page
    assert "2 étaient déjà connues" in page
    assert [entry.local_code for entry in entries(world)] == [f"T{row}" for row in range(5)]
    with reading(world.engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "memory.import")).all()
        told = [(event.details["part"], event.details["added"]) for event in events]
    assert told == [("1/3", 2), ("1/3", 0), ("2/3", 2), ("3/3", 3)]


def test_several_files_and_archives(client: TestClient, world: World) -> None:
    archive = zipped({"a.tsv": SSSOM.encode(), "b.csv": USAGI_FULL.encode()})
    assert send(client, ("tout.zip", archive), ("c.json", as_bytes(CONCEPT_MAP_R4))).status_code == 303
    assert len(entries(world)) == 6
    page = client.get(f"{ADDRESS}?source=a.tsv").text
    assert "Acide lactique" in page
    assert "Potassium" not in page


def test_all_or_nothing(client: TestClient, world: World) -> None:
    answer = send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4)), ("x.csv", b"a;b\n1;2\n"))
    assert answer.status_code == 422
    assert "Rien n&#39;a été pris en mémoire." in answer.text or "Rien n'a été pris en mémoire." in answer.text
    assert "fichier « x.csv »" in answer.text
    assert entries(world) == []
    assert client.post(ADDRESS).status_code == 422


def test_memory_is_linked_to_a_catalogue_that_comes_later(client: TestClient, world: World) -> None:
    send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4)))
    catalogue = add_catalogue(world)
    with reading(world.engine) as session:
        assert remembered(session, catalogue, "NA") == []
    assert client.post(f"{ADDRESS}/relier").status_code == 303
    with reading(world.engine) as session:
        assert remembered(session, catalogue, "NA") == ["2951-2"]
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "memory.relink")).one()
        assert event.details["entries"] == 1


def test_a_wrong_mapping_is_withdrawn_and_put_back_by_new_facts(client: TestClient, world: World) -> None:
    catalogue = add_catalogue(world)
    send(client, ("carte.json", as_bytes(bundle(CODE_SYSTEM, CONCEPT_MAP_R4))))
    entry = entries(world)[0]
    assert client.post(f"{ADDRESS}/{entry.id}/retirer", data={"motif": " "}).status_code == 422
    answer = client.post(f"{ADDRESS}/{entry.id}/retirer", data={"motif": "Mauvais milieu", "retour": "?q=sod"})
    assert answer.headers["location"] == f"{ADDRESS}?q=sod#entree-{entry.id}"
    with reading(world.engine) as session:
        assert remembered(session, catalogue, "NA") == []
        fact = session.exec(select(MappingWithdrawal)).one()
        assert (fact.reason, fact.author_id) == ("Mauvais milieu", world.user_id(TRANSCODER))
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "memory.withdraw")).one()
        assert event.details["reason"] == "Mauvais milieu"
    assert len(entries(world)) == 2, "the entry stays, marked"
    assert "Mauvais milieu" in client.get(f"{ADDRESS}?etat=retiree").text
    assert "Mauvais milieu" not in client.get(f"{ADDRESS}?etat=active").text
    assert client.post(f"{ADDRESS}/{entry.id}/retirer", data={"motif": "encore"}).status_code == 409
    back = f"{ADDRESS}/{entry.id}/remettre"
    assert client.post(back, data={"motif": " "}).status_code == 422
    assert client.post(back, data={"motif": "C'était le bon milieu"}).status_code == 303
    assert client.post(back, data={"motif": "encore"}).status_code == 409
    with reading(world.engine) as session:
        assert remembered(session, catalogue, "NA") == ["2951-2"]
        facts = session.exec(select(MappingWithdrawal).order_by(MappingWithdrawal.id)).all()
        assert [(fact.is_withdrawn, fact.laboratory_id) for fact in facts] == [(True, 1), (False, 1)]
        assert session.exec(select(AuditEvent).where(AuditEvent.action == "memory.restore")).one().laboratory_id == 1
    assert "Remise en usage" in client.get(f"{ADDRESS}?etat=active").text
    with transaction(world.engine) as session:
        fact = session.exec(select(MappingWithdrawal)).first()
        session.delete(fact)
        with pytest.raises(IntegrityError, match="append-only"):
            session.flush()
        session.rollback()


def test_withdrawn_memory_stays_withdrawn_when_it_is_linked(client: TestClient, world: World) -> None:
    send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4)))
    client.post(f"{ADDRESS}/{entries(world)[0].id}/retirer", data={"motif": "Faux"})
    catalogue = add_catalogue(world)
    client.post(f"{ADDRESS}/relier")
    with reading(world.engine) as session:
        assert remembered(session, catalogue, "NA") == []


def test_the_list_is_exported(client: TestClient, world: World) -> None:
    send(client, ("carte.json", as_bytes(CONCEPT_MAP_R4)))
    lines = client.get(f"{ADDRESS}?q=sodium&format=csv").text.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("NA;Sodium sérique;;;2951-2;")


def test_roles(client_for: ClientFor, world: World) -> None:
    send(client_for(TRANSCODER), ("carte.json", as_bytes(CONCEPT_MAP_R4)))
    entry = entries(world)[0].id
    for email, seeing, acting in ((READER, 200, 403), (OUTSIDER, 404, 404)):
        person = client_for(email)
        assert person.get(ADDRESS).status_code == seeing
        assert send(person, ("carte.json", as_bytes(CONCEPT_MAP_R4))).status_code == acting
        assert person.post(f"{ADDRESS}/{entry}/retirer", data={"motif": "x"}).status_code == acting
    access = world.access(TRANSCODER)
    other = type(access)(access.user, world.other_laboratory, access.role)
    import_memory(Transactions(world.engine), other, [("b.json", as_bytes(CONCEPT_MAP_R4))], 1_000_000)
    foreign = entries(world)[-1].id
    assert client_for(TRANSCODER).post(f"{ADDRESS}/{foreign}/retirer", data={"motif": "x"}).status_code == 404


def test_a_biologist_decides_of_reuse(client_for: ClientFor, world: World) -> None:
    address = "/laboratoires/1/reutilisation"
    assert client_for(TRANSCODER).post(address, data={"autoriser": "1"}).status_code == 403
    biologist = client_for(BIOLOGIST)
    page = biologist.get("/laboratoires/1").text
    assert "Permettre la réutilisation" in page
    assert biologist.post(address, data={"autoriser": "1"}).headers["location"] == "/laboratoires/1#reutilisation"
    biologist.post(address, data={"autoriser": "1"})
    assert "Interdire la réutilisation" in biologist.get("/laboratoires/1").text
    assert "Interdire la réutilisation" not in client_for(READER).get("/laboratoires/1").text
    biologist.post(address, data={"autoriser": "0"})
    with reading(world.engine) as session:
        assert session.get_one(Laboratory, 1).allows_reuse is False
        actions = session.exec(
            select(AuditEvent.action).where(AuditEvent.action.contains("_reuse")).order_by(AuditEvent.id)
        ).all()
        assert actions == ["laboratory.allow_reuse", "laboratory.forbid_reuse"]


def test_a_map_among_catalogues_is_sent_to_the_memory(client: TestClient) -> None:
    answer = client.post(
        "/laboratoires/1/importer", data={"nom": "x"}, files=[("fichiers", ("c.json", as_bytes(CONCEPT_MAP_R4)))]
    )
    assert answer.status_code == 422
    assert "page « Antérieur » (« Reprendre »)" in answer.text
