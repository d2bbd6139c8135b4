"""Saved readings: kept when an import is confirmed, proposed again, managed."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.files.choices import Choices
from app.models import AuditEvent, FileKind, ImportProfile, LocalTest, UploadDraftFile
from app.platform.database import reading
from tests.app.catalogues.fixtures import FREE, text
from tests.app.catalogues.test_routes import asked_proposals, fields_of, send
from tests.app.files.workbooks import xls, xlsx
from tests.conftest import OUTSIDER, READER, TRANSCODER, ClientFor, World

__all__ = ["asked_proposals"]

ROWS = [("Repère", "Texte", "Mesure"), ("NA", "Sodium dosé à jeun", "mmol/L"), ("K", "Potassium", "g/L")]
MAC = text(ROWS, encoding="mac-roman", delimiter=",", end="\r")


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def saved(client: TestClient, content: bytes = MAC, name: str = "export_202611.csv", catalogue: str = "Un") -> None:
    """Import a file whose reading had to be settled, and keep that reading."""
    address = send(client, (name, content), name=catalogue).headers["location"]
    fields = fields_of(client.get(address).text)
    fields |= {"f1.encoding": "mac-roman", "f1.header": "1"}
    client.post(f"{address}/reglages", data=fields)
    fields = fields_of(client.get(address).text)
    fields |= {"f1.c0": "code", "f1.c1": "label", "f1.c2": "unit", "f1.profile-name": " SGL  de test "}
    assert client.post(f"{address}/confirmer", data=fields).headers["location"] == "/catalogues/1"


def file_in(html: str) -> str:
    """The name that the form gives to the one file of a preview: a server's database never gives a number twice."""
    found = re.search(r'name="(f\d+)\.', html)
    assert found is not None
    return found[1]


def profiles(world: World) -> list[ImportProfile]:
    with reading(world.engine) as session:
        return list(session.exec(select(ImportProfile)))


