"""What happens to second factors: set up, shown, taken away. Every change is audited; no secret ever is."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import RecoveryCode, SecurityKey, TotpSecret, User, utc_now
from app.platform.web_sessions import UNFINISHED_LASTS, close_sessions_of
from app.second_factor import ceremonies, repository, totp
from app.second_factor.installation_key import SecretUnreadableError, decrypt, encrypt, installation_key
from app.settings import Settings

RECOVERY_CODES = 10
RECOVERY_GROUPS = 6
"""Of four signs each, about 119 random bits: from 112 on, a plain hash may be kept of them."""
MOST_KEYS = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_NEEDED = "C'est votre seul second facteur, et il en faut un : mettez-en d'abord un autre en place."


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has, as her pages show it."""

    application_since: datetime | None
    pending_secret: str
    """In base32, while an application is being set up; empty otherwise."""
    keys: list[SecurityKey]
    codes_left: int


def _id(user: User) -> int:
    assert user.id is not None
    return user.id


def factors_of(session: Session, user: User, settings: Settings) -> Factors:
    """What this person has."""
    in_use = repository.totp_of(session, _id(user), confirmed=True)
    pending = _pending(session, user)
    try:
        pending_secret = totp.as_base32(_read(pending, settings)) if pending else ""
    except SecretUnreadableError:
        pending_secret = ""
    return Factors(
        application_since=in_use.confirmed_at if in_use else None,
        pending_secret=pending_secret,
        keys=repository.keys_of(session, _id(user)),
        codes_left=repository.count_recovery_codes(session, _id(user)),
    )


def _pending(session: Session, user: User) -> TotpSecret | None:
    """The secret being set up; as long as one may take, and no longer is it shown."""
    found = repository.totp_of(session, _id(user), confirmed=False)
    return found if found is not None and found.created_at > utc_now() - UNFINISHED_LASTS else None


def _read(kept: TotpSecret, settings: Settings) -> bytes:
    return decrypt(installation_key(settings), kept.encrypted, kept.user_id)


def start_application(session: Session, user: User, settings: Settings) -> None:
    """Draw a secret for an application of codes; the one in use stays so until a first code confirms the new one."""
    repository.forget_totp(session, _id(user), pending_only=True)
    sealed = encrypt(installation_key(settings), totp.new_secret(), _id(user))
    session.add(TotpSecret(user_id=_id(user), encrypted=sealed))


def pending_picture(session: Session, user: User, settings: Settings) -> bytes:
    """The QR code of the secret being set up, or NotFoundError."""
    pending = _pending(session, user)
    if pending is None:
        raise NotFoundError("Aucune application n'est en cours de mise en place.")
    return totp.picture_of(_read(pending, settings), user.email)


def confirm_application(session: Session, user: User, code: str, settings: Settings) -> bool:
    """Put the new secret in use if this is its code; False when it is not."""
    pending = _pending(session, user)
    if pending is None:
        raise ConflictError("Cette mise en place a été abandonnée. Recommencez-la.")
    counter = totp.matching_counter(_read(pending, settings), _digits(code), utc_now(), pending.last_counter)
    if counter is None:
        return False
    pending.confirmed_at, pending.last_counter = utc_now(), counter
    session.add(pending)
    session.flush()
    repository.forget_totp(session, _id(user), but=pending.id)
    _has_one_more(session, user, "application")
    return True


def _has_one_more(session: Session, user: User, kind: str) -> None:
    repository.set_has_second_factor(session, _id(user), True)
    record(session, "second_factor.add", actor=user, object_type="user", object_id=user.id, kind=kind)


def remove_application(session: Session, user: User, settings: Settings) -> None:
    """Take the application of codes away."""
    if repository.totp_of(session, _id(user), confirmed=True) is None:
        raise NotFoundError("Aucune application de codes n'est en place.")
    _check_not_last(repository.keys_of(session, _id(user)), user, settings)
    repository.forget_totp(session, _id(user))
    _one_less(session, user, "application")


def _check_not_last(others: object, user: User, settings: Settings) -> None:
    if not others and settings.needs_second_factor(user.email) and not user.is_demonstration:
        raise ConflictError(_NEEDED)


def _one_less(session: Session, user: User, kind: str) -> None:
    has_any = bool(
        repository.totp_of(session, _id(user), confirmed=True) or repository.keys_of(session, _id(user))
    )
    repository.set_has_second_factor(session, _id(user), has_any)
    if not has_any:
        repository.forget_recovery_codes(session, _id(user))
    record(session, "second_factor.remove", actor=user, object_type="user", object_id=user.id, kind=kind)


