"""Two independent readers of our map answer as our service does, for every code of the demonstration catalogue."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.demonstration.service import demonstration_files
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, make_export
from app.files.choices import IncomingFile
from app.main import create_app
from app.models import Action, Catalogue, Decision, Laboratory, LocalTest, LoincTerm, Relation, ReviewState, User
from app.platform.database import Transactions, make_engine, transaction
from app.settings import Settings
from app.tokens.service import create_token
from app.transcoding.facts import derive_state
from tests.fhir.node import ask

ADDRESS = "/fhir/ConceptMap/$translate"


@dataclass
class Demonstration:
    """The demonstration catalogue with rows in every state, served and exported."""

    client: TestClient
    concept_map: dict[str, Any]


def _decide(session: Session, catalogue_id: int, people: list[int]) -> None:
    """Four rows in five get a code in force, most of them approved; the codes themselves do not matter here."""
    numbers = session.exec(select(LoincTerm.loinc_num).where(LoincTerm.status == "ACTIVE").limit(150)).all()
    numbers_and_relations = zip(cycle(numbers), cycle(Relation), strict=False)
    tests = session.exec(select(LocalTest).where(LocalTest.catalogue_id == catalogue_id).order_by(col(LocalTest.id)))
    for position, test in enumerate(tests.all()):
        assert test.id is not None
        if position % 5 == 4:
            continue
        number, relation = next(numbers_and_relations)
        steps: list[dict[str, Any]] = [{"action": Action.CHOOSE, "loinc_num": number, "relation": relation}]
        if position % 7 == 6:
            steps = [{"action": Action.NO_LOINC, "reason": "aucun terme"}]
        if position % 11 != 10:
            steps.append({"action": Action.APPROVE})
        facts = [
            Decision(local_test_id=test.id, author_id=author, author_role="transcoder", **step)
            for author, step in zip(people, steps, strict=False)
        ]
        session.add_all(facts)
        session.flush()
        derived = derive_state(facts)
        state = session.get(ReviewState, test.id) or ReviewState(local_test_id=test.id)
        for name in type(derived).__dataclass_fields__:
            setattr(state, name, getattr(derived, name))
        session.add(state)


def _people(session: Session) -> list[User]:
    users = [User(email=f"{name}@exemple.fr", display_name=name, password_hash="!") for name in ("Décide", "Approuve")]
    session.add_all(users)
    session.flush()
    return users


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory, installation: Path) -> Iterator[Demonstration]:
    """A real installation with the starter terminology, without the proposals, which say nothing here."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("fhir") / "var", run_jobs_in_server=False)
    shutil.copytree(installation, settings.data_dir)
    engine = make_engine(settings.resolved_database_url)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire de démonstration", canonical_url="https://labo.exemple.fr/fhir")
        session.add(laboratory)
        session.flush()
        assert laboratory.id is not None
        files = [IncomingFile(path.name, path.read_bytes()) for path in demonstration_files()]
        report = import_files(session, laboratory.id, files, catalogue_name="Démonstration")
        users = _people(session)
        _decide(session, report.catalogue_id, [user.id or 0 for user in users])
        _, token = create_token(session, laboratory, name="SGL", lifetime="0", actor=users[0])
    transactions = Transactions(engine)
    with transactions.reading() as session:
        catalogue = session.get_one(Catalogue, report.catalogue_id)
    file, _ = make_export(transactions, settings, laboratory, catalogue, ExportRequest(ExportKind.CONCEPT_MAP))
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(settings, engine), headers=headers) as client:
        yield Demonstration(client, json.loads(file.content))
    engine.dispose()


def _questions(concept_map: dict[str, Any]) -> list[dict[str, str]]:
    """Every local code, codes that look like them, and codes and systems that nobody knows."""
    asked = []
    for group in concept_map["group"]:
        codes = [element["code"] for element in group["element"]]
        strangers = [code.lower() if position % 2 else f"{code}X" for position, code in enumerate(codes[::12])]
        asked += [{"system": group["source"], "code": code} for code in (*codes, *strangers, "?", "19146-0")]
    asked += [{"system": "urn:x", "code": element["code"]} for element in concept_map["group"][0]["element"][:5]]
    return asked


def _parameters(question: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "code", "valueCode": question["code"]},
            {"name": "system", "valueUri": question["system"]},
        ],
    }


def _ours(resource: dict[str, Any]) -> dict[str, Any]:
    """Our answer in the words of the others, who give a concept no version."""
    matches = []
    for item in resource["parameter"]:
        if item["name"] == "match":
            parts = {part["name"]: part for part in item["part"]}
            concept = {key: value for key, value in parts["concept"]["valueCoding"].items() if key != "version"}
            matches.append({"equivalence": parts["equivalence"]["valueCode"], "concept": concept})
    return {"result": resource["parameter"][0]["valueBoolean"], "match": matches}


def test_two_independent_readers_answer_as_we_do(demonstration: Demonstration) -> None:
    questions = _questions(demonstration.concept_map)
    parameters = [_parameters(question) for question in questions]
    others = ask(translate={"conceptMap": demonstration.concept_map, "parameters": parameters})["translate"]
    ours = []
    for number, (question, body) in enumerate(zip(questions, parameters, strict=True)):
        # Both ways of asking, in turn.
        answer = (
            demonstration.client.post(ADDRESS, json=body)
            if number % 2
            else demonstration.client.get(ADDRESS, params=question)
        )
        assert answer.status_code == 200
        ours.append(_ours(answer.json()))
    different = [
        (question, mine, other)
        for question, mine, other in zip(questions, ours, others, strict=True)
        if not mine == other["medplum"] == other["synanetics"]
    ]
    assert different == []
    local_codes = sum(len(group["element"]) for group in demonstration.concept_map["group"])
    found = sum(answer["result"] for answer in ours)
    assert local_codes > 350
    assert 200 < found < local_codes
    assert len(questions) > 1.07 * local_codes
    assert {match["equivalence"] for answer in ours for match in answer["match"]} == {
        "equivalent",
        "wider",
        "narrower",
        "relatedto",
    }


def test_a_fixed_answer_would_be_caught(demonstration: Demonstration) -> None:
    """Both readers believe `unmapped`: this is why we never write it."""
    concept_map = json.loads(json.dumps(demonstration.concept_map))
    concept_map["group"][0]["unmapped"] = {"mode": "fixed", "code": "1-8"}
    question = {"system": concept_map["group"][0]["source"], "code": "ABSENT"}
    (other,) = ask(translate={"conceptMap": concept_map, "parameters": [_parameters(question)]})["translate"]
    assert other["medplum"]["result"] is other["synanetics"]["result"] is True
    assert not _ours(demonstration.client.get(ADDRESS, params=question).json())["result"]


def test_the_map_read_from_the_service_is_the_one_exported(demonstration: Demonstration) -> None:
    (entry,) = demonstration.client.get("/fhir/ConceptMap").json()["entry"]
    served = entry["resource"]
    assert served["url"] == demonstration.concept_map["url"]

    def without_version(concept_map: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in group.items() if key != "sourceVersion"} for group in concept_map["group"]
        ]

    assert without_version(served) == without_version(demonstration.concept_map)
