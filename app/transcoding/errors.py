"""Refusals of a decision that carry what the page shows beside the sentence."""

from collections.abc import Sequence

from app.errors import ConflictError, InvalidInputError
from app.models import Decision
from app.platform.written import why_unwritten
from app.transcoding.checks import Check, CheckSeverity


class StaleVersionError(ConflictError):
    """Someone else added a fact since the page was read; nothing was written."""

    def __init__(self, newer: Sequence[Decision]) -> None:
        super().__init__(
            "Cette ligne a changé depuis que vous l'avez ouverte : une autre décision a été enregistrée "
            "entre-temps. La vôtre n'a pas été enregistrée."
        )
        self.newer = newer


class JustificationNeededError(InvalidInputError):
    """A blocking check was met without a written justification."""

    def __init__(self, checks: Sequence[Check], justification: str = "") -> None:
        blocking = [check for check in checks if check.severity is CheckSeverity.BLOCKING]
        sentences = " ".join(check.sentence for check in blocking)
        asked = why_unwritten(justification, "Justifiez par écrit ce choix, ou choisissez un autre code.")
        super().__init__(f"{asked} {sentences}")
        self.checks = blocking
