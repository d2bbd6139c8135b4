"""The one state machine of the review: who may do what, from which state, and where it leads.

`workflow.csv` beside this file is its truth table, for people to read and judge; a test holds both equal over
every state, action and role. Two rules need more than the table: nobody approves a decision she authored
(`app.approval.service`), and an undo takes back one's own fact, if it is the one in force (`app.review.service`).
"""

from dataclasses import dataclass

from app.errors import ConflictError, NotAllowedError
from app.models import CONTRIBUTORS, MARKS, Action, Outcome, Role, Status

DECIDERS = CONTRIBUTORS
DECIDING = frozenset({Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT})
ALWAYS_WITH_REASON = frozenset({Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT})
"""The reason of a doubt is the question that it asks."""

ROLES: dict[Action, frozenset[Role]] = {
    **dict.fromkeys((*DECIDING, *MARKS, Action.COMMENT, Action.UNDO, Action.REIMPORT), DECIDERS),
    **dict.fromkeys((Action.APPROVE, Action.SEND_BACK), frozenset({Role.BIOLOGIST})),
}
"""Who may ever do an action; a reader only reads."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an action leads. `to_status` is None for an undo: the state before, whatever it was."""

    to_status: Status | None
    needs_reason: bool = False


def states() -> list[tuple[Status, Outcome]]:
    """Every state that can exist: a doubt or an untouched row has no outcome, the others have one."""
    outcomes = (Outcome.CODE, Outcome.NO_LOINC, Outcome.OUT_OF_SCOPE)
    decided = (Status.DECIDED, Status.SENT_BACK, Status.APPROVED)
    bare = [(Status.TODO, Outcome.NONE), (Status.DOUBT, Outcome.NONE)]
    return bare + [(status, outcome) for status in decided for outcome in outcomes]


def transition(status: Status, outcome: Outcome, action: Action, role: Role) -> Transition | None:
    """Where this action of this role leads from this state; None when it is refused."""
    if role not in ROLES[action]:
        return None
    if action is Action.COMMENT or action in MARKS:
        return Transition(status)
    if action is Action.UNDO:
        return _undo(status, role)
    if action is Action.APPROVE:
        return Transition(Status.APPROVED) if status is Status.DECIDED and outcome is not Outcome.NONE else None
    if action in (Action.SEND_BACK, Action.REIMPORT):
        return Transition(Status.SENT_BACK, True) if status in (Status.DECIDED, Status.APPROVED) else None
    reopens = status is Status.APPROVED
    to_status = Status.DOUBT if action is Action.DOUBT else Status.DECIDED
    return Transition(to_status, reopens or action in ALWAYS_WITH_REASON)


def _undo(status: Status, role: Role) -> Transition | None:
    if status is Status.TODO:
        return None
    judged = status in (Status.APPROVED, Status.SENT_BACK)
    if judged and role is not Role.BIOLOGIST:
        return None
    return Transition(None, needs_reason=status is Status.APPROVED)


def require(status: Status, outcome: Outcome, action: Action, role: Role) -> Transition:
    """The transition, or the refusal that the user reads."""
    found = transition(status, outcome, action, role)
    if found is not None:
        return found
    if role not in ROLES[action]:
        raise NotAllowedError("Votre rôle dans ce laboratoire ne permet pas cette action.")
    if action is Action.UNDO and status is not Status.TODO:
        raise NotAllowedError("Seul un biologiste peut revenir sur une approbation ou un renvoi.")
    raise ConflictError(REFUSALS.get(action, "L'état de cette ligne ne permet pas cette action."))


REFUSALS = {
    Action.APPROVE: "Seule une décision en attente d'approbation peut être approuvée.",
    Action.SEND_BACK: "Seule une décision prise peut être renvoyée au transcodeur.",
    Action.UNDO: "Il n'y a rien à annuler sur cette ligne.",
}
