"""Contexts of the pages of the second factor."""

from dataclasses import dataclass
from datetime import datetime

from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepPage(PageContext):
    """The second step of signing in."""

    next_page: str
    has_keys: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPage(PageContext):
    """Saying again who one is, before an act that matters."""

    next_page: str
    email: str
    has_application: bool
    has_keys: bool
    problem: str = ""
    kept_form: str = ""
    """The form that was refused, to be sent again afterwards (`KeptForm.written`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAgainPage(PageContext):
    """The proof was given: the form that waited for it, to be sent."""

    action: str
    fields: tuple[tuple[str, str], ...]
    next_page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """A security key."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsPage(PageContext):
    """One's own second factors, or the first one to set up."""

    next_page: str
    is_first: bool
    """The person has none yet, and cannot go on without."""
    has_any: bool
    application_since: datetime | None
    pending_secret: str
    """In groups of four, to be typed; empty when no application is being set up."""
    keys: list[KeyLine]
    keys_offered: bool
    codes_left: int
    notice: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesPage(PageContext):
    """Recovery codes, shown once."""

    codes: list[str]
    next_page: str
