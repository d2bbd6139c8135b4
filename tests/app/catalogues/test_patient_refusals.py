"""Patients at every door: refused, journaled without what they hold, and nothing of them left on the disk."""

import json
import logging
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.models import AuditEvent, ImportProfile, UploadDraft, UploadDraftFile, User
from app.patient_guard.numbers import is_article
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.conftest import TRANSCODER, ClientFor, World
from tests.patient_guard.invented import keyed, xlsx_bytes, zip_bytes

NUMBER = keyed("1850578006084")
MARKS = (NUMBER.encode(), b"ZIELONKAWSKI", b"Agnieszka")
HELD = f"Code;Libellé;Note\nNA;Sodium;ZIELONKAWSKI Agnieszka {NUMBER}\nK;Potassium;\n".encode()
MESSAGE = f"MSH|^~\\&|SGL\rPID|1||{NUMBER}||ZIELONKAWSKI^Agnieszka||19850512|F\r".encode()
NAMES = b"Code;Libelle;Zone\n" + b"\n".join(
    f"A{n};Analyse {n};{name}".encode()
    for n, name in enumerate(("LEFEBVRE Sandrine", "MOREAU Paul", "GARCIA Anne", "ROUX Luc"))
)
ARTICLE = next(text for digit in range(10) if is_article(text := f"280047512345{digit}"))
ARTICLES = f"Code;Libelle;Article\nNA;Sodium;{ARTICLE}\nK;Potassium;\n".encode()


def send(client: TestClient, content: bytes, name: str = "catalogue.csv", **fields: str) -> object:
    data = {"nom": "Nouveau", **fields}
    return client.post("/laboratoires/1/importer", data=data, files=[("fichiers", (name, content))])


def events(world: World, action: str) -> list[AuditEvent]:
    with reading(world.engine) as session:
        return list(session.exec(select(AuditEvent).where(col(AuditEvent.action) == action)))


def drafts(world: World) -> int:
    with reading(world.engine) as session:
        return len(list(session.exec(select(UploadDraft)))) + len(list(session.exec(select(UploadDraftFile))))


def be_administrator(world: World) -> None:
    with transaction(world.engine) as session:
        session.get_one(User, world.user_id(TRANSCODER)).is_administrator = True


