"""Page contexts shared by several rooms."""

from dataclasses import dataclass, field

from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(PageContext):
    """A refusal, and what to do about it."""

    status: int
    message: str
    problems: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    """What was typed and is refused, given back to its author."""
