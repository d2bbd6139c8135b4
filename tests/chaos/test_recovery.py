"""What recovers without help: work whose process is killed, by its real lease; a server of databases that stops."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.chaos import invariants
from tests.chaos.installation import Installation
from tests.chaos.run import place_on
from tests.postgresql import cluster

ROWS = 400
TAKEN_OVER_SECONDS = 60.0


def _wait_until_running(place: Installation, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not place.number("SELECT count(*) FROM job_chunk WHERE status = 'running'"):
        assert time.monotonic() < deadline, "no chunk was begun"
        time.sleep(0.05)


def test_work_whose_process_is_killed_is_taken_over_within_a_minute(tmp_path: Path, database_kind: str) -> None:
    """By the lease of an installation, thirty seconds, and by the process that was there already."""
    with place_on(database_kind, tmp_path) as place:
        place.create()
        with place.serve(TRANSCODEUR_SERVER_WORKERS="0") as server:
            catalogue = server.sign_in().import_catalogue("Socle", place.catalogue_file(ROWS))
            worker = place.start_worker("--processes", "2")
            try:
                _wait_until_running(place)
                owners = place.rows("SELECT owner FROM job_chunk WHERE status = 'running'")
                pid = int(str(owners[0][0]).split(":")[1])
                os.kill(pid, signal.SIGKILL)
                held = "SELECT count(*) FROM job_chunk WHERE status = 'running' AND owner LIKE :owner"
                begun = time.monotonic()
                while place.number(held, owner=f"%:{pid}:%"):
                    assert time.monotonic() - begun < TAKEN_OVER_SECONDS, "nobody took the work over"
                    time.sleep(0.2)
                place.wait_for_jobs(TAKEN_OVER_SECONDS)
            finally:
                worker.kill()
        assert place.rows("SELECT DISTINCT status FROM job WHERE catalogue_id = :id", id=catalogue) == [("done",)]
        invariants.check_at_rest(place, ())


@pytest.mark.only("postgresql", "it is about the server of databases")
def test_a_server_of_databases_that_stops_loses_nothing_and_is_waited_for(tmp_path: Path, database_kind: str) -> None:
    assert database_kind == "postgresql"
    with cluster() as server_of_databases, server_of_databases.database() as address:
        place = Installation(tmp_path / "var", address)
        place.create()
        with place.serve(TRANSCODEUR_SERVER_WORKERS="0") as server:
            client = server.sign_in()
            catalogue = client.import_catalogue("Socle", place.catalogue_file(ROWS))
            worker = place.start_worker("--processes", "2")
            try:
                _wait_until_running(place)
                row = place.first_test(catalogue)
                form = {"version": 0, "action": "out_of_scope", "reason": "essai de panne"}
                assert client.post(f"/catalogues/{catalogue}/revue/{row}/decision", form)[0] == 303
                with server_of_databases.stopped():
                    status, _, content = client.ask("GET", f"/catalogues/{catalogue}")
                    assert status == 503
                    assert "La base de données ne répond pas" in content.decode()
                    assert client.last_headers["retry-after"]
                    time.sleep(2.0)
                deadline = time.monotonic() + 30
                while client.ask("GET", f"/catalogues/{catalogue}")[0] != 200:
                    assert time.monotonic() < deadline, "the pages do not come back"
                    time.sleep(0.2)
                place.wait_for_jobs(90.0)
                assert worker.process.poll() is None
            finally:
                worker.kill()
        assert place.rows("SELECT action FROM decision WHERE local_test_id = :id", id=row) == [("out_of_scope",)]
        assert place.rows("SELECT DISTINCT status FROM job") == [("done",)]
        invariants.check_at_rest(place, ())
