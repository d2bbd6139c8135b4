"""The cookie of a session, and what a request says of the browser that sends it."""

from fastapi import Request, Response

from app.platform.web_sessions import cookie_name
from app.settings import Settings


def session_token(request: Request, settings: Settings) -> str:
    """The token of the session, as the browser sent it; empty without one."""
    return request.cookies.get(cookie_name(settings), "")


def set_session_cookie(response: Response, token: str, settings: Settings) -> None:
    """Give the browser the token of its session."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=settings.session_hours * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def address_of(request: Request) -> str:
    """The address of the browser, as the server sees it."""
    return request.client.host if request.client else ""


def browser_of(request: Request) -> str:
    """What the browser says of itself."""
    return request.headers.get("user-agent", "")
