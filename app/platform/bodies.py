"""Bodies have a time limit: whoever stops sending is answered, not awaited."""

import time

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.open_transactions import forbid_open_transaction, own_ledger


class BodyTimeLimit:
    """Middleware: 408 when nothing comes for `idle_seconds`, or when the whole takes longer than `total_seconds`.

    It also counts the transactions of each request apart, and sees that none is open while a body is awaited.
    """

    def __init__(self, app: ASGIApp, idle_seconds: float, total_seconds: float) -> None:
        self.app = app
        self.idle_seconds = idle_seconds
        self.total_seconds = total_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
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