def test_a_reading_is_saved_and_proposed_again(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    saved(client)
    (profile,) = profiles(world)
    assert (profile.name, profile.headings) == ("SGL de test", ["Repère", "Texte", "Mesure"])
    assert Choices.from_json(profile.choices).columns == {"code": 0, "label": 1, "unit": 2}
    assert "SGL de test" in client.get("/laboratoires/1/importer").text

    newer = text([*ROWS, ("CL", "Chlorure", "mmol/L")], encoding="mac-roman", delimiter=",", end="\r")
    address = send(client, ("export_202612.csv", newer), name="Deux").headers["location"]
    page = client.get(address).text
    assert "Lu avec le profil « SGL de test »" in page
    done = client.post(f"{address}/confirmer", data=fields_of(page))
    catalogue_id = int(done.headers["location"].removeprefix("/catalogues/"))
    with reading(world.engine) as session:
        labels = session.exec(select(LocalTest.label).where(LocalTest.catalogue_id == catalogue_id)).all()
        assert "Sodium dosé à jeun" in labels


def test_columns_that_moved_are_followed(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    saved(client)
    moved = [tuple(row[position] for position in (2, 0, 1)) for row in ROWS]
    send(client, ("x.csv", text(moved, encoding="mac-roman", delimiter=",", end="\r")), name="Deux")
    with reading(world.engine) as session:
        file = session.exec(select(UploadDraftFile)).one()
        assert Choices.from_json(file.choices).columns == {"unit": 0, "code": 1, "label": 2}


def test_other_headings_get_no_profile(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    saved(client)
    address = send(client, ("x.csv", text(FREE)), name="Deux").headers["location"]
    page = client.get(address).text
    assert "Lu avec le profil" not in page
    assert fields_of(page)[f"{file_in(page)}.profile"] == ""


def test_a_profile_may_be_chosen_or_left(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    saved(client)
    address = send(client, ("export_202612.csv", MAC), name="Deux").headers["location"]
    page = client.get(address).text
    fields, chosen = fields_of(page), f"{file_in(page)}.profile"
    assert fields[chosen] == "1"
    client.post(f"{address}/reglages", data=fields | {chosen: ""})
    page = client.get(address).text
    assert "Lu avec le profil" not in page
    client.post(f"{address}/reglages", data=fields_of(page) | {chosen: "1"})
    assert "Lu avec le profil" in client.get(address).text
    assert client.post(f"{address}/reglages", data=fields_of(page) | {chosen: "99"}).status_code == 404


def test_a_workbook_profile_serves_both_formats(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    address = send(client, ("a.xls", xls({"Export": ROWS})), name="Un").headers["location"]
    fields = fields_of(client.get(address).text)
    client.post(f"{address}/reglages", data=fields | {"f1.header": "1"})
    fields = fields_of(client.get(address).text)
    fields |= {"f1.c0": "code", "f1.c1": "label", "f1.c2": "unit", "f1.profile-name": "Classeur"}
    client.post(f"{address}/confirmer", data=fields)
    address = send(client, ("b.xlsx", xlsx({"Export": ROWS})), name="Deux").headers["location"]
    assert "Lu avec le profil « Classeur »" in client.get(address).text


def test_a_file_without_headings_is_known_by_its_name(
    client: TestClient, world: World, asked_proposals: list[int]
) -> None:
    content = text(ROWS[1:])
    address = send(client, ("export_202611.csv", content), name="Un").headers["location"]
    fields = fields_of(client.get(address).text)
    fields |= {"f1.c0": "code", "f1.c1": "label", "f1.c2": "", "f1.profile-name": "Sans en-tête"}
    client.post(f"{address}/confirmer", data=fields)
    address = send(client, ("export_202612.csv", content), name="Deux").headers["location"]
    assert "Lu avec le profil « Sans en-tête »" in client.get(address).text
    address = send(client, ("autre.csv", content), name="Trois").headers["location"]
    assert "Lu avec le profil" not in client.get(address).text


def test_profiles_are_renamed_replaced_and_deleted(
    client: TestClient, client_for: ClientFor, world: World, asked_proposals: list[int]
) -> None:
    saved(client)
    address = "/laboratoires/1/profils/1"
    assert client_for(READER).post(f"{address}/supprimer").status_code == 403
    assert client_for(OUTSIDER).post(f"{address}/supprimer").status_code == 404
    assert client.post(f"{address}/renommer", data={"nom": " "}).status_code == 422
    assert client.post(f"{address}/renommer", data={"nom": "Hexa"}).status_code == 303
    assert [profile.name for profile in profiles(world)] == ["Hexa"]
    draft = send(client, ("export_202612.csv", MAC), name="Deux").headers["location"]
    page = client.get(draft).text
    fields = fields_of(page) | {f"{file_in(page)}.profile-name": "Hexa", f"{file_in(page)}.c2": ""}
    client.post(f"{draft}/confirmer", data=fields)
    (profile,) = profiles(world)
    assert Choices.from_json(profile.choices).columns == {"code": 0, "label": 1}
    assert client.post(f"{address}/supprimer").headers["location"] == "/laboratoires/1/importer#profils"
    assert profiles(world) == []
    with reading(world.engine) as session:
        events = select(AuditEvent.action).where(AuditEvent.action.startswith("profile.")).order_by(AuditEvent.id)
        actions = session.exec(events).all()
        assert actions == ["profile.create", "profile.rename", "profile.change", "profile.delete"]


def test_two_profiles_have_two_names(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    saved(client)
    draft = send(client, ("autre.csv", text(FREE)), name="Deux").headers["location"]
    page = client.get(draft).text
    client.post(f"{draft}/confirmer", data=fields_of(page) | {f"{file_in(page)}.profile-name": "Autre"})
    assert len(profiles(world)) == 2
    assert client.post("/laboratoires/1/profils/2/renommer", data={"nom": "SGL de test"}).status_code == 409
    assert Choices.from_json(profiles(world)[1].choices).kind is FileKind.TABULAR


def aligned(width: int) -> bytes:
    """A text whose columns are as wide as this."""
    lines = [("Code", "Libellé", "Unité"), ("NA", "Sodium", "mmol/L"), ("K", "Potassium", "g/L")]
    return "\n".join("".join(cell.ljust(width) for cell in row).rstrip() for row in lines).encode()


def test_a_saved_reading_of_fixed_width_takes_the_widths_of_each_file(client: TestClient, world: World) -> None:
    address = send(client, ("export_1.txt", aligned(12)), name="Un").headers["location"]
    page = client.get(address).text
    assert "Aucun : largeur fixe" in page
    client.post(f"{address}/confirmer", data=fields_of(page) | {"f1.profile-name": "Largeur"})
    address = send(client, ("export_2.txt", aligned(20)), name="Deux").headers["location"]
    page = client.get(address).text
    assert "Lu avec le profil « Largeur »" in page
    assert "colonnes commencent aux caractères 1, 21, 41" in page
    client.post(f"{address}/confirmer", data=fields_of(page))
    with reading(world.engine) as session:
        assert sorted(session.exec(select(LocalTest.label))) == ["Potassium", "Potassium", "Sodium", "Sodium"]


def test_another_separator_than_fixed_width_may_be_chosen(client: TestClient) -> None:
    address = send(client, ("export_1.txt", aligned(12)), name="Un").headers["location"]
    fields = fields_of(client.get(address).text)
    client.post(f"{address}/reglages", data=fields | {"f1.delimiter": "point-virgule"})
    assert "Aucun : largeur fixe" not in client.get(address).text
