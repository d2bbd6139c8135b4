"""Contexts of the administration pages."""

from dataclasses import dataclass, field
from datetime import datetime

from app.audit.heads import Head
from app.laboratories.deadlines import Deadline
from app.portability.pages import ClosedLine
from app.tokens.pages import TokenLine
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectOption:
    """One line of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """An account in the list."""

    id: int
    name: str
    email: str
    is_administrator: bool
    is_active: bool
    roles: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersPage(PageContext):
    """All accounts, and the form that opens one."""

    users: list[UserLine]
    email: str = ""
    name: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """A role of the person in a laboratory, or of a laboratory's member."""

    user_id: int
    user_name: str
    email: str
    laboratory_id: int
    laboratory: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage(PageContext):
    """One account: its state and its roles."""

    user_id: int
    email: str
    is_administrator: bool
    is_active: bool
    must_change_password: bool
    has_password: bool
    has_second_factor: bool
    is_self: bool
    memberships: list[RoleLine]
    free_laboratories: list[SelectOption]
    roles: list[SelectOption]
    identifier_name: str
    """What the provider of identities names people by; empty where there is no provider."""
    identifier: str
    is_confirmed: bool
    notice: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLinkPage(PageContext):
    """A one-time link shown once, to hand over."""

    user_id: int
    email: str
    link: str
    hours: int
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryLine:
    """A laboratory in the list."""

    id: int
    name: str
    finess: str
    sgl_name: str
    members: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoriesPage(PageContext):
    """All laboratories, and the form that creates one."""

    laboratories: list[LaboratoryLine]
    closed: list[ClosedLine]
    form: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminLaboratoryPage(PageContext):
    """One laboratory: what is known of it and who its members are."""

    laboratory_id: int
    form: dict[str, str]
    members: list[RoleLine]
    free_users: list[SelectOption]
    roles: list[SelectOption]
    tokens: list[TokenLine]
    tokens_action: str
    fhir_address: str
    deadlines: list[Deadline]
    deadlines_action: str
    notice: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event of the audit trail."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    laboratory: str
    details: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage(PageContext):
    """The audit trail of the installation, the latest events first."""

    events: list[EventLine]
    heads: list[Head]
    """Of each audit chain, that of the installation first."""
    older_url: str = ""
