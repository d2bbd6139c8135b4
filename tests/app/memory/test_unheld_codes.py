"""Codes that the release in use does not hold, in memory: what is kept of them, and that nothing follows from it."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.models import (
    Decision,
    Laboratory,
    LocalTest,
    LoincRelease,
    MemoryEntry,
    Outcome,
    Proposal,
    ReviewState,
    Status,
)
from app.platform.database import reading, transaction
from app.proposals.jobs import run_proposals
from app.proposals.knowledge import knowledge_for
from app.settings import Settings
from app.terminology.schemas import FEWEST_TERMS
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.review.sample import add_release
from tests.conftest import TRANSCODER, ClientFor, World

ADDRESS = "/laboratoires/1/memoire"
SODIUM, UNKNOWN, WRONG = "2951-2", "2160-0", "2951-3"
"""A code of the release; one of the right form that it does not hold; one of a wrong check digit."""
GIVEN = {"NA": SODIUM, "CREA": UNKNOWN, "X": WRONG}
CATALOGUE = "code;libelle;unite;milieu\nNA;Sodium;mmol/L;Sérum\nCREA;Créatinine;µmol/L;Sérum\nX;Sodium x;mmol/L;Sérum\n"


def concept_map() -> bytes:
    elements = [
        {"code": code, "display": code, "target": [{"code": loinc, "equivalence": "equivalent"}]}
        for code, loinc in GIVEN.items()
    ]
    group = {"source": "http://labo/analyses", "target": "http://loinc.org", "element": elements}
    return as_bytes({"resourceType": "ConceptMap", "status": "active", "group": [group]})


def sssom() -> bytes:
    rows = "".join(
        f"{code}\t{code}\tskos:exactMatch\tLOINC:{loinc}\tsemapv:ManualMappingCuration\n"
        for code, loinc in GIVEN.items()
    )
    return f"subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification\n{rows}".encode()


def table() -> bytes:
    rows = "".join(f"{code};{code};{loinc}\n" for code, loinc in GIVEN.items())
    return f"Code;Libellé;Code LOINC\n{rows}".encode()


FILES = {"carte.json": concept_map, "carte.sssom.tsv": sssom, "table.csv": table}


@pytest.fixture
def catalogue_id(world: World) -> int:
    with transaction(world.engine) as session:
        add_release(session)
        file = IncomingFile("catalogue.csv", CATALOGUE.encode())
        return import_files(session, world.laboratory_id, [file], catalogue_name="Essai").catalogue_id


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def be_whole(world: World) -> None:
    with transaction(world.engine) as session:
        release = session.exec(select(LoincRelease).where(LoincRelease.is_current)).one()
        release.kind, release.term_count = "official", FEWEST_TERMS
        session.add(release)


def codes(world: World) -> set[str]:
    with reading(world.engine) as session:
        return set(session.exec(select(MemoryEntry.loinc_num)))


def proposed(world: World, settings: Settings, catalogue_id: int) -> set[str]:
    """Every code that a search of proposals gives."""
    run_id = run_proposals(world.engine, settings, catalogue_id)
    with reading(world.engine) as session:
        assert session.exec(select(Decision)).all() == []
        assert {state.status for state in session.exec(select(ReviewState))} <= {"todo"}
        return set(session.exec(select(Proposal.loinc_num).where(Proposal.run_id == run_id)))


@pytest.mark.parametrize("name", list(FILES))
def test_where_the_release_is_not_whole_an_unknown_code_is_kept_and_never_proposed(
    client: TestClient, world: World, settings: Settings, catalogue_id: int, name: str
) -> None:
    assert client.post(ADDRESS, files=[("fichiers", (name, FILES[name]()))]).status_code == 303
    assert codes(world) == {SODIUM, UNKNOWN}, "one of a wrong check digit is no memory, whatever is loaded"
    found = proposed(world, settings, catalogue_id)
    assert SODIUM in found
    assert not found & {UNKNOWN, WRONG}


@pytest.mark.parametrize("name", list(FILES))
def test_where_it_is_whole_an_unknown_code_is_not_taken_and_is_counted(
    client: TestClient, world: World, settings: Settings, catalogue_id: int, name: str
) -> None:
    be_whole(world)
    answer = client.post(ADDRESS, files=[("fichiers", (name, FILES[name]()))])
    assert answer.status_code == 303
    assert codes(world) == {SODIUM}
    page = client.get(answer.headers["location"]).text
    assert "1 ligne non reprise : au code absent de la version de LOINC utilisée, qui est entière." in page


def test_what_another_laboratory_approved_of_it_is_not_proposed_either(
    world: World, settings: Settings, catalogue_id: int
) -> None:
    """An approval of such a code dates from a release that held it: reuse gives it to nobody."""
    assert world.other_laboratory.id is not None
    with transaction(world.engine) as session:
        session.get_one(Laboratory, world.other_laboratory.id).allows_reuse = True
        file = IncomingFile("catalogue.csv", CATALOGUE.encode())
        theirs = import_files(session, world.other_laboratory.id, [file], catalogue_name="Le leur").catalogue_id
    with transaction(world.engine) as session:
        for test in session.exec(select(LocalTest).where(LocalTest.catalogue_id == theirs)):
            state = session.get_one(ReviewState, test.id)
            state.status, state.outcome, state.loinc_num = Status.APPROVED, Outcome.CODE, UNKNOWN
    with reading(world.engine) as session:
        remembered = knowledge_for(session, catalogue_id).memory.values()
        assert UNKNOWN in {item.loinc_num for items in remembered for item in items}, "it is evidence"
    run_id = run_proposals(world.engine, settings, catalogue_id)
    with reading(world.engine) as session:
        found = set(session.exec(select(Proposal.loinc_num).where(Proposal.run_id == run_id)))
    assert SODIUM in found
    assert UNKNOWN not in found, "and no more than that"
