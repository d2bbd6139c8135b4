"""One-time codes of RFC 6238: SHA-1, steps of 30 seconds, 6 digits."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from io import BytesIO
from urllib.parse import quote, urlencode

import segno

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
"""Clocks may differ by this many steps, either way."""
SECRET_BYTES = 20
ISSUER = "Atelier LOINC"


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def as_base32(secret: bytes) -> str:
    """The secret as applications take it."""
    return base64.b32encode(secret).decode().rstrip("=")


def counter_at(moment: datetime) -> int:
    """The number of whole steps since 1970."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(secret: bytes, counter: int) -> str:
    """The code of a step."""
    digest = hmac.new(secret, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def looks_like_code(text: str) -> bool:
    """Whether this can be a code of an application."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def matching_counter(secret: bytes, code: str, moment: datetime, after: int) -> int | None:
    """The step of which this is the code, later than `after` and within the drift; None when there is none."""
    if not looks_like_code(code):
        return None
    now = counter_at(moment)
    found = None
    for counter in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_of(secret, counter), code) and counter > after:
            found = counter
    return found


def address_of(secret: bytes, email: str) -> str:
    """The `otpauth:` address that applications read from the picture."""
    label = quote(f"{ISSUER}:{email}", safe="")
    asked = {"secret": as_base32(secret), "issuer": ISSUER, "algorithm": "SHA1", "digits": DIGITS}
    return f"otpauth://totp/{label}?{urlencode(asked | {'period': STEP_SECONDS}, quote_via=quote)}"


def picture_of(secret: bytes, email: str) -> bytes:
    """The address as a QR code, an SVG image without script or style."""
    image = BytesIO()
    segno.make(address_of(secret, email), error="m", micro=False).save(
        image, kind="svg", scale=5, border=4, light="#fff", xmldecl=False
    )
    return image.getvalue()
