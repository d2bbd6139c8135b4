"""Cancelling and listing jobs: who may, what is shown, in which order."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.jobs import listing
from app.models import AuditEvent, Job, JobStatus, utc_now
from app.platform.database import reading, transaction
from tests.conftest import ADMINISTRATOR, OUTSIDER, READER, TRANSCODER, ClientFor, World

ALL = "/administration/travaux"


def add(world: World, **values: Any) -> int:
    with transaction(world.engine) as session:
        job = Job.model_validate({"kind": "proposals", "laboratory_id": world.laboratory_id, **values})
        session.add(job)
    assert job.id is not None
    return job.id


def load(world: World, job_id: int) -> Job:
    with reading(world.engine) as session:
        return session.get_one(Job, job_id)


def numbers(client: TestClient, address: str) -> list[int]:
    text = client.get(address, params=None).text
    return [int(row["N°"]) for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";")]


def test_a_waiting_job_is_cancelled_and_can_be_started_again(client_for: ClientFor, world: World) -> None:
    job_id = add(world)
    client = client_for(TRANSCODER)
    page = client.get(f"/travaux/{job_id}").text
    assert "Oui, annuler le travail" in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert client.post(f"/travaux/{job_id}/annuler").headers["location"] == f"/travaux/{job_id}"
    page = client.get(f"/travaux/{job_id}").text
    assert "Le travail a été annulé." in page
    assert "Relancer" in page
    assert "refresh" not in page
    assert client.post(f"/travaux/{job_id}/annuler").status_code == 303, "a second click changes nothing"
    with reading(world.engine) as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "job.cancel")).one()
    assert (event.object_id, event.laboratory_id) == (str(job_id), world.laboratory_id)
    assert client.post(f"/travaux/{job_id}/relancer").status_code == 303
    assert load(world, job_id).cancel_requested_at is None


def test_a_running_job_says_that_it_was_asked_to_stop(client_for: ClientFor, world: World) -> None:
    job_id = add(world, status=JobStatus.RUNNING, owner="ailleurs:1:a", lease_expires_at=utc_now())
    client = client_for(TRANSCODER)
    client.post(f"/travaux/{job_id}/annuler")
    assert load(world, job_id).status == JobStatus.RUNNING
    assert "Annulation demandée" in client.get(f"/travaux/{job_id}").text


@pytest.mark.parametrize(("email", "status"), [(READER, 403), (OUTSIDER, 404), (ADMINISTRATOR, 404)])
def test_only_contributors_cancel(client_for: ClientFor, world: World, email: str, status: int) -> None:
    job_id = add(world)
    assert client_for(email).post(f"/travaux/{job_id}/annuler").status_code == status
    assert load(world, job_id).status == JobStatus.WAITING


def test_the_administrator_sees_all_jobs_without_what_they_say(client_for: ClientFor, world: World) -> None:
    job_id = add(
        world, status=JobStatus.FAILED, message="La cellule « Ferritine » est illisible.", owner="hote:12:ab",
        created_at=datetime(2026, 7, 14, 22, 30, tzinfo=UTC), attempts=2, created_by_id=world.user_id(TRANSCODER),
    )  # fmt: skip
    page = client_for(ADMINISTRATOR).get(ALL).text
    assert "Ferritine" not in page
    assert f'href="/travaux/{job_id}"' not in page, "it is not open to her"
    for told in ("Laboratoire du Parc", "Échec", "hote:12", "15/07/2026 00:30:00"):
        assert told in page
    text = client_for(ADMINISTRATOR).get(f"{ALL}?format=csv").text
    assert "Ferritine" not in text
    assert f"{job_id};Recherche de propositions;Laboratoire du Parc;Échec" in text
    for email in (TRANSCODER, READER, OUTSIDER):
        assert client_for(email).get(ALL).status_code == 403


def test_the_administrator_cancels_any_job(client_for: ClientFor, world: World) -> None:
    job_id = add(world)
    client = client_for(ADMINISTRATOR)
    assert client.post(f"{ALL}/{job_id}/annuler").status_code == 303
    assert load(world, job_id).status == JobStatus.CANCELLED
    assert client.post(f"{ALL}/999/annuler").status_code == 404
    assert client_for(TRANSCODER).post(f"{ALL}/{job_id}/annuler").status_code == 403


def test_a_laboratory_lists_its_own_jobs(client_for: ClientFor, world: World) -> None:
    mine, other = add(world), add(world, laboratory_id=world.other_laboratory.id)
    address = f"/laboratoires/{world.laboratory_id}/travaux"
    client = client_for(READER)
    assert numbers(client, f"{address}?format=csv&laboratoire={world.other_laboratory.id}") == [mine]
    page = client.get(address).text
    assert f'href="/travaux/{mine}"' in page
    assert f'href="/travaux/{other}"' not in page


@pytest.mark.parametrize("sort", list(listing.SORTS))
@pytest.mark.parametrize("order", ["croissant", ""])
def test_pages_follow_each_other_whatever_the_order(
    client_for: ClientFor, world: World, sort: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    monkeypatch.setattr(listing, "CSV_BATCH", 2)
    statuses = list(JobStatus)
    for number in range(8):
        add(world, status=statuses[number % 3], attempts=number % 2, kind=f"sorte-{number % 4}")
    client, seen, address = client_for(ADMINISTRATOR), [], f"{ALL}?tri={sort}&ordre={order}"
    whole = numbers(client, f"{address}&format=csv")
    while address:
        page = client.get(address).text
        seen += [int(text) for text in re.findall(r'<td class="num"[^>]*>([^<]*)', page)[::2]]
        following = page.partition('">Page suivante')[0].rpartition('href="')[2]
        address = following.replace("&amp;", "&") if "Page suivante" in page else ""
    assert seen == whole
    assert sorted(seen) == list(range(1, 9))


def test_filters_and_nonsense(client_for: ClientFor, world: World) -> None:
    failed = add(world, status=JobStatus.FAILED)
    add(world)
    client = client_for(ADMINISTRATOR)
    assert numbers(client, f"{ALL}?format=csv&etat=failed") == [failed]
    assert numbers(client, f"{ALL}?format=csv&laboratoire=999") == []
    for nonsense in ("etat=x&tri=x&ordre=x", "apres=~", "apres=a~²", f"apres=~{2**70}", f"laboratoire={2**70}"):
        assert client.get(f"{ALL}?{nonsense}").status_code == 200
    assert client.get(f"{ALL}?tri=essais&apres=abc~3").status_code == 200
