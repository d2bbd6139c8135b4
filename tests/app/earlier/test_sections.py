"""Two chapters may have sub-chapters of one code: the full path says which one earlier work means."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.models import EarlierStatement, EarlierVerdict, Level, LocalTest
from app.platform.database import reading, transaction
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.earlier.conftest import Inherited
from tests.conftest import TRANSCODER, ClientFor

HEADINGS = "Code chapitre;Libellé chapitre;Code sous-chapitre;Libellé sous-chapitre"
LOINC_1 = f"{HEADINGS}\nBIO;Biochimie;01;Sang\nHEM;Hématologie;01;Numération\nHEM;Hématologie;02;Moelle\n"
LOINC_4 = (
    f"{HEADINGS};Code LOINC chapitre;Libellé LOINC chapitre;Code LOINC sous-chapitre;Libellé LOINC sous-chapitre\n"
    "BIO;Biochimie;01;Sang;;;2951-2;Sodium\n"
    "HEM;Hématologie;01;Numération;;;2823-3;Potassium\n"
    "HEM;Hématologie;02;Moelle;;;2823-3;Potassium\n"
)


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


@pytest.fixture
def sections(inherited: Inherited) -> Inherited:
    with transaction(inherited.engine) as session:
        file = IncomingFile("LOINC_1_chapitres.csv", LOINC_1.encode())
        report = import_files(session, inherited.world.laboratory_id, [file], catalogue_name="Chapitres")
    return Inherited(inherited.world, inherited.settings, report.catalogue_id)


def linked(found: Inherited) -> set[tuple[str, str, str]]:
    with reading(found.engine) as session:
        said = [
            (item, session.get_one(LocalTest, item.local_test_id))
            for item in session.exec(select(EarlierStatement))
            if item.catalogue_id == found.catalogue_id and item.local_test_id
        ]
    return {(test.chapter_code, test.code, item.loinc_num) for item, test in said if test.level == Level.SUBCHAPTER}


EXPECTED = {("BIO", "01", "2951-2"), ("HEM", "01", "2823-3"), ("HEM", "02", "2823-3")}


def element(code: str, loinc_num: str) -> dict[str, object]:
    return {"code": code, "target": [{"code": loinc_num, "equivalence": "equal"}]}


def test_each_sub_chapter_gets_its_own_code(client: TestClient, sections: Inherited) -> None:
    files = [("fichiers", ("LOINC_4_chapitres.csv", LOINC_4.encode()))]
    assert client.post(sections.address, files=files).status_code == 303
    assert linked(sections) == EXPECTED


def test_maps_name_them_by_their_path(client: TestClient, sections: Inherited) -> None:
    elements = [element("BIO/01", "2951-2"), element("HEM/01", "2823-3"), element("02", "2823-3")]
    group = {"source": "urn:x:sous-chapitres", "target": "http://loinc.org", "element": elements}
    content = as_bytes({"resourceType": "ConceptMap", "group": [group]})
    assert client.post(sections.address, files=[("fichiers", ("carte.json", content))]).status_code == 303
    assert linked(sections) == EXPECTED


def test_a_code_that_two_chapters_have_means_neither(client: TestClient, sections: Inherited) -> None:
    group = {"source": "urn:x:sous-chapitres", "target": "http://loinc.org", "element": [element("01", "2951-2")]}
    content = as_bytes({"resourceType": "ConceptMap", "group": [group]})
    assert client.post(sections.address, files=[("fichiers", ("carte.json", content))]).status_code == 303
    assert linked(sections) == set()
    assert sections.verdicts() == {"01": EarlierVerdict.UNLINKED}
