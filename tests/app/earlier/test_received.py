"""Earlier work that comes in a file beside the catalogue, in every form that carries it."""

import io
import json
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook
from sqlmodel import select

from app.models import EarlierStatement, EarlierVerdict
from app.platform.database import reading
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.earlier.conftest import Inherited
from tests.app.memory.files import SSSOM
from tests.conftest import TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def send(client: TestClient, inherited: Inherited, name: str, content: bytes) -> str:
    answer = client.post(inherited.address, files=[("fichiers", (name, content))])
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


CONCEPT_MAP = {
    "resourceType": "ConceptMap",
    "group": [
        {
            "source": "https://labo.example/analyses",
            "target": "http://loinc.org",
            "element": [
                {"code": "RIEN", "display": "Sodium bis",
                 "target": [{"code": "2951-2", "equivalence": "wider",
                             "comment": "repris. Décidé par Dr Roy le 02/01/2020. Approuvé par Dr Sy le 03/01/2020."}]},
                {"code": "INCONNU", "target": [{"code": "2951-2", "equivalence": "equivalent"}]},
            ],
        }
    ],
}  # fmt: skip
LOINC_6 = (
    "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;"
    "Temporalité PT/24H;Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN;"
    "Code LOINC analyse;Libellé LOINC analyse\n"
    "RIEN;Sodium bis;;;;mmol/L;;;Sérum;QN;;;2951-2;Sodium\n"
)
USAGI = (
    "sourceCode,sourceName,mappingStatus,equivalence,statusSetBy,statusSetOn,targetConceptCode,comment\n"
    "RIEN,Sodium bis,APPROVED,EQUAL,roy,1614556800000,2951-2,vu\n"
)
SHEET = workbook(("Mnémonique", "Nom", "Code LOINC", "Remarque"), ("RIEN", "Sodium bis", "2951–2", "vu"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("carte.json", as_bytes(CONCEPT_MAP)),
        ("LOINC_6_transcodage_demandes_20261101.csv", LOINC_6.encode()),
        ("LOINC_6_sans_entete.csv", LOINC_6.split("\n", 1)[1].encode()),
        ("usagi.csv", USAGI.encode()),
        ("liste.xlsx", SHEET),
    ],
)
def test_every_form_is_read(client: TestClient, inherited: Inherited, name: str, content: bytes) -> None:
    page = send(client, inherited, name, content)
    assert "1 ligne du catalogue" in page
    found = inherited.statements()["RIEN"]
    assert (found.loinc_num, found.source_name, found.verdict) == ("2951-2", name, EarlierVerdict.SAME)


def test_relation_comment_author_and_date_survive(client: TestClient, inherited: Inherited) -> None:
    send(client, inherited, "carte.json", as_bytes(CONCEPT_MAP))
    found = inherited.statements()["RIEN"]
    assert (found.relation, found.comment, found.author, found.dated) == ("wider", "repris.", "Dr Roy", "02/01/2020")
    send(client, inherited, "usagi.csv", USAGI.encode())
    found = inherited.statements()["RIEN"]
    assert (found.relation, found.comment, found.author, found.dated) == ("EQUAL", "vu", "roy", "2021-03-01")


def test_codes_of_no_row_are_kept_and_shown(client: TestClient, inherited: Inherited) -> None:
    page = send(client, inherited, "carte.json", as_bytes(CONCEPT_MAP))
    assert "1 code local n&#39;est pas dans ce catalogue" in page or "1 code local n'est pas" in page
    assert inherited.statements()["INCONNU"].verdict == EarlierVerdict.UNLINKED
    assert "INCONNU" in client.get(inherited.address, params={"verdict": "unlinked"}).text


def test_a_file_sent_twice_adds_nothing(client: TestClient, inherited: Inherited) -> None:
    send(client, inherited, "liste.xlsx", SHEET)
    before = len(inherited.statements())
    assert "1 était déjà reçue" in send(client, inherited, "liste.xlsx", SHEET)
    assert len(inherited.statements()) == before


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("rien.csv", b"  ", "le fichier est vide"),
        ("carte.json", json.dumps({"resourceType": "Patient"}).encode(), "ConceptMap"),
        ("carte.pdf", b"%PDF-1.7 ...", "PDF"),
    ],
)
def test_other_files_are_refused_by_name(
    client: TestClient, inherited: Inherited, name: str, content: bytes, told: str
) -> None:
    before = len(inherited.statements())
    answer = client.post(inherited.address, files=[("fichiers", (name, content))])
    assert answer.status_code in (400, 422)
    assert told in answer.text
    assert name in answer.text
    assert len(inherited.statements()) == before


def test_no_file_at_all_is_refused(client: TestClient, inherited: Inherited) -> None:
    assert client.post(inherited.address, files=[("fichiers", ("", b""))]).status_code == 422


def test_sssom_that_speaks_of_other_codes_adds_rows_without_place(client: TestClient, inherited: Inherited) -> None:
    page = send(client, inherited, "carte.sssom.tsv", SSSOM.encode())
    assert "SSSOM/TSV « carte.sssom.tsv »" in page
    assert len(inherited.statements()) > 8


def test_a_column_of_dates_that_holds_dates_is_right_and_read(inherited: Inherited, client: TestClient) -> None:
    day = datetime(2021, 3, 12)
    content = workbook(
        ("Code", "Libellé", "LOINC", "Commentaire LOINC", "Auteur", "Date", "Relation"),
        ("NA", "Sodium", "2951-2", "vu", "Dr Roy", day, "="),
        ("CRP", "Protéine C réactive", "30522-7", "", "Dr Roy", day, "<"),
    )
    page = send(client, inherited, "liste.xlsx", content)
    assert "le tableur en a fait une date" not in page
    said = inherited.statements()["NA"]
    assert (said.author, said.relation) == ("Dr Roy", "=")
    assert "2021" in said.dated


@pytest.mark.parametrize("heading", ["Date", "Date d'approbation", "Date de la dernière validation"])
def test_the_date_of_an_inherited_list_is_read(inherited: Inherited, client: TestClient, heading: str) -> None:
    content = f"Code;Libellé;LOINC;Auteur;{heading}\nNA;Sodium;2951-2;Dr Roy;12/03/2021\n".encode()
    send(client, inherited, "liste.csv", content)
    assert inherited.statements()["NA"].dated == "12/03/2021"


def test_rows_that_are_not_done_are_counted_and_say_nothing(inherited: Inherited, client: TestClient) -> None:
    content = "Code;LOINC;Statut\nNA;2951-2;\nCRP;Non transcodé;à faire\nGLU;NULL;\nGLY;aucun code LOINC;\n".encode()
    page = send(client, inherited, "liste.csv", content)
    assert "2 lignes vides ou encore à transcoder d&#39;après le fichier" in page
    assert "1 ligne déclarée sans correspondance" in page
    with reading(inherited.engine) as session:
        statement = select(EarlierStatement).where(EarlierStatement.source_name == "liste.csv")
        said = {item.local_code: item.finding for item in session.exec(statement)}
    assert said == {"NA": "code", "GLY": "no_code"}
