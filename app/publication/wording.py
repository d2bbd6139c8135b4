"""French words of what goes out."""

from app.models import Relation, Status
from app.web.wording import RELATION_SHORT

DECISION_STATUS_LABELS = {
    Status.TODO: "non décidé",
    Status.DOUBT: "en doute",
    Status.DECIDED: "décidé, à approuver",
    Status.APPROVED: "approuvé",
    Status.SENT_BACK: "renvoyé",
}


def relation_text(relation: str) -> str:
    """How the LOINC code stands to the local test, in French; empty when it was not said."""
    return RELATION_SHORT[Relation(relation)] if relation else ""
