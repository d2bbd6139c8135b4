"""What the provider publishes: its addresses and its keys, fetched with limits and kept for an hour."""

import json
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.errors import WorkbenchError
from app.identity_providers.errors import ProviderRefusalError, Refusal
from app.identity_providers.profile import ProviderProfile
from app.platform.open_transactions import forbid_open_transaction
from app.settings import is_safe_address

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 5.0
"""For each of: connecting, sending, a piece of the answer."""
WHOLE_SECONDS = 15.0
LARGEST_ANSWER = 256 * 1024
KEPT_SECONDS = 3600.0
AGAIN_AFTER_SECONDS = 30.0
"""Keys are fetched again for an unknown one, but no more often than this."""


def trust_of(profile: ProviderProfile) -> ssl.SSLContext:
    """Whom to trust, and the certificate to show to a provider that asks for one (mutual TLS, RFC 8705).

    Raises WorkbenchError when the files of the certificate cannot be used.
    """
    context = ssl.create_default_context()
    if profile.certificate:
        try:
            context.load_cert_chain(profile.certificate, profile.certificate_key or None, password=_no_password)
        except (OSError, ValueError) as error:
            raise WorkbenchError(
                f"Le certificat « {profile.certificate} » ou sa clé ne peuvent être lus : il faut deux fichiers PEM, "
                "ou un seul qui porte les deux, la clé sans mot de passe."
            ) from error
    return context


def _no_password() -> str:
    # Without it the server would ask at its terminal, and wait.
    raise ValueError("the key has a password")


def fetch_json(
    method: str, address: str, *, trust: ssl.SSLContext | None = None, **options: Any
) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of one answer of the provider; raises ProviderRefusalError when it has none.

    No redirect is followed, and no more than LARGEST_ANSWER octets are read. Slow: no transaction may be open.
    """
    forbid_open_transaction("ask the provider of identities")
    if not is_safe_address(address):
        raise ProviderRefusalError(Refusal.UNREACHABLE, "an address of the provider is not in HTTPS")
    until = time.monotonic() + WHOLE_SECONDS
    body = bytearray()
    # The proxy of the environment leads to the outside, never to the machine itself.
    outside = address.startswith("https:")
    try:
        with (
            httpx.Client(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=outside, verify=trust or True
            ) as client,
            client.stream(method, address, **options) as answer,
        ):
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LARGEST_ANSWER or time.monotonic() > until:
                    raise ProviderRefusalError(Refusal.UNREACHABLE, "an answer too long or too slow")
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The class only: the text may quote an address with what it carries.
        raise ProviderRefusalError(Refusal.UNREACHABLE, type(error).__name__) from error
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if status >= 500 or not isinstance(content, dict):
        raise ProviderRefusalError(Refusal.UNREACHABLE, f"status {status}, no JSON object")
    return status, content


@dataclass(frozen=True, slots=True)
class Published:
    """The addresses of the provider, and what it says it can do."""

    authorization: str
    token: str
    userinfo: str
    keys: str
    end_session: str
    names_issuer: bool
    """Whether each of its answers says who it is (RFC 9207)."""
    posts_secret: bool
    """Whether the secret goes in the form, where it does not take it in the header."""


def _published(profile: ProviderProfile, content: dict[str, Any]) -> Published:
    if content.get("issuer") != profile.issuer:
        raise ProviderRefusalError(Refusal.ISSUER, "the discovery document names another issuer")
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint")
    found: list[str] = [content.get(name) or "" for name in names]
    if not all(isinstance(item, str) and (not item or is_safe_address(item)) for item in found) or not all(found[:4]):
        raise ProviderRefusalError(Refusal.UNREACHABLE, "the discovery document lacks a safe address")
    challenges = content.get("code_challenge_methods_supported")
    if challenges is not None and "S256" not in challenges:
        raise ProviderRefusalError(Refusal.UNREACHABLE, "the provider does not take PKCE S256")
    ways = content.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    authorization, token, userinfo, keys, end_session = found
    if profile.certificate:
        token, userinfo = (
            _alias(content, name) or plain for name, plain in zip(names[1:3], (token, userinfo), strict=True)
        )
    return Published(
        authorization=authorization,
        token=token,
        userinfo=userinfo,
        keys=keys,
        end_session=end_session,
        names_issuer=content.get("authorization_response_iss_parameter_supported") is True,
        posts_secret="client_secret_basic" not in ways and "client_secret_post" in ways,
    )


def _alias(content: dict[str, Any], name: str) -> str:
    """The address where the provider takes the certificate of its client, when it has one of its own for that."""
    aliases = content.get("mtls_endpoint_aliases")
    found = aliases.get(name) if isinstance(aliases, dict) else None
    return found if isinstance(found, str) and is_safe_address(found) else ""


class Discovery:
    """What one provider publishes, shared by the requests of a process. Raises WorkbenchError as `trust_of`."""

    def __init__(self, profile: ProviderProfile) -> None:
        self._profile = profile
        self.trust = trust_of(profile)
        """For everything that is asked of this provider."""
        self._lock = threading.Lock()
        self._published: tuple[float, Published] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def published(self) -> Published:
        """The addresses; raises ProviderRefusalError."""
        with self._lock:
            kept = self._published
        if kept is not None and time.monotonic() < kept[0] + KEPT_SECONDS:
            return kept[1]
        status, content = fetch_json("GET", self._profile.discovery, trust=self.trust)
        if status != 200:
            raise ProviderRefusalError(Refusal.UNREACHABLE, f"discovery: status {status}")
        found = _published(self._profile, content)
        with self._lock:
            self._published = time.monotonic(), found
        return found

    def keys(self, *, missing: bool = False) -> KeySet:
        """The keys that sign identity tokens; `missing` says that one was not among them."""
        with self._lock:
            kept = self._keys
        age = time.monotonic() - kept[0] if kept is not None else KEPT_SECONDS
        if kept is not None and age < (AGAIN_AFTER_SECONDS if missing else KEPT_SECONDS):
            return kept[1]
        status, content = fetch_json("GET", self.published().keys, trust=self.trust)
        try:
            # Keys of a kind that we do not know are those of other uses.
            known = [key for key in content["keys"] if key.get("kty") in ("RSA", "EC") and key.get("use") != "enc"]
            found = KeySet.import_key_set({"keys": known})
        except (KeyError, TypeError, AttributeError, ValueError, JoseError) as error:
            raise ProviderRefusalError(Refusal.UNREACHABLE, f"keys: status {status}, unreadable") from error
        with self._lock:
            self._keys = time.monotonic(), found
        return found
