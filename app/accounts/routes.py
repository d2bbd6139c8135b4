"""Sign-in, sign-out, and one's own account."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts import password_change, repository, service, throttle
from app.accounts.cookies import address_of, browser_of, session_token, set_session_cookie
from app.accounts.device_cookie import device_of, set_device_cookie
from app.accounts.devices import device_name
from app.accounts.names import normalise_email
from app.accounts.own_events import own_events, say_read
from app.accounts.pages import AccountPage, IdentityLine, LaboratoryRole, SessionLine, SignInPage
from app.accounts.password_change import TooManyTriesError
from app.accounts.passwords import MINIMUM_LENGTH
from app.accounts.redirects import safe_next
from app.accounts.signin import account_hash, sign_in
from app.audit.sampled import journal_of
from app.audit.service import record
from app.errors import InvalidInputError
from app.models import User
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CallerDep, CurrentUser, recently_authenticated
from app.platform.request_session import EngineDep, SessionDep, SettingsDep, TransactionsDep
from app.platform.web_sessions import (
    close_session,
    cookie_name,
    hash_token,
    open_session,
    person_of,
    session_handle,
    user_of_token,
)
from app.settings import Settings
from app.web.templating import render
from app.web.wording import role_label

router = APIRouter(route_class=AuthorisedRoute)

SIGN_IN_NOTICES = {"mot-de-passe": "Votre mot de passe est choisi : connectez-vous avec lui."}
NOTICES = {
    "mot-de-passe": "Votre mot de passe a été changé ; vos autres sessions ont été fermées.",
    "session": "La session a été fermée.",
    "sessions": "Vos autres sessions ont été fermées.",
}


def _sign_in_page(
    settings: Settings, suite: str, *, email: str = "", problem: str = "", notice: str = "", has_left: bool = False
) -> SignInPage:
    return SignInPage(
        title="Connexion",
        email=email,
        next_page=safe_next(suite),
        problem=problem,
        notice=notice,
        provider_button=settings.oidc_button,
        has_left=has_left and bool(settings.oidc_button),
    )


@router.get("/connexion")
def show_sign_in(
    request: Request, session: SessionDep, settings: SettingsDep, suite: str = "/", fait: str = "", sorti: str = ""
) -> Response:
    """The sign-in form; a person already signed in goes on."""
    if user_of_token(session, session_token(request, settings), settings) is not None:
        return RedirectResponse(safe_next(suite), status_code=303)
    page = _sign_in_page(settings, suite, notice=SIGN_IN_NOTICES.get(fait, ""), has_left=bool(sorti))
    return render(request, "accounts/sign_in.html", page)


@router.post("/connexion")
async def do_sign_in(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    background: BackgroundTasks,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    suite: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Check the password and open a session."""
    background.add_task(request.app.state.sign_in_purge.run_when_due, engine)
    address = address_of(request)
    result = await sign_in(
        engine,
        settings,
        email=email,
        password=password,
        address=address,
        old_token=session_token(request, settings),
        device=device_of(request, settings),
        browser=browser_of(request),
    )
    if not result.token:
        page = _sign_in_page(settings, suite, email=email, problem=result.problem)
        response = render(request, "accounts/sign_in.html", page, status_code=429 if result.is_blocked else 401)
        if result.is_blocked:
            response.headers["Retry-After"] = str(result.seconds)
            background.add_task(
                journal_of(request).tell, "session.block", (account_hash(normalise_email(email)), address),
                actor_label="visiteur", object_type="user", object_id=result.user_id, address=address[:64],
            )  # fmt: skip
        return response
    redirect = RedirectResponse(safe_next(suite), status_code=303)
    set_session_cookie(redirect, result.token, settings)
    set_device_cookie(redirect, result.device, settings)
    return redirect


@router.post("/deconnexion")
def do_sign_out(request: Request, session: SessionDep, settings: SettingsDep) -> Response:
    """Close the session, on the server too."""
    closed = close_session(session, session_token(request, settings))
    if closed is not None:
        person = person_of(session, closed)
        record(session, "session.close", actor=person, object_type="user", object_id=closed.user_id)
    # A link of that page closes the session at the provider: a form may lead to no other site.
    by_provider = closed is not None and closed.provider is not None
    response = RedirectResponse("/connexion?sorti=1" if by_provider else "/connexion", status_code=303)
    response.delete_cookie(
        cookie_name(settings), path="/", httponly=True, samesite="lax", secure=settings.secure_cookies
    )
    return response


