"""What would put a wrong code, or a wrong absence of one, into the record of a laboratory."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.files.loinc_cells import CellFinding, read_code
from app.files.standings import Standing
from app.memory.concept_maps import read_concept_maps
from app.memory.tables import read_table_of_mappings
from app.models import EarlierStatement, EarlierUse, EarlierVerdict, Level, LocalTest, MemoryEntry
from app.platform.database import reading, transaction
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.earlier.conftest import Inherited
from tests.app.memory.files import no_names
from tests.conftest import TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def send(client: TestClient, inherited: Inherited, name: str, content: bytes) -> None:
    assert client.post(inherited.address, files=[("fichiers", (name, content))]).status_code == 303


def take(client: TestClient, inherited: Inherited, use: EarlierUse, *codes: str) -> str:
    found = inherited.statements()
    form = {"usage": use.value or "-", "choix": [f"{found[code].id}:0" for code in codes]}
    answer = client.post(f"{inherited.address}/prendre", data=form)
    return client.get(answer.headers["location"]).text


def concept_map(*targets: dict[str, str], code: str = "RIEN", source: str = "urn:x") -> bytes:
    element = {"code": code, "display": "Sodium bis", "target": list(targets)}
    group = {"source": source, "target": "http://loinc.org", "element": [element]}
    return as_bytes({"resourceType": "ConceptMap", "group": [group]})


def test_memory_is_of_the_very_row(client: TestClient, inherited: Inherited) -> None:
    with transaction(inherited.engine) as session:
        content = b"code;libelle;milieu;unite\nNA;Noradr\xc3\xa9naline;Plasma;nmol/L\n"
        import_files(session, inherited.world.laboratory_id, [IncomingFile("b.csv", content)], catalogue_name="Autre")
    take(client, inherited, EarlierUse.MEMORY, "NA")
    with reading(inherited.engine) as session:
        assert [(item.label, item.specimen) for item in session.exec(select(MemoryEntry))] == [("Sodium", "Sérum")]


def test_what_the_row_contradicts_is_no_memory(client: TestClient, inherited: Inherited) -> None:
    assert "contredit par la ligne" in take(client, inherited, EarlierUse.MEMORY, "NAU")
    with reading(inherited.engine) as session:
        assert session.exec(select(MemoryEntry)).all() == []


def test_what_is_in_memory_is_said_to_stay_there(client: TestClient, inherited: Inherited) -> None:
    take(client, inherited, EarlierUse.MEMORY, "NA")
    assert "1 reste en mémoire" in take(client, inherited, EarlierUse.LEFT, "NA")


@pytest.mark.parametrize("relation", ["disjoint", "not-related-to"])
def test_another_code_is_not_an_absence_of_code(relation: str) -> None:
    name = "equivalence" if relation == "disjoint" else "relationship"
    read = read_concept_maps(concept_map({"code": "2951-2", name: relation}))
    assert read.mappings == ()
    assert [(item.finding, item.loinc_num, item.standing) for item in read.others] == [
        (CellFinding.CODE, "2951-2", Standing.REJECTED)
    ], "it is kept, as what was rejected"
    nothing = read_concept_maps(concept_map({"equivalence": "unmatched", "comment": "aucun"}))
    assert [(item.finding, item.reason) for item in nothing.others] == [(CellFinding.NO_CODE, "aucun")]


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#NOM?", "#VALEUR!"])
def test_a_formula_that_failed_is_not_an_absence_of_code(cell: str) -> None:
    assert read_code(cell).finding is CellFinding.UNREADABLE
    assert read_code("aucun").finding is CellFinding.NO_CODE


@pytest.mark.parametrize("written", ["x" * 210 + " 2951-4", "LP14635-4", "2951–4", "x" * 9_000])
def test_whatever_is_written_can_be_shown(client: TestClient, inherited: Inherited, written: str) -> None:
    send(client, inherited, "carte.json", concept_map({"code": written, "equivalence": "equivalent"}))
    assert inherited.statements()["RIEN"].verdict == EarlierVerdict.UNREADABLE
    page = client.get(inherited.address)
    assert page.status_code == 200
    assert ("partie de LOINC" in page.text) is written.startswith("LP")
    assert client.get(inherited.address, params={"format": "csv"}).status_code == 200
    case = f"/catalogues/{inherited.catalogue_id}/revue/{inherited.test_id('RIEN')}"
    assert client.get(case).status_code == 200


def test_dashes_are_cleaned_in_every_form() -> None:
    found = read_concept_maps(concept_map({"code": "2951‑2", "equivalence": "equal"})).mappings[0]
    assert (found.loinc_num, found.written) == ("2951-2", "2951‑2")
    sssom = "subject_id\tpredicate_id\tobject_id\tmapping_justification\nx:NA\tskos:exactMatch\tLOINC:2951–2\tx\n"
    read = read_table_of_mappings(sssom.encode(), no_names)
    assert read is not None
    assert [item.loinc_num for item in read.mappings] == ["2951-2"]


def test_a_list_of_codes_is_of_one_level(client: TestClient, inherited: Inherited) -> None:
    with transaction(inherited.engine) as session:
        for code in ("NA", "EX1", "EX2"):
            session.add(
                LocalTest(catalogue_id=inherited.catalogue_id, level=Level.EXAM, code=code, label=f"Examen {code}")
            )
    elements = [{"code": code, "target": [{"code": "2947-0", "equivalence": "equal"}]} for code in ("NA", "EX1", "EX2")]
    groups = [{"source": "urn:uuid:a", "target": "http://loinc.org", "element": elements}]
    elements = [{"code": code, "target": [{"code": "2951-2", "equivalence": "equal"}]} for code in ("NA", "CRP")]
    groups.append({"source": "urn:uuid:b", "target": "http://loinc.org", "element": elements})
    send(client, inherited, "carte.json", as_bytes({"resourceType": "ConceptMap", "group": groups}))
    with reading(inherited.engine) as session:
        said = session.exec(select(EarlierStatement).where(EarlierStatement.source_name == "carte.json")).all()
        levels = {
            (item.local_code, item.loinc_num, session.get_one(LocalTest, item.local_test_id).level) for item in said
        }
    assert levels == {
        ("NA", "2947-0", Level.EXAM), ("EX1", "2947-0", Level.EXAM), ("EX2", "2947-0", Level.EXAM),
        ("NA", "2951-2", Level.ANALYSIS), ("CRP", "2951-2", Level.ANALYSIS),
    }  # fmt: skip


def test_what_came_before_its_row_finds_it(client: TestClient, inherited: Inherited) -> None:
    send(client, inherited, "carte.json", concept_map({"code": "2951-2", "equivalence": "equal"}, code="PLUS_TARD"))
    assert inherited.verdicts()["PLUS_TARD"] == EarlierVerdict.UNLINKED
    with transaction(inherited.engine) as session:
        session.add(
            LocalTest(
                catalogue_id=inherited.catalogue_id, level=Level.ANALYSIS, code="PLUS_TARD", label="Sodium",
                specimen="Sérum", unit="mmol/L",
            )
        )  # fmt: skip
    inherited.run()
    assert inherited.verdicts()["PLUS_TARD"] == EarlierVerdict.SAME


def test_a_reason_alone_says_nothing_of_a_code(client: TestClient, inherited: Inherited) -> None:
    before = inherited.statements()
    content = "code;libelle;Code LOINC;Motif\nRIEN;Sodium bis;;à faire\nNA;Sodium;2951-2;\n".encode()
    send(client, inherited, "liste.csv", content)
    assert "RIEN" not in inherited.statements()
    assert len(inherited.statements()) == len(before)
