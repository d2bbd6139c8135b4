"""Contexts of the pages of the provider."""

from dataclasses import dataclass

from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage(PageContext):
    """Why signing in through the provider did not end in a session."""

    problem: str
    button: str
    next_page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage(PageContext):
    """The first link: the person confirms with her password that the account is hers."""

    provider: str
    identifier_name: str
    identifier: str
    problem: str = ""
