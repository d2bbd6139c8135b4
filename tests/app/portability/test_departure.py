"""A laboratory that leaves by its page: prepared, downloaded, closed with the archive that was downloaded, or whole."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select, update
from sqlmodel import col

from app.audit.verification import verify
from app.jobs.queue import JobQueue
from app.jobs.runner import run_job
from app.models import (
    Action,
    AuditEvent,
    Catalogue,
    ClosedLaboratory,
    Decision,
    Job,
    JobStatus,
    Laboratory,
    LocalTest,
    Membership,
    ReadingRequest,
    Role,
    StoredFile,
    StoredFileChunk,
    User,
    UserSession,
    utc_now,
)
from app.platform.database import reading, transaction
from app.platform.integrity import DamagedDatabaseError
from app.portability import closing, departure, jobs
from app.portability.jobs import remove_expired
from app.portability.storing import import_archive
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.portability.moving import Place, anomalies, load_terminology
from tests.conftest import ADMINISTRATOR, BIOLOGIST, READER, TRANSCODER, ClientFor, World


class Leaving:
    """The administrator in front of the page of a laboratory."""

    def __init__(self, sample: Sample, client_for: ClientFor) -> None:
        self.sample, self.world = sample, sample.world
        self.client: TestClient = client_for(ADMINISTRATOR)
        self.address = f"/administration/laboratoires/{sample.world.laboratory_id}/depart"

    def page(self) -> str:
        answer = self.client.get(self.address)
        assert answer.status_code == 200
        return answer.text

    def prepare(self) -> bytes:
        """Have the archive prepared, and download it."""
        asked = self.client.post(f"{self.address}/archive")
        assert (asked.status_code, asked.headers.get("location")) == (303, self.address), asked.text
        answer = self.client.get(f"{self.address}/archive")
        assert answer.status_code == 200
        return answer.content

    def close(self, content: bytes, name: str = "") -> Response:
        form = {"nom": name or self.world.laboratory.name, "empreinte": hashlib.sha256(content).hexdigest()}
        return self.client.post(f"{self.address}/fermer", data=form)

    def is_whole(self) -> bool:
        with reading(self.world.engine) as session:
            decisions = session.execute(select(func.count()).select_from(Decision)).scalar_one()
            return session.get(Laboratory, self.world.laboratory_id) is not None and decisions > 0

    def jobs(self, kind: str) -> list[Job]:
        with reading(self.world.engine) as session:
            return list(session.execute(select(Job).where(col(Job.kind) == kind).order_by(col(Job.id))).scalars())


@pytest.fixture
def leaving(decided: Sample, client_for: ClientFor) -> Leaving:
    return Leaving(decided, client_for)


def actions(world: World) -> list[str]:
    """What the chain of the installation says of laboratories and memberships, in order."""
    asked = select(col(AuditEvent.action)).where(
        col(AuditEvent.laboratory_id).is_(None),
        col(AuditEvent.action).startswith("laboratory.") | (col(AuditEvent.action) == "membership.close"),
    )
    with reading(world.engine) as session:
        return list(session.execute(asked.order_by(col(AuditEvent.id))).scalars())


def wait_in_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait, as where workers are busy."""
    monkeypatch.setattr(JobQueue, "_send", lambda _self, _job_id: None)


def test_an_archive_is_prepared_downloaded_and_told(leaving: Leaving) -> None:
    before = leaving.page()
    assert "Préparer l’archive" in before
    assert 'name="empreinte"' not in before
    content = leaving.prepare()
    sha256 = hashlib.sha256(content).hexdigest()
    page = leaving.page()
    assert sha256 in page
    assert 'name="empreinte"' in page
    with reading(leaving.world.engine) as session:
        event = session.execute(select(AuditEvent).where(col(AuditEvent.action) == "laboratory.archive")).scalar_one()
        decisions = session.execute(select(func.count()).select_from(Decision)).scalar_one()
        downloads = session.execute(select(AuditEvent).where(col(AuditEvent.action) == "file.download")).scalars().all()
        assert [item.details["numbers"] for item in downloads] == [{"laboratory_id": leaving.world.laboratory_id}]
    assert event.details["sha256"] == sha256
    assert event.details["counts"]["facts"] == decisions
    assert re.search(rf"autres faits : {decisions}\b", page)
    # Downloading it writes nothing in the laboratory: it can be closed with it.
    assert "Le laboratoire a changé depuis" not in page