def ask_new_key(session: Session, user: User, token_hash: str, settings: Settings) -> str:
    """What the browser is asked to make a new key, as JSON; its challenge is kept with the session."""
    keys = repository.keys_of(session, _id(user))
    if len(keys) >= MOST_KEYS:
        raise ConflictError(f"{MOST_KEYS} clés au plus : retirez-en une d'abord.")
    options, challenge = ceremonies.registration(ceremonies.Site.of(settings), user, keys)
    repository.keep_challenge(session, token_hash, challenge)
    return options


def add_key(session: Session, user: User, token_hash: str, answer: str, name: str, settings: Settings) -> None:
    """Keep the key of a verified answer; raises InvalidInputError, and the challenge has then served for nothing."""
    name = " ".join(name.split())[:80] or "Clé de sécurité"
    challenge = repository.take_challenge(session, token_hash)
    key = ceremonies.registered(ceremonies.Site.of(settings), answer, challenge, _id(user), name)
    if len(repository.keys_of(session, _id(user))) >= MOST_KEYS:
        raise ConflictError(f"{MOST_KEYS} clés au plus : retirez-en une d'abord.")
    session.add(key)
    session.flush()
    _has_one_more(session, user, "key")


def remove_key(session: Session, user: User, key_id: int, settings: Settings) -> None:
    """Take a key away; somebody else's does not exist."""
    keys = repository.keys_of(session, _id(user))
    key = next((key for key in keys if key.id == key_id), None)
    if key is None:
        raise NotFoundError("Cette clé n'existe pas.")
    application = repository.totp_of(session, _id(user), confirmed=True)
    _check_not_last(application or len(keys) > 1, user, settings)
    session.delete(key)
    session.flush()
    _one_less(session, user, "key")


def ask_assertion(session: Session, user: User, token_hash: str, settings: Settings) -> str:
    """What the browser is asked to show a key, as JSON; its challenge is kept with the session."""
    keys = repository.keys_of(session, _id(user))
    if not keys:
        raise InvalidInputError("Aucune clé de sécurité n'est en place pour ce compte.")
    options, challenge = ceremonies.assertion(ceremonies.Site.of(settings), keys)
    repository.keep_challenge(session, token_hash, challenge)
    return options


def verify_key(session: Session, user: User, token_hash: str, answer: str, settings: Settings) -> bool:
    """Whether a key of this person signed the challenge of this session, which serves once."""
    challenge = repository.take_challenge(session, token_hash)
    key = repository.key_of_credential(session, _id(user), ceremonies.credential_named(answer))
    count = ceremonies.asserted(ceremonies.Site.of(settings), answer, challenge, key) if key is not None else None
    if key is None or count is None:
        return False
    key.sign_count, key.last_used_at = count, utc_now()
    session.add(key)
    return True


def _digits(code: str) -> str:
    return re.sub(r"[\s.-]", "", code)


def is_code_of_application(code: str) -> bool:
    """Whether this is six digits: what is left is a recovery code, or nothing."""
    return totp.looks_like_code(_digits(code))


def _recovery_hash(user_id: int, code: str) -> str:
    # As many random bits as these have: a plain hash is not searched.
    return hashlib.sha256(f"recovery {user_id} {re.sub(r'[^a-z0-9]', '', code.lower())}".encode()).hexdigest()


def new_recovery_codes(session: Session, user: User) -> list[str]:
    """Ten codes that replace those before; they are shown now and never again."""
    repository.forget_recovery_codes(session, _id(user))
    codes = [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(RECOVERY_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]
    for code in codes:
        session.add(RecoveryCode(user_id=_id(user), code_hash=_recovery_hash(_id(user), code)))
    record(session, "second_factor.new_codes", actor=user, object_type="user", object_id=user.id)
    return codes


def verify_code(session: Session, user: User, code: str, settings: Settings, *, recovery: bool = True) -> str:
    """What this code is: "application", "recovery", or "" when it is wrong or has served already."""
    digits = _digits(code)
    if totp.looks_like_code(digits):
        kept = repository.totp_of(session, _id(user), confirmed=True)
        if kept is None or kept.id is None:
            return ""
        counter = totp.matching_counter(_read(kept, settings), digits, utc_now(), kept.last_counter)
        return "application" if counter and repository.advance_counter(session, kept.id, counter) else ""
    used = recovery and repository.use_recovery_code(session, _id(user), _recovery_hash(_id(user), code), utc_now())
    if used:
        left = repository.count_recovery_codes(session, _id(user))
        record(session, "second_factor.use_code", actor=user, object_type="user", object_id=user.id, left=left)
    return "recovery" if used else ""


def reset(session: Session, user: User, *, actor: User | None) -> None:
    """Take every second factor of a person away (lost telephone), and close her sessions: she sets up another."""
    repository.forget_totp(session, _id(user))
    repository.forget_keys(session, _id(user))
    repository.forget_recovery_codes(session, _id(user))
    repository.set_has_second_factor(session, _id(user), False)
    close_sessions_of(session, _id(user))
    record(session, "second_factor.reset", actor=actor, object_type="user", object_id=user.id)
