"""Whose turn it is to write to SQLite, which has one writer at a time."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from app.platform.database import give_way, make_engine, transaction

HELD_SECONDS = 0.03
PEOPLE = 10
PASSED_OVER = 4
"""Transactions of the long work that a person lets pass on average, on a machine busy with something else."""


@pytest.mark.usefixtures("real_pauses")
def test_whoever_waits_writes_between_two_transactions_of_long_work(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'base.sqlite3'}")
    with transaction(engine) as session:
        session.connection().execute(text("CREATE TABLE written (by_whom TEXT)"))
    done, is_over = [0], threading.Event()

    def write(who: str) -> None:
        with transaction(engine) as session:
            session.connection().execute(text("INSERT INTO written VALUES (:who)"), {"who": who})
            if who == "long work":
                time.sleep(HELD_SECONDS)

    def work() -> None:
        while not is_over.is_set():
            write("long work")
            done[0] += 1
            give_way(engine)

    worker = threading.Thread(target=work)
    worker.start()
    passed = 0
    try:
        for person in range(PEOPLE):
            time.sleep(HELD_SECONDS / 3)
            before = done[0]
            write(f"person {person}")
            passed += done[0] - before
    finally:
        is_over.set()
        worker.join()
    assert done[0] > 1
    assert passed <= PASSED_OVER * PEOPLE