def test_closing_erases_everything_and_says_so(
    leaving: Leaving, client_for: ClientFor, elsewhere: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = leaving.world
    load_terminology(world.engine, elsewhere.engine)
    member, catalogue = client_for(BIOLOGIST), f"/catalogues/{leaving.sample.catalogue_id}"
    home = f"/laboratoires/{world.laboratory_id}"
    assert member.get(home).status_code == member.get(catalogue).status_code == 200
    content = leaving.prepare()
    answer = leaving.close(content)
    assert (answer.status_code, answer.headers.get("location")) == (303, leaving.address), answer.text
    assert not leaving.is_whole()
    told = actions(world)
    members = told.count("membership.close")
    assert members == 3
    assert told == ["laboratory.archive", "laboratory.archive", *["membership.close"] * members, "laboratory.close"]
    with reading(world.engine) as session:
        line = session.execute(select(ClosedLaboratory)).scalar_one()
        assert line.archive_sha256 == hashlib.sha256(content).hexdigest()
        assert verify(session, []).findings == []
    assert anomalies(world.engine) == []
    page = leaving.page()
    assert "laboratoire fermé" in page
    assert line.archive_sha256 in page
    assert "Préparer" not in page
    assert leaving.client.get(f"{leaving.address}/archive").content == content
    assert leaving.address in leaving.client.get("/administration/laboratoires").text
    refused = leaving.client.get(f"/administration/laboratoires/{world.laboratory_id}")
    assert refused.status_code == 404
    assert "a été fermé le" in refused.text
    # Whoever had a role there reads what happened, in the page that she had open and in her account.
    for address in (home, catalogue, f"{catalogue}/revue", f"{home}/travaux"):
        answer = member.get(address)
        assert answer.status_code == 404, address
        assert f"Le laboratoire « {world.laboratory.name} » a été fermé le" in answer.text, address
    assert "a été fermé" in member.post(f"{catalogue}/dossier", data={"etat": "jour"}).text
    assert "Laboratoire fermé : le rôle y a pris fin" in member.get("/compte").text
    assert "a été fermé le" in member.get("/").text
    # And it opens elsewhere.
    path = tmp_path_factory.mktemp("depart") / "laboratoire.zip"
    path.write_bytes(content)
    assert import_archive(elsewhere.engine, path).name == world.laboratory.name


def test_a_stranger_learns_nothing_of_a_closing(leaving: Leaving, client_for: ClientFor, world: World) -> None:
    with transaction(world.engine) as session:
        gone = select(Membership).where(col(Membership.user_id) == world.user_id(READER))
        for membership in session.execute(gone).scalars():
            session.delete(membership)
    leaving.close(leaving.prepare())
    stranger = client_for(READER)
    for number in (world.laboratory_id, 4_000):
        answer = stranger.get(f"/laboratoires/{number}")
        assert answer.status_code == 404
        assert "n&#39;existe pas ou ne vous est pas ouvert" in answer.text
        assert world.laboratory.name not in answer.text


def _another_name(leaving: Leaving, content: bytes) -> Response:
    return leaving.close(content, leaving.world.laboratory.name.lower())


def _another_file(leaving: Leaving, content: bytes) -> Response:
    return leaving.close(content + b"\0")


def _a_decision_since(leaving: Leaving, content: bytes) -> Response:
    leaving.sample.approve("K", "2823-3")
    return leaving.close(content)


def _no_copy(leaving: Leaving, content: bytes) -> Response:
    assert leaving.client.post(f"{leaving.address}/archive/supprimer").status_code == 303
    return leaving.close(content)


def _at_work(leaving: Leaving, content: bytes) -> Response:
    with transaction(leaving.world.engine) as session:
        session.add(Job(kind="proposals", laboratory_id=leaving.world.laboratory_id))
    return leaving.close(content)


@pytest.mark.parametrize(
    ("way", "status", "said"),
    [
        (_another_name, 422, "son nom exactement"),
        (_another_file, 422, "pas celle de l’archive préparée"),
        (_a_decision_since, 409, "depuis que cette archive a été préparée"),
        (_no_copy, 409, "n’est plus gardée ici"),
        (_at_work, 409, "Un travail est en cours"),
    ],
)
def test_what_refuses_a_closing(
    leaving: Leaving, way: Callable[[Leaving, bytes], Response], status: int, said: str
) -> None:
    answer = way(leaving, leaving.prepare())
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert leaving.is_whole()
    assert leaving.jobs(departure.CLOSING_KIND) == []


@pytest.mark.parametrize(
    "written", [str.upper, lambda text: " ".join(re.findall("..", text)), lambda text: f" {text}\n"]
)
def test_a_fingerprint_is_taken_as_each_system_writes_it(leaving: Leaving, written: Callable[[str], str]) -> None:
    sha256 = written(hashlib.sha256(leaving.prepare()).hexdigest())
    form = {"nom": leaving.world.laboratory.name, "empreinte": sha256}
    assert leaving.client.post(f"{leaving.address}/fermer", data=form).status_code == 303
    assert not leaving.is_whole()


def test_a_fingerprint_whose_digits_look_like_those_of_a_person_is_only_another_one(leaving: Leaving) -> None:
    leaving.prepare()
    form = {"nom": leaving.world.laboratory.name, "empreinte": f"AB 279035121518989 {'C' * 40}"}
    answer = leaving.client.post(f"{leaving.address}/fermer", data=form)
    assert (answer.status_code, "pas celle de l’archive préparée" in answer.text) == (422, True)


def test_a_change_that_no_chain_tells_refuses_it_too(leaving: Leaving) -> None:
    """What has no fact of its own is compared all the same: the archive is written again, and its bytes differ."""
    content = leaving.prepare()
    with transaction(leaving.world.engine) as session:
        session.execute(
            update(LocalTest).where(col(LocalTest.id) == leaving.sample.test_id("K")).values(synonym="autre")
        )
    assert "Le laboratoire a changé depuis" not in leaving.page()
    assert leaving.close(content).status_code == 303
    assert leaving.is_whole()
    (job,) = leaving.jobs(departure.CLOSING_KIND)
    assert (job.status, job.message) == (JobStatus.FAILED, departure.CHANGED)
    page = leaving.page()
    assert "Le laboratoire n’a pas été fermé : il est entier." in page
    assert departure.CHANGED in page


def test_an_erasure_that_breaks_leaves_a_whole_laboratory_and_says_so(
    leaving: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = leaving.prepare()

    def broken(*_given: object) -> None:
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(closing, "_forget", broken)
        leaving.close(content)
    assert leaving.is_whole()
    page = leaving.page()
    assert "Le laboratoire n’a pas été fermé : il est entier." in page
    assert "membership.close" not in actions(leaving.world)
    assert leaving.close(content).status_code == 303
    assert not leaving.is_whole()


def test_a_damaged_database_gives_no_archive_and_erases_nothing(
    leaving: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page of it is read first, as the command does."""

    def damaged(_engine: object) -> None:
        raise DamagedDatabaseError("la base de données est refusée : elle est abîmée.")

    content = leaving.prepare()
    monkeypatch.setattr(jobs, "refuse_damaged", damaged)
    leaving.close(content)
    assert leaving.is_whole()
    assert "Le laboratoire n’a pas été fermé : il est entier." in leaving.page()
    leaving.client.post(f"{leaving.address}/archive")
    page = leaving.page()
    assert "L’archive n’a pas été préparée." in page
    assert "elle est abîmée" in page
    assert len(stored_archives(leaving.world)) == 1


def stored_archives(world: World) -> list[StoredFile]:
    with reading(world.engine) as session:
        return departure.archives_kept(session, world.laboratory_id)


def test_the_page_follows_a_closing_and_takes_no_second_one(
    leaving: Leaving, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = leaving.prepare()
    with monkeypatch.context() as patch:
        wait_in_queue(patch)
        assert leaving.close(content).status_code == 303
        assert leaving.close(content).status_code == 303
        refused = leaving.client.post(f"{leaving.address}/archive")
    assert (refused.status_code, "La fermeture de ce laboratoire est en cours" in refused.text) == (409, True)
    (job,) = leaving.jobs(departure.CLOSING_KIND)
    page = leaving.page()
    assert f'data-address="/travaux/{job.id}/etat"' in page
    assert "rien n’est effacé" in page
    assert "Tout effacer" not in page
    run_job(leaving.world.engine, settings, job.id or 0)
    assert not leaving.is_whole()
    assert leaving.client.get(f"/travaux/{job.id}").status_code == 200


def test_a_closing_delivered_twice_is_done_once(leaving: Leaving, settings: Settings) -> None:
    leaving.close(leaving.prepare())
    (job,) = leaving.jobs(departure.CLOSING_KIND)
    with transaction(leaving.world.engine) as session:
        session.execute(update(Job).where(col(Job.id) == job.id).values(status=JobStatus.WAITING))
    run_job(leaving.world.engine, settings, job.id or 0)
    (again,) = leaving.jobs(departure.CLOSING_KIND)
    assert (again.status, again.message) == (JobStatus.DONE, job.message)
    assert actions(leaving.world).count("laboratory.close") == 1


def test_an_old_closing_or_one_of_somebody_who_left_does_nothing(
    leaving: Leaving, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is started again long after is not the word of somebody who has just proved who she is."""
    world, content = leaving.world, leaving.prepare()
    with monkeypatch.context() as patch:
        wait_in_queue(patch)
        leaving.close(content)
    (job,) = leaving.jobs(departure.CLOSING_KIND)
    late = update(Job).where(col(Job.id) == job.id)
    with transaction(world.engine) as session:
        session.execute(late.values(created_at=utc_now() - timedelta(hours=2)))
    run_job(world.engine, settings, job.id or 0)
    assert leaving.is_whole()
    assert "redemandez-la" in leaving.page()
    with transaction(world.engine) as session:
        session.execute(late.values(created_at=utc_now(), status=JobStatus.WAITING))
        session.execute(update(User).where(col(User.id) == world.user_id(ADMINISTRATOR)).values(is_administrator=False))
    run_job(world.engine, settings, job.id or 0)
    assert leaving.is_whole()
    assert "n’administre plus" in leaving.jobs(departure.CLOSING_KIND)[0].message


def test_what_erases_is_never_started_again_but_asked_anew(leaving: Leaving, client_for: ClientFor) -> None:
    """The page of a job asks for no name, no fingerprint and no proof of who starts it again."""
    content = leaving.prepare()
    with transaction(leaving.world.engine) as session:
        session.execute(
            update(LocalTest).where(col(LocalTest.id) == leaving.sample.test_id("K")).values(synonym="autre")
        )
    leaving.close(content)
    with transaction(leaving.world.engine) as session:
        # The laboratory is again as the archive says it: it would be erased.
        session.execute(update(LocalTest).where(col(LocalTest.id) == leaving.sample.test_id("K")).values(synonym=""))
        session.execute(update(UserSession).values(authenticated_at=utc_now() - timedelta(hours=3)))
    for kind in departure.KINDS:
        (job,) = leaving.jobs(kind)
        assert "/relancer" not in leaving.client.get(f"/travaux/{job.id}").text
        answer = leaving.client.post(f"/travaux/{job.id}/relancer")
        assert (answer.status_code, "redemandez-le" in answer.text) == (409, True), kind
    assert leaving.is_whole()


def test_nothing_is_erased_once_its_last_copy_is_gone(
    leaving: Leaving, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between what is asked and what is done, the copy may expire; nobody removes it meanwhile."""
    engine, content = leaving.world.engine, leaving.prepare()
    with monkeypatch.context() as patch:
        wait_in_queue(patch)
        leaving.close(content)
    (job,) = leaving.jobs(departure.CLOSING_KIND)
    refused = leaving.client.post(f"{leaving.address}/archive/supprimer")
    assert (refused.status_code, departure.CLOSING in refused.text) == (409, True)
    assert len(stored_archives(leaving.world)) == 1

    def expire(*_given: object) -> None:
        with transaction(engine) as session:
            session.execute(update(StoredFile).values(expires_at=utc_now() - timedelta(seconds=1)))

    with monkeypatch.context() as patch:
        # While the laboratory is read again: what was there at the beginning is not at the end.
        patch.setattr(jobs, "refuse_damaged", expire)
        run_job(engine, settings, job.id or 0)
    assert leaving.is_whole()
    assert leaving.jobs(departure.CLOSING_KIND)[0].message == departure.NO_COPY_LEFT
    with transaction(engine) as session:
        session.execute(update(Job).where(col(Job.id) == job.id).values(status=JobStatus.WAITING))
    run_job(engine, settings, job.id or 0)
    assert leaving.is_whole()
    assert "n’est plus gardée ici" in leaving.page()


def test_one_copy_is_kept_and_it_expires(leaving: Leaving) -> None:
    leaving.prepare()
    leaving.sample.approve("K", "2823-3")
    assert "Le laboratoire a changé depuis" in leaving.page()
    content = leaving.prepare()
    with reading(leaving.world.engine) as session:
        files = session.execute(select(StoredFile).order_by(col(StoredFile.id))).scalars().all()
        chunks = set(session.execute(select(col(StoredFileChunk.file_id))).scalars())
    assert [file.removed_at is None for file in files] == [False, True]
    assert chunks == {files[1].id}
    leaving.close(content)
    assert remove_expired(leaving.world.engine) is False
    with transaction(leaving.world.engine) as session:
        session.execute(update(StoredFile).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert leaving.client.get(f"{leaving.address}/archive").status_code == 404
    # Nobody needs to ask for another file: idle workers remove the last copy of what was erased.
    assert remove_expired(leaving.world.engine) is True
    with reading(leaving.world.engine) as session:
        assert session.execute(select(func.count()).select_from(StoredFileChunk)).scalar_one() == 0
    assert "Aucune copie de son archive" in leaving.page()


def test_its_doors_ask_for_an_administrator_and_a_recent_proof(
    leaving: Leaving, client_for: ClientFor, world: World
) -> None:
    content = leaving.prepare()
    form = {"nom": world.laboratory.name, "empreinte": hashlib.sha256(content).hexdigest()}
    for email in (TRANSCODER, BIOLOGIST, READER):
        assert client_for(email).get(leaving.address).status_code == 403
        assert client_for(email).get(f"{leaving.address}/archive").status_code == 403
        assert client_for(email).post(f"{leaving.address}/fermer", data=form).status_code == 403
    with transaction(world.engine) as session:
        session.execute(update(UserSession).values(authenticated_at=utc_now() - timedelta(hours=3)))
    for path in ("archive", "archive/supprimer", "fermer"):
        answer = leaving.client.post(f"{leaving.address}/{path}", data=form)
        assert "Confirme" in answer.text, answer.text
    assert leaving.is_whole()
    assert len(leaving.jobs(departure.ARCHIVE_KIND)) == 1


def test_who_could_still_read_blind_does_not_download_every_decision(leaving: Leaving, world: World) -> None:
    leaving.prepare()
    with transaction(world.engine) as session:
        session.add(
            Membership(
                user_id=world.user_id(ADMINISTRATOR), laboratory_id=world.laboratory_id, role=Role.TRANSCODER
            )
        )
        asked = select(Decision).where(
            col(Decision.action) == Action.CHOOSE, col(Decision.local_test_id) == leaving.sample.test_id("K")
        )
        decision = session.execute(asked).scalar_one()
        catalogue = session.execute(select(col(Catalogue.id)).limit(1)).scalar_one()
        session.add(
            ReadingRequest(
                catalogue_id=catalogue or 0, local_test_id=decision.local_test_id, decision_id=decision.id or 0,
                discipline="chemistry", origin="share",
            )
        )  # fmt: skip
    answer = leaving.client.get(f"{leaving.address}/archive")
    assert (answer.status_code, "à l’aveugle" in answer.text) == (409, True)
