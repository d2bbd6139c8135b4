"""Who asks, and what she may do on a laboratory: read before anything else, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import BackgroundTasks, Depends, Request
from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from app.errors import NotAllowedError, NotFoundError, WorkbenchError
from app.models import AuditEvent, Catalogue, Laboratory, Membership, Role, User
from app.platform.web_sessions import touch
from app.text import paris_day

NO_LABORATORY = "Ce laboratoire n'existe pas ou ne vous est pas ouvert."
NO_CATALOGUE = "Ce catalogue n'existe pas ou ne vous est pas ouvert."
WRONG_ROLE = "Votre rôle dans ce laboratoire ne permet pas cette action."
CLOSED_TO_HER = "membership.close"
"""The event of an account that had a role in a laboratory when it was closed."""
SECOND_STEP = "/connexion/second-facteur"
SECOND_FACTOR = "/compte/second-facteur"
CONFIRMATION = "/compte/confirmation"
PAGES_BEFORE_PASSWORD_CHANGE = frozenset({"/compte", "/compte/mot-de-passe", "/deconnexion", CONFIRMATION})


class SignInRequiredError(WorkbenchError):
    """Nobody is signed in; a browser is sent to the sign-in page."""

    status_code = 401


class PasswordChangeRequiredError(WorkbenchError):
    """The person still has a password that an administrator knows; a browser is sent to change it."""

    status_code = 403


class SecondFactorRequiredError(WorkbenchError):
    """The second factor is still to be shown, or to be set up; a browser is sent there."""

    status_code = 403

    def __init__(self, message: str, page: str) -> None:
        super().__init__(message)
        self.page = page


class ReauthenticationRequiredError(WorkbenchError):
    """The last proof of who the person is, is too old for this; a browser is sent to give another."""

    status_code = 403


@dataclass(frozen=True, slots=True)
class Visitor:
    """What every page shows of the signed-in person, also when the transaction was rolled back."""

    id: int
    email: str
    display_name: str
    is_administrator: bool
    news: int = 0
    """How much happened to her account, which she has not said that she had read."""


@dataclass(frozen=True, slots=True)
class LaboratoryAccess:
    """A person's rights on one laboratory."""

    user: User
    laboratory: Laboratory
    role: Role

    @property
    def laboratory_id(self) -> int:
        """Identifier of the laboratory."""
        assert self.laboratory.id is not None
        return self.laboratory.id

    @property
    def user_id(self) -> int:
        """Identifier of the person."""
        assert self.user.id is not None
        return self.user.id

    def require(self, *roles: Role) -> None:
        """Refuse when the person has none of these roles here."""
        if self.role not in roles:
            raise NotAllowedError(WRONG_ROLE)


@dataclass(frozen=True, slots=True)
class CatalogueAccess(LaboratoryAccess):
    """A person's rights on one catalogue, those of its laboratory."""

    catalogue: Catalogue

    @property
    def catalogue_id(self) -> int:
        """Identifier of the catalogue."""
        assert self.catalogue.id is not None
        return self.catalogue.id


def _membership(user_id: int | None) -> ColumnElement[bool]:
    """SQL condition that joins a person's membership to a laboratory; a closed account has none left.

    Nobody signs in with one, but a job may act for a person whose account was closed since she asked.
    """
    is_open = select(User.id).where(User.id == user_id, col(User.is_active)).exists()
    return and_(col(Membership.laboratory_id) == col(Laboratory.id), col(Membership.user_id) == user_id, is_open)


def role_in(session: Session, user_id: int | None, laboratory_id: int) -> Role | None:
    """The role of a person in a laboratory, None when she is no member, or her account is closed."""
    statement = (
        select(Membership.role)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(Membership.user_id == user_id, Membership.laboratory_id == laboratory_id, col(User.is_active))
    )
    found = session.exec(statement).first()
    return Role(found) if found is not None else None


def closed_for(session: Session, user: User, laboratory_id: int | None = None) -> str:
    """What a person reads of a laboratory where she had a role until it was closed, the last one unless it is named.

    Empty for anybody else: only her own events are asked.
    """
    statement = select(AuditEvent).where(
        AuditEvent.object_type == "user", AuditEvent.object_id == str(user.id), AuditEvent.action == CLOSED_TO_HER
    )
    for event in session.exec(statement.order_by(col(AuditEvent.id).desc())):
        if laboratory_id in (None, event.details.get("laboratory")):
            name = event.details.get("name", "")
            return (
                f"Le laboratoire « {name} » a été fermé le {paris_day(event.at)} : tout ce qui était à lui a été "
                "archivé, puis effacé de cette installation. L’administrateur qui l’a fermé en a l’archive."
            )
    return ""


