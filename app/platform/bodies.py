"""Bodies have limits: whoever stops sending is answered, not awaited, and a form is no file."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.open_transactions import forbid_open_transaction, own_ledger

FORM_BYTES = 4_000_000
"""A form without files: some thousand ticked rows, or the choices of ten files of two hundred columns."""
STRANGERS_FORM_BYTES = 64_000
"""A form that is received from whoever sends it, signed in or not."""

TWO_LENGTHS = "Requête refusée : elle dit sa longueur de deux façons.\n"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def takes_files(endpoint: Endpoint) -> Endpoint:
    """Say of a route that files are sent to it: the limit of its body is that of the application, or its own."""
    endpoint.takes_files = True  # type: ignore[attr-defined]
    return endpoint


def at_most(receive: Receive, headers: Headers, limit: int) -> Receive:
    """What receives a body of so many bytes at most: 413 at once where its length is told, else when it is passed."""
    told = headers.get("content-length", "")
    is_too_long = told.isascii() and told.isdigit() and (len(told) > 19 or int(told) > limit)
    received = 0

    async def receive_at_most() -> Message:
        nonlocal received
        if is_too_long:
            raise HTTPException(413, headers={"Connection": "close"})
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, headers={"Connection": "close"})
        return message

    return receive_at_most


def says_two_lengths(headers: Headers) -> bool:
    """Whether a request says in two ways how long it is: a proxy that believes the other one reads two requests."""
    return "transfer-encoding" in headers and "content-length" in headers


class BodyTimeLimit:
    """Middleware: 408 when nothing comes for `idle_seconds`, or when the whole takes longer than `total_seconds`.

    Before that, 400 when the length of the body is told twice. It also counts the transactions of each request apart,
    and sees that none is open while a body is awaited.
    """

    def __init__(self, app: ASGIApp, idle_seconds: float, total_seconds: float) -> None:
        self.app = app
        self.idle_seconds = idle_seconds
        self.total_seconds = total_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if says_two_lengths(Headers(scope=scope)):
            await PlainTextResponse(TWO_LENGTHS, 400, headers={"Connection": "close"})(scope, receive, send)
            return
        with own_ledger():
            await self.app(scope, self._limited(receive), send)

    def _limited(self, receive: Receive) -> Receive:
        deadline: float | None = None
        is_complete = False

        async def receive_in_time() -> Message:
            nonlocal deadline, is_complete
            if is_complete:
                # After the body this only waits for the client to go away.
                return await receive()
            forbid_open_transaction("await the body of a request")
            now = time.monotonic()
            deadline = deadline or now + self.total_seconds
            with anyio.move_on_after(min(self.idle_seconds, deadline - now)):
                message = await receive()
                is_complete = message["type"] != "http.request" or not message.get("more_body", False)
                return message
            raise HTTPException(408, headers={"Connection": "close"})

        return receive_in_time
