"""The cookie of a browser that has signed in: it opens nothing, and only spares it the waits that guessers cause."""

from datetime import timedelta

from fastapi import Request, Response

from app.settings import Settings

COOKIE = "transcodeur_appareil"
SECURE_COOKIE = "__Host-transcodeur_appareil"
LASTS = timedelta(days=180)


def _name(settings: Settings) -> str:
    return SECURE_COOKIE if settings.secure_cookies else COOKIE


def device_of(request: Request, settings: Settings) -> str:
    """The token of this browser, or empty; nothing is believed of it before it is found in the database."""
    return request.cookies.get(_name(settings), "")


def set_device_cookie(response: Response, token: str, settings: Settings) -> None:
    """Give the browser its token, a new one at each sign-in."""
    response.set_cookie(
        _name(settings),
        token,
        max_age=int(LASTS.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )
