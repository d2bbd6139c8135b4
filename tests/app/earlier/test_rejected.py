"""What a file says of its own codes: rejected ones are shown and counted apart, and never taken."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.files.standings import Standing, is_known_standing, standing_of
from app.models import EarlierUse, EarlierVerdict, MemoryEntry
from app.platform.database import reading
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.earlier.conftest import Inherited
from tests.conftest import TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def send(client: TestClient, inherited: Inherited, name: str, content: str | bytes) -> str:
    body = content.encode() if isinstance(content, str) else content
    answer = client.post(inherited.address, files=[("fichiers", (name, body))])
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("written", "standing"),
    [
        ("Validé", Standing.AFFIRMED), ("APPROVED", Standing.AFFIRMED), ("", Standing.AFFIRMED),
        ("rejeté", Standing.REJECTED), ("REJETÉE", Standing.REJECTED), ("Rejeté le 12/03/2021", Standing.REJECTED),
        ("rejected", Standing.REJECTED), ("Not", Standing.REJECTED), ("non retenu", Standing.REJECTED),
        ("À revoir", Standing.TO_REVIEW), ("non validé", Standing.TO_REVIEW), ("FLAGGED", Standing.TO_REVIEW),
        ("en attente du biologiste", Standing.TO_REVIEW), ("non", Standing.TO_REVIEW),
    ],
)  # fmt: skip
def test_a_status_is_read_in_its_words(written: str, standing: Standing) -> None:
    assert standing_of(written) is standing
    assert is_known_standing(written)


TABLE = "Code local;Libellé;Code LOINC;Statut\nRIEN;Sodium bis;2951-2;{}\n"
SSSOM = (
    "subject_id\tpredicate_modifier\tpredicate_id\tobject_id\tmapping_justification\n"
    "x:RIEN\tNot\tskos:exactMatch\tLOINC:2951-2\tsemapv:ManualMappingCuration\n"
)
USAGI = "sourceCode,sourceName,mappingStatus,targetConceptCode\nRIEN,Sodium bis,REJECTED,2951-2\n"
TARGET = {"code": "2951-2", "relationship": "not-related-to", "comment": "autre milieu"}
R5 = as_bytes(
    {
        "resourceType": "ConceptMap",
        "group": [{"source": "urn:x", "target": "http://loinc.org", "element": [{"code": "RIEN", "target": [TARGET]}]}],
    }
)


@pytest.mark.parametrize(
    ("name", "content"),
    [("liste.csv", TABLE.format("Rejeté")), ("carte.sssom.tsv", SSSOM), ("usagi.csv", USAGI), ("carte.json", R5)],
)
def test_a_rejected_code_is_shown_and_never_taken(
    client: TestClient, inherited: Inherited, name: str, content: str | bytes
) -> None:
    page = send(client, inherited, name, content)
    assert "1 ligne à statut rejeté" in page
    # The very code that is proposed today.
    inherited.run()
    said = inherited.statements()["RIEN"]
    assert (said.verdict, said.loinc_num, said.proposed) == (EarlierVerdict.REJECTED, "2951-2", "2951-2")
    page = client.get(inherited.address, params={"verdict": EarlierVerdict.REJECTED}).text
    assert "Rejetée autrefois" in page
    assert ">RIEN</td>" in page
    for use in (EarlierUse.MEMORY, EarlierUse.TO_CONFIRM):
        form = {"usage": use.value, "choix": f"{said.id}:0"}
        answer = client.post(f"{inherited.address}/prendre", data=form)
        assert "1 autre ne le peut" in client.get(answer.headers["location"]).text
    answer = client.post(f"{inherited.address}/confirmer", data={"choix": f"{said.id}:0"})
    assert "Le fichier dit ce code rejeté" in answer.text
    assert inherited.statements()["RIEN"].taken_as == EarlierUse.NONE
    with reading(inherited.engine) as session:
        assert session.exec(select(MemoryEntry)).all() == []
    # Somebody decides that code today: the file still said no.
    case = f"/catalogues/{inherited.catalogue_id}/revue/{inherited.test_id('RIEN')}"
    form = {"version": "0", "action": "choose", "loinc_num": "2951-2", "relation": "equivalent"}
    assert client.post(f"{case}/decision", data=form).status_code == 303
    assert ">RIEN</td>" in client.get(inherited.address, params={"verdict": EarlierVerdict.REJECTED}).text
    assert "Rejetée autrefois" in client.get(case).text


def test_a_code_to_review_may_be_confirmed_and_is_no_memory(client: TestClient, inherited: Inherited) -> None:
    page = send(client, inherited, "liste.csv", TABLE.format("à revoir"))
    assert "1 ligne à statut « à revoir »" in page
    inherited.run()
    said = inherited.statements()["RIEN"]
    assert said.verdict == EarlierVerdict.SAME
    assert "Statut dans le fichier : à revoir" in client.get(inherited.address).text
    client.post(f"{inherited.address}/prendre", data={"usage": "memory", "choix": f"{said.id}:0"})
    assert inherited.statements()["RIEN"].taken_as == EarlierUse.NONE
    client.post(f"{inherited.address}/prendre", data={"usage": "to_confirm", "choix": f"{said.id}:0"})
    assert inherited.statements()["RIEN"].taken_as == EarlierUse.TO_CONFIRM


def test_rejected_codes_are_no_memory_of_the_laboratory(client: TestClient, inherited: Inherited) -> None:
    address = f"/laboratoires/{inherited.world.laboratory_id}/memoire"
    content = TABLE.format("Rejeté") + "NA;Sodium;2951-2;Validé\nK;Potassium;2823-3;à valider\n"
    assert client.post(address, files=[("fichiers", ("liste.csv", content.encode()))]).status_code == 303
    with reading(inherited.engine) as session:
        assert [entry.local_code for entry in session.exec(select(MemoryEntry))] == ["NA"]


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("Code;Nom;LOINC;ETAT_TRANSCO", "RIEN;Sodium bis;2951-2;REJETÉ"),
        ("Code;Nom;LOINC;Bilan 2021", "RIEN;Sodium bis;2951-2;Non retenu"),
        ("Code;Nom;LOINC;Équivalence", "RIEN;Sodium bis;2951-2;non équivalent"),
    ],
)
def test_a_rejection_is_found_whatever_its_heading(
    client: TestClient, inherited: Inherited, headings: str, row: str
) -> None:
    send(client, inherited, "liste.csv", f"{headings}\n{row}\n")
    inherited.run()
    assert inherited.statements()["RIEN"].verdict == EarlierVerdict.REJECTED


def test_yes_and_no_in_any_column_are_no_status(client: TestClient, inherited: Inherited) -> None:
    send(client, inherited, "liste.csv", "Code;Nom;LOINC;Accrédité\nRIEN;Sodium bis;2951-2;non\n")
    assert inherited.statements()["RIEN"].status == ""


def test_a_word_that_nobody_knows_is_said(client: TestClient, inherited: Inherited) -> None:
    page = send(client, inherited, "liste.csv", TABLE.format("Z9"))
    assert "Statut « Z9 » (1 ligne) : ce mot n'est pas connu" in page.replace("&#39;", "'")
    assert inherited.statements()["RIEN"].status == "Z9"
