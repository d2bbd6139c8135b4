"""What a person answers for, of what looks like patients in the files that she sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from app.audit.service import record
from app.errors import InvalidInputError, NotAllowedError, WorkbenchError
from app.models import User
from app.patient_guard.findings import ANSWERED, OVERRULED, Kind
from app.patient_guard.refusal import PatientDataError
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
            _check_reason(self.reason)
            cleared |= OVERRULED
        return frozenset(cleared)

    @classmethod
    def of_form(cls, form: Mapping[str, object]) -> "Clearance":
        """What a form with files answers."""
        return cls(
            are_articles=form.get("articles") == "1",
            names=form.get("noms") == "1",
            reason=str(form.get("motif_noms", "")),
        )

    def asks_articles(self, error: WorkbenchError | None) -> bool:
        """Whether the page must ask what numbers of 13 digits are: a refusal did, or it was answered already."""
        return self.are_articles or (isinstance(error, PatientDataError) and error.asks_articles)

    def record(self, session: Session, access: LaboratoryAccess, **told: Any) -> None:
        """Journal what was answered, in the transaction that keeps the files; `told` says which."""
        if not (self.are_articles or self.names):
            return
        record(
            session,
            "patient_data.overrule" if self.names else "patient_data.answer",
            actor=access.user,
            object_type="laboratory",
            object_id=access.laboratory_id,
            laboratory_id=access.laboratory_id,
            kinds=sorted(self.checked(access.user)),
            reason=" ".join(self.reason.split()) if self.names else "",
            **told,
        )


NO_CLEARANCE = Clearance()


class Answered:
    """What whoever has the machine answers of numbers of 13 digits, on a command line: that they are article numbers,
    for this `reason`. Raises WorkbenchError for a reason that may not be kept."""

    def __init__(self, reason: str) -> None:
        self._reason = " ".join(reason.split())
        if reason:
            require_written(self._reason, "Dites pourquoi ces nombres sont des codes d'articles.")
            _check_reason(self._reason)

    @property
    def cleared(self) -> frozenset[Kind]:
        """The kinds of traces that pass."""
        return ANSWERED if self._reason else frozenset()

    def record(self, session: Session, laboratory_id: int, catalogue_id: int, actor: User | None = None) -> None:
        """Journal it, in the transaction that keeps the files."""
        if self._reason:
            record(
                session,
                "patient_data.answer",
                actor=actor,
                object_type="laboratory",
                object_id=laboratory_id,
                laboratory_id=laboratory_id,
                catalogue_id=catalogue_id,
                kinds=sorted(self.cleared),
                reason=self._reason,
            )


def _check_reason(reason: str) -> None:
    if len(reason) > MAX_REASON:
        raise InvalidInputError(f"Ce motif est trop long : {MAX_REASON} caractères au plus.")
    refuse_patient_text(reason)
