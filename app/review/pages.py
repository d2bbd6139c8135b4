"""The page that says why a decision was not taken back."""

from dataclasses import dataclass

from app.models import Catalogue
from app.review.undoing import Refused
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPage(PageContext):
    """What stands in the way of undoing, and how to go past it; `refused` is none when nothing is left to undo."""

    active: str = "revue"
    catalogue: Catalogue
    refused: Refused | None
    is_beyond: bool
    """Whether newer decisions were passed over already."""
    before: int | None
    undo_url: str
    case_url: str
    queue_url: str
