"""Signing in through the provider: whom it names, whose account that is, and how the two are linked."""

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.accounts.own_events import count_news
from app.accounts.signin import Outcome as SignInOutcome
from app.accounts.signin import SignInResult, sign_in
from app.audit.sampled import SampledJournal
from app.audit.service import record
from app.errors import ConflictError
from app.identity_providers import repository, state
from app.identity_providers.discovery import Discovery
from app.identity_providers.errors import ProviderRefusalError, Refusal
from app.identity_providers.profile import ProviderProfile, profile_of
from app.identity_providers.tokens import Identified, identify
from app.models import ProviderAnswer, ProviderIdentity, User, utc_now
from app.platform import locks
from app.platform.database import is_duplicate, reading, transaction
from app.platform.web_sessions import Vouching, close_session, close_sessions_of, open_session
from app.settings import Settings

log = structlog.get_logger(__name__)

FORGET_AFTER = timedelta(hours=1)
OWN_ONE_FIRST = (
    "Votre mot de passe est provisoire. Connectez-vous d'abord par mot de passe pour choisir le vôtre, "
    "puis recommencez."
)


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of identities of the installation."""

    profile: ProviderProfile
    discovery: Discovery


def provider_of(settings: Settings) -> Provider | None:
    """The provider that the settings name, of which nothing is fetched yet; None when there is none."""
    profile = profile_of(settings)
    return Provider(profile, Discovery(profile)) if profile is not None else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brings back from the provider."""

    state: str
    code: str
    error: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A session (its token), or a first link that waits for a password (the next state of the sign-in)."""

    token: str = ""
    to_confirm: state.Leaving | None = None


def refuse(journal: SampledJournal, refusal: ProviderRefusalError, address: str) -> None:
    """Keep in the trail how a sign-in ended; neither token nor code enters it, nor the log.

    Sampled: anybody may come to this door as often as she likes, and the trail is never cut.
    """
    log.warning("provider.refused", reason=refusal.reason.name, detail=refusal.detail)
    journal.tell(
        "session.refuse", (address, refusal.reason), actor_label="visiteur", object_type="user",
        address=address[:64], door="fournisseur d’identité", reason=refusal.reason.value,
    )  # fmt: skip


def _use(engine: Engine, left: state.Leaving) -> None:
    """Take an answer, once: of two that come together, one passes."""
    try:
        with transaction(engine) as session:
            repository.forget_answers(session, utc_now() - FORGET_AFTER)
            if repository.was_used(session, left.digest):
                raise ProviderRefusalError(Refusal.REUSED)
            session.add(ProviderAnswer(digest=left.digest))
    except IntegrityError as error:
        if is_duplicate(error):
            raise ProviderRefusalError(Refusal.REUSED) from error
        raise


def _check(provider: Provider, left: state.Leaving | None, answer: Answer) -> state.Leaving:
    if left is None or not answer.state.isascii() or answer.state != left.drawn("state"):
        raise ProviderRefusalError(Refusal.STATE)
    if answer.issuer != provider.profile.issuer and (answer.issuer or provider.discovery.published().names_issuer):
        raise ProviderRefusalError(Refusal.ISSUER)
    return left


def come_back(
    engine: Engine,
    settings: Settings,
    provider: Provider,
    left: state.Leaving | None,
    answer: Answer,
    *,
    address: str,
    browser: str,
    old_token: str,
) -> Outcome:
    """What an answer of the provider opens; raises ProviderRefusalError, which the caller keeps in the trail.

    The provider is asked with no transaction open.
    """
    left = _check(provider, left, answer)
    _use(engine, left)
    if answer.error or not answer.code:
        raise ProviderRefusalError(Refusal.DENIED)
    identified = identify(
        provider.profile,
        provider.discovery,
        code=answer.code,
        verifier=left.drawn("verifier"),
        nonce=left.drawn("nonce"),
    )
    return _open(engine, settings, provider.profile, identified, left.next_page, address, browser, old_token)


def _vouching(profile: ProviderProfile, acr: str) -> Vouching:
    return Vouching(profile.issuer, acr, acr in profile.two_factor_acr_values, profile.longest_session)


def _open(
    engine: Engine,
    settings: Settings,
    profile: ProviderProfile,
    identified: Identified,
    next_page: str,
    address: str,
    browser: str,
    old_token: str,
) -> Outcome:
    with transaction(engine) as session:
        found = repository.find_person(session, profile.issuer, identified.identifier)
        if found is None:
            raise ProviderRefusalError(Refusal.UNKNOWN)
        identity, user = found
        if not user.is_active:
            raise ProviderRefusalError(Refusal.SUSPENDED)
        if identity.confirmed_at is None:
            waiting = state.leaving("confirm", next_page, identified.identifier, identified.acr)
            return Outcome(to_confirm=waiting)
        close_session(session, old_token)
        token = open_session(
            session, user, settings, address=address, device=browser, vouching=_vouching(profile, identified.acr),
            news=count_news(session, user.id or 0, address),
        )  # fmt: skip
        record(
            session, "session.open", actor=user, object_type="user", object_id=user.id,
            address=address, provider=profile.issuer, acr=identified.acr,
        )  # fmt: skip
        return Outcome(token=token)


async def confirm(
    engine: Engine,
    settings: Settings,
    profile: ProviderProfile,
    left: state.Leaving,
    *,
    password: str,
    address: str,
    browser: str,
    old_token: str,
    device: str = "",
) -> SignInResult:
    """Link an account with the password of its owner, throttled as any sign-in; opens her session."""
    person = await run_in_threadpool(_person_to_confirm, engine, profile, left)
    if person.must_change_password:
        # Somebody else knows it: it proves nothing of the person, and the link would outlive it.
        return SignInResult(SignInOutcome.WRONG, problem=OWN_ONE_FIRST)
    result = await sign_in(
        engine, settings, email=person.email, password=password, address=address, old_token=old_token, device=device,
        browser=browser,
    )  # fmt: skip
    if not result.token:
        return result
    token = await run_in_threadpool(_link, engine, settings, profile, left, person, result.token, address, browser)
    return replace(result, token=token)


def _person_to_confirm(engine: Engine, profile: ProviderProfile, left: state.Leaving) -> User:
    with reading(engine) as session:
        found = repository.find_person(session, profile.issuer, left.identifier)
        if found is None or repository.was_used(session, left.digest):
            raise ProviderRefusalError(Refusal.STATE)
        return found[1]


def _link(
    engine: Engine,
    settings: Settings,
    profile: ProviderProfile,
    left: state.Leaving,
    person: User,
    by_password: str,
    address: str,
    browser: str,
) -> str:
    """Confirm the link; the session opened by the password gives way to one that says who vouched."""
    _use(engine, left)
    with transaction(engine) as session:
        locks.lock_subject(session, locks.Subject.INSTALLATION)
        found = repository.find_person(session, profile.issuer, left.identifier)
        if found is None or found[1].id != person.id or not found[1].is_active:
            raise ProviderRefusalError(Refusal.STATE)
        identity, user = found
        identity.confirmed_at = utc_now()
        session.add(identity)
        closed = close_session(session, by_password)
        token = open_session(
            session, user, settings, address=address, device=browser, vouching=_vouching(profile, left.acr),
            news=closed.news if closed is not None else 0,
        )  # fmt: skip
        record(session, "identity.confirm", actor=user, object_type="user", object_id=user.id, acr=left.acr)
    return token


def set_identifier(session: Session, profile: ProviderProfile, user: User, entered: str, *, actor: User) -> None:
    """Enter, change or (empty) take away what names the owner of an account at the provider.

    Raises InvalidInputError for a wrong form, ConflictError when another account has it. The sessions close when it
    changes, and the person confirms the new one with her password.
    """
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    assert user.id is not None
    present = repository.identity_of(session, user.id)
    if not entered.strip():
        if present is not None:
            session.delete(present)
            close_sessions_of(session, user.id)
            record(session, "identity.remove", actor=actor, object_type="user", object_id=user.id)
        return
    identifier = profile.checked_identifier(entered)
    if present is not None and (present.issuer, present.identifier) == (profile.issuer, identifier):
        return
    if repository.find_person(session, profile.issuer, identifier) is not None:
        raise ConflictError("Cet identifiant est déjà celui d'un autre compte.")
    if present is not None:
        close_sessions_of(session, user.id)
    identity = present or ProviderIdentity(user_id=user.id, issuer=profile.issuer, identifier=identifier)
    identity.issuer, identity.identifier, identity.confirmed_at = profile.issuer, identifier, None
    identity.linked_at = utc_now()
    session.add(identity)
    record(session, "identity.set", actor=actor, object_type="user", object_id=user.id, identifier=identifier)
