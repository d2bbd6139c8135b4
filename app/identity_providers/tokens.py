"""From the code of the provider to who the person is: exchange, checks of the identity token, information."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError

from app.identity_providers.discovery import Discovery, fetch_json
from app.identity_providers.errors import ProviderRefusalError, Refusal
from app.identity_providers.profile import ProviderProfile

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures by a key that only the provider holds: neither `none`, nor one made with the shared secret."""
SKEW_SECONDS = 60
OLDEST_SECONDS = 600
"""An identity token is made for the answer that brings it."""
_LONGEST_TOKEN = 16_384


@dataclass(frozen=True, slots=True)
class Identified:
    """Whom the provider recognised, and how."""

    identifier: str
    acr: str


@dataclass(frozen=True, slots=True)
class _Tokens:
    access: str = field(repr=False)
    identity: str = field(repr=False)


def _exchange(profile: ProviderProfile, discovery: Discovery, code: str, verifier: str) -> _Tokens:
    published = discovery.published()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": profile.redirect_uri,
        "code_verifier": verifier,
    }
    options: dict[str, Any] = {"data": form}
    if published.posts_secret:
        form |= {"client_id": profile.client_id, "client_secret": profile.client_secret}
    else:
        options["auth"] = (_encoded(profile.client_id), _encoded(profile.client_secret))
    status, content = fetch_json("POST", published.token, trust=discovery.trust, **options)
    if status != 200:
        raise ProviderRefusalError(Refusal.CODE, f"token: status {status}")
    access, identity = content.get("access_token"), content.get("id_token")
    if not isinstance(access, str) or not isinstance(identity, str) or len(identity) > _LONGEST_TOKEN:
        raise ProviderRefusalError(Refusal.TOKEN, "no identity token")
    return _Tokens(access, identity)


def _encoded(text: str) -> str:
    # RFC 6749, 2.3.1: both are form-encoded before they enter the header.
    return quote_plus(text)


def _decoded(discovery: Discovery, identity: str) -> jwt.Token:
    for missing in (False, True):
        try:
            return jwt.decode(identity, discovery.keys(missing=missing), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            # The provider may have changed its keys since they were fetched.
            failure = error
    raise ProviderRefusalError(Refusal.TOKEN, type(failure).__name__)


def _claims(profile: ProviderProfile, discovery: Discovery, tokens: _Tokens, nonce: str) -> dict[str, Any]:
    token = _decoded(discovery, tokens.identity)
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={"iss": {"essential": True, "value": profile.issuer}},
        params={"nonce": nonce, "client_id": profile.client_id, "access_token": tokens.access},
    )
    now = time.time()
    try:
        claims.validate(now=int(now), leeway=SKEW_SECONDS)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        issued_at = float(claims["iat"])
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProviderRefusalError(Refusal.TOKEN, str(error)[:80]) from error
    if profile.client_id not in audience or (len(audience) > 1 and claims.get("azp") != profile.client_id):
        raise ProviderRefusalError(Refusal.TOKEN, "made for another application")
    if not now - OLDEST_SECONDS <= issued_at <= now + SKEW_SECONDS:
        raise ProviderRefusalError(Refusal.TOKEN, "not made just now")
    return dict(claims)


def _information(discovery: Discovery, access: str, subject: str) -> dict[str, Any]:
    status, content = fetch_json(
        "GET", discovery.published().userinfo, trust=discovery.trust, headers={"Authorization": f"Bearer {access}"}
    )
    if status != 200 or content.get("sub") != subject:
        raise ProviderRefusalError(Refusal.TOKEN, f"information: status {status}, or of somebody else")
    return content


def identify(profile: ProviderProfile, discovery: Discovery, *, code: str, verifier: str, nonce: str) -> Identified:
    """Whom the provider recognised. Raises ProviderRefusalError; slow, with no transaction open."""
    tokens = _exchange(profile, discovery, code, verifier)
    claims = _claims(profile, discovery, tokens, nonce)
    acr = claims.get("acr")
    if profile.acr_values and acr not in profile.acr_values:
        raise ProviderRefusalError(Refusal.ACR)
    information = _information(discovery, tokens.access, claims["sub"])
    name = profile.identifier_claim
    claimed = claims.get(name, information.get(name))
    if name == "email" and (claims | information).get("email_verified") is not True:
        raise ProviderRefusalError(Refusal.IDENTIFIER, "an address that the provider did not verify")
    identifier = profile.identifier_of(claimed)
    if identifier is None:
        raise ProviderRefusalError(Refusal.IDENTIFIER)
    level = acr[:100] if isinstance(acr, str) else ""
    return Identified(identifier, level)
