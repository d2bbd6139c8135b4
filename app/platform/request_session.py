"""What a route asks of the running application: its settings, its engine, and its transactions."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session

from app.platform.database import reading, transaction
from app.settings import Settings

Confirm = Callable[[Connection], None]
"""Reads the rights of the person again, in the transaction that is about to write; raises when she lost them."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def get_app_settings(request: Request) -> Settings:
    """The settings of the running application."""
    settings: Settings = request.app.state.settings
    return settings


def get_engine(request: Request) -> Engine:
    """The engine of the running application."""
    engine: Engine = request.app.state.engine
    return engine


@contextmanager
def _writing(engine: Engine, confirm: Confirm | None) -> Iterator[Session]:
    """A writing session that reads the rights of the person again as soon as its transaction begins.

    They were read before the body was received, which may have been long ago.
    """
    with transaction(engine) as session:
        if confirm is not None:

            @event.listens_for(session, "after_begin")
            def _begun(_session: Any, begun: Any, connection: Connection) -> None:
                if begun.parent is None:
                    confirm(connection)

        yield session


@dataclass(frozen=True, slots=True)
class Transactions:
    """The short transactions of one request, for routes that do slow work between reading and writing."""

    engine: Engine
    confirm: Confirm | None

    def reading(self) -> AbstractContextManager[Session]:
        """A session that only reads; what it read stays readable afterwards."""
        return reading(self.engine)

    def writing(self) -> AbstractContextManager[Session]:
        """A session that commits when its block ends well; the person's rights are read again in it."""
        return _writing(self.engine, self.confirm)


def get_transactions(request: Request) -> Transactions:
    """The transactions of this request; none is open yet."""
    return Transactions(request.app.state.engine, getattr(request.state, "confirm_rights", None))


def get_session(request: Request) -> Iterator[Session]:
    """One session a request: reading for GET, one transaction for the rest. A GET therefore never writes.

    The transaction begins with the first statement, in the handler: the body is received and parsed by then.
    """
    transactions = get_transactions(request)
    boundary = transactions.reading if request.method in SAFE_METHODS else transactions.writing
    with boundary() as session:
        yield session


SettingsDep = Annotated[Settings, Depends(get_app_settings)]


EngineDep = Annotated[Engine, Depends(get_engine)]


TransactionsDep = Annotated[Transactions, Depends(get_transactions)]


# The function scope commits before the answer is sent: a redirect never overtakes its own write.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
