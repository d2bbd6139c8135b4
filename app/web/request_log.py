"""One identifier and one line of log a request: what was asked, how it ended, how long it took, and nothing private."""

import asyncio
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.proxies import TrustedProxies

REQUEST_ID_HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "OTHER"
STOPPING = (
    "L'atelier s'arrête ou redémarre avant d'avoir répondu. Dans un instant, rouvrez la page : elle dira si votre "
    "demande a été enregistrée."
)
UNROUTED = "unrouted"
"""The route of what met no route, or was refused before: the address itself may hold anything."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRequest:
    """What is told of a request once it is over."""

    method: str
    """One of METHODS, or OTHER: a client may invent any."""
    route: str
    """The template of the address, such as `/catalogues/{catalogue_id}/revue`."""
    status: int
    seconds: float
    """From the first header received to the last byte handed to the server."""
    user_id: int | None
    laboratory_id: int | None


class RequestLogMiddleware:
    """Give each request its identifier, write its line, and tell `observe` when it is over.

    It stands outside every other middleware, and sees who really opened the connection: `request.state.peer`.
    """

    def __init__(self, app: ASGIApp, proxies: TrustedProxies, observe: Callable[[FinishedRequest], None]) -> None:
        self.app = app
        self._proxies = proxies
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        state: dict[str, Any] = scope.setdefault("state", {})
        peer = (scope.get("client") or ("", 0))[0]
        request_id = self._identifier(peer, Headers(scope=scope))
        state["peer"], state["request_id"] = peer, request_id
        # Never unbound: the server runs each request in a context of its own, and the handler of unexpected errors,
        # which is outside this middleware, writes in it too.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status, ended = 500, started

        async def watched_send(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)
            ended = time.perf_counter()

        try:
            await self.app(scope, receive, watched_send)
        except asyncio.CancelledError as error:
            # The server stops and waits no longer; what was asked may still be written. No fault of the application.
            if ended != started:
                raise
            log.info("request.abandoned", route=route_template(scope), error=type(error).__name__)
            answer = PlainTextResponse(STOPPING, status_code=503, headers={"Retry-After": "10", "Connection": "close"})
            await answer(scope, receive, watched_send)
        finally:
            if ended == started:
                ended = time.perf_counter()
            self._tell(scope, state, status, ended - started)

    def _identifier(self, peer: str, headers: Headers) -> str:
        """The identifier that a trusted proxy gave, when it is well formed; else a new one."""
        given = headers.get(REQUEST_ID_HEADER, "") if peer in self._proxies else ""
        return given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex

    def _tell(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        request = FinishedRequest(
            method=scope["method"] if scope["method"] in METHODS else OTHER_METHOD,
            route=route_template(scope),
            status=status,
            seconds=seconds,
            user_id=getattr(state.get("user"), "id", None),
            laboratory_id=state.get("laboratory_id"),
        )
        about = {"user_id": request.user_id, "laboratory_id": request.laboratory_id}
        log.info(
            "request",
            method=request.method,
            route=request.route,
            status=request.status,
            duration_ms=round(request.seconds * 1000, 1),
            **{name: value for name, value in about.items() if value is not None},
        )
        self._observe(request)


def route_template(scope: Scope) -> str:
    """The template of the route that a request met, never its address; UNROUTED for none."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    # A mounted application (static files) leaves no route, only the place where it is mounted.
    mounted = scope.get("root_path", "").removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    return f"{mounted}/{{path}}" if mounted else UNROUTED
