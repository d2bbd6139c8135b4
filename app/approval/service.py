"""The biologist's act: approving a decision, or sending it back. Nobody approves a decision she authored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from app.cases.looking import Looked, ToApprove, look_again
from app.cases.opened import is_opened
from app.errors import ConflictError, InvalidInputError, NotAllowedError, WorkbenchError
from app.models import Action, Decision, LocalTest, Status
from app.platform.database import Transactions, give_way
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.settings import Settings
from app.text import is_written
from app.transcoding import repository
from app.transcoding.answers import answer_of
from app.transcoding.check_words import CheckSeverity
from app.transcoding.checks import checks_without_code, is_blocking
from app.transcoding.errors import JustificationNeededError
from app.transcoding.facts import choice_in_force
from app.transcoding.ledger import (
    DecisionContent,
    NewFact,
    OpenRow,
    OpenRows,
    append,
    append_many,
    check_allowed,
    check_lengths,
    open_row,
    open_rows,
)
from app.transcoding.readers import not_approved_yet
from app.transcoding.standing import LocalKey, local_key
from app.transcoding.weighing import NOTHING_WEIGHED, Weighed, weigh_decided

OWN_DECISION = "Vous avez pris cette décision : un autre biologiste doit l'approuver."
OPEN_THE_ROW = "Cette ligne a une alerte : ouvrez son cas, elle s’approuve seule."
OPEN_AGAIN = (
    "Cette ligne a une alerte, et ce qui a été lu d’elle ne vaut plus : ouvrez de nouveau son cas, relisez-le, "
    "puis approuvez."
)
NO_SUCH_ROW = "Cette ligne n'existe pas ou ne vous est pas ouverte."
ROWS_AT_ONCE = 100
"""How many rows one transaction approves: what others wait for."""
NOT_RECORDED = "Non enregistrée : la base est occupée. Cochez de nouveau cette ligne dans un instant."


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What became of one row of a bulk approval."""

    local_test_id: int
    code: str
    label: str
    is_approved: bool
    message: str


Note = Callable[[Session, Sequence[RowAnswer], Mapping[int, int]], None]
"""What is told of rows approved together, in their transaction: the answers, and row -> fact."""


def note_nothing(_session: Session, _answers: Sequence[RowAnswer], _facts: Mapping[int, int]) -> None:
    """Nobody wants to know."""


def approve(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    *,
    settings: Settings,
    comment: str = "",
    justification: str = "",
    opened: str = "",
    weighed: Weighed = NOTHING_WEIGHED,
) -> Decision:
    """Approve the decision in force on a row; `weighed` is what `weigh_decided` found before.

    A row whose two readings differ is reconciled first, and one chosen for a second reading is read first, where the
    laboratory has somebody for it. `opened` is the word of the case page (`app.cases.opened`), which proves that the
    biologist had the whole case before her eyes as it is now: a row with an alert of any kind (`app.cases.alerts`) is
    not approved without it. A blocking check needs a justification, the
    transcoder's or the biologist's.
    """
    check_lengths(comment=comment, justification=justification)
    row = open_row(session, access, local_test_id, expected_version)
    asked = ToApprove(row, _choice_to_approve(row))
    kept = not_approved_yet(session, [local_test_id], access.laboratory_id)
    if kept:
        raise ConflictError(kept[local_test_id])
    (looked,) = look_again(session, settings, access, [asked], weighed)
    if not is_opened(settings, opened, asked, looked):
        _require_no_alert(looked, OPEN_AGAIN if opened else OPEN_THE_ROW)
    _require_soundness(looked, asked.choice.justification, justification)
    return append_many(session, [_approval(asked, comment, justification)])[0]


def send_back(
    session: Session,
    access: CatalogueAccess,
    local_test_id: int,
    expected_version: int,
    reason: str,
    comment: str = "",
) -> Decision:
    """Give a decision back to the transcoder, with the reason."""
    check_lengths(reason=reason, comment=comment)
    row = open_row(session, access, local_test_id, expected_version)
    check_allowed(row, Action.SEND_BACK, reason)
    return append(session, row, Action.SEND_BACK, DecisionContent(reason=reason, comment=comment))


def answer_doubt(
    session: Session, access: CatalogueAccess, local_test_id: int, expected_version: int, answer: str
) -> Decision:
    """Answer the question of a doubt, where the transcoder reads it; the row stays hers to decide."""
    check_lengths(comment=answer)
    row = open_row(session, access, local_test_id, expected_version)
    require_written(answer, "Écrivez la réponse à la question.")
    if row.state.status is not Status.DOUBT:
        raise ConflictError("Cette ligne ne pose plus de question : elle a changé depuis.")
    check_allowed(row, Action.COMMENT, "")
    return append(session, row, Action.COMMENT, DecisionContent(comment=answer))


def approve_many(
    transactions: Transactions,
    access: CatalogueAccess,
    ticked: Sequence[tuple[int, int]],
    settings: Settings,
    note: Note = note_nothing,
) -> list[RowAnswer]:
    """Approve the ticked (row, version) pairs; each row has its own answer, none stops the others.

    Some rows at a time have a transaction of their own, so that others can write in between. When one of these
    cannot be written, its rows say so; when the very first cannot, nothing was recorded and the error is raised.
    `note` is told of each part in its own transaction.
    """
    weighed = weigh_decided(transactions, settings, access, (row_id for row_id, _ in ticked))
    answers: list[RowAnswer] = []
    for pairs in _chunks(ticked):
        try:
            with transactions.writing() as session:
                done, facts = _approve_chunk(session, access, pairs, settings, weighed)
                note(session, done, facts)
            give_way(transactions.engine)
        except (OperationalError, WorkbenchError) as error:
            if not answers:
                raise
            message = error.message if isinstance(error, WorkbenchError) else NOT_RECORDED
            with transactions.reading() as session:
                tests = repository.local_tests(session, access.catalogue_id, pairs)
            done = [_unrecorded(tests.get(row_id), row_id, message) for row_id in pairs]
        answers += done
    return answers


