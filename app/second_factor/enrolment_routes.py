"""One's own second factors: setting them up, taking them away, recovery codes."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.accounts.cookies import address_of
from app.accounts.redirects import safe_next
from app.errors import ConflictError, InvalidInputError
from app.models import User
from app.platform.authorising import AuthorisedRoute
from app.platform.forms import keeps_what_is_typed
from app.platform.identity import SECOND_FACTOR, CallerDep, CurrentUser, recently_authenticated
from app.platform.request_session import SessionDep, SettingsDep
from app.second_factor import attempts, service
from app.second_factor.pages import FactorsPage, KeyLine, RecoveryCodesPage
from app.second_factor.routes import CodeForm, KeyForm, NextForm, finish_sign_in
from app.settings import Settings
from app.web.templating import render

router = APIRouter(prefix=SECOND_FACTOR, route_class=AuthorisedRoute)

WRONG_FIRST_CODE = (
    "Ce code n'est pas celui de cette clé. Vérifiez que l'horloge du téléphone est à l'heure, "
    "et donnez le code suivant."
)
NOTICES = {
    "retire": "Ce second facteur a été retiré.",
    "ajoute": "Ce second facteur est en place.",
}


def _page(
    session: Session, user: User, settings: Settings, suite: str = "/", notice: str = "", problem: str = ""
) -> FactorsPage:
    factors = service.factors_of(session, user, settings)
    secret = factors.pending_secret
    keys = [
        KeyLine(id=key.id or 0, name=key.name, created_at=key.created_at, last_used_at=key.last_used_at)
        for key in factors.keys
    ]
    has_any = bool(factors.application_since or keys)
    needed = settings.needs_second_factor(user.email) and not user.is_demonstration
    return FactorsPage(
        title="Second facteur",
        next_page=safe_next(suite),
        is_first=needed and not has_any,
        has_any=has_any,
        application_since=factors.application_since,
        pending_secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        keys=keys,
        keys_offered=bool(settings.public_address),
        codes_left=factors.codes_left,
        notice=notice,
        problem=problem,
    )


@router.get("")
def show_factors(
    request: Request, session: SessionDep, settings: SettingsDep, user: CurrentUser, suite: str = "/", fait: str = ""
) -> Response:
    """What the person has, and what she may set up."""
    page = _page(session, user, settings, suite, NOTICES.get(fait, ""))
    return render(request, "second_factor/factors.html", page)


@router.post("/application", dependencies=[recently_authenticated])
def do_start_application(
    session: SessionDep, settings: SettingsDep, user: CurrentUser, suite: NextForm = "/"
) -> Response:
    """Draw the secret of an application of codes."""
    service.start_application(session, user, settings)
    return _back(suite)


def _back(suite: str, done: str = "") -> Response:
    asked = f"?fait={done}" if done else ""
    # Only a path of ours, and nothing of it that would need quoting here.
    target = safe_next(suite)
    if target != "/" and not set(target) & set("&#%+"):
        asked += f"{'&' if asked else '?'}suite={target}"
    return RedirectResponse(f"{SECOND_FACTOR}{asked}", status_code=303)


@router.get("/application.svg")
def show_picture(session: SessionDep, settings: SettingsDep, user: CurrentUser) -> Response:
    """The QR code of the secret being set up."""
    return Response(service.pending_picture(session, user, settings), media_type="image/svg+xml")


def _added(
    request: Request, session: Session, user: User, settings: Settings, suite: str, *, is_first: bool
) -> Response:
    """The first second factor comes with recovery codes, shown on the answer itself, and makes the session whole."""
    if not is_first:
        return _back(suite, "ajoute")
    codes = service.new_recovery_codes(session, user)
    page = RecoveryCodesPage(title="Codes de secours", codes=codes, next_page=safe_next(suite))
    response = render(request, "second_factor/recovery_codes.html", page)
    finish_sign_in(request, session, user, settings, response)
    return response


@router.post("/application/confirmer", dependencies=[recently_authenticated])
@keeps_what_is_typed
def do_confirm_application(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    user: CurrentUser,
    code: CodeForm = "",
    suite: NextForm = "/",
) -> Response:
    """Put the application in use, once it gave a right code."""
    assert user.id is not None
    is_first = not user.has_second_factor
    status, problem = 429, attempts.BLOCKED
    if not attempts.is_blocked(session, user.id):
        is_right = service.confirm_application(session, user, code, settings)
        attempts.note(session, user.id, address_of(request), succeeded=is_right)
        if is_right:
            return _added(request, session, user, settings, suite, is_first=is_first)
        status, problem = 422, WRONG_FIRST_CODE
    page = _page(session, user, settings, suite, problem=problem)
    return render(request, "second_factor/factors.html", page, status_code=status)


@router.post("/application/retirer", dependencies=[recently_authenticated])
def do_remove_application(session: SessionDep, settings: SettingsDep, user: CurrentUser) -> Response:
    """Take the application away."""
    service.remove_application(session, user, settings)
    return _back("/", "retire")


@router.post("/cle", dependencies=[recently_authenticated])
def ask_new_key(session: SessionDep, settings: SettingsDep, caller: CallerDep) -> Response:
    """What the browser is to ask of a new key."""
    options = service.ask_new_key(session, caller.user, caller.token_hash, settings)
    return Response(options, media_type="application/json")


@router.post("/cles", dependencies=[recently_authenticated])
@keeps_what_is_typed
def do_add_key(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    caller: CallerDep,
    cle: KeyForm = "",
    nom: Annotated[str, Form(max_length=80)] = "",
    suite: NextForm = "/",
) -> Response:
    """Keep the public key of a new security key."""
    user, is_first = caller.user, not caller.user.has_second_factor
    try:
        service.add_key(session, user, caller.token_hash, cle, nom, settings)
    except InvalidInputError as error:
        # Rendered and not raised: the challenge that it took stays taken.
        page = _page(session, user, settings, suite, problem=error.message)
        return render(request, "second_factor/factors.html", page, status_code=error.status_code)
    return _added(request, session, user, settings, suite, is_first=is_first)


@router.post("/cles/{key_id}/retirer", dependencies=[recently_authenticated])
def do_remove_key(session: SessionDep, settings: SettingsDep, user: CurrentUser, key_id: int) -> Response:
    """Take a security key away."""
    service.remove_key(session, user, key_id, settings)
    return _back("/", "retire")


@router.post("/codes", dependencies=[recently_authenticated])
def do_new_codes(request: Request, session: SessionDep, user: CurrentUser) -> Response:
    """Ten new recovery codes; those of before serve no more."""
    if not user.has_second_factor:
        raise ConflictError("Les codes de secours se donnent à qui a déjà un second facteur.")
    page = RecoveryCodesPage(
        title="Codes de secours", codes=service.new_recovery_codes(session, user), next_page=SECOND_FACTOR
    )
    return render(request, "second_factor/recovery_codes.html", page)
