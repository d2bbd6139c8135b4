"""A full disk, a read-only or damaged database: French pages that say what to do, and nothing lost."""

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import select

from app.models import Decision
from app.platform.database import reading
from app.platform.database_faults import BAD_DISK, DAMAGED, GONE, NO_ROOM, NOT_WRITABLE, DatabaseFault, fault_of
from tests.app.review.conftest import Desk, desk
from tests.conftest import TRANSCODER, ClientFor

__all__ = ["desk"]

FORM = {"version": "0", "action": "doubt", "question": "laquelle ?", "comment": "à revoir " * 400}


def _limit_pages(connection: Any) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def _refuse_writes(connection: Any) -> None:
    connection.execute("PRAGMA query_only = ON")


def _decisions(desk: Desk) -> int:
    with reading(desk.engine) as session:
        return len(session.exec(select(Decision)).all())


@pytest.mark.only("sqlite", "the fault is that of a file")
@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [(_limit_pages, 507, "plus de place sur le disque"), (_refuse_writes, 503, "seulement lue")],
)
def test_a_decision_that_cannot_be_written_says_why(
    desk: Desk, client_for: ClientFor, fault: Callable[[Any], None], status: int, said: str
) -> None:
    client = client_for(TRANSCODER)
    desk.decide(desk.glucose)
    before = _decisions(desk)
    desk.engine.dispose()
    event.listen(desk.engine, "connect", lambda connection, _record: fault(connection))
    answers = [client.post(f"{desk.base}/revue/{row}/decision", data=FORM) for row in
               (desk.sodium, desk.strip, desk.comment_row, desk.unproposed)]  # fmt: skip
    refused = [answer for answer in answers if answer.status_code != 303]
    assert refused, "the fault was not met"
    for answer in refused:
        assert answer.status_code == status
        assert said in answer.text
        assert "Rien n&#39;a été enregistré" in answer.text or "Rien n'a été enregistré" in answer.text
    acknowledged = len(answers) - len(refused)
    assert _decisions(desk) == before + acknowledged
    assert client.get("/").status_code == 200, "what is there can still be read"


@pytest.mark.only("sqlite", "the fault is that of a file")
def test_a_damaged_file_is_never_an_error_of_ours(desk: Desk, client_for: ClientFor, settings: Any) -> None:
    client = client_for(TRANSCODER)
    path = Path(str(desk.engine.url.database))
    with closing(sqlite3.connect(path)) as bare:
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with desk.engine.connect() as connection:
        root = connection.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'local_test'")).scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    # What is open has read the page already.
    desk.engine.dispose()
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    answer = client.get(f"{desk.base}/revue")
    # What comes after the test looks at the database too.
    desk.engine.dispose()
    path.write_bytes(whole)
    assert answer.status_code == 503
    assert "abîmé" in answer.text
    assert "transcodeur restore" in answer.text


def _sqlite(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("a fault")
    error.sqlite_errorname = name
    return error


def _server(state: str) -> psycopg.Error:
    return psycopg.errors.lookup(state)("a fault")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (_sqlite("SQLITE_FULL"), NO_ROOM),
        (_sqlite("SQLITE_READONLY_DBMOVED"), NOT_WRITABLE),
        (_sqlite("SQLITE_IOERR_WRITE"), BAD_DISK),
        (_sqlite("SQLITE_CANTOPEN"), GONE),
        (_sqlite("SQLITE_ERROR"), None),
        (_server("53100"), NO_ROOM),
        (_server("25006"), NOT_WRITABLE),
        (_server("57P01"), GONE),
        (_server("23505"), None),
        (psycopg.OperationalError("connection refused"), GONE),
        (OSError(errno.ENOSPC, "full"), NO_ROOM),
        (OSError(errno.EROFS, "read-only"), NOT_WRITABLE),
        (OSError(errno.ENOENT, "absent"), None),
        (DBAPIError("SELECT 1", None, _sqlite("SQLITE_CORRUPT")), DAMAGED),
    ],
)
def test_each_fault_is_recognised(error: Exception, fault: DatabaseFault | None) -> None:
    assert fault_of(error) is fault


def test_an_unknown_error_of_the_database_stays_ours(application: FastAPI) -> None:
    @application.get("/essai-de-panne")
    def fail() -> None:
        raise OperationalError("SELECT 1", None, _sqlite("SQLITE_ERROR"))

    with TestClient(application, raise_server_exceptions=False) as client:
        assert client.get("/essai-de-panne").status_code == 500


def test_a_full_disk_of_temporary_files_is_said_to_programs_too(application: FastAPI) -> None:
    @application.get("/essai-de-panne")
    def fail() -> None:
        raise OSError(errno.ENOSPC, "full")

    with TestClient(application) as client:
        answer = client.get("/essai-de-panne", headers={"Accept": "application/json"})
    assert answer.status_code == 507
    assert "plus de place" in answer.json()["detail"]
