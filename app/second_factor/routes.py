"""The second step of signing in, and saying again who one is."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.accounts.cookies import address_of, browser_of, session_token, set_session_cookie
from app.accounts.passwords import verify_password
from app.accounts.redirects import safe_next
from app.audit.sampled import journal_of
from app.audit.service import record
from app.models import User, utc_now
from app.platform.authorising import AuthorisedRoute
from app.platform.database import reading
from app.platform.forms import keeps_what_is_typed
from app.platform.identity import CONFIRMATION, SECOND_STEP, Caller, CallerDep, CurrentUser
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.platform.web_sessions import close_session, open_session, user_of_token
from app.second_factor import attempts, repository, service
from app.second_factor.kept_form import MOST_BYTES, KeptForm, form_of
from app.second_factor.pages import ConfirmationPage, SecondStepPage, SendAgainPage
from app.settings import Settings
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)

CodeForm = Annotated[str, Form(max_length=60)]
KeyForm = Annotated[str, Form(max_length=20_000)]
NextForm = Annotated[str, Form(max_length=2000)]
WRONG_CODE = "Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant."
WRONG_KEY = "Cette clé de sécurité n'a pas été reconnue. Recommencez."
WRONG_PROOF = "Ce n'est ni votre mot de passe ni un code en cours de validité."


def finish_sign_in(request: Request, session: Session, user: User, settings: Settings, response: Response) -> None:
    """Replace the session by one of two factors, with another token: the one of before opens nothing any more."""
    closed = close_session(session, session_token(request, settings))
    token = open_session(
        session, user, settings, address=address_of(request), device=browser_of(request), with_second_factor=True,
        news=closed.news if closed is not None else 0,
    )  # fmt: skip
    set_session_cookie(response, token, settings)


def _keys_offered(session: Session, user: User, settings: Settings) -> bool:
    return bool(settings.public_address and repository.keys_of(session, user.id or 0))


def _is_expected(caller: Caller) -> bool:
    return caller.user.has_second_factor and not caller.has_proved_second_factor


def _tell_refusal(
    request: Request, session: Session, background: BackgroundTasks, action: str, user: User, *, is_counted: bool
) -> None:
    """Keep a wrong proof in the trail; of those that nothing makes wait, or that waited in vain, one in a while.

    These are told once the transaction has ended.
    """
    address = address_of(request)[:64]
    if is_counted:
        record(session, action, actor=user, object_type="user", object_id=user.id, address=address)
        return
    background.add_task(
        journal_of(request).tell, action, (user.id, address), actor_id=user.id, object_type="user",
        object_id=user.id, address=address, outcome="sampled",
    )  # fmt: skip


@router.get(SECOND_STEP)
def show_second_step(
    request: Request, session: SessionDep, settings: SettingsDep, caller: CallerDep, suite: str = "/"
) -> Response:
    """The form of the code, and the key."""
    if not _is_expected(caller):
        return RedirectResponse(safe_next(suite), status_code=303)
    return render(request, "second_factor/second_step.html", SecondStepPage(
        title="Second facteur", next_page=safe_next(suite), has_keys=_keys_offered(session, caller.user, settings)
    ))  # fmt: skip


@router.post(SECOND_STEP)
@keeps_what_is_typed
def do_second_step(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    caller: CallerDep,
    background: BackgroundTasks,
    code: CodeForm = "",
    cle: KeyForm = "",
    suite: NextForm = "/",
) -> Response:
    """Check a code or the answer of a key; the session becomes one of two factors."""
    user, address = caller.user, address_of(request)
    if not _is_expected(caller):
        return RedirectResponse(safe_next(suite), status_code=303)
    assert user.id is not None
    status, problem = 429, attempts.BLOCKED
    can_be_guessed = not cle and service.is_code_of_application(code)
    if not can_be_guessed or not attempts.is_blocked(session, user.id):
        if cle:
            kind = "key" if service.verify_key(session, user, caller.token_hash, cle, settings) else ""
        else:
            kind = service.verify_code(session, user, code, settings)
        if can_be_guessed:
            attempts.note(session, user.id, address, succeeded=bool(kind))
        if kind:
            record(session, "session.prove", actor=user, object_type="user", object_id=user.id, kind=kind)
            response = RedirectResponse(safe_next(suite), status_code=303)
            finish_sign_in(request, session, user, settings, response)
            return response
        status, problem = 401, WRONG_KEY if cle else WRONG_CODE
    _tell_refusal(
        request, session, background, "session.refuse_second_factor", user,
        is_counted=can_be_guessed and status != 429,
    )  # fmt: skip
    page = SecondStepPage(
        title="Second facteur",
        next_page=safe_next(suite),
        has_keys=_keys_offered(session, user, settings),
        problem=problem,
    )
    return render(request, "second_factor/second_step.html", page, status_code=status)


@router.post(f"{SECOND_STEP}/cle")
def ask_key_at_sign_in(session: SessionDep, settings: SettingsDep, caller: CallerDep) -> Response:
    """What the browser is to ask of the key."""
    return _options(service.ask_assertion(session, caller.user, caller.token_hash, settings))


def _options(text: str) -> Response:
    return Response(text, media_type="application/json")


def _confirmation_page(
    session: Session, settings: Settings, user: User, suite: str, problem: str, kept: KeptForm | None = None
) -> ConfirmationPage:
    return ConfirmationPage(
        title="Confirmer qui vous êtes",
        next_page=safe_next(suite),
        email=user.email,
        has_application=repository.totp_of(session, user.id or 0, confirmed=True) is not None,
        has_keys=_keys_offered(session, user, settings),
        problem=problem,
        kept_form=kept.written if kept is not None else "",
    )


async def ask_again(request: Request, suite: str) -> Response:
    """The answer to a form that came too long after the last proof: the page that asks for one, with the form in it."""
    kept = await form_of(request)
    if kept is None:
        return RedirectResponse(f"{CONFIRMATION}?suite={quote(suite, safe='')}", status_code=303)
    return await run_in_threadpool(_asked_again, request, suite, kept)


def _asked_again(request: Request, suite: str, kept: KeptForm) -> Response:
    settings: Settings = request.app.state.settings
    with reading(request.app.state.engine) as session:
        user = user_of_token(session, session_token(request, settings), settings)
        if user is None:
            return RedirectResponse("/connexion", status_code=303)
        page = _confirmation_page(session, settings, user, suite, "", kept)
    return render(request, "second_factor/confirmation.html", page, status_code=403)


@router.get(CONFIRMATION)
def show_confirmation(
    request: Request, session: SessionDep, settings: SettingsDep, user: CurrentUser, suite: str = "/"
) -> Response:
    """The form of the password or of the second factor."""
    page = _confirmation_page(session, settings, user, suite, "")
    return render(request, "second_factor/confirmation.html", page)


@router.post(CONFIRMATION)
@keeps_what_is_typed
def do_confirm(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    caller: CallerDep,
    background: BackgroundTasks,
    mot_de_passe: Annotated[str, Form(max_length=1000)] = "",
    code: CodeForm = "",
    cle: KeyForm = "",
    suite: NextForm = "/",
    envoi: Annotated[str, Form(max_length=3 * MOST_BYTES)] = "",
) -> Response:
    """Check the password, a code or a key, and go back to where the act was asked, or show the form that waited."""
    kept = KeptForm.read(envoi)
    user, address = caller.user, address_of(request)
    assert user.id is not None
    with transactions.writing() as session:
        blocked = attempts.is_blocked(session, user.id)
    # Slow, and therefore with no transaction open.
    kind = "password" if mot_de_passe and not blocked and verify_password(mot_de_passe, user.password_hash) else ""
    with transactions.writing() as session:
        status, problem = 429, attempts.BLOCKED
        # Others may have failed meanwhile.
        if cle or not attempts.is_blocked(session, user.id):
            if cle:
                kind = "key" if service.verify_key(session, user, caller.token_hash, cle, settings) else ""
            elif code:
                kind = service.verify_code(session, user, code, settings, recovery=False)
            if not cle:
                attempts.note(session, user.id, address, succeeded=bool(kind))
            if kind:
                repository.prove_session(session, caller.token_hash, utc_now())
                record(session, "session.confirm", actor=user, object_type="user", object_id=user.id, kind=kind)
                if kept is None:
                    return RedirectResponse(safe_next(suite), status_code=303)
                return render(request, "second_factor/send_again.html", SendAgainPage(
                    title="Identité confirmée", action=kept.action, fields=kept.fields, next_page=safe_next(suite)
                ))  # fmt: skip
            status, problem = 401, WRONG_KEY if cle else WRONG_PROOF
        is_counted = not cle and status != 429
        _tell_refusal(request, session, background, "session.refuse_confirmation", user, is_counted=is_counted)
        page = _confirmation_page(session, settings, user, suite, problem, kept)
    return render(request, "second_factor/confirmation.html", page, status_code=status)


@router.post(f"{CONFIRMATION}/cle")
def ask_key_again(session: SessionDep, settings: SettingsDep, caller: CallerDep) -> Response:
    """What the browser is to ask of the key."""
    return _options(service.ask_assertion(session, caller.user, caller.token_hash, settings))
