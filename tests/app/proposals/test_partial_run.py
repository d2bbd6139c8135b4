"""Matching only some rows again: the others keep the proposals shown so far."""

import itertools
from contextlib import AbstractContextManager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.errors import WorkbenchError
from app.files.choices import IncomingFile
from app.jobs.queue import JobQueue
from app.jobs.work import Work
from app.models import Catalogue, Job, JobStatus, Laboratory, LoincRelease, Proposal, ProposalRun, RunStatus, utc_now
from app.platform.database import reading, transaction
from app.proposals import jobs, repository, rows
from app.proposals.jobs import run_proposals
from app.proposals.service import ask_for_proposals
from app.settings import Settings
from matcher import Band
from matcher import Proposal as MatcherProposal
from tests.conftest import TRANSCODER, ClientFor, World

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
    monkeypatch.setattr(rows, "engine_of_release", lambda *_: fake)
    monkeypatch.setattr(jobs, "engine_of_release", lambda *_: fake)
    return fake


@pytest.fixture
def catalogue(world: World) -> int:
    with transaction(world.engine) as session:
        session.add(LoincRelease(version="2.80", kind="official", is_current=True, status="ready"))
        files = [IncomingFile("catalogue.csv", CONTENT)]
        return import_files(session, world.laboratory_id, files, catalogue_name="Essai").catalogue_id


def run(world: World, settings: Settings, catalogue: int, only: list[int] | None = None) -> int:
    return run_proposals(world.engine, settings, catalogue, only)


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
    with transaction(world.engine) as session:
        wanted = session.get_one(Catalogue, catalogue)
        job = ask_for_proposals(session, JobQueue(settings, world.engine), wanted, None, [1, 3])
    assert matcher.asked == ["NA", "CL"]
    with reading(world.engine) as session:
        done = session.get_one(Job, job.id)
        assert (done.status, done.done, done.total) == (JobStatus.DONE, 3, 3)
        assert done.message == "Les propositions sont à jour."


def test_proposals_are_stored_in_transactions_between_which_others_write(
    world: World, settings: Settings, matcher: FakeEngine, catalogue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(world, settings, catalogue)
    monkeypatch.setattr(rows, "PIECE", 1)
    writing = Work.writing
    seen: list[int | None] = []

    def look_and_write(work: Work) -> AbstractContextManager[Session]:
        # Another connection writes just before: nothing holds the database between two pieces.
        with transaction(world.engine) as other:
            other.add(Laboratory(name=f"Laboratoire {len(seen)}"))
        with reading(world.engine) as other:
            seen.append(other.exec(select(ProposalRun.id).where(col(ProposalRun.is_current))).one())
        return writing(work)

    monkeypatch.setattr(Work, "writing", look_and_write)
    second = run(world, settings, catalogue)
    assert seen == [first] * 3, "the new run is shown once it is whole"
    assert len(shown(world, second)) == 3


def test_a_run_that_fails_while_it_is_stored_leaves_nothing(
    world: World, settings: Settings, matcher: FakeEngine, catalogue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(world, settings, catalogue)
    monkeypatch.setattr(rows, "PIECE", 1)
    insert, calls = repository.insert_proposals, itertools.count()

    def insert_two(session: Session, found: list[dict[str, Any]]) -> None:
        if next(calls) == 2:
            raise RuntimeError("une panne")
        insert(session, found)

    monkeypatch.setattr(repository, "insert_proposals", insert_two)
    with pytest.raises(WorkbenchError, match=r"erreur inattendue \(RuntimeError\)"):
        run(world, settings, catalogue)
    with reading(world.engine) as session:
        failed = session.exec(select(ProposalRun).order_by(col(ProposalRun.id).desc())).first()
        assert failed is not None
        assert (failed.status, failed.is_current) == (RunStatus.FAILED, False)
        assert failed.message.startswith("La recherche de propositions a échoué : Le travail s'est interrompu")
        assert session.get_one(Job, failed.job_id).status == JobStatus.FAILED
        assert session.exec(select(Proposal).where(Proposal.run_id == failed.id)).all() == []
    assert len(shown(world, first)) == 3


def test_a_run_that_is_cancelled_says_so_and_leaves_nothing(
    world: World, settings: Settings, matcher: FakeEngine, catalogue: int, client_for: ClientFor
) -> None:
    first = run(world, settings, catalogue)

    def cancel(_test: Any, _top: int) -> list[MatcherProposal]:
        with transaction(world.engine) as session:
            job = session.exec(select(Job).order_by(col(Job.id).desc())).first()
            assert job is not None
            job.cancel_requested_at = utc_now()
            session.add(job)
        return [MatcherProposal(1, "2951-2", 0.9, Band.SURE)]

    matcher.propose = cancel  # type: ignore[method-assign]
    with pytest.raises(WorkbenchError):
        run(world, settings, catalogue)
    with reading(world.engine) as session:
        cancelled = session.exec(select(ProposalRun).order_by(col(ProposalRun.id).desc())).first()
        assert cancelled is not None
        assert (cancelled.status, cancelled.is_current) == (RunStatus.CANCELLED, False)
        assert session.get_one(Job, cancelled.job_id).status == JobStatus.CANCELLED
        assert session.exec(select(Proposal).where(Proposal.run_id == cancelled.id)).all() == []
    page = client_for(TRANSCODER).get(f"/catalogues/{catalogue}").text
    assert "Annulée</span>" in page
    assert "La dernière recherche a été annulée" in page
    assert "Échec" not in page
    assert len(shown(world, first)) == 3


def test_a_second_click_leads_to_the_same_search(
    world: World, catalogue: int, client_for: ClientFor, application: FastAPI, settings: Settings
) -> None:
    application.state.jobs = JobQueue(settings.model_copy(update={"jobs_immediate": False}), world.engine)
    client = client_for(TRANSCODER)
    with transaction(world.engine) as session:
        release = session.exec(select(LoincRelease)).one()
        session.add(
            ProposalRun(
                catalogue_id=catalogue, release_id=release.id or 0, engine_version="1", status=RunStatus.CANCELLED
            )
        )
    assert "La dernière recherche a été annulée" in client.get(f"/catalogues/{catalogue}").text
    first = client.post(f"/catalogues/{catalogue}/propositions", follow_redirects=False).headers["location"]
    second = client.post(f"/catalogues/{catalogue}/propositions", follow_redirects=False).headers["location"]
    assert first == second
    page = client.get(f"/catalogues/{catalogue}").text
    assert "La recherche attend son tour" in page
    assert "a été annulée" not in page
    with transaction(world.engine) as session:
        job = session.exec(select(Job).where(Job.catalogue_id == catalogue)).one()
        job.status, job.attempts = JobStatus.RUNNING, 1
        session.add(job)
    third = client.post(f"/catalogues/{catalogue}/propositions", follow_redirects=False).headers["location"]
    assert third != first, "what was begun does not know what changed since"


def test_one_run_is_of_one_engine(
    world: World, settings: Settings, matcher: FakeEngine, catalogue: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(world, settings, catalogue)
    monkeypatch.setattr(rows, "engine_version", lambda: "une autre")
    with pytest.raises(WorkbenchError, match="une autre version de l'atelier"):
        run(world, settings, catalogue)
    assert len(shown(world, first)) == 3
