"""The state of a local test, derived from its facts alone. Pure: no database, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.models import Action, Decision, Outcome, Status

OUTCOMES = {
    Action.CHOOSE: Outcome.CODE,
    Action.NO_LOINC: Outcome.NO_LOINC,
    Action.OUT_OF_SCOPE: Outcome.OUT_OF_SCOPE,
}
"""The actions that decide, and what they decide."""
JUDGES = frozenset({Action.APPROVE, Action.SEND_BACK, Action.REIMPORT})
"""The actions that say something of the choice in force without being one."""
CHANGES_STATE = frozenset({*OUTCOMES, Action.DOUBT, *JUDGES})
"""The actions that give a row its state; a comment does not, and an undo takes one of them away."""


@dataclass(frozen=True, slots=True)
class StateValues:
    """What a ReviewState stores."""

    status: Status = Status.TODO
    outcome: Outcome = Outcome.NONE
    loinc_num: str = ""
    decision_id: int | None = None
    approval_id: int | None = None
    decided_by_id: int | None = None
    approved_by_id: int | None = None
    has_comment: bool = False
    flag_id: int | None = None
    version: int = 0


def standing(facts: Sequence[Decision]) -> list[Decision]:
    """The facts that change the state and that nobody undid, oldest first."""
    undone = {fact.undoes_id for fact in facts if fact.undoes_id is not None}
    return [fact for fact in facts if fact.id not in undone and Action(fact.action) in CHANGES_STATE]


def in_force(facts: Sequence[Decision]) -> Decision | None:
    """The fact that gives the state its present value: the one an undo would take back."""
    remaining = standing(facts)
    return remaining[-1] if remaining else None


def choice_in_force(facts: Sequence[Decision]) -> Decision | None:
    """The last standing choice: a code, no code, out of scope, or a doubt."""
    choices = [fact for fact in standing(facts) if Action(fact.action) not in JUDGES]
    return choices[-1] if choices else None


def derive_state(facts: Sequence[Decision]) -> StateValues:
    """The state that these facts mean, given oldest first."""
    choice = choice_in_force(facts)
    last = in_force(facts)
    has_comment = any(fact.comment.strip() for fact in facts)
    flag = flag_on(facts)
    flag_id = flag.id if flag else None
    if choice is None or last is None:
        return StateValues(has_comment=has_comment, flag_id=flag_id, version=len(facts))
    outcome = OUTCOMES.get(Action(choice.action), Outcome.NONE)
    approval = last if last.action == Action.APPROVE else None
    return StateValues(
        status=_status(Action(last.action)),
        outcome=outcome,
        loinc_num=choice.loinc_num if outcome is Outcome.CODE else "",
        decision_id=choice.id,
        approval_id=approval.id if approval else None,
        decided_by_id=choice.author_id,
        approved_by_id=approval.author_id if approval else None,
        has_comment=has_comment,
        flag_id=flag_id,
        version=len(facts),
    )


def flag_on(facts: Sequence[Decision]) -> Decision | None:
    """The flag on the row: the last one, unless it was taken off since."""
    last = next((fact for fact in reversed(facts) if fact.action in (Action.FLAG, Action.UNFLAG)), None)
    return last if last is not None and last.action == Action.FLAG else None


def rejected_candidates(facts: Sequence[Decision]) -> dict[str, Decision]:
    """Code -> who set it aside, for the candidates that nobody took back or chose since."""
    found: dict[str, Decision] = {}
    undone = {fact.undoes_id for fact in facts if fact.undoes_id is not None}
    for fact in facts:
        if fact.action == Action.REJECT_CANDIDATE:
            found[fact.loinc_num] = fact
        elif fact.action == Action.RESTORE_CANDIDATE or (fact.action == Action.CHOOSE and fact.id not in undone):
            found.pop(fact.loinc_num, None)
    return found


def _status(action: Action) -> Status:
    statuses = {
        Action.DOUBT: Status.DOUBT,
        Action.APPROVE: Status.APPROVED,
        Action.SEND_BACK: Status.SENT_BACK,
        Action.REIMPORT: Status.SENT_BACK,
    }
    return statuses.get(action, Status.DECIDED)
