"""Open transactions are counted, reading and writing ones alike, and slow work inside one is a fault."""

import threading

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.platform.database import Transactions, reading, transaction
from app.platform.open_transactions import (
    OpenTransactionError,
    count_open,
    forbid_open_transaction,
    own_ledger,
)


@pytest.mark.parametrize("boundary", [reading, transaction])
def test_a_transaction_is_open_from_its_first_statement_to_its_end(engine: Engine, boundary: object) -> None:
    assert count_open() == 0
    with boundary(engine) as session:  # type: ignore[operator]
        forbid_open_transaction("nothing was asked yet")
        session.execute(text("SELECT 1"))
        assert count_open() == 1
        with pytest.raises(OpenTransactionError, match="read a file: 1"):
            forbid_open_transaction("read a file")
    forbid_open_transaction("read a file")


def test_a_transaction_that_fails_is_no_longer_open(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"no such table|does not exist"), transaction(engine) as session:
        session.execute(text("SELECT 1 FROM nowhere"))
    assert count_open() == 0


def test_each_request_has_its_own_count_shared_by_its_threads(engine: Engine) -> None:
    with reading(engine) as session:
        session.execute(text("SELECT 1"))
        with own_ledger():
            assert count_open() == 0
        assert count_open() == 1
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(count_open()))
        thread.start()
        thread.join()
        assert found == [0]


def test_rights_are_read_again_once_when_a_writing_session_begins(engine: Engine) -> None:
    asked: list[object] = []
    transactions = Transactions(engine, asked.append)
    with transactions.writing():
        pass
    assert asked == []
    with transactions.writing() as session:
        session.execute(text("SELECT 1"))
        session.execute(text("SELECT 2"))
        with session.begin_nested():
            session.execute(text("SELECT 3"))
    assert len(asked) == 1
    with transactions.reading() as session:
        session.execute(text("SELECT 1"))
    assert len(asked) == 1
