"""Having the engine of the current release ready: before a route that may weigh codes reads, and as a server opens."""

from typing import Any

import structlog
from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.errors import WorkbenchError
from app.proposals.service import prepare_engine
from app.settings import Settings

log = structlog.get_logger(__name__)


def warm_up(database: Engine, settings: Settings) -> None:
    """Build the engine ahead of the first request that needs it; that one says what is wrong, when something is."""
    try:
        prepare_engine(database, settings)
    except (DBAPIError, OSError, WorkbenchError) as error:
        log.warning("engine.not_ready", error=type(error).__qualname__)


def make_engine_ready(request: Request) -> None:
    """Build the engine when the process has none yet; afterwards this reads one row."""
    prepare_engine(request.app.state.engine, request.app.state.settings)


ENGINE_READY: Any = Depends(make_engine_ready)