def laboratory_access(session: Session, user: User, laboratory_id: int) -> LaboratoryAccess:
    """The person's rights on a laboratory, in one statement; or NotFoundError."""
    statement = select(Laboratory, Membership.role).join(Membership, _membership(user.id))
    found = session.exec(statement.where(Laboratory.id == laboratory_id)).first()
    if found is None:
        # The same answer to an outsider as where there is no such laboratory, after the same work: she learns nothing.
        raise NotFoundError(closed_for(session, user, laboratory_id) or NO_LABORATORY)
    return LaboratoryAccess(user, found[0], Role(found[1]))


def catalogue_access(session: Session, user: User, catalogue_id: int) -> CatalogueAccess:
    """The person's rights on a catalogue, in one statement; or NotFoundError."""
    statement = (
        select(Catalogue, Laboratory, Membership.role)
        .join(Laboratory, col(Laboratory.id) == col(Catalogue.laboratory_id))
        .join(Membership, _membership(user.id))
    )
    found = session.exec(statement.where(Catalogue.id == catalogue_id)).first()
    if found is None or found[0].staged_for_job_id is not None:
        # One answer, after one statement without a row, for what does not exist and for what is another laboratory's.
        raise NotFoundError(" ".join(filter(None, (NO_CATALOGUE, closed_for(session, user)))))
    catalogue, laboratory, role = found
    return CatalogueAccess(user, laboratory, Role(role), catalogue)


AnyAccess = TypeVar("AnyAccess", bound=LaboratoryAccess)


@dataclass(frozen=True, slots=True)
class Caller:
    """The signed-in person of a request, and her rights on the laboratory or catalogue of its address."""

    user: User
    token_hash: str
    must_be_touched: bool
    access: LaboratoryAccess | None = None
    authenticated_at: datetime | None = None
    has_proved_second_factor: bool = False
    must_set_up: bool = False
    """Whether nothing but setting up a second factor is open to this session, which is short."""


def _caller(request: Request) -> Caller:
    """What `AuthorisedRoute` read before the body was received."""
    caller: Caller = request.state.caller
    return caller


def get_caller(request: Request, _user: "CurrentUser") -> Caller:
    """The signed-in person with what is known of her session."""
    return _caller(request)


def get_current_user(request: Request, background: BackgroundTasks) -> User:
    """The signed-in person."""
    caller = _caller(request)
    if caller.must_be_touched:
        # After the answer, in a transaction of its own: reading a page never waits for a writer.
        background.add_task(touch, request.app.state.engine, caller.token_hash)
    return caller.user


CurrentUser = Annotated[User, Depends(get_current_user)]


CallerDep = Annotated[Caller, Depends(get_caller)]


def get_administrator(user: CurrentUser) -> User:
    """The signed-in person, who administers the installation."""
    return user


Administrator = Annotated[User, Depends(get_administrator)]


def _known_to_the_log(request: Request, access: AnyAccess) -> AnyAccess:
    """The same rights, once the log of the request knows the laboratory."""
    request.state.laboratory_id = access.laboratory_id
    return access


def get_laboratory_access(request: Request, _user: CurrentUser) -> LaboratoryAccess:
    """Rights on the laboratory of the path."""
    access = _caller(request).access
    assert access is not None
    return _known_to_the_log(request, access)


def get_catalogue_access(request: Request, _user: CurrentUser) -> CatalogueAccess:
    """Rights on the catalogue of the path."""
    access = _caller(request).access
    assert isinstance(access, CatalogueAccess)
    return _known_to_the_log(request, access)


LaboratoryDep = Annotated[LaboratoryAccess, Depends(get_laboratory_access)]
CatalogueDep = Annotated[CatalogueAccess, Depends(get_catalogue_access)]


@dataclass(frozen=True, slots=True)
class RoleNeeded:
    """A dependency of a route: only these roles may send anything there, and nothing is received from others."""

    roles: frozenset[Role]

    def __call__(self) -> None:
        """Nothing to do: `AuthorisedRoute` reads the roles before the body."""


class RecentProofNeeded:
    """A dependency of a route: nothing is received from whoever has not proved lately who she is."""

    def __call__(self) -> None:
        """Nothing to do: `AuthorisedRoute` reads the session before the body."""


recently_authenticated: Any = Depends(RecentProofNeeded())
"""To be put among the `dependencies` of a route that also depends on the person."""


def for_roles(*roles: Role) -> Any:
    """To be put among the `dependencies` of a route that has a laboratory or a catalogue."""
    return Depends(RoleNeeded(frozenset(roles)))
