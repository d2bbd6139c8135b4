"""What the forms of the double reading send."""

from pydantic import BaseModel, Field

from app.double_reading.service import Answer
from app.models import Action, Relation
from app.text import seen


class AnswerForm(BaseModel):
    """What a reader says of a row. `retenir` is the button of a candidate and wins over the chosen radio button."""

    action: Action = Action.CHOOSE
    loinc_num: str = Field(default="", max_length=20)
    retenir: str = Field(default="", max_length=20)
    other_code: str = Field(default="", max_length=20)
    relation: str = Relation.EQUIVALENT
    reason: str = ""
    other_reason: str = ""
    comment: str = ""
    justification: str = ""

    @property
    def chosen(self) -> str:
        """The code that the person means; empty when she means none."""
        return (self.retenir or self.loinc_num or self.other_code).strip() if self.action is Action.CHOOSE else ""

    def answer(self) -> Answer:
        """The answer that the form gives."""
        reason = " — ".join(text for text in (seen(self.reason), seen(self.other_reason)) if text)
        return Answer(self.action, self.chosen, self.relation, reason, self.comment, self.justification)


class ReadingForm(AnswerForm):
    """A second reading."""

    demande: str = Field(max_length=36)
    """The request that is answered."""


class ReconciliationForm(AnswerForm):
    """The end of a disagreement: the first reading, the second one, or another answer."""

    version: int
    lecture: str = Field(max_length=36)
    """The second reading that is reconciled."""
    retenue: str = Field(default="", max_length=10)
    """premiere, deuxieme or autre."""
