"""Cross-site request refusal and security headers, without tokens in forms."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.platform.request_session import SAFE_METHODS
from app.settings import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")
)


def speaks_tls(settings: Settings, scope: Scope) -> bool:
    """Whether the person reads this installation over TLS: it is said so, or the connection or a trusted proxy says it.

    The scheme of the scope is that of `X-Forwarded-Proto` where a trusted proxy sent it, and of nobody else.
    """
    is_said = settings.secure_cookies or settings.public_address.startswith("https://")
    return is_said or scope.get("scheme") == "https"


def is_cross_site(method: str, headers: Headers, *, https: bool = False) -> bool:
    """Whether a browser says that another site sent this state-changing request.

    Sec-Fetch-Site is trusted when present (every current browser sends it to HTTPS and to localhost);
    otherwise Origin must be ours. A request with neither does not come from a browser page. Where we are read over
    TLS, a page of our very name that came without it is another site: anybody on the way may have written it.
    """
    if method in SAFE_METHODS:
        return False
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is not None:
        return _place(origin) != headers.get("host", "") or (https and not origin.startswith("https://"))
    return False


def _place(origin: str) -> str | None:
    """The name and port of an origin; None for what is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def reads_no_cookie(path: str) -> bool:
    """Whether the request is one to the FHIR service: nothing under that address looks at cookies.

    There is no session that another site could borrow, and the token is none that a browser can be made to send.
    """
    return f"{path}/".startswith("/fhir/")


class CrossSiteMiddleware:
    """Refuse state-changing requests that another site made the browser send."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_refused(scope):
            answer = PlainTextResponse("Requête refusée : elle vient d'un autre site.", status_code=403)
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_refused(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        public = urlsplit(self._settings.public_address)
        # The machine itself may be read without TLS, by a name of its own.
        is_public = public.scheme == "https" and public.netloc == headers.get("host", "")
        https = is_public or self._settings.secure_cookies or scope.get("scheme") == "https"
        return is_cross_site(scope["method"], headers, https=https) and not reads_no_cookie(scope["path"])


def security_headers(https: bool) -> Iterable[tuple[str, str]]:
    """The headers of every answer that does not set its own; nothing is kept unless its route says so."""
    yield "Content-Security-Policy", CONTENT_SECURITY_POLICY
    yield "X-Content-Type-Options", "nosniff"
    yield "Referrer-Policy", "same-origin"
    yield "Cross-Origin-Opener-Policy", "same-origin"
    yield "Cross-Origin-Resource-Policy", "same-origin"
    yield "Permissions-Policy", PERMISSIONS_POLICY
    yield "Cache-Control", "no-store"
    if https:
        yield "Strict-Transport-Security", "max-age=31536000; includeSubDomains"


class SecurityHeadersMiddleware:
    """Send the security headers with every answer; pages are never stored by shared caches."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        https = speaks_tls(self._settings, scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in security_headers(https):
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
