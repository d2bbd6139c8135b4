"""What a route asks of the running application: its settings, its engine, and its transactions."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlmodel import Session

from app.platform.apart import Apart
from app.platform.database import Transactions
from app.platform.identity import Caller
from app.platform.scoped import scoped
from app.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""They never write; the others open a transaction, and are refused when another site sends them."""


def get_app_settings(request: Request) -> Settings:
    """The settings of the running application."""
    settings: Settings = request.app.state.settings
    return settings


def get_engine(request: Request) -> Engine:
    """The engine of the running application, kept to the laboratory of the request where it is about one."""
    caller: Caller | None = getattr(request.state, "caller", None)
    access = caller.access if caller else None
    return scoped(request.app.state.engine, access.laboratory_id if access else None)


def get_apart(request: Request) -> Apart:
    """Where this application makes slow computations."""
    apart: Apart = request.app.state.apart
    return apart


def get_transactions(request: Request) -> Transactions:
    """The transactions of this request; none is open yet."""
    return Transactions(get_engine(request), getattr(request.state, "confirm_rights", None))


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
ApartDep = Annotated[Apart, Depends(get_apart)]
TransactionsDep = Annotated[Transactions, Depends(get_transactions)]
# The function scope commits before the answer is sent: a redirect never overtakes its own write.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
