"""Contexts of the account pages."""

from dataclasses import dataclass
from datetime import datetime

from app.accounts.own_events import OwnEvent
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(PageContext):
    """The sign-in form."""

    email: str = ""
    next_page: str = "/"
    problem: str = ""
    notice: str = ""
    provider_button: str = ""
    """Words of the button that leads to the provider of identities; empty where there is none."""
    has_left: bool = False
    """A session that the provider had opened has just been closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePasswordPage(PageContext):
    """The form that a one-time link opens."""

    email: str
    minimum_length: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLine:
    """Who the person is at the provider of identities."""

    name: str
    identifier: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryRole:
    """One laboratory of a person, and her role there."""

    laboratory_id: int
    laboratory: str
    role: str
    role_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """An open session of the person."""

    created_at: datetime
    last_seen_at: datetime
    is_current: bool
    handle: str
    """Names the session in the form that closes it."""
    device: str
    address: str
    way: str
    """By what the person proved who she is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage(PageContext):
    """One's own account."""

    email: str
    must_change_password: bool
    has_second_factor: bool
    identity: IdentityLine | None
    memberships: list[LaboratoryRole]
    sessions: list[SessionLine]
    events: list[OwnEvent]
    minimum_length: int
    notice: str = ""
    problem: str = ""
