"""A request sent by hand, message by message, as a server would hand it to the application."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
from fastapi import FastAPI

Receive = Callable[[], Awaitable[dict[str, Any]]]
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=limite"
START = {
    FORM: b"version=",
    MULTIPART: b'--limite\r\nContent-Disposition: form-data; name="nom"\r\n\r\nun nom qui ne finit',
}
"""How a body of each type starts."""


def run_apart(function: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
    """Run to its end, in a thread of its own: a browser under test may keep a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, function, *arguments).result()


@dataclass
class Answer:
    """What the application answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()


def send_by_hand(
    application: FastAPI,
    method: str,
    address: str,
    receive: Receive,
    *,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send the head of a request; `receive` hands over its body, or does not."""
    answer = Answer()
    url = urlsplit(address)
    sent = {"host": "testserver"} | (headers or {})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": url.path,
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
    }
    run_apart(application, scope, receive, send)
    return answer
