"""Under which names this installation answers: any other `Host` is refused, and never repeated in an address."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings
from app.web.proxies import LOCAL_NAMES

MISDIRECTED = 421
REFUSED = (
    "Ce nom n'est pas celui de l'atelier. Ouvrez-le par son adresse habituelle ; si c'est elle, l'administrateur "
    "l'ajoute au réglage TRANSCODEUR_PUBLIC_ADDRESS ou TRANSCODEUR_ALLOWED_HOSTS.\n"
)
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?", re.IGNORECASE)

log = structlog.get_logger(__name__)


def host_name(host: str) -> str | None:
    """The name in a `Host` header, in lower case, without port, brackets nor final point; None for no such header."""
    found = _HOST.fullmatch(host)
    return found["name"].strip("[]").lower().removesuffix(".") if found else None


def allowed_names(settings: Settings) -> frozenset[str]:
    """The names that the settings allow: those of the machine itself are always among them."""
    named = {part.strip().lower() for part in settings.allowed_hosts.split(",") if part.strip()}
    public = urlsplit(settings.public_address).hostname
    return frozenset(named | LOCAL_NAMES | ({public} if public else set()) | {settings.host.lower()})


def _is_reached_by_address(name: str, scope: Scope) -> bool:
    """Whether the name is the very address at which the connection arrived: no other site can have it as its name."""
    server = scope.get("server")
    if not server:
        return False
    try:
        return ip_address(name) == ip_address(server[0])
    except ValueError:
        return False


class AllowedHosts:
    """Middleware: 421 to a request whose `Host` is missing, doubled, malformed or the name of something else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._names = allowed_names(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_allowed(scope):
            await self.app(scope, receive, send)
            return
        log.warning("request.wrong_host")
        await PlainTextResponse(REFUSED, MISDIRECTED)(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        given = _given(Headers(scope=scope))
        name = host_name(given) if given is not None else None
        return name is not None and (name in self._names or _is_reached_by_address(name, scope))


def _given(headers: Headers) -> str | None:
    values = headers.getlist("host")
    return values[0] if len(values) == 1 else None
