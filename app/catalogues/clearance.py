"""What a person answers for, of what looks like patients in the files that she sends."""

from dataclasses import dataclass

from sqlmodel import Session

from app.audit.service import record
from app.errors import InvalidInputError, NotAllowedError
from app.models import User
from app.patient_guard.findings import OVERRULED, Kind
from app.patient_guard.texts import refuse_patient_text
from app.platform.identity import LaboratoryAccess
from app.platform.written import require_written

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Clearance:
    """`are_articles`: the numbers of 13 digits are article numbers. `names`: what looks like names is none, for this
    `reason`; only an administrator says so. Nothing clears a number with its key, a birth or a message."""

    are_articles: bool = False
    names: bool = False
    reason: str = ""

    def checked(self, user: User) -> frozenset[Kind]:
        """The kinds of traces that pass; raises WorkbenchError when this person may not say so, or gave no reason."""
        cleared = {Kind.ARTICLE} if self.are_articles else set()
        if self.names:
            if not user.is_administrator:
                raise NotAllowedError("Seul un administrateur passe outre à des noms ou à des âges.")
            require_written(self.reason, "Dites pourquoi ce qui ressemble à des noms ou à des âges n'en est pas.")
            if len(self.reason) > MAX_REASON:
                raise InvalidInputError(f"Ce motif est trop long : {MAX_REASON} caractères au plus.")
            refuse_patient_text(self.reason)
            cleared |= OVERRULED
        return frozenset(cleared)

    def record(self, session: Session, access: LaboratoryAccess, draft_id: int) -> None:
        """Journal what was answered, in the transaction that keeps the files."""
        if not (self.are_articles or self.names):
            return
        record(
            session,
            "patient_data.overrule" if self.names else "patient_data.answer",
            actor=access.user,
            object_type="laboratory",
            object_id=access.laboratory_id,
            laboratory_id=access.laboratory_id,
            draft_id=draft_id,
            kinds=sorted(self.checked(access.user)),
            reason=" ".join(self.reason.split()) if self.names else "",
        )


NO_CLEARANCE = Clearance()
