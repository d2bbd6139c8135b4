"""Matching only some rows again: the others keep the proposals shown so far."""

from typing import Any

import pytest
from sqlmodel import col, select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.models import LoincRelease, Proposal, ProposalRun
from app.platform.database import reading, transaction
from app.proposals import service
from app.proposals.jobs import run_job
from app.proposals.service import run_proposals
from app.settings import Settings
from matcher import Band
from matcher import Proposal as MatcherProposal
from tests.conftest import World

CONTENT = b"code;libelle\nNA;Sodium\nK;Potassium\nCL;Chlorure\n"


class FakeEngine:
    """Proposes one code, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.loinc_num = "2951-2"

    def with_knowledge(self, _knowledge: object) -> "FakeEngine":
        return self

    def propose(self, test: Any, _top: int) -> list[MatcherProposal]:
        self.asked.append(test.code)
        return [MatcherProposal(1, self.loinc_num, 0.9, Band.SURE)]


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(service, "engine_of_release", lambda *_: fake)
    return fake


@pytest.fixture
def catalogue(world: World) -> int:
    with transaction(world.engine) as session:
        session.add(LoincRelease(version="2.80", kind="official", is_current=True, status="ready"))
        files = [IncomingFile("catalogue.csv", CONTENT)]
        return import_files(session, world.laboratory_id, files, catalogue_name="Essai").catalogue_id


def run(world: World, settings: Settings, catalogue: int, only: list[int] | None = None) -> int:
    return run_proposals(world.engine, settings, catalogue, lambda *_: None, only)


def shown(world: World, run_id: int) -> list[tuple[int, str]]:
    with reading(world.engine) as session:
        assert session.get_one(ProposalRun, run_id).is_current
        statement = select(Proposal.local_test_id, Proposal.loinc_num).where(Proposal.run_id == run_id)
        return list(session.exec(statement.order_by(col(Proposal.local_test_id))).all())


def test_the_other_rows_keep_their_proposals(
    world: World, settings: Settings, matcher: FakeEngine, catalogue: int
) -> None:
    first = run(world, settings, catalogue)
    matcher.asked.clear()
    matcher.loinc_num = "2823-3"
    second = run(world, settings, catalogue, [2])
    assert matcher.asked == ["K"]
    assert shown(world, second) == [(1, "2951-2"), (2, "2823-3"), (3, "2951-2")]
    with reading(world.engine) as session:
        assert len(session.exec(select(Proposal).where(Proposal.run_id == first)).all()) == 3


def test_without_a_run_of_this_release_everything_is_matched(
    world: World, settings: Settings, matcher: FakeEngine, catalogue: int
) -> None:
    run(world, settings, catalogue, [2])
    assert len(matcher.asked) == 3
    with transaction(world.engine) as session:
        old = session.exec(select(LoincRelease)).one()
        old.is_current = False
        session.add(LoincRelease(version="2.81", kind="official", is_current=True, status="ready"))
    matcher.asked.clear()
    run(world, settings, catalogue, [2])
    assert len(matcher.asked) == 3


def test_the_job_passes_the_rows(world: World, settings: Settings, matcher: FakeEngine, catalogue: int) -> None:
    run(world, settings, catalogue)
    matcher.asked.clear()
    run_job(world.engine, settings, 1, {"catalogue_id": catalogue, "only": [1, 3]}, lambda *_: None)
    assert matcher.asked == ["NA", "CL"]
