"""The state machine of a request: who may do what, from which state, and where it leads. Pure.

`workflow.csv` beside this file is its truth table, for people to read and judge; a test holds both equal over every
state, action and role.
"""

from dataclasses import dataclass

from app.errors import ConflictError, NotAllowedError
from app.models import CONTRIBUTORS, RequestAction, RequestStatus, Role

_LEADS: dict[RequestAction, tuple[frozenset[RequestStatus], RequestStatus]] = {
    RequestAction.SEND: (
        frozenset({RequestStatus.TO_PREPARE, RequestStatus.REFUSED}), RequestStatus.SENT
    ),
    RequestAction.ACCEPT: (frozenset({RequestStatus.SENT}), RequestStatus.ACCEPTED),
    RequestAction.REFUSE: (frozenset({RequestStatus.SENT}), RequestStatus.REFUSED),
    RequestAction.WITHDRAW: (frozenset({RequestStatus.TO_PREPARE, RequestStatus.SENT}), RequestStatus.WITHDRAWN),
    RequestAction.REOPEN: (
        frozenset({RequestStatus.ACCEPTED, RequestStatus.REFUSED, RequestStatus.WITHDRAWN}), RequestStatus.TO_PREPARE
    ),
}  # fmt: skip
"""Action -> the states that allow it, and the state that it leads to."""
NEEDS: dict[RequestAction, str] = {
    RequestAction.SEND: "recipient day",
    RequestAction.ACCEPT: "code day",
    RequestAction.REFUSE: "reason day",
    RequestAction.WITHDRAW: "reason",
    RequestAction.REOPEN: "reason",
    RequestAction.WAITING_CODE: "",
}
"""What must be said with it."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an action leads, and what must be said with it."""

    to_status: RequestStatus
    needs: str


def transition(status: RequestStatus, action: RequestAction, role: Role) -> Transition | None:
    """Where this action of this role leads from this state; None when it is refused."""
    if role not in CONTRIBUTORS:
        return None
    if action is RequestAction.WAITING_CODE:
        return Transition(status, NEEDS[action])
    allowed, to_status = _LEADS[action]
    return Transition(to_status, NEEDS[action]) if status in allowed else None


def require(status: RequestStatus, action: RequestAction, role: Role) -> Transition:
    """The transition, or the refusal that the person reads: NotAllowedError, ConflictError."""
    found = transition(status, action, role)
    if found is not None:
        return found
    if role not in CONTRIBUTORS:
        raise NotAllowedError("Votre rôle dans ce laboratoire ne permet pas cette action.")
    raise ConflictError(REFUSALS[action])


REFUSALS = {
    RequestAction.SEND: "Seule une demande à préparer ou refusée peut être envoyée.",
    RequestAction.ACCEPT: "Seule une demande envoyée peut être acceptée.",
    RequestAction.REFUSE: "Seule une demande envoyée peut être refusée.",
    RequestAction.WITHDRAW: "Seule une demande à préparer ou envoyée peut être retirée.",
    RequestAction.REOPEN: "Seule une demande acceptée, refusée ou retirée peut être rouverte.",
}


def actions_of(status: RequestStatus, role: Role) -> list[RequestAction]:
    """What this role may do from this state, in the order of a form."""
    return [action for action in RequestAction if transition(status, action, role) is not None]