WAYS = {
    (False, False): "mot de passe",
    (False, True): "mot de passe et second facteur",
    (True, False): "fournisseur d’identité",
    (True, True): "fournisseur d’identité, deux facteurs",
}


def _identity_line(session: SessionDep, settings: Settings, user_id: int) -> IdentityLine | None:
    identity = repository.provider_identity_of(session, user_id)
    if identity is None or identity.issuer != settings.oidc_issuer:
        return None
    is_rpps = settings.oidc_profile == "pro-sante-connect"
    name = "Numéro RPPS" if is_rpps else "Identifiant chez le fournisseur"
    return IdentityLine(name=name, identifier=identity.identifier, confirmed_at=identity.confirmed_at)


def _account_page(
    request: Request, session: SessionDep, settings: Settings, user: User, notice: str = "", problem: str = ""
) -> AccountPage:
    assert user.id is not None
    current_hash = hash_token(session_token(request, settings))
    return AccountPage(
        title="Mon compte",
        email=user.email,
        must_change_password=user.must_change_password,
        has_second_factor=user.has_second_factor,
        identity=_identity_line(session, settings, user.id),
        memberships=[
            LaboratoryRole(
                laboratory_id=membership.laboratory_id,
                laboratory=laboratory.name,
                role=membership.role,
                role_label=role_label(membership.role),
            )
            for membership, laboratory in repository.memberships_of(session, user.id)
        ],
        sessions=[
            SessionLine(
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                is_current=row.token_hash == current_hash,
                handle=session_handle(row.token_hash),
                device=device_name(row.device),
                address=row.address,
                way=WAYS[row.provider is not None, row.second_factor_at is not None],
            )
            for row in service.live_sessions(session, user, settings)
        ],
        events=own_events(session, user),
        minimum_length=MINIMUM_LENGTH,
        notice=notice,
        problem=problem,
    )


@router.get("/compte")
def show_account(
    request: Request, session: SessionDep, settings: SettingsDep, user: CurrentUser, fait: str = ""
) -> Response:
    """One's own account: password, sessions, laboratories."""
    page = _account_page(request, session, settings, user, notice=NOTICES.get(fait, ""))
    return render(request, "accounts/account.html", page)


@router.post("/compte/mot-de-passe")
def do_change_password(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    user: CurrentUser,
    caller: CallerDep,
    actuel: Annotated[str, Form(max_length=1000)] = "",
    nouveau: Annotated[str, Form(max_length=1000)] = "",
    confirmation: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change one's own password; the session gets a new token and the others are closed."""
    address = address_of(request)
    try:
        new_hash = password_change.new_hash(
            transactions, user, address, current=actuel, new=nouveau, confirmation=confirmation
        )
    except (InvalidInputError, TooManyTriesError) as error:
        with transactions.reading() as session:
            page = _account_page(request, session, settings, user, problem=error.message)
        return render(request, "accounts/account.html", page, status_code=error.status_code)
    with transactions.writing() as session:
        service.change_password(session, user, new_hash)
        token = open_session(
            session, user, settings, address=address_of(request), device=browser_of(request),
            with_second_factor=caller.has_proved_second_factor,
        )  # fmt: skip
        device = throttle.remember_device(session, device_of(request, settings), user.id or 0)
    response = RedirectResponse("/compte?fait=mot-de-passe", status_code=303)
    set_session_cookie(response, token, settings)
    set_device_cookie(response, device, settings)
    return response


@router.post("/compte/evenements")
def do_read_events(request: Request, session: SessionDep, settings: SettingsDep, user: CurrentUser) -> Response:
    """The person has read what happened to her account."""
    say_read(session, user, session_token(request, settings))
    return RedirectResponse("/compte", status_code=303)


@router.post("/compte/sessions/fermer", dependencies=[recently_authenticated])
def do_revoke_sessions(
    request: Request, session: SessionDep, settings: SettingsDep, user: CurrentUser
) -> Response:
    """Close the person's other sessions."""
    service.revoke_other_sessions(session, user, hash_token(session_token(request, settings)))
    return RedirectResponse("/compte?fait=sessions", status_code=303)


@router.post("/compte/sessions/{handle}/fermer", dependencies=[recently_authenticated])
def do_revoke_session(session: SessionDep, settings: SettingsDep, user: CurrentUser, handle: str) -> Response:
    """Close one of the person's sessions."""
    service.revoke_session(session, user, handle, settings)
    return RedirectResponse("/compte?fait=session", status_code=303)
