"""Rows that cannot come in need not keep the others out: a person may leave them, and it is said ever after."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.catalogues.service import import_files
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.files.choices import Choices, Duplicates, IncomingFile
from app.files.reading import read_file
from app.models import Catalogue, Laboratory, LocalTest, utc_now
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.app.catalogues.test_fixtures import exported
from tests.app.review.sample import add_release
from tests.conftest import TRANSCODER, ClientFor, World

CONTENT = b"code;libelle;unite\nNA;Sodium;mmol/L\n;Sans code;g/L\nK;;mmol/L\nCL;Chlorure;mmol/L\nX;a;b;c;d\n"


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


@pytest.fixture
def preview(client: TestClient, world: World) -> str:
    """The address of an import whose file has three rows that cannot come in."""
    with transaction(world.engine) as session:
        add_release(session)
    form = {"nom": "Essai"}
    answer = client.post("/laboratoires/1/importer", data=form, files=[("fichiers", ("liste.csv", CONTENT))])
    assert answer.status_code == 303
    return str(answer.headers["location"])


def fields(page: str) -> dict[str, str]:
    prefix = re.search(r'name="(f\d+)\.leaves-shown"', page)
    assert prefix is not None
    return {f"{prefix[1]}.leaves-shown": "1", f"{prefix[1]}.leaves": "1"}


def codes(world: World) -> list[str]:
    with reading(world.engine) as session:
        return sorted(session.exec(select(LocalTest.code)))


def test_nothing_is_refused_before_it_was_asked_for(client: TestClient, preview: str) -> None:
    page = client.get(preview).text
    assert "À régler avant l'import" in page
    assert "ligne 3" in page
    assert "error-box" not in page
    assert "Importer sans les 3 lignes" in page
    refused = client.post(f"{preview}/confirmer", data={})
    assert refused.status_code == 422
    assert "error-box" in refused.text


def test_the_others_come_in_and_every_export_says_so(
    client: TestClient, world: World, settings: Settings, preview: str
) -> None:
    form = fields(client.get(preview).text)
    client.post(f"{preview}/reglages", data=form)
    page = client.get(preview).text
    assert "3 lignes ne peuvent être reprises et sont laissées de côté (3, 4, 6) : ligne 3" in page
    answer = client.post(f"{preview}/confirmer", data=form)
    assert answer.status_code == 303
    assert codes(world) == ["CL", "NA"]
    catalogue_id = int(answer.headers["location"].rsplit("/", 1)[-1])
    content = exported(world, settings, catalogue_id, ExportKind.ORIGINAL)
    assert all(line in content for line in CONTENT.splitlines()), "the rows left out go back out as they came"
    with reading(world.engine) as session:
        request = ExportRequest(ExportKind.ORIGINAL)
        catalogue = session.get_one(Catalogue, catalogue_id)
        material = read_material(session, session.get_one(Laboratory, catalogue.laboratory_id), catalogue, request)
    notes = build(material, settings, request, utc_now(), "essai")[0].notes
    assert any("laissées de côté à l'import" in note and "n° 3, 4, 6" in note for note in notes)


def test_a_newer_export_leaves_no_row(client: TestClient, preview: str, world: World) -> None:
    form = fields(client.get(preview).text)
    client.post(f"{preview}/confirmer", data=form)
    client.post(f"{preview}/confirmer", data=form)
    again = client.post(
        "/laboratoires/1/importer", data={"catalogue": "1"}, files=[("fichiers", ("liste.csv", CONTENT))]
    ).headers["location"]
    page = client.post(f"{again}/confirmer", data=fields(client.get(again).text)).text
    assert "paraîtraient retirées" in page
    assert codes(world) == ["CL", "NA"]


def test_a_file_that_is_wrong_as_a_whole_is_not_left(client: TestClient) -> None:
    choices = Choices(leaves_rows=True)
    nothing = read_file(IncomingFile("a.csv", b"code;libelle\n;a\n;b\n", choices), 10**6)
    assert nothing.problems
    assert nothing.left_rows == []
    without_code = read_file(IncomingFile("a.csv", b"truc;libelle\n1;a\n2;b\n", choices), 10**6)
    assert without_code.problems or "code" in without_code.columns


def test_kept_rows_of_one_code_are_numbered_on_the_pages(client: TestClient, world: World) -> None:
    with transaction(world.engine) as session:
        content = b"code;libelle\nNA;Sodium\nNA;Sodium bis\n"
        file = IncomingFile("doubles.csv", content, Choices(duplicates=Duplicates.KEEP))
        catalogue_id = import_files(session, world.laboratory_id, [file], catalogue_name="Essai").catalogue_id
    queue = client.get(f"/catalogues/{catalogue_id}/revue").text
    assert queue.count("Ligne n° 2 de ce code local") == 1
    with reading(world.engine) as session:
        second = session.exec(select(LocalTest.id).where(LocalTest.label == "Sodium bis")).one()
    assert "Ligne n° 2 de ce code local" in client.get(f"/catalogues/{catalogue_id}/revue/{second}").text
