"""What the forms of the approval send."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from app.cases.opened import LONGEST
from app.errors import InvalidInputError
from app.web.form_limits import ROWS


class Judgement(StrEnum):
    """What a biologist answers to a decision."""

    APPROVE = "approve"
    SEND_BACK = "send_back"


class JudgementForm(BaseModel):
    """Approval or sending back of one row."""

    version: int
    action: Judgement
    reason: str = ""
    comment: str = ""
    justification: str = ""
    lu: str = Field(default="", max_length=LONGEST)
    """The word of the case page (`app.cases.opened`); empty from a list."""


class Scope(StrEnum):
    """What a batch of approvals is made of."""

    TICKED = "cochees"
    GROUP = "groupe"
    CHAPTER = "chapitre"


class AnswerForm(BaseModel):
    """The answer to the question of a doubt."""

    version: int
    comment: str = ""


class BulkForm(BaseModel):
    """The rows to approve, each as `identifier:version`."""

    choix: list[str] = Field(default_factory=list, max_length=ROWS)
    confirme: Literal["", "oui"] = ""
    """Whether the page that names the rows was read: without it, that page is the answer and nothing is written."""
    perimetre: Scope = Scope.TICKED

    def rows(self) -> list[tuple[int, int]]:
        """The (row, version) pairs ticked, in the order of the page."""
        pairs = []
        for text in dict.fromkeys(self.choix):
            row_id, _, version = text.partition(":")
            if not (row_id.isascii() and row_id.isdigit() and version.isascii() and version.isdigit()):
                raise InvalidInputError("La liste des lignes cochées est mal formée.")
            pairs.append((int(row_id), int(version)))
        return pairs
