"""Authorising a request before its body is received: the class of every route of the pages.

FastAPI receives a form before it solves the dependencies of the route. Whoever may not send anything would
still be listened to, so what the route depends on is read here first, in a short reading transaction that is
closed before the first byte is awaited. The dependencies of `identity` then find the result.
"""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool

from app.errors import NotAllowedError, NotFoundError
from app.models import Membership, Role, User, UserSession, metadata, utc_now
from app.platform import locks
from app.platform.bodies import FORM_BYTES, STRANGERS_FORM_BYTES, at_most
from app.platform.database import reading
from app.platform.forms import CleanRequest, FormRefusedError
from app.platform.identity import (
    NO_CATALOGUE,
    NO_LABORATORY,
    PAGES_BEFORE_PASSWORD_CHANGE,
    SECOND_FACTOR,
    SECOND_STEP,
    Caller,
    CatalogueAccess,
    LaboratoryAccess,
    PasswordChangeRequiredError,
    ReauthenticationRequiredError,
    RecentProofNeeded,
    RoleNeeded,
    SecondFactorRequiredError,
    SignInRequiredError,
    Visitor,
    catalogue_access,
    get_administrator,
    get_catalogue_access,
    get_current_user,
    get_laboratory_access,
    laboratory_access,
)
from app.platform.web_sessions import Stage, cookie_name, find_live_session, needs_touch, stage_of

LARGEST_ID = 2**63 - 1
LOST_RIGHTS = "Vos droits ont changé entre-temps. Rien n'a été enregistré."
PROVE_AGAIN = (
    "Cette action demande de confirmer qui vous êtes. Rien n'a été enregistré : confirmez, puis recommencez-la."
)
ADMINISTRATORS_ONLY = "Cette page est réservée à l'administrateur."


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route depends on."""

    person: bool
    administrator: bool
    laboratory: bool
    catalogue: bool
    roles: frozenset[Role] | None
    recent_proof: bool
    identifiers: tuple[str, ...]
    """The parameters of its path that are identifiers."""

    @staticmethod
    def of(dependant: Dependant) -> "Needs":
        """Read from the whole tree of dependencies of a route."""
        tree = list(_tree(dependant))
        calls = [item.call for item in tree]
        roles = [call.roles for call in calls if isinstance(call, RoleNeeded)]
        names = {field.name for item in tree for field in item.path_params if _is_integer(field)}
        laboratory, catalogue = get_laboratory_access in calls, get_catalogue_access in calls
        names |= {"laboratory_id"} if laboratory else set()
        names |= {"catalogue_id"} if catalogue else set()
        return Needs(
            person=get_current_user in calls,
            administrator=get_administrator in calls,
            laboratory=laboratory,
            catalogue=catalogue,
            roles=frozenset.intersection(*roles) if roles else None,
            recent_proof=any(isinstance(call, RecentProofNeeded) for call in calls),
            identifiers=tuple(sorted(names)),
        )


def _tree(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _tree(inner)


def _is_integer(field: Any) -> bool:
    return field.field_info.annotation is int


def _identifier(text: str) -> int | None:
    """A path parameter as an identifier that a database can hold; None when it is none."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return number if (number := int(text)) <= LARGEST_ID else None


def _identify(session: Session, request: Request) -> Caller:
    settings = request.app.state.settings
    live = find_live_session(session, request.cookies.get(cookie_name(settings), ""), settings)
    if live is None:
        raise SignInRequiredError("Connectez-vous pour continuer.")
    opened, user = live
    path = request.url.path
    stage = stage_of(opened, user, settings)
    if stage is not Stage.TO_PROVE:
        # Until then no page shows whose password was given.
        request.state.user = Visitor(
            user.id or 0, user.email, user.display_name, user.is_administrator, opened.news
        )
    if stage is Stage.TO_PROVE and path != "/deconnexion" and not f"{path}/".startswith(f"{SECOND_STEP}/"):
        raise SecondFactorRequiredError("Donnez d'abord votre second facteur.", SECOND_STEP)
    if f"{path}/".startswith(f"{SECOND_FACTOR}/"):
        before_password = True
    else:
        before_password = path in PAGES_BEFORE_PASSWORD_CHANGE or stage is Stage.TO_PROVE
        if stage is Stage.TO_ENROL and path != "/deconnexion":
            raise SecondFactorRequiredError("Mettez d'abord en place votre second facteur.", SECOND_FACTOR)
    if user.must_change_password and not before_password:
        raise PasswordChangeRequiredError("Choisissez d'abord votre propre mot de passe.")
    return Caller(
        user, opened.token_hash, needs_touch(opened),
        authenticated_at=opened.authenticated_at, has_proved_second_factor=opened.second_factor_at is not None,
        must_set_up=stage is Stage.TO_ENROL,
    )  # fmt: skip


