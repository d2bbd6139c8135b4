"""WebAuthn: what is asked of the browser, and what its answer is worth. Nothing is kept here."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.errors import InvalidInputError
from app.models import SecurityKey, User
from app.settings import Settings

_REFUSED = "Cette clé de sécurité n'a pas été reconnue. Recommencez."
_NO_ADDRESS = "Les clés de sécurité ne sont pas proposées : l'adresse publique de l'atelier n'est pas réglée."
_FAULTS = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)
"""What the library raises for an answer that no browser writes."""


@dataclass(frozen=True, slots=True)
class Site:
    """To whom the keys are bound."""

    origin: str
    host: str

    @staticmethod
    def of(settings: Settings) -> "Site":
        """The configured public address; never what a request says of itself. Raises InvalidInputError without one."""
        if not settings.public_address:
            raise InvalidInputError(_NO_ADDRESS)
        parts = urlsplit(settings.public_address)
        return Site(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")


def _descriptors(keys: list[SecurityKey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential_id)) for key in keys]


def registration(site: Site, user: User, keys: list[SecurityKey]) -> tuple[str, str]:
    """The options for `navigator.credentials.create`, as JSON, and their challenge in base64url."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Atelier de transcodage LOINC",
        user_id=user.public_id.encode(),
        user_name=user.email,
        user_display_name=user.display_name,
        exclude_credentials=_descriptors(keys),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def registered(site: Site, answer: str, challenge: str, user_id: int, name: str) -> SecurityKey:
    """The key of a verified answer, not stored yet; raises InvalidInputError."""
    if not challenge:
        raise InvalidInputError(_REFUSED)
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except _FAULTS as error:
        raise InvalidInputError(_REFUSED) from error
    return SecurityKey(
        user_id=user_id,
        name=name,
        credential_id=bytes_to_base64url(verified.credential_id),
        public_key=bytes_to_base64url(verified.credential_public_key),
        sign_count=verified.sign_count,
    )


def assertion(site: Site, keys: list[SecurityKey]) -> tuple[str, str]:
    """The options for `navigator.credentials.get`, as JSON, and their challenge in base64url."""
    options = generate_authentication_options(rp_id=site.host, allow_credentials=_descriptors(keys))
    return options_to_json(options), bytes_to_base64url(options.challenge)


def credential_named(answer: str) -> str:
    """The credential that an answer names, in base64url; empty when it is none."""
    try:
        return bytes_to_base64url(parse_authentication_credential_json(answer).raw_id)
    except _FAULTS:
        return ""


def asserted(site: Site, answer: str, challenge: str, key: SecurityKey) -> int | None:
    """The new count of signatures of a right answer; None for a wrong one."""
    if not challenge:
        return None
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
        )
    except _FAULTS:
        return None
    return verified.new_sign_count