def test_nothing_of_refused_files_is_on_the_disk(
    client_for: ClientFor,
    world: World,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_for(TRANSCODER)
    catalogue = world.add_catalogue()
    rows = [line.split(";") for line in HELD.decode().splitlines()]
    sssom = "subject_id\tobject_id\tcomment\nNA\tLOINC:2951-2\tZIELONKAWSKI Agnieszka née le 12/05/1985\n".encode()
    fhir = json.dumps({"resourceType": "ConceptMap", "description": f"ZIELONKAWSKI Agnieszka {NUMBER}"}).encode()
    for name, content in (
        ("a.csv", HELD), ("a.xlsx", xlsx_bytes(rows)), ("a.zip", zip_bytes("b.csv", HELD)), ("a.hl7", MESSAGE),
        ("a.txt", MESSAGE.decode().encode("utf-16")), ("c.zip", zip_bytes("m.txt", MESSAGE)), ("f.json", fhir),
    ):
        assert send(client, content, name).status_code == 422, name
    for address in ("/laboratoires/1/memoire", f"/catalogues/{catalogue.id}/anterieur"):
        for name, content in (("a.csv", HELD), ("m.tsv", sssom), ("m.json", fhir), ("m.hl7", MESSAGE)):
            assert client.post(address, files=[("fichiers", (name, content))]).status_code == 422, (address, name)
    refused = events(world, "patient_data.refuse")
    assert [event.details["door"] for event in refused] == ["import"] * 7 + ["memory"] * 4 + ["earlier"] * 4
    assert all(event.details["counts"] for event in refused)
    assert drafts(world) == 0
    written = [path for path in Path(settings.data_dir).rglob("*") if path.is_file()]
    if settings.resolved_database_url.startswith("sqlite"):
        assert any(path.suffix == ".db" or "sqlite" in path.name or path.name.endswith("-wal") for path in written)
    spoken = (caplog.text + "".join(capfd.readouterr())).encode()
    for mark in MARKS:
        assert mark not in spoken
        for path in written:
            assert mark not in path.read_bytes(), path


def test_numbers_that_may_be_articles_are_asked_and_nothing_is_kept_meanwhile(
    client_for: ClientFor, world: World
) -> None:
    client = client_for(TRANSCODER)
    asked = send(client, ARTICLES)
    assert asked.status_code == 422
    assert "Codes d’articles ou numéros de personnes ?" in asked.text
    assert ARTICLE not in asked.text
    assert drafts(world) == 0
    said = send(client, ARTICLES, articles="1")
    assert said.status_code == 303
    assert drafts(world) == 2
    (event,) = events(world, "patient_data.answer")
    assert event.details["kinds"] == ["article"]


def test_an_administrator_overrules_names_with_a_reason(client_for: ClientFor, world: World) -> None:
    client = client_for(TRANSCODER)
    assert "Passer outre" not in send(client, NAMES).text
    assert send(client, NAMES, noms="1", motif_noms="Ce sont des automates").status_code == 403
    be_administrator(world)
    assert "Passer outre" in send(client, NAMES).text
    unsaid = send(client, NAMES, noms="1", motif_noms="")
    assert unsaid.status_code == 422
    assert "Dites pourquoi" in unsaid.text
    assert drafts(world) == 0
    said = send(client, NAMES, noms="1", motif_noms="Noms des automates")
    assert said.status_code == 303
    # Read again, it is still cleared.
    assert client.get(said.headers["location"]).status_code == 200
    (event,) = events(world, "patient_data.overrule")
    assert event.details["reason"] == "Noms des automates"


@pytest.mark.parametrize("content", [HELD, MESSAGE])
def test_nobody_overrules_a_number_nor_a_message(client_for: ClientFor, world: World, content: bytes) -> None:
    be_administrator(world)
    refused = send(client_for(TRANSCODER), content, noms="1", articles="1", motif_noms="Ce n'est rien")
    assert refused.status_code == 422
    assert "Passer outre à ce qui ressemble" not in send(client_for(TRANSCODER), content).text
    assert drafts(world) == 0


def test_a_draft_that_is_found_to_hold_patients_is_dropped(client_for: ClientFor, world: World) -> None:
    client = client_for(TRANSCODER)
    address = send(client, b"Code;Libelle\nNA;Sodium\n").headers["location"]
    with transaction(world.engine) as session:
        # As one that was kept before the guard knew this.
        session.exec(select(UploadDraftFile)).one().content = HELD
    assert client.get(address).status_code == 422
    assert drafts(world) == 0
    assert len(events(world, "patient_data.refuse")) == 1


def test_what_was_cleared_is_no_part_of_a_saved_reading(client_for: ClientFor, world: World) -> None:
    client = client_for(TRANSCODER)
    address = send(client, ARTICLES, articles="1").headers["location"]
    with reading(world.engine) as session:
        file_id = session.exec(select(UploadDraftFile)).one().id
    client.post(f"{address}/confirmer", data={f"f{file_id}.profile-name": "Le mien"})
    with reading(world.engine) as session:
        assert session.exec(select(ImportProfile)).one().choices["cleared"] == []


def test_a_typed_text_is_refused_journaled_and_given_back(client_for: ClientFor, world: World) -> None:
    typed = f"Le catalogue de {NUMBER} & suite"
    refused = client_for(TRANSCODER).post(
        "/laboratoires/1/importer", data={"nom": typed}, files=[("fichiers", ("a.csv", b"Code;Libelle\nNA;Sodium\n"))]
    )
    assert refused.status_code == 422
    assert "numéro de sécurité sociale" in refused.text
    assert drafts(world) == 0
