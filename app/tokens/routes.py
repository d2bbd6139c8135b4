"""Making and revoking tokens: a biologist for her laboratory, an administrator for any."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.laboratories.service import get_laboratory
from app.models import Laboratory, Role, TokenScope, User
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import Administrator, LaboratoryDep, for_roles, recently_authenticated
from app.platform.request_session import SessionDep
from app.tokens.address import service_address
from app.tokens.pages import NewTokenPage
from app.tokens.service import SCOPE_LABELS, create_token, revoke_token
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)

NameForm = Annotated[str, Form(max_length=300)]
LifetimeForm = Annotated[str, Form(max_length=10)]
ScopeForm = Annotated[str, Form(max_length=20)]


def _create(
    request: Request,
    session: Session,
    laboratory: Laboratory,
    actor: User,
    *,
    name: str,
    lifetime: str,
    scope: str,
    back: str,
) -> Response:
    """The token is shown on the answer itself: it is in no address and in no second page."""
    token, text = create_token(session, laboratory, name=name, lifetime=lifetime, scope=scope, actor=actor)
    page = NewTokenPage(
        title="Jeton créé",
        laboratory_name=laboratory.name,
        token_name=token.name,
        token=text,
        scope=SCOPE_LABELS[TokenScope(token.scope)],
        expires_at=token.expires_at,
        address=service_address(request),
        back=back,
    )
    return render(request, "tokens/new_token.html", page, status_code=201)


@router.post("/laboratoires/{laboratory_id}/jetons", dependencies=[for_roles(Role.BIOLOGIST), recently_authenticated])
def do_create_token(
    request: Request,
    session: SessionDep,
    access: LaboratoryDep,
    nom: NameForm = "",
    duree: LifetimeForm = "365",
    portee: ScopeForm = TokenScope.READ,
) -> Response:
    """A new token, by the biologist."""
    back = f"/laboratoires/{access.laboratory_id}"
    return _create(
        request, session, access.laboratory, access.user, name=nom, lifetime=duree, scope=portee, back=back
    )


@router.post(
    "/laboratoires/{laboratory_id}/jetons/{token_id}/revoquer",
    dependencies=[for_roles(Role.BIOLOGIST), recently_authenticated],
)
def do_revoke_token(session: SessionDep, access: LaboratoryDep, token_id: int) -> Response:
    """Take a token out of service, by the biologist."""
    revoke_token(session, access.laboratory, token_id, actor=access.user)
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}#jetons", status_code=303)


@router.post("/administration/laboratoires/{laboratory_id}/jetons", dependencies=[recently_authenticated])
def do_create_token_as_administrator(
    request: Request,
    session: SessionDep,
    actor: Administrator,
    laboratory_id: int,
    nom: NameForm = "",
    duree: LifetimeForm = "365",
    portee: ScopeForm = TokenScope.READ,
) -> Response:
    """A new token, by the administrator."""
    back = f"/administration/laboratoires/{laboratory_id}"
    laboratory = get_laboratory(session, laboratory_id)
    return _create(request, session, laboratory, actor, name=nom, lifetime=duree, scope=portee, back=back)


@router.post(
    "/administration/laboratoires/{laboratory_id}/jetons/{token_id}/revoquer", dependencies=[recently_authenticated]
)
def do_revoke_token_as_administrator(
    session: SessionDep, actor: Administrator, laboratory_id: int, token_id: int
) -> Response:
    """Take a token out of service, by the administrator."""
    revoke_token(session, get_laboratory(session, laboratory_id), token_id, actor=actor)
    return RedirectResponse(f"/administration/laboratoires/{laboratory_id}#jetons", status_code=303)
