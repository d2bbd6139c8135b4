"""Contexts of the pages about tokens."""

from dataclasses import dataclass
from datetime import datetime

from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """A token in the list; its text is known to nobody."""

    id: int
    name: str
    created_by: str
    created_at: datetime
    scope: str
    expires_at: datetime | None
    revoked_at: datetime | None
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTokenPage(PageContext):
    """A token shown once, to hand over."""

    laboratory_name: str
    token_name: str
    token: str
    scope: str
    expires_at: datetime | None
    address: str
    back: str
