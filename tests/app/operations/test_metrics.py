"""The metrics: who gets them, what they count, and that no label names anybody."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from app.errors import WorkbenchError
from app.main import ROUTERS, create_app
from app.models import Job, JobChunk, JobStatus, utc_now
from app.operations.collector import LAST_RUNS, OTHER_KIND
from app.operations.metrics import ACTS
from app.platform.database import make_engine, transaction
from app.proposals.service import JOB_KIND as MATCHING
from app.settings import Settings
from tests.conftest import ADMINISTRATOR, NAMES, TRANSCODER, ClientFor, World

TOKEN = "a-token-of-the-settings-0123"
LOCAL = ("127.0.0.1", 4000)
HERE = {"host": "127.0.0.1:8000"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(application: FastAPI) -> Samples:
    """Every sample by name and labels, as a program of the machine reads them."""
    with TestClient(application, client=LOCAL) as client:
        answer = client.get("/metrics", headers=HERE)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


# ---------- who ----------


def status(application: FastAPI, client: tuple[str, int], **headers: str) -> int:
    with TestClient(application, client=client) as browser:
        return browser.get("/metrics", headers=headers).status_code


@pytest.fixture
def with_token(engine: Engine, settings: Settings) -> FastAPI:
    return create_app(settings.model_copy(update={"metrics_token": TOKEN}), engine)


def test_the_machine_itself_reads_them_and_nobody_else(application: FastAPI) -> None:
    away = ("192.0.2.1", 4000)
    assert status(application, LOCAL, **HERE) == 200
    assert status(application, away, **HERE) == 403
    assert status(application, LOCAL, host="testserver") == 403, "a name of the installation, not of the machine"
    assert status(application, LOCAL, **HERE, **{"x-forwarded-for": "127.0.0.1"}) == 403
    assert status(application, away, **HERE, authorization="Bearer ") == 403
    assert status(application, away, **HERE, authorization=f"Bearer {TOKEN}") == 403, "no token is set"


def test_a_proxy_that_is_trusted_does_not_make_the_world_local(engine: Engine, settings: Settings) -> None:
    behind = create_app(settings.model_copy(update={"trusted_proxies": "127.0.0.1"}), engine)
    for said in ("127.0.0.1", "192.0.2.1", "127.0.0.1, 192.0.2.1"):
        assert status(behind, LOCAL, **HERE, **{"x-forwarded-for": said}) == 403
    assert status(behind, ("192.0.2.1", 4000), **HERE, **{"x-forwarded-for": "127.0.0.1"}) == 403


def test_the_bearer_of_the_token_reads_them_from_anywhere(with_token: FastAPI) -> None:
    away = ("192.0.2.1", 4000)
    assert status(with_token, away, authorization=f"Bearer {TOKEN}") == 200
    assert status(with_token, away, authorization=f"bearer  {TOKEN} ") == 200
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN):
        assert status(with_token, away, authorization=wrong) == 403


def test_a_session_opens_nothing(client_for: ClientFor) -> None:
    assert client_for(ADMINISTRATOR).get("/metrics").status_code == 403


def test_a_token_that_could_be_guessed_is_refused(engine: Engine, settings: Settings) -> None:
    with pytest.raises(WorkbenchError, match="TRANSCODEUR_METRICS_TOKEN est trop court"):
        create_app(settings.model_copy(update={"metrics_token": "court"}), engine)


# ---------- what ----------


def test_requests_are_counted_and_timed_by_template(application: FastAPI, client_for: ClientFor, world: World) -> None:
    client = client_for(TRANSCODER)
    for _ in range(3):
        client.get(f"/laboratoires/{world.laboratory_id}?q=glucose")
    client.get("/laboratoires/99999")
    samples = scrape(application)
    route = "/laboratoires/{laboratory_id}"
    assert value(samples, "transcodeur_requests_total", route=route, method="GET", status="200") == 3
    assert value(samples, "transcodeur_requests_total", route=route, method="GET", status="404") == 1
    assert value(samples, "transcodeur_request_duration_seconds_count", route=route, method="GET") == 4
    spent = value(samples, "transcodeur_request_duration_seconds_sum", route=route, method="GET")
    assert spent is not None
    assert 0 < spent < 60


def test_addresses_and_methods_that_a_client_invents_make_no_series(application: FastAPI) -> None:
    with TestClient(application) as client:
        for number in range(20):
            client.get(f"/invente/{number}")
            client.request(f"INVENTE{number}", "/connexion")
    requests = {labels for name, labels in scrape(application) if name == "transcodeur_requests_total"}
    assert requests == {
        frozenset({("route", "unrouted"), ("method", "GET"), ("status", "404")}),
        frozenset({("route", "/connexion"), ("method", "OTHER"), ("status", "405")}),
    }


def test_the_decisions_that_are_timed_are_routes() -> None:
    posted = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    }
    assert set(ACTS) <= posted


def test_decisions_are_timed_by_act_and_outcome(application: FastAPI, client_for: ClientFor, world: World) -> None:
    catalogue = world.add_catalogue()
    client = client_for(TRANSCODER)
    form = {"version": "0", "action": "choose", "loinc_num": "2345-7"}
    assert client.post(f"/catalogues/{catalogue.id}/revue/1/decision", data=form).status_code >= 400
    client.get(f"/catalogues/{catalogue.id}/approbation")
    samples = scrape(application)
    name = "transcodeur_decision_duration_seconds_count"
    assert value(samples, name, act="decide", outcome="refused") == 1
    assert [labels for series, labels in samples if series == name] == [
        frozenset({("act", "decide"), ("outcome", "refused")})
    ]


def add_jobs(engine: Engine, *jobs: Job) -> None:
    with transaction(engine) as session:
        session.add_all(jobs)


def run_of(rows: int, seconds: float, status: JobStatus = JobStatus.DONE) -> Job:
    started = utc_now()
    finished = started + timedelta(seconds=seconds)
    return Job(kind=MATCHING, status=status, done=rows, total=rows, started_at=started, finished_at=finished)


def test_jobs_are_counted_by_kind_and_status(application: FastAPI, engine: Engine) -> None:
    asked = utc_now() - timedelta(minutes=10)
    add_jobs(
        engine,
        Job(kind=MATCHING, status=JobStatus.WAITING, created_at=asked),
        Job(kind=MATCHING, status=JobStatus.WAITING),
        Job(kind=MATCHING, status=JobStatus.FAILED),
        Job(kind="d-une-autre-version-1", status=JobStatus.DONE),
        Job(kind="d-une-autre-version-2", status=JobStatus.DONE),
    )
    samples = scrape(application)
    assert value(samples, "transcodeur_jobs", kind=MATCHING, status="waiting") == 2
    assert value(samples, "transcodeur_jobs", kind=MATCHING, status="failed") == 1
    assert value(samples, "transcodeur_jobs", kind=MATCHING, status="running") == 0
    assert value(samples, "transcodeur_jobs", kind=OTHER_KIND, status="done") == 2
    waited = value(samples, "transcodeur_job_oldest_waiting_seconds")
    assert waited is not None
    assert 600 <= waited < 660


def test_chunks_and_lost_leases_are_counted(application: FastAPI, engine: Engine) -> None:
    planned = Job(kind=MATCHING, status=JobStatus.RUNNING, lost_leases=2)
    add_jobs(engine, planned, Job(kind=MATCHING, status=JobStatus.DONE, lost_leases=1))
    with transaction(engine) as session:
        for number, status in enumerate((JobStatus.WAITING, JobStatus.WAITING, JobStatus.RUNNING, JobStatus.DONE)):
            session.add(JobChunk(job_id=planned.id or 0, number=number, weight=1, status=status))
    samples = scrape(application)
    assert value(samples, "transcodeur_job_chunks", status="waiting") == 2
    assert value(samples, "transcodeur_job_chunks", status="running") == 1
    assert value(samples, "transcodeur_job_lost_leases") == 3


def test_nothing_waits_in_a_new_installation(application: FastAPI) -> None:
    samples = scrape(application)
    assert value(samples, "transcodeur_job_oldest_waiting_seconds") == 0
    assert value(samples, "transcodeur_matching_rows_per_second") is None
    assert value(samples, "transcodeur_database_up") == 1


def test_the_matching_rate_is_that_of_the_last_runs(application: FastAPI, engine: Engine) -> None:
    add_jobs(engine, run_of(90_000, 1))
    add_jobs(engine, *(run_of(100, 2) for _ in range(LAST_RUNS - 1)), run_of(0, 9), run_of(7, 1, JobStatus.FAILED))
    add_jobs(engine, run_of(600, 2))
    expected = (100 * (LAST_RUNS - 1) + 600) / (2 * LAST_RUNS)
    assert value(scrape(application), "transcodeur_matching_rows_per_second") == pytest.approx(expected)


def test_the_size_of_the_database_and_what_runs_are_told(application: FastAPI, engine: Engine) -> None:
    import platform
    from importlib.metadata import version
    from pathlib import Path

    from app.proposals.engines import engine_version

    samples = scrape(application)
    size = value(samples, "transcodeur_database_size_bytes", part="data") or 0
    if engine.dialect.name == "sqlite":
        assert size == Path(engine.url.database or "").stat().st_size
    assert size > 0
    labels = {"version": version("transcodeur"), "engine": engine_version(), "python": platform.python_version()}
    assert value(samples, "transcodeur_build_info", **labels) == 1
    resident = value(samples, "process_resident_memory_bytes")
    assert resident is not None
    assert resident > 1_000_000


def test_without_a_database_the_counters_are_still_told(settings: Settings) -> None:
    application = create_app(settings, make_engine("sqlite:////nowhere/at/all.sqlite3"))
    with TestClient(application) as client:
        client.get("/healthz")
    samples = scrape(application)
    assert value(samples, "transcodeur_database_up") == 0
    assert value(samples, "transcodeur_jobs", kind=MATCHING, status="waiting") is None
    assert value(samples, "transcodeur_requests_total", route="/healthz", method="GET", status="200") == 1


def test_no_label_names_a_person_or_a_laboratory(
    application: FastAPI, client_for: ClientFor, world: World, engine: Engine
) -> None:
    catalogue = world.add_catalogue("Catalogue nominatif")
    add_jobs(engine, Job(kind=MATCHING, laboratory_id=world.laboratory_id, message="Nom caché"))
    client = client_for(TRANSCODER)
    review = f"/catalogues/{catalogue.id}/revue?texte=glucose"
    for address in (f"/laboratoires/{world.laboratory_id}", review, "/compte"):
        assert client.get(address).status_code == 200
    with TestClient(application, client=LOCAL) as local:
        text = local.get("/metrics", headers=HERE).text
    private = ["Catalogue nominatif", "Nom caché", "glucose", world.laboratory.name, *NAMES, *NAMES.values()]
    assert [word for word in private if word in text] == []
    assert set(re.findall(r'[{,](\w+)="', text)) <= {
        "route", "method", "status", "le", "act", "outcome", "kind", "part", "version", "engine", "python",
    }  # fmt: skip
