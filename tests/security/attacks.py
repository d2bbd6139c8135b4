"""What attackers send: values that no form of ours makes, for every parameter of every route, the same each time."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from app.main import ROUTERS
from app.settings import resource_dir

NUMBERS = ("0", "-1", "1.5", "1e400", "NaN", "²", "٣", "1_000", "+1", " 1", str(2**31), str(2**63 - 1), str(2**63),
           str(-(2**63) - 1), "9" * 5_000)  # fmt: skip
TEXTS: tuple[bytes, ...] = (
    b"", b"\0", b"a\0b", b"\x1b[31m", b"\r\nSet-Cookie: x=1", b"\xed\xa0\x80", b"\xff\xfe",
    "\u202e\ufeff\uffff".encode(),
    b"'; DROP TABLE decision; --", b"%' OR 1=1 --", b"{{7*7}}${7*7}", b"<script>alert(1)</script>", b"../../etc/passwd",
    b"file:///etc/passwd", b"//ailleurs.example", b"=HYPERLINK(0)", b"[]", b"[" * 3_000, b"x" * 70_000, b"%s%n%x",
    "e\u0301".encode() * 2_000,
)  # fmt: skip
"""As bytes of an address or of a form: some are no UTF-8 at all."""
CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=limite", "application/json", "text/xml", "\x80",
    "",
)  # fmt: skip
BODIES: tuple[bytes, ...] = (
    b"", b"\0" * 100, b"&&&===", b"a=1&" * 6_000, b"x=" + b"[" * 50_000, b"--limite\r\n", b'{"a":' * 5_000,
    b"--limite\r\nContent-Disposition: form-data; name=\"fichiers\"; filename=\"\0.csv\"\r\n\r\n\xff\r\n--limite--\r\n",
    b"--limite\r\nContent-Disposition: form-data\r\n\r\nx\r\n--limite--\r\n", b"--limite--", b"%", b"%zz=%",
)  # fmt: skip
HEADERS: tuple[tuple[str, bytes], ...] = (
    ("cookie", b"session=\xff\xfe; session=\0; =; ;;"), ("authorization", b"Bearer \xff"),
    ("authorization", b"Basic ="),
    ("accept", b"application/json;q=\xff,*/*;q=9e999"), ("accept-language", b"\xc3" * 500), ("range", b"bytes=0-0,-1"),
    ("if-none-match", b'W/"' * 100), ("if-modified-since", b"jamais"), ("x-request-id", b"\xff" * 80),
    ("x-forwarded-for", b"\xff, 999.1.1.1"), ("x-forwarded-proto", b"javascript"), ("origin", b"http://[::1"),
    ("sec-fetch-site", b"\xff"), ("expect", b"100-continue"), ("transfer-encoding", b"chunked"),
    ("content-length", b"-1"), ("content-length", "²".encode()), ("last-event-id", b"9" * 400),
    ("forwarded", b"for=\"[::1]\";host=ailleurs"), ("referer", b"http://[:::"),
)  # fmt: skip
FAULTS = re.compile(r"Traceback|File \"|sqlalchemy|sqlite3\.|psycopg|site-packages|RuntimeError|/app/\w+\.py")
"""What an answer must never say: where we are written, and with what."""


@dataclass(frozen=True)
class Target:
    """One route under attack."""

    method: str
    route: APIRoute

    @property
    def name(self) -> str:
        return f"{self.method} {self.route.path}"

    @property
    def is_of_programs(self) -> bool:
        return self.route.path.startswith("/fhir")

    def address(self, values: dict[str, str], default: str = "1") -> str:
        """The path with these values, already quoted, in place of its parameters."""
        return re.sub(r"\{(\w+)[^}]*\}", lambda found: values.get(found[1], default), self.route.path)

    @property
    def queries(self) -> list[str]:
        return sorted({field.alias for part in tree(self.route.dependant) for field in part.query_params})

    @property
    def fields(self) -> list[str]:
        return sorted({field.alias for part in tree(self.route.dependant) for field in part.body_params})


def tree(dependant: Dependant) -> Iterator[Dependant]:
    """A dependant and all those below it."""
    yield dependant
    for inner in dependant.dependencies:
        yield from tree(inner)


@cache
def targets() -> tuple[Target, ...]:
    """Every route of the application that a router holds, once for each of its methods."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return tuple(Target(method, route) for route in routes for method in sorted(route.methods or ()))


@cache
def names_in_templates() -> tuple[str, ...]:
    """The names of the fields that our pages hold, for the routes that read their forms by themselves."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(resource_dir("templates")).rglob("*.html"))]
    return tuple(sorted({name for text in texts for name in re.findall(r'\bname="([a-z_]+)"', text)}))


def one_of(dice: random.Random) -> bytes:
    """A hostile value."""
    return dice.choice((lambda: dice.choice(NUMBERS).encode(), lambda: dice.choice(TEXTS)))()


@dataclass
class Shot:
    """A request, as it is sent."""

    method: str
    address: str
    headers: list[tuple[str, bytes]]
    body: bytes

    def fire(self, client: TestClient) -> Any:
        """Send it; the answer."""
        return client.request(self.method, self.address, headers=self.headers, content=self.body)


def shots(target: Target, count: int, known: dict[str, str]) -> Iterator[Shot]:
    """So many requests to a route; `known` holds identifiers that exist, by the name of the parameter."""
    dice = random.Random(target.name)
    for number in range(count):
        path = dict(known)
        # Every other request gets as far as the handler: its path names what there is.
        if number % 2 and target.route.param_convertors:
            path[dice.choice(sorted(target.route.param_convertors))] = quote_from_bytes(one_of(dice)[:2_000], safe="")
        query = [f"{name}={quote_from_bytes(one_of(dice)[:9_000])}" for name in target.queries if dice.random() < 0.6]
        query += dice.choices(query, k=2) if query and dice.random() < 0.3 else []
        query += [f"p{index}={index}" for index in range(1_200)] if dice.random() < 0.05 else []
        address = target.address(path) + ("?" + "&".join(query) if query else "")
        headers, body = _body(target, dice) if target.method in ("POST", "PUT") else ([], b"")
        if dice.random() < 0.4:
            headers.append(dice.choice(HEADERS))
        yield Shot(target.method, address, headers, body)


def _body(target: Target, dice: random.Random) -> tuple[list[tuple[str, bytes]], bytes]:
    if dice.random() < 0.25:
        return [("content-type", dice.choice(CONTENT_TYPES).encode("latin-1"))], dice.choice(BODIES)
    names = target.fields or dice.choices(names_in_templates(), k=6)
    pairs = [f"{name}={quote_from_bytes(_value(name, dice))}" for name in names if dice.random() < 0.9]
    pairs += dice.choices(pairs, k=1) if pairs and dice.random() < 0.3 else []
    return [("content-type", CONTENT_TYPES[0].encode())], "&".join(pairs).encode()


def _value(name: str, dice: random.Random) -> bytes:
    # Most fields as they should be: one that is wrong among others that pass reaches further.
    if dice.random() < 0.45:
        return dice.choice(_PLAUSIBLE.get(name, (b"1", b"oui", b"2951-2", b"un motif suffisant")))
    return one_of(dice)


_PLAUSIBLE: dict[str, tuple[bytes, ...]] = {
    "loinc_num": (b"2951-2", b"2345-7"),
    "lignes": (b"1:1", b"2:0", b"1"),
    "version": (b"0", b"1"),
    "role": (b"reader", b"biologist"),
}
