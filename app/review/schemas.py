"""What the forms of the review send."""

from pydantic import BaseModel, Field

from app.models import Action, Relation


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

    @property
    def chosen(self) -> str:
        """The code that the person means."""
        return self.retenir or self.loinc_num

    @property
    def said_reason(self) -> str:
        """The reason written, or else the usual one picked; both when both are there."""
        return " — ".join(text for text in (self.reason.strip(), self.other_reason.strip()) if text)


    @property
    def said(self) -> str:
        """All that was written."""
        texts = (self.said_reason, self.comment.strip(), self.justification.strip())
        return " · ".join(text for text in texts if text)


class UndoForm(BaseModel):
    """The undoing of one's own fact in force."""

    version: int
    reason: str = ""
    comment: str = ""
