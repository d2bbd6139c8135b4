"""Numbers of 13 digits that are a NIR and an article number too: asked at every door, and nothing kept meanwhile."""

import json

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import func, select

from app.models import EarlierStatement, MemoryEntry
from app.platform.database import reading
from tests.app.catalogues.test_patient_refusals import ARTICLE, HELD, drafts, events
from tests.conftest import TRANSCODER, ClientFor, World

QUESTION = "Codes d’articles ou numéros de personnes ?"
TABLE = f"Code;Libellé;Code LOINC;Article\nNA;Sodium;2951-2;{ARTICLE}\nK;Potassium;2823-3;\n".encode()
SSSOM = f"subject_id\tobject_id\tpredicate_id\tcomment\nlab:NA\tLOINC:2951-2\tskos:exactMatch\t{ARTICLE}\n".encode()
MAP = json.dumps(
    {
        "resourceType": "ConceptMap", "status": "active", "description": f"Article {ARTICLE}",
        "group": [
            {
                "source": "http://labo/analyses", "target": "http://loinc.org",
                "element": [{"code": "NA", "target": [{"code": "2951-2", "equivalence": "equivalent"}]}],
            }
        ],
    }
).encode()  # fmt: skip
FILES = {"a.csv": TABLE, "m.sssom.tsv": SSSOM, "m.json": MAP}


def kept(world: World) -> tuple[int, int]:
    with reading(world.engine) as session:
        entries = session.exec(select(func.count()).select_from(MemoryEntry)).one()
        return entries, session.exec(select(func.count()).select_from(EarlierStatement)).one()


def send(client: TestClient, address: str, name: str, **fields: str) -> Response:
    return client.post(address, data=fields, files=[("fichiers", (name, FILES[name]))])


@pytest.mark.parametrize("name", list(FILES))
def test_the_memory_asks(client_for: ClientFor, world: World, name: str) -> None:
    client, address = client_for(TRANSCODER), f"/laboratoires/{world.laboratory_id}/memoire"
    assert QUESTION not in client.get(address).text
    asked = send(client, address, name)
    assert asked.status_code == 422
    assert QUESTION in asked.text
    assert ARTICLE not in asked.text
    assert kept(world) == (0, 0)
    (refusal,) = events(world, "patient_data.refuse")
    assert list(refusal.details["counts"]) == ["article"]
    said = send(client, address, name, articles="1")
    assert said.status_code == 303, said.text
    assert kept(world)[0] > 0
    (event,) = events(world, "patient_data.answer")
    assert event.details["kinds"] == ["article"]
    assert event.laboratory_id == world.laboratory_id


@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("is_looked_at", [False, True])
def test_earlier_work_asks(client_for: ClientFor, world: World, name: str, is_looked_at: bool) -> None:
    client, catalogue = client_for(TRANSCODER), world.add_catalogue()
    address = f"/catalogues/{catalogue.id}/anterieur"
    fields = {"verifier": "1"} if is_looked_at else {}
    asked = send(client, address, name, **fields)
    assert asked.status_code == 422
    assert QUESTION in asked.text
    assert ARTICLE not in asked.text
    assert (kept(world)[1], drafts(world)) == (0, 0)
    said = send(client, address, name, articles="1", **fields)
    assert said.status_code == 303, said.text
    if drafts(world):
        # Its reading is settled first: what was answered holds until it is taken up.
        page = said.headers["location"]
        assert client.get(page).status_code == 200
        done = client.post(f"{page}/reprendre", data={"x": "1"})
        assert done.status_code == 303, done.text
    assert kept(world)[1] > 0
    assert [event.details["kinds"] for event in events(world, "patient_data.answer")] == [["article"]]


def test_no_answer_lets_a_number_with_its_key_pass(client_for: ClientFor, world: World) -> None:
    client, catalogue = client_for(TRANSCODER), world.add_catalogue()
    for address in (f"/laboratoires/{world.laboratory_id}/memoire", f"/catalogues/{catalogue.id}/anterieur"):
        refused = client.post(address, data={"articles": "1"}, files=[("fichiers", ("a.csv", HELD))])
        assert refused.status_code == 422
    assert kept(world) == (0, 0)
    assert events(world, "patient_data.answer") == []
