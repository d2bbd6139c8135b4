"""Refusals of a decision that carry what the page shows beside the sentence."""

from collections.abc import Sequence

from app.errors import ConflictError, InvalidInputError
from app.models import Decision
from app.platform.written import why_unwritten
from app.transcoding.check_words import Check, CheckSeverity

OWN_ACT = "Vous avez agi sur cette ligne depuis, dans un autre onglet"


class StaleVersionError(ConflictError):
    """Facts were added since the page was read; nothing was written. `is_own`: all by the person who acts now."""

    def __init__(self, newer: Sequence[Decision], *, is_own: bool = False) -> None:
        super().__init__(
            f"{OWN_ACT} : ce que vous venez d'envoyer n'a pas été enregistré."
            if is_own
            else "Cette ligne a changé depuis que vous l'avez ouverte : une autre décision a été enregistrée "
            "entre-temps. La vôtre n'a pas été enregistrée."
        )
        self.newer = newer
        self.is_own = is_own

    @property
    def heading(self) -> str:
        """What happened, above both decisions."""
        return OWN_ACT if self.is_own else "Quelqu'un a décidé avant vous"


class JustificationNeededError(InvalidInputError):
    """A blocking check was met without a written justification."""

    def __init__(self, checks: Sequence[Check], justification: str = "") -> None:
        blocking = [check for check in checks if check.severity is CheckSeverity.BLOCKING]
        sentences = " ".join(check.sentence for check in blocking)
        asked = why_unwritten(justification, "Justifiez par écrit ce choix, ou choisissez un autre code.")
        super().__init__(f"{asked} {sentences}")
        self.checks = blocking
