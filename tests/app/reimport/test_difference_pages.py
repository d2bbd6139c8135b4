"""The page of differences: seen before anything is written, then confirmed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.jobs.runner import run_job
from app.jobs.work import Work
from app.models import (
    Catalogue,
    FileKind,
    Job,
    JobStatus,
    LocalTest,
    Membership,
    Role,
    SourceFile,
    Status,
    UploadDraftFile,
    User,
)
from app.platform.database import reading, transaction
from app.platform.identity import NO_CATALOGUE
from tests.app.catalogues.conftest import Importer, Rows, loinc_2, loinc_3
from tests.app.catalogues.fhir_fixtures import R4_BUNDLE, as_bytes
from tests.app.catalogues.test_routes import asked_proposals, fields_of, send
from tests.app.files.workbooks import zipped
from tests.app.reimport.test_reimport import NA, UNIT, K, changed, newer
from tests.app.reimport.updates import decide, state_of, states_hold
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

__all__ = ["asked_proposals"]

NEW_ROWS: Rows = [changed(NA, UNIT, "g/L"), K, ("CL", "Chlorure", *[""] * 10)]


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def compared(client: TestClient, catalogue: int, rows: Rows = NEW_ROWS) -> str:
    """The address of the differences, once the preview was confirmed."""
    file = newer(rows)
    address = send(client, (file.name, file.content), catalogue=str(catalogue)).headers["location"]
    page = client.get(address).text
    assert "Voir les différences" in page
    answer = client.post(f"{address}/confirmer", data=fields_of(page))
    assert answer.headers["location"] == f"{address}/differences"
    return f"{address}/differences"


def digest_of(page: str) -> str:
    return page.split('name="digest" value="')[1].split('"')[0]


def test_the_whole_way(client: TestClient, importer: Importer, asked_proposals: list[int]) -> None:
    catalogue = importer(loinc_2(), loinc_3()).catalogue_id
    sodium = importer.test(catalogue, "NA")
    decide(importer, sodium)
    address = compared(client, catalogue)
    page = client.get(address)
    assert page.status_code == 200
    for told in ("mmol/L", "g/L", "Chlorure", "Renvoyée en revue", "Marquée retirée", "Vitesse de sédimentation"):
        assert told in page.text
    assert "Potassium" not in page.text, "what does not change is not listed first"
    assert importer.test(catalogue, "NA").unit == "mmol/L"

    answer = client.post(address, data={"digest": digest_of(page.text)})
    assert answer.headers["location"] == f"/catalogues/{catalogue}"
    assert state_of(importer, sodium).status == Status.SENT_BACK
    assert states_hold(importer)
    assert asked_proposals == [catalogue]
    overview = client.get(f"/catalogues/{catalogue}").text
    assert "remplacé" in overview
    changes = f"/catalogues/{catalogue}/changements"
    assert f'href="{changes}"' in overview
    page = client.get(changes).text
    for told in ("Modifiée", "Retirée", "Ajoutée", "Chlorure", "Tania Transcodeuse", "<del>mmol/L</del>"):
        assert told in page
    lines = client.get(f"{changes}?format=csv").text.splitlines()
    assert len(lines) == 4
    assert ";Modifiée;Analyse;NA;Sodium;Unité;mmol/L;g/L" in lines[1]
    with reading(importer.engine) as session:
        job = session.exec(select(Job).where(Job.kind == "import")).one()
        assert job.status == JobStatus.DONE
        assert job.message.startswith("Mise à jour terminée : 1 ligne ajoutée, 1 modifiée, 1 retirée")
        assert session.exec(select(UploadDraftFile)).all() == []


def test_a_catalogue_never_updated_says_so(client: TestClient, importer: Importer) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    assert "Aucun nouvel export" in client.get(f"/catalogues/{catalogue}/changements").text
    assert "changements" not in client.get(f"/catalogues/{catalogue}").text


def test_filters_and_csv(client: TestClient, importer: Importer, asked_proposals: list[int]) -> None:
    catalogue = importer(loinc_2(), loinc_3()).catalogue_id
    decide(importer, importer.test(catalogue, "NA"))
    address = compared(client, catalogue)
    for query, shown, hidden in (
        ("type=ajoutee", "Chlorure", "Sodium"),
        ("type=inchangee", "Potassium", "Chlorure"),
        ("type=renvoyee", "Sodium", "Chlorure"),
        ("type=retiree", "Vitesse", "Chlorure"),
        ("colonne=unit", "Sodium", "Vitesse"),
        ("niveau=analyse&q=chlor", "Chlorure", "Vitesse"),
        ("niveau=examen", "Aucune ligne ne répond", "Sodium"),
        ("page=9", "Cette page n'existe plus", "Sodium"),
    ):
        body = client.get(f"{address}?{query}").text.split("<caption")[-1]
        assert shown in body, query
        assert f">{hidden}" not in body, query
    content = client.get(f"{address}?format=csv").text.removeprefix("\ufeff").splitlines()
    assert content[0] == "Différence;Niveau;Code;Libellé;Colonne;Avant;Après;Conséquence"
    assert "Modifiée;Analyse;NA;Sodium;Unité;mmol/L;g/L;Décision renvoyée en revue" in content
    assert len(content) == 4


def test_a_catalogue_that_moved_is_shown_again(
    client: TestClient, importer: Importer, asked_proposals: list[int]
) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    address = compared(client, catalogue)
    digest = digest_of(client.get(address).text)
    decide(importer, importer.test(catalogue, "NA"))
    answer = client.post(address, data={"digest": digest})
    assert answer.headers["location"] == f"{address}?change=true"
    assert "Le catalogue a changé depuis votre dernière lecture" in client.get(answer.headers["location"]).text
    assert importer.test(catalogue, "NA").unit == "mmol/L"


def test_only_the_one_who_prepares_sees_and_confirms(
    client: TestClient, client_for: ClientFor, importer: Importer, asked_proposals: list[int]
) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    address = compared(client, catalogue)
    for email, status in ((BIOLOGIST, 404), (READER, 403), (OUTSIDER, 404)):
        assert client_for(email).get(address).status_code == status
        assert client_for(email).post(address, data={"digest": "x"}).status_code == status


def test_a_first_import_has_no_differences(client: TestClient, importer: Importer) -> None:
    address = send(client, ("LOINC_3.csv", loinc_3().content)).headers["location"]
    assert client.get(f"{address}/differences").headers["location"] == address
    assert client.post(f"{address}/differences", data={"digest": "x"}).headers["location"] == address


def test_rights_are_those_of_the_moment_of_writing(
    client: TestClient, importer: Importer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    digest = digest_of(client.get(compared(client, catalogue)).text)
    with transaction(world.engine) as session:
        session.delete(session.exec(select(Membership).where(Membership.user_id == world.user_id(TRANSCODER))).one())
    job = run_of(world, client, {"draft_id": 1, "digest": digest})
    assert (job.status, job.message) == (JobStatus.FAILED, NO_CATALOGUE)
    assert importer.test(catalogue, "NA").unit == "mmol/L"


@pytest.mark.parametrize("change", ["gone", "reader", "closed"])
@pytest.mark.parametrize("is_new", [True, False])
def test_so_they_are_when_a_job_imports(
    client: TestClient, importer: Importer, world: World, is_new: bool, change: str
) -> None:
    """Between the confirmation and the job she left, became a reader, or her account was closed."""
    catalogue = 0
    if is_new:
        send(client, ("LOINC_3.csv", loinc_3().content))
        payload: dict[str, object] = {"draft_id": 1}
    else:
        catalogue = importer(loinc_3()).catalogue_id
        payload = {"draft_id": 1, "digest": digest_of(client.get(compared(client, catalogue)).text)}
    with transaction(world.engine) as session:
        hers = session.exec(select(Membership).where(Membership.user_id == world.user_id(TRANSCODER))).one()
        if change == "gone":
            session.delete(hers)
        elif change == "reader":
            hers.role = Role.READER
        else:
            session.get_one(User, world.user_id(TRANSCODER)).is_active = False
    job = run_of(world, client, payload)
    assert job.status == JobStatus.FAILED
    with reading(world.engine) as session:
        shown = session.exec(select(Catalogue.id).where(col(Catalogue.staged_for_job_id).is_(None))).all()
    assert list(shown) == ([] if is_new else [catalogue])
    assert is_new or importer.test(catalogue, "NA").unit == "mmol/L"


def run_of(world: World, client: TestClient, payload: dict[str, object]) -> Job:
    """An import as a worker does it."""
    with transaction(world.engine) as session:
        job = Job(kind="import", laboratory_id=world.laboratory_id, payload=payload)
        session.add(job)
    assert job.id is not None
    run_job(world.engine, client.app.state.settings, job.id)
    with reading(world.engine) as session:
        return session.get_one(Job, job.id)


class KilledError(BaseException):
    """The process is gone: nothing is caught, nothing more is written."""


@pytest.mark.parametrize("is_committed", [False, True])
def test_an_update_killed_at_its_end_is_done_once(
    client: TestClient,
    importer: Importer,
    world: World,
    asked_proposals: list[int],
    monkeypatch: pytest.MonkeyPatch,
    is_committed: bool,
) -> None:
    """Killed just before its commit, or just after: the outcome is there with the effect, or neither is."""
    catalogue = importer(loinc_3()).catalogue_id
    digest = digest_of(client.get(compared(client, catalogue)).text)
    writing = Work.writing

    @contextmanager
    def killed(work: Work) -> Iterator[Session]:
        with writing(work) as session:
            yield session
            if work.is_finished and not is_committed:
                raise KilledError
        # The transactions before the last one store what nobody sees.
        if work.is_finished:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Work, "writing", killed)
        with pytest.raises(KilledError):
            run_of(world, client, {"draft_id": 1, "digest": digest})
    with transaction(world.engine) as session:
        job = session.exec(select(Job).where(Job.kind == "import")).one()
        assert job.status == (JobStatus.DONE if is_committed else JobStatus.RUNNING)
        if job.lease_expires_at is not None:
            job.lease_expires_at -= timedelta(minutes=1)
    assert job.id is not None
    run_job(world.engine, client.app.state.settings, job.id)
    with reading(world.engine) as session:
        assert session.get_one(Job, job.id).status == JobStatus.DONE
        assert len(session.exec(select(SourceFile)).all()) == 2, "the first export and the newer one, once"
    assert asked_proposals == [catalogue]


def test_an_archive_and_a_fhir_catalogue_come_in(
    client: TestClient, importer: Importer, asked_proposals: list[int]
) -> None:
    archive = zipped({"export/LOINC_2.csv": loinc_2().content, "export/LOINC_3.csv": loinc_3().content})
    address = send(client, ("export.zip", archive), name="Archive").headers["location"]
    page = client.get(address).text
    assert "3 analyses, 2 examens." in page
    client.post(f"{address}/confirmer", data=fields_of(page))
    address = send(client, ("catalogue.json", as_bytes(R4_BUNDLE)), name="FHIR").headers["location"]
    page = client.get(address).text
    assert "3 analyses, 3 examens, 2 chapitres, 2 sous-chapitres." in page
    assert "porte un code LOINC pour" in page
    assert "Encodage" not in page
    done = client.post(f"{address}/confirmer", data=fields_of(page)).headers["location"]
    assert "catalogue FHIR" in client.get(done).text
    assert importer.links(int(done.rsplit("/", 1)[1])) == [
        ("IONO", "NA", True), ("IONO", "K", True), ("CREAUE", "CREAU", True), ("BILAN", "NA", True),
        ("BILAN", "K", True), ("BILAN", "CREAU", True),
    ]  # fmt: skip
    with reading(importer.engine) as session:
        source = session.exec(select(SourceFile).where(SourceFile.kind == FileKind.FHIR)).one()
        assert source.content == as_bytes(R4_BUNDLE)
        sodium = session.exec(select(LocalTest).where(LocalTest.code == "NA", LocalTest.technique != "ISE")).one()
        assert sodium.technique == "ISE indirecte"
