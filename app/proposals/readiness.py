"""What a route that may weigh codes depends on: the engine of the current release is built before it reads."""

from typing import Any

from fastapi import Depends, Request

from app.proposals.service import prepare_engine


def make_engine_ready(request: Request) -> None:
    """Build the engine when the process has none yet; afterwards this reads one row."""
    prepare_engine(request.app.state.engine, request.app.state.settings)


ENGINE_READY: Any = Depends(make_engine_ready)
