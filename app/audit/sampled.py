"""Journaling what may happen a thousand times in a row: refusals, blocked attempts, tokens in use, downloads.

The trail is never cut: to write each of them would let anybody fill it. The first of a kind is written at once; the
next ones of the same kind are counted, and told with the first that comes after the interval.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import structlog
from fastapi import BackgroundTasks, Request, Response
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.concurrency import run_in_threadpool

from app.audit.service import record
from app.models import User
from app.platform.database import transaction
from app.web.error_handlers import on_workbench_error
from app.web.request_log import route_template

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 600.0
MOST_KINDS = 4096
"""Kinds counted at once in a process; beyond, the one told longest ago is forgotten."""


class SampledJournal:
    """The events of one process that are told once an interval, with how many there were.

    What was counted and not told yet is lost when the process stops: the count of a line is a least number.
    """

    def __init__(self, engine: Engine, interval: float = INTERVAL_SECONDS) -> None:
        self._engine = engine
        self._interval = interval
        self._lock = threading.Lock()
        self._kinds: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def _due(self, kind: Hashable) -> int:
        """How many to tell now, this one among them; 0 when it is only counted."""
        with self._lock:
            now = time.monotonic()
            told_at, untold = self._kinds.get(kind, (now - self._interval, 0))
            is_due = now - told_at >= self._interval
            self._kinds[kind] = (now, 0) if is_due else (told_at, untold + 1)
            if is_due:
                self._kinds.move_to_end(kind)
            if len(self._kinds) > MOST_KINDS:
                self._kinds.popitem(last=False)
            return untold + 1 if is_due else 0

    def tell(
        self,
        action: str,
        kind: Hashable,
        *,
        actor_id: int | None = None,
        actor_label: str = "",
        object_type: str = "",
        object_id: int | str | None = "",
        laboratory_id: int | None = None,
        **details: Any,
    ) -> None:
        """Record one event, or count it; in a transaction of its own. Never raises for a database that cannot write."""
        times = self._due((action, kind))
        if not times:
            return
        try:
            with transaction(self._engine) as session:
                actor = session.get(User, actor_id) if actor_id is not None else None
                record(
                    session, action, actor=actor, actor_label=actor_label, object_type=object_type,
                    object_id=object_id, laboratory_id=laboratory_id, times=times, **details,
                )  # fmt: skip
        except (DBAPIError, NoConnectionError) as error:
            # What is told was refused, or read, already: it must not fail for that.
            log.warning("journal.missed", action=action, error=type(error).__name__)


def journal_of(request: Request) -> SampledJournal:
    """The journal of the running application."""
    journal: SampledJournal = request.app.state.journal
    return journal


def _numbers(request: Request) -> dict[str, int]:
    """The numbers in the address; never its words, which may be secrets."""
    values = {name: str(value) for name, value in request.path_params.items()}
    return {name: int(text) for name, text in values.items() if text.isascii() and text.isdigit() and len(text) < 19}


async def on_refused_access(request: Request, error: Exception) -> Response:
    """A person asked for what she may not do, or what does not exist for her: answered as ever, and journaled.

    Visitors who are not signed in are only in the log: they know nothing, and there is no end of them.
    """
    answer = await on_workbench_error(request, error)
    visitor = getattr(request.state, "user", None)
    if visitor is not None:
        route = f"{request.method} {route_template(request.scope)}"
        await run_in_threadpool(
            journal_of(request).tell, "access.refuse", (visitor.id, route, answer.status_code), actor_id=visitor.id,
            route=route, numbers=_numbers(request), http_status=answer.status_code,
        )  # fmt: skip
    return answer


def tell_download(request: Request, answer: Response) -> None:
    """Have a download journaled once it has left; an export that a POST makes says so by itself."""
    caller = getattr(request.state, "caller", None)
    if caller is None or request.method != "GET" or answer.status_code != 200:
        return
    laboratory_id = caller.access.laboratory_id if caller.access else None
    route, numbers = route_template(request.scope), _numbers(request)
    tasks = BackgroundTasks()
    if answer.background is not None:
        tasks.add_task(answer.background)
    tasks.add_task(
        journal_of(request).tell, "file.download", (caller.user.id, request.url.path), actor_id=caller.user.id,
        laboratory_id=laboratory_id, route=route, numbers=numbers,
    )  # fmt: skip
    answer.background = tasks