def _require_recent_proof(request: Request, caller: Caller) -> None:
    if caller.must_set_up:
        # It ends before long, and the page that would ask again is not open to it: a slow person would go in circles.
        return
    minutes = request.app.state.settings.reauthentication_minutes
    if caller.authenticated_at is None or utc_now() - caller.authenticated_at >= timedelta(minutes=minutes):
        raise ReauthenticationRequiredError(PROVE_AGAIN)


def _access(session: Session, user: User, request: Request, needs: Needs) -> LaboratoryAccess | None:
    if needs.catalogue:
        catalogue_id = _identifier(str(request.path_params["catalogue_id"]))
        if catalogue_id is None:
            raise NotFoundError(NO_CATALOGUE)
        return catalogue_access(session, user, catalogue_id)
    if needs.laboratory:
        laboratory_id = _identifier(str(request.path_params["laboratory_id"]))
        if laboratory_id is None:
            raise NotFoundError(NO_LABORATORY)
        return laboratory_access(session, user, laboratory_id)
    return None


def authorise(request: Request, needs: Needs) -> None:
    """Read who asks and what she may do; refuse, or leave it on the state of the request as plain values."""
    with reading(request.app.state.engine) as session:
        caller = _identify(session, request)
        if needs.administrator and not caller.user.is_administrator:
            raise NotAllowedError(ADMINISTRATORS_ONLY)
        access = _access(session, caller.user, request, needs)
        if needs.roles is not None and access is not None:
            access.require(*needs.roles)
    if needs.recent_proof:
        _require_recent_proof(request, caller)
    caller = replace(caller, access=access)
    request.state.caller = caller
    request.state.confirm_rights = lambda connection: confirm_rights(connection, caller, needs)


def take_turn(connection: Connection, caller: Caller, needs: Needs) -> None:
    """Wait for whoever writes in the same place: the catalogue or laboratory of the address, or the installation.

    What is checked afterwards in this transaction stays true until it ends.
    """
    access = caller.access
    if needs.administrator:
        locks.hold_subject(connection, locks.Subject.INSTALLATION)
    if isinstance(access, CatalogueAccess):
        locks.hold_row(connection, metadata.tables["catalogue"], access.catalogue_id)
    elif access is not None:
        locks.hold_row(connection, metadata.tables["laboratory"], access.laboratory_id)
    elif not needs.administrator and caller.user.id is not None:
        locks.hold_row(connection, metadata.tables["user_account"], caller.user.id)


def confirm_rights(connection: Connection, caller: Caller, needs: Needs) -> None:
    """Take one's turn, then read the rights again in the transaction that is about to write.

    Raises WorkbenchError when they were lost meanwhile.
    """
    take_turn(connection, caller, needs)
    access = caller.access
    role = select(Membership.role).where(
        Membership.user_id == caller.user.id,
        Membership.laboratory_id == (access.laboratory_id if access else None),
    )
    statement = (
        select(User.is_active, User.is_administrator, role.scalar_subquery())
        .join(UserSession, col(UserSession.user_id) == col(User.id))
        .where(User.id == caller.user.id)
        .where(UserSession.token_hash == caller.token_hash, col(UserSession.revoked_at).is_(None))
    )
    found = connection.execute(statement).first()
    if found is None or not found[0]:
        raise SignInRequiredError("Votre session a été fermée. Connectez-vous pour continuer.")
    if needs.administrator and not found[1]:
        raise NotAllowedError(LOST_RIGHTS)
    if access is not None and found[2] is None:
        raise NotFoundError(NO_CATALOGUE if isinstance(access, CatalogueAccess) else NO_LABORATORY)
    if access is not None and found[2] != access.role:
        raise NotAllowedError(LOST_RIGHTS)


class AuthorisedRoute(APIRoute):
    """A route that knows who asks, and refuses her when it must, before it receives anything from her."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, which receives the body, after the authorisation."""
        handle = super().get_route_handler()
        needs = Needs.of(self.dependant)

        async def authorise_first(request: Request) -> Response:
            for name in needs.identifiers:
                text = str(request.path_params.get(name, ""))
                if text.isdigit() and _identifier(text) is None:
                    raise NotFoundError("Cette page n'existe pas.")
            if needs.person:
                await run_in_threadpool(authorise, request, needs)
            receive = request.receive
            if not getattr(self.endpoint, "takes_files", False):
                receive = at_most(receive, request.headers, FORM_BYTES if needs.person else STRANGERS_FORM_BYTES)
            clean = CleanRequest(request.scope, receive, request._send)
            clean.looks_for_patients = not getattr(self.endpoint, "keeps_what_is_typed", False)
            try:
                answer = await handle(clean)
            except FormRefusedError as error:
                raise error.error from None
            if answer.headers.get("content-disposition", "").startswith("attachment"):
                request.app.state.tell_download(request, answer)
            return answer

        return authorise_first
