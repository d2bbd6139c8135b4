"""The facts of a row as a person reads them: who, when, what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.models import Action, Decision, Relation, Role
from app.web.wording import ACTION, RELATION_SHORT, ROLE

UNDONE = {
    Action.CHOOSE: "son choix d'un code",
    Action.NO_LOINC: "sa déclaration qu'aucun code LOINC n'existe",
    Action.OUT_OF_SCOPE: "son classement hors périmètre",
    Action.DOUBT: "son signalement d'un doute",
    Action.APPROVE: "son approbation",
    Action.SEND_BACK: "son renvoi au transcodeur",
    Action.COMMENT: "son commentaire",
}
"""What an undo takes back, after « a annulé »."""
REASON_TITLE = {Action.DOUBT: "Question", Action.FLAG: "Note"}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One fact."""

    at: datetime
    author: str
    role: str
    action: str
    loinc_num: str
    relation: str
    reason: str
    reason_title: str
    """What the reason is: a motive, the question of a doubt, the note of a flag."""
    comment: str
    justification: str
    is_undone: bool


def history_of(facts: Sequence[Decision], names: Mapping[int, str]) -> list[HistoryLine]:
    """The facts, the latest first; those taken back are marked."""
    undone = {fact.undoes_id for fact in facts if fact.undoes_id is not None}
    by_id = {fact.id: fact for fact in facts}
    return [_line(fact, fact.id in undone, by_id.get(fact.undoes_id), names) for fact in reversed(facts)]


def _line(fact: Decision, is_undone: bool, target: Decision | None, names: Mapping[int, str]) -> HistoryLine:
    action = ACTION[Action(fact.action)]
    if target is not None and fact.action == Action.UNDO:
        action = f"{action} {UNDONE.get(Action(target.action), 'son action')}"
    return HistoryLine(
        at=fact.created_at,
        author=names.get(fact.author_id, f"n° {fact.author_id}"),
        role=ROLE.get(Role(fact.author_role), fact.author_role),
        action=action,
        loinc_num=fact.loinc_num or (target.loinc_num if target else ""),
        relation=RELATION_SHORT[Relation(fact.relation)] if fact.relation else "",
        reason=fact.reason,
        reason_title=REASON_TITLE.get(Action(fact.action), "Motif"),
        comment=fact.comment,
        justification=fact.justification,
        is_undone=is_undone,
    )
