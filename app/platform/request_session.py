"""What a route asks of the running application: its settings, its engine, and the session of the request."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlmodel import Session

from app.platform.database import reading, transaction
from app.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def get_app_settings(request: Request) -> Settings:
    """The settings of the running application."""
    settings: Settings = request.app.state.settings
    return settings


def get_engine(request: Request) -> Engine:
    """The engine of the running application."""
    engine: Engine = request.app.state.engine
    return engine


def get_session(request: Request) -> Iterator[Session]:
    """One session a request: reading for GET, one transaction for the rest. A GET therefore never writes."""
    boundary = reading if request.method in SAFE_METHODS else transaction
    with boundary(request.app.state.engine) as session:
        yield session


SettingsDep = Annotated[Settings, Depends(get_app_settings)]


EngineDep = Annotated[Engine, Depends(get_engine)]


# The function scope commits before the answer is sent: a redirect never overtakes its own write.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
