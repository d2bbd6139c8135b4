"""What a batch of approvals would approve, and what it would leave with the reason of each, before it is confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.approval.listing import ApprovalRow
from app.approval.service import OWN_DECISION
from app.models import Outcome

MOVED = "Quelqu’un a agi sur cette ligne depuis l’affichage de la page."
NOT_WAITING = "Elle n’attend pas d’approbation."
UNREAD_BATCH = "Décidée en lot, sans que personne ne l’ait ouverte : lisez-la et cochez-la."
TWO_ANSWERS = "Une autre ligne du même code local reçoit ici une autre réponse."


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A row that is not approved with the others."""

    row: ApprovalRow
    why: list[str]


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows asked for, in the order of the page."""

    going: list[ApprovalRow]
    left: list[LeftRow]


def sort_out(rows: Sequence[ApprovalRow], versions: Mapping[int, int] | None = None, *, by_chapter: bool) -> Sorted:
    """Which of these rows go; `versions` are those that were read when they were ticked, None when they are read now.

    `by_chapter`: nobody ticked them one by one. The server asks the same again when it writes.
    """
    found = Sorted([], [])
    given: dict[tuple[str, str], str] = {}
    for row in rows:
        why = _why_left(row, versions, by_chapter=by_chapter)
        if not why and row.outcome != Outcome.OUT_OF_SCOPE and row.code.strip():
            first = given.setdefault((row.level, " ".join(row.code.split())), row.decision)
            why = [TWO_ANSWERS] if first != row.decision else []
        if why:
            found.left.append(LeftRow(row, why))
        else:
            found.going.append(row)
    return found


def _why_left(row: ApprovalRow, versions: Mapping[int, int] | None, *, by_chapter: bool) -> list[str]:
    if versions is not None and versions.get(row.id) != row.version:
        return [MOVED]
    if row.is_own and row.is_decided:
        return [OWN_DECISION]
    if row.waits_for:
        return [row.waits_for]
    if not row.can_approve:
        return [NOT_WAITING]
    if row.alerts:
        return [alert.sentence for alert in row.alerts]
    return [UNREAD_BATCH] if by_chapter and row.batch_url else []
