"""What the forms of the review send."""

from pydantic import BaseModel, Field

from app.models import Action, Relation
from app.text import seen
from app.worklist.query import MAX_ROW_ID


class DecisionForm(BaseModel):
    """A decision on a row. `retenir` is the button of a candidate and wins over the chosen radio button."""

    version: int
    action: Action = Action.CHOOSE
    loinc_num: str = Field(default="", max_length=20)
    retenir: str = Field(default="", max_length=20)
    relation: str = Relation.EQUIVALENT
    reason: str = ""
    other_reason: str = ""
    comment: str = ""
    justification: str = ""
    question: str = ""
    """What a doubt asks."""

    @property
    def chosen(self) -> str:
        """The code that the person means."""
        return self.retenir or self.loinc_num

    @property
    def said_reason(self) -> str:
        """The reason written, or else the usual one picked; both when there are both; of a doubt, its question."""
        if self.action is Action.DOUBT:
            return seen(self.question)
        return " — ".join(text for text in (seen(self.reason), seen(self.other_reason)) if text)


    @property
    def typed(self) -> tuple[str, ...]:
        """Every text of the form, whether the action keeps it or not."""
        return (self.reason, self.other_reason, self.comment, self.justification, self.question)

    @property
    def said(self) -> str:
        """All that was written."""
        texts = (self.said_reason, seen(self.comment), seen(self.justification))
        return " · ".join(text for text in texts if text)


class UndoForm(BaseModel):
    """The undoing of one's own fact in force."""

    version: int
    reason: str = ""
    comment: str = ""


class CandidateForm(BaseModel):
    """A candidate set aside or taken back; the button says which."""

    version: int
    action: Action = Action.REJECT_CANDIDATE
    candidat: str = Field(default="", max_length=20)


class FlagForm(BaseModel):
    """A flag put on a row, or taken off."""

    version: int
    action: Action = Action.FLAG
    note: str = ""


class UndoNewestForm(BaseModel):
    """The undoing of one's own newest decision in the catalogue, or of the newest older than the fact `au_dela`."""

    au_dela: str = ""
    reason: str = ""

    @property
    def before(self) -> int | None:
        """The fact beyond which to look; None for all."""
        text = self.au_dela.strip()
        return min(int(text), MAX_ROW_ID) if text.isascii() and text.isdigit() and len(text) < 20 else None
