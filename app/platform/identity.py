"""Who asks: the signed-in person, and her rights on a laboratory or a catalogue."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Path, Request
from sqlmodel import Session, select

from app.errors import NotAllowedError, NotFoundError, WorkbenchError
from app.models import Catalogue, Laboratory, Membership, Role, User
from app.platform.request_session import SessionDep
from app.platform.web_sessions import cookie_name, find_live_session, needs_touch, person_of, touch
from app.settings import Settings

PAGES_BEFORE_PASSWORD_CHANGE = frozenset({"/compte", "/compte/mot-de-passe", "/deconnexion"})


class SignInRequiredError(WorkbenchError):
    """Nobody is signed in; a browser is sent to the sign-in page."""

    status_code = 401


class PasswordChangeRequiredError(WorkbenchError):
    """The person still has a password that an administrator knows; a browser is sent to change it."""

    status_code = 403


@dataclass(frozen=True, slots=True)
class Visitor:
    """What every page shows of the signed-in person, also when the transaction was rolled back."""

    id: int
    email: str
    display_name: str
    is_administrator: bool


def get_current_user(request: Request, session: SessionDep, background: BackgroundTasks) -> User:
    """The signed-in person; raises SignInRequiredError when there is none."""
    settings: Settings = request.app.state.settings
    live = find_live_session(session, request.cookies.get(cookie_name(settings), ""), settings)
    user = person_of(session, live)
    if live is None or user is None:
        raise SignInRequiredError("Connectez-vous pour continuer.")
    if needs_touch(live):
        # After the answer, in a transaction of its own: reading a page never waits for a writer.
        background.add_task(touch, request.app.state.engine, live.token_hash)
    request.state.user = Visitor(user.id or 0, user.email, user.display_name, user.is_administrator)
    if user.must_change_password and request.url.path not in PAGES_BEFORE_PASSWORD_CHANGE:
        raise PasswordChangeRequiredError("Choisissez d'abord votre propre mot de passe.")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


def get_administrator(user: CurrentUser) -> User:
    """The signed-in person, who must administer the installation."""
    if not user.is_administrator:
        raise NotAllowedError("Cette page est réservée à l'administrateur.")
    return user


Administrator = Annotated[User, Depends(get_administrator)]


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
            raise NotAllowedError("Votre rôle dans ce laboratoire ne permet pas cette action.")


@dataclass(frozen=True, slots=True)
class CatalogueAccess(LaboratoryAccess):
    """A person's rights on one catalogue, those of its laboratory."""

    catalogue: Catalogue

    @property
    def catalogue_id(self) -> int:
        """Identifier of the catalogue."""
        assert self.catalogue.id is not None
        return self.catalogue.id


def _role_in(session: Session, user: User, laboratory_id: int) -> Role:
    statement = select(Membership).where(
        Membership.user_id == user.id, Membership.laboratory_id == laboratory_id
    )
    membership = session.exec(statement).first()
    if membership is None:
        # The same answer as for a laboratory that does not exist: outsiders learn nothing.
        raise NotFoundError("Ce laboratoire n'existe pas ou ne vous est pas ouvert.")
    return Role(membership.role)


def laboratory_access(
    session: SessionDep, user: CurrentUser, laboratory_id: Annotated[int, Path()]
) -> LaboratoryAccess:
    """Rights on the laboratory of the path, or NotFoundError."""
    laboratory = session.get(Laboratory, laboratory_id)
    if laboratory is None:
        raise NotFoundError("Ce laboratoire n'existe pas ou ne vous est pas ouvert.")
    return LaboratoryAccess(user, laboratory, _role_in(session, user, laboratory_id))


def catalogue_access(
    session: SessionDep, user: CurrentUser, catalogue_id: Annotated[int, Path()]
) -> CatalogueAccess:
    """Rights on the catalogue of the path, or NotFoundError."""
    catalogue = session.get(Catalogue, catalogue_id)
    laboratory = session.get(Laboratory, catalogue.laboratory_id) if catalogue else None
    if catalogue is None or laboratory is None:
        raise NotFoundError("Ce catalogue n'existe pas ou ne vous est pas ouvert.")
    return CatalogueAccess(user, laboratory, _role_in(session, user, catalogue.laboratory_id), catalogue)


def _laboratory_of_request(
    request: Request, access: Annotated[LaboratoryAccess, Depends(laboratory_access)]
) -> LaboratoryAccess:
    """The same rights, and the laboratory made known to the log of the request."""
    request.state.laboratory_id = access.laboratory_id
    return access


def _catalogue_of_request(
    request: Request, access: Annotated[CatalogueAccess, Depends(catalogue_access)]
) -> CatalogueAccess:
    """The same rights, and the laboratory made known to the log of the request."""
    request.state.laboratory_id = access.laboratory_id
    return access


LaboratoryDep = Annotated[LaboratoryAccess, Depends(_laboratory_of_request)]
CatalogueDep = Annotated[CatalogueAccess, Depends(_catalogue_of_request)]
