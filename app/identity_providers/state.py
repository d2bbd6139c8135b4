"""What the browser keeps between leaving for the provider and coming back: one signed cookie, for ten minutes.

The state, the nonce and the PKCE verifier are all drawn from the secret in it, so nothing is written when somebody
leaves: opening a page never writes. That an answer is used once is kept by the database (`provider_answer`).
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field

from app.identity_providers.profile import ProviderProfile
from app.settings import Settings

LASTS_SECONDS = 600
_LONGEST_NEXT = 1000


@dataclass(frozen=True, slots=True)
class Leaving:
    """One sign-in under way; `purpose` is `leave`, then `confirm` while a first link waits for a password."""

    secret: str = field(repr=False)
    purpose: str
    next_page: str
    issued_at: int
    identifier: str = ""
    acr: str = ""

    def drawn(self, use: str) -> str:
        """43 characters that nobody can guess without the cookie, others for each use."""
        digest = hmac.new(self.secret.encode(), use.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def digest(self) -> str:
        """What the database keeps of it once it was used."""
        return hashlib.sha256(f"{self.purpose}:{self.secret}".encode()).hexdigest()


def leaving(purpose: str, next_page: str, identifier: str = "", acr: str = "") -> Leaving:
    """A new one, with its own secret."""
    page = next_page if len(next_page) <= _LONGEST_NEXT else "/"
    return Leaving(secrets.token_urlsafe(32), purpose, page, int(time.time()), identifier, acr)


def cookie_name(settings: Settings) -> str:
    """The cookie of a sign-in under way; behind HTTPS no other host can plant it."""
    return "__Host-transcodeur_oidc" if settings.secure_cookies else "transcodeur_oidc"


def _signature(profile: ProviderProfile, body: str) -> str:
    # The issuer is signed too: what was begun with one provider is not ended with another.
    key = hashlib.sha256(f"sign-in cookie\n{profile.issuer}\n{profile.client_secret}".encode()).digest()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


def sealed(profile: ProviderProfile, item: Leaving) -> str:
    """The value of the cookie."""
    fields = [item.secret, item.purpose, item.next_page, item.issued_at, item.identifier, item.acr]
    body = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()
    return f"{body}.{_signature(profile, body)}"


def opened(profile: ProviderProfile, cookie: str, purpose: str) -> Leaving | None:
    """What the cookie holds; None when we did not sign it, when it is too old or of another purpose."""
    body, _, signature = cookie.partition(".")
    if not cookie.isascii() or not hmac.compare_digest(signature, _signature(profile, body)):
        return None
    try:
        secret, found, next_page, issued_at, identifier, acr = json.loads(base64.urlsafe_b64decode(body))
    except (ValueError, TypeError, binascii.Error):
        return None
    if found != purpose or not 0 <= time.time() - issued_at <= LASTS_SECONDS:
        return None
    return Leaving(secret, found, next_page, issued_at, identifier, acr)
