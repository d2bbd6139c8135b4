"""What the forms of the batches send."""

from pydantic import BaseModel, Field

from app.batches.group_asking import Answer
from app.models import Action, Relation
from app.web.form_limits import ROWS


class GroupForm(BaseModel):
    """One answer for the ticked rows of a group; each is `row:version`."""

    lignes: list[str] = Field(default_factory=list, max_length=ROWS)
    action: Action = Action.CHOOSE
    loinc_num: str = Field(default="", max_length=20)
    autre_code: str = Field(default="", max_length=20)
    """A code that is not among the candidates; wins when it is written."""
    relation: str = Relation.EQUIVALENT
    reason: str = ""
    comment: str = ""

    def versions(self) -> dict[int, int]:
        """Row -> the version that was read; what is no such pair is left out."""
        found: dict[int, int] = {}
        for text in self.lignes:
            row, _, version = text.partition(":")
            if row.isascii() and row.isdigit() and version.isascii() and version.isdigit() and len(row) < 19:
                found[int(row)] = min(int(version), 10**9) if len(version) < 10 else 10**9
        return found

    def answer(self) -> Answer:
        """What is said of each."""
        code = self.autre_code.strip() or self.loinc_num.strip()
        return Answer(self.action, code, self.relation, self.reason, self.comment)