def _chunks(ticked: Sequence[tuple[int, int]]) -> Iterator[dict[int, int]]:
    """Row -> version, at most `ROWS_AT_ONCE` of them: a row ticked twice is looked at again in the next ones."""
    chunk: dict[int, int] = {}
    for row_id, version in ticked:
        if row_id in chunk or len(chunk) == ROWS_AT_ONCE:
            yield chunk
            chunk = {}
        chunk[row_id] = version
    if chunk:
        yield chunk


def _unrecorded(test: LocalTest | None, local_test_id: int, message: str) -> RowAnswer:
    if test is None:
        return RowAnswer(local_test_id, "?", "", False, message)
    return _answer(test, False, message)


def _approve_chunk(
    session: Session, access: CatalogueAccess, pairs: Mapping[int, int], settings: Settings, weighed: Weighed
) -> tuple[list[RowAnswer], dict[int, int]]:
    """The answers to these rows, row -> version, and the fact of each that is approved.

    Everything is read for all of them together.
    """
    opened = open_rows(session, access, pairs)
    refused: dict[int, WorkbenchError] = dict(opened.stale)
    asked: list[ToApprove] = []
    kept = not_approved_yet(session, opened.rows, access.laboratory_id)
    for row_id in pairs:
        if row_id in opened.rows:
            row = opened.rows[row_id]
            try:
                if row_id in kept:
                    raise ConflictError(kept[row_id])
                asked.append(ToApprove(row, _choice_to_approve(row)))
            except WorkbenchError as error:
                refused[row_id] = error
    sound: list[ToApprove] = []
    given: dict[LocalKey, str] = {}
    for item, looked in zip(asked, look_again(session, settings, access, asked, weighed), strict=True):
        try:
            _require_no_alert(looked, OPEN_THE_ROW)
            _require_soundness(looked, item.choice.justification)
            _require_one_answer(item, given)
            sound.append(item)
        except WorkbenchError as error:
            refused[item.row.test.id or 0] = error
    facts = append_many(session, [_approval(item) for item in sound])
    written = {fact.local_test_id: fact.id or 0 for fact in facts}
    return [_answer_of(row_id, opened, refused) for row_id in pairs], written


def _require_one_answer(item: ToApprove, given: dict[LocalKey, str]) -> None:
    """Refuse a row whose local code another row of the same chunk is being approved for, with another answer."""
    test, answer = item.row.test, answer_of(item.row.state.outcome, item.row.state.loinc_num)
    if answer is None or not test.code.strip():
        return
    first = given.setdefault(local_key(test), answer)  # type: ignore[arg-type]
    if first != answer:
        (said,) = checks_without_code("", "", "", False, test.code, [first])
        raise ConflictError(f"{OPEN_THE_ROW} {said.sentence}")


def _answer_of(row_id: int, opened: OpenRows, refused: Mapping[int, WorkbenchError]) -> RowAnswer:
    test = opened.tests.get(row_id)
    if test is None:
        return RowAnswer(row_id, "?", "", False, NO_SUCH_ROW)
    error = refused.get(row_id)
    return _answer(test, error is None, "Approuvée." if error is None else error.message)


def _answer(test: LocalTest, is_approved: bool, message: str) -> RowAnswer:
    return RowAnswer(test.id or 0, test.code, test.label, is_approved, message)


def _choice_to_approve(row: OpenRow) -> Decision:
    """The choice in force on a row, if this person may approve it; refuses otherwise."""
    check_allowed(row, Action.APPROVE, "")
    choice = choice_in_force(row.facts)
    if choice is None:
        raise ConflictError("Aucune décision n'est en vigueur sur cette ligne.")
    if choice.author_id == row.access.user_id:
        raise NotAllowedError(OWN_DECISION)
    return choice


def _require_no_alert(looked: Looked, otherwise: str) -> None:
    _require_possible(looked)
    if looked.alerts:
        raise ConflictError(" ".join((otherwise, *(alert.sentence for alert in looked.alerts))))


def _require_possible(looked: Looked) -> None:
    """Refuse what opening the row would not help."""
    refused = [check.sentence for check in looked.checks if check.severity is CheckSeverity.REFUSED]
    if refused:
        raise InvalidInputError(" ".join(refused))


def _require_soundness(looked: Looked, transcoder_said: str, biologist_said: str = "") -> None:
    _require_possible(looked)
    if is_blocking(looked.checks) and not (is_written(transcoder_said) or is_written(biologist_said)):
        raise JustificationNeededError(looked.checks, biologist_said)


def _approval(asked: ToApprove, comment: str = "", justification: str = "") -> NewFact:
    choice = asked.choice
    said = DecisionContent(choice.loinc_num, choice.relation, "", comment, justification)
    return NewFact(asked.row, Action.APPROVE, said, choice.release_id, choice.proposal_id)
