"""The demonstration catalogue with rows in every state, served and ready to be exported; for whole modules of tests."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.demonstration.service import demonstration_files
from app.exports.schemas import ExportFile, ExportKind
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.files.choices import IncomingFile
from app.main import create_app
from app.models import Action, Catalogue, Decision, Laboratory, LocalTest, LoincTerm, Relation, ReviewState, User
from app.platform.database import Transactions, make_engine, transaction
from app.settings import Settings
from app.tokens.service import create_token
from app.transcoding.facts import derive_state


@dataclass
class Demonstration:
    """The catalogue and who serves it."""

    client: TestClient
    settings: Settings
    transactions: Transactions
    laboratory: Laboratory
    catalogue: Catalogue
    users: list[User]

    @cached_property
    def concept_map(self) -> dict[str, Any]:
        """The map of the catalogue, R4."""
        found: dict[str, Any] = json.loads(self.export(ExportKind.CONCEPT_MAP).content)
        return found

    def export(
        self, kind: ExportKind, syntax: Syntax = Syntax.JSON, catalogue: Catalogue | None = None
    ) -> ExportFile:
        """One file of this catalogue, or of another of the laboratory."""
        asked = ExportRequest(kind, syntax=syntax)
        made, _ = make_export(self.transactions, self.settings, self.laboratory, catalogue or self.catalogue, asked)
        return made

    def receive(self, name: str, content: bytes) -> Catalogue:
        """Another catalogue, of one received file, with its decisions."""
        assert self.laboratory.id is not None
        with transaction(self.transactions.engine) as session:
            report = import_files(session, self.laboratory.id, [IncomingFile(name, content)], catalogue_name=name)
            decide(session, report.catalogue_id, [user.id or 0 for user in self.users])
        with self.transactions.reading() as session:
            return session.get_one(Catalogue, report.catalogue_id)


def decide(session: Session, catalogue_id: int, people: list[int]) -> None:
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
    # Tokens are in service while who made them may make them.
    users[0].is_administrator = True
    session.add_all(users)
    session.flush()
    return users


@contextmanager
def serving(folder: Path, installation: Path, files: Sequence[IncomingFile]) -> Iterator[Demonstration]:
    """A real installation with the starter terminology, without the proposals, which say nothing here."""
    settings = Settings(data_dir=folder / "var", run_jobs_in_server=False)
    shutil.copytree(installation, settings.data_dir)
    engine = make_engine(settings.resolved_database_url)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire de démonstration", canonical_url="https://labo.exemple.fr/fhir")
        session.add(laboratory)
        session.flush()
        assert laboratory.id is not None
        report = import_files(session, laboratory.id, files, catalogue_name="Démonstration")
        users = _people(session)
        decide(session, report.catalogue_id, [user.id or 0 for user in users])
        _, token = create_token(session, laboratory, name="SGL", lifetime="365", actor=users[0])
    transactions = Transactions(engine)
    with transactions.reading() as session:
        catalogue = session.get_one(Catalogue, report.catalogue_id)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(settings, engine), headers=headers) as client:
        yield Demonstration(client, settings, transactions, laboratory, catalogue, users)
    engine.dispose()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory, installation: Path) -> Iterator[Demonstration]:
    """The demonstration catalogue, served."""
    files = [IncomingFile(path.name, path.read_bytes()) for path in demonstration_files()]
    with serving(tmp_path_factory.mktemp("fhir"), installation, files) as found:
        yield found
