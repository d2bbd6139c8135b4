"""The real command line, with a job and a page that take their time: `python -m … serve --port 0`.

The kind of job `lent` makes as many steps of a tenth of a second as its payload says; `/lent/{tenths}` answers after as
many tenths of a second.
"""

import time
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Engine

import app.main
from app.cli import main
from app.jobs.registry import register
from app.platform.progress import Progress
from app.settings import Settings

KIND = "lent"
router = APIRouter()


@router.get("/lent/{tenths}")
def answer_slowly(tenths: int) -> str:
    """Sleep in the thread of the request, as a slow query does."""
    time.sleep(tenths / 10)
    return "fini"


def work_slowly(
    _engine: Engine, _settings: Settings, _job_id: int, payload: dict[str, Any], progress: Progress
) -> str:
    """Step by step."""
    steps = int(payload["steps"])
    for step in range(steps):
        progress(step, steps, "Pas à pas")
        time.sleep(0.1)
    return "Fini."


if __name__ == "__main__":
    register(KIND, work_slowly, "Travail lent")
    app.main.ROUTERS = (*app.main.ROUTERS, router)
    main()
