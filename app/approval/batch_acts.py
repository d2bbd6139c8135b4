"""A batch of approvals: asked, written and answered in one transaction; taken back as a whole by new facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.approval import service
from app.approval.service import ROWS_AT_ONCE, RowAnswer
from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotFoundError, WorkbenchError
from app.models import Action, Batch, BatchAnswer, BatchKind, BatchRow, LocalTest, ReviewState, User
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.settings import Settings
from app.text import format_number
from app.transcoding.facts import choice_in_force
from app.transcoding.ledger import DecisionContent, NewFact, append_many, check_allowed, check_lengths, open_rows
from app.transcoding.repository import facts_of_many

MOST = ROWS_AT_ONCE
"""Rows of one batch: what a person reads before she confirms, and what one transaction writes."""
TOO_MANY = f"Un lot d’approbations prend {format_number(MOST)} lignes au plus : approuvez-les en plusieurs fois."
KINDS = (BatchKind.APPROVAL, BatchKind.UNAPPROVE)
GONE = "Cette ligne n’est plus dans le catalogue."
ACTED_SINCE = "Quelqu’un a agi sur cette ligne depuis son approbation : elle garde ce qui y a été fait."

NOT_HERS = "Ce lot est d’une autre personne : elle seule peut le reprendre. Renvoyez les lignes une à une."
NOTHING_LEFT = "Plus aucune approbation de ce lot ne peut être reprise : quelqu’un a agi depuis sur chaque ligne."
NOTHING_WRITTEN = "Ce lot n’a approuvé aucune ligne : il n’y a rien à reprendre."


@dataclass(slots=True)
class _Written:
    """The batch, once its transaction has written it."""

    batch: list[Batch] = field(default_factory=list)


def approve_batch(
    transactions: Transactions,
    access: CatalogueAccess,
    ticked: Sequence[tuple[int, int]],
    settings: Settings,
    title: str,
) -> Batch:
    """Approve the (row, version) pairs that were read and confirmed, all in one transaction that writes the batch too.

    Each row has its answer: one with an alert, or on which somebody acted meanwhile, is left with the reason.
    Raises InvalidInputError for more than `MOST` rows, NotFoundError when none is of this catalogue.
    """
    pairs = list({row_id: (row_id, version) for row_id, version in reversed(ticked)}.values())[::-1]
    if len(pairs) > MOST:
        raise InvalidInputError(TOO_MANY)
    written = _Written()
    versions = dict(pairs)

    def note(session: Session, answers: Sequence[RowAnswer], facts: Mapping[int, int]) -> None:
        tests = {answer.local_test_id: answer for answer in answers if answer.message != service.NO_SUCH_ROW}
        if not tests:
            raise NotFoundError(service.NO_SUCH_ROW)
        choices = {row_id: choice_in_force(found) for row_id, found in facts_of_many(session, tests).items()}
        batch = Batch(
            catalogue_id=access.catalogue_id, kind=BatchKind.APPROVAL, title=title[:500], action=Action.APPROVE,
            author_id=access.user_id,
        )  # fmt: skip
        rows: list[dict[str, Any]] = [
            {
                "local_test_id": row_id,
                "version": versions[row_id],
                "loinc_num": (choice.loinc_num if (choice := choices.get(row_id)) else "") or "",
                "refusal": "",
                "decision_id": None,
            }
            for row_id in tests
        ]
        messages = {row_id: "" if answer.is_approved else answer.message for row_id, answer in tests.items()}
        written.batch.append(_store(session, access, batch, rows, facts, messages))

    service.approve_many(transactions, access, pairs, settings, note)
    return written.batch[0]


def _store(
    session: Session,
    access: CatalogueAccess,
    batch: Batch,
    rows: Sequence[dict[str, Any]],
    facts: Mapping[int, int],
    messages: Mapping[int, str],
) -> Batch:
    """Write a batch, its rows and what became of each, with its audit events."""
    session.add(batch)
    session.flush()
    details = {"kind": batch.kind, "title": batch.title, "rows": len(rows), "of_batch_id": batch.of_batch_id}
    said = {"actor": access.user, "object_type": "batch", "object_id": batch.id, "laboratory_id": access.laboratory_id}
    record(session, "batch.asked", **said, **details)  # type: ignore[arg-type]
    session.execute(insert(BatchRow), [{**row, "batch_id": batch.id} for row in rows])
    stored = session.exec(select(BatchRow).where(col(BatchRow.batch_id) == batch.id)).all()
    session.add_all(
        BatchAnswer(
            batch_row_id=row.id or 0,
            batch_id=batch.id or 0,
            decision_id=facts.get(row.local_test_id),
            message=messages.get(row.local_test_id, "")[:500],
        )
        for row in stored
    )
    session.flush()
    done = len(facts)
    record(session, "batch.done", **said, kind=batch.kind, rows=len(rows), written=done, refused=len(rows) - done)  # type: ignore[arg-type]
    return batch


def require_batch(session: Session, access: CatalogueAccess, public_id: str) -> Batch:
    """The batch of approvals of this catalogue, or its taking back; NotFoundError."""
    statement = select(Batch).where(
        col(Batch.catalogue_id) == access.catalogue_id,
        col(Batch.public_id) == public_id,
        col(Batch.kind).in_(KINDS),
    )
    batch = session.exec(statement).first()
    if batch is None:
        raise NotFoundError("Ce lot d’approbations n’existe pas ou ne vous est pas ouvert.")
    return batch


def take_back(session: Session, access: CatalogueAccess, batch: Batch, reason: str) -> Batch:
    """Undo each approval of one's own batch that is still in force; the other rows are left, with the reason.

    Raises InvalidInputError without a reason, ConflictError when nothing of it can be taken back.
    """
    check_lengths(reason=reason)
    require_written(reason, "Indiquez le motif de la reprise.")
    if batch.kind != BatchKind.APPROVAL:
        raise ConflictError("Une reprise ne se reprend pas : approuvez de nouveau.")
    if batch.author_id != access.user_id:
        raise ConflictError(NOT_HERS)
    approvals = _approvals(session, batch)
    versions = _versions(session, batch.catalogue_id, approvals)
    opened = open_rows(session, access, {row_id: versions.get(row_id, 0) for row_id in approvals})
    asked: list[NewFact] = []
    messages: dict[int, str] = {}
    for row_id, fact_id in approvals.items():
        row = opened.rows.get(row_id)
        last = row.in_force if row else None
        if row is None:
            messages[row_id] = GONE
        elif last is None or last.id != fact_id:
            messages[row_id] = ACTED_SINCE
        else:
            try:
                check_allowed(row, Action.UNDO, reason)
                said = DecisionContent(reason=reason)
                asked.append(NewFact(row, Action.UNDO, said, last.release_id, undoes_id=fact_id))
            except WorkbenchError as error:
                messages[row_id] = error.message
    if not asked:
        raise ConflictError(NOTHING_LEFT if messages else NOTHING_WRITTEN)
    facts = {fact.local_test_id: fact.id or 0 for fact in append_many(session, asked)}
    back = Batch(
        catalogue_id=access.catalogue_id, kind=BatchKind.UNAPPROVE,
        title=f"Reprise du lot n° {batch.id} : {batch.title}"[:500],
        action=Action.UNDO, reason=reason, of_batch_id=batch.id, author_id=access.user_id,
    )  # fmt: skip
    rows = [
        {
            "local_test_id": row_id, "version": versions.get(row_id, 0), "loinc_num": "", "refusal": "",
            "decision_id": fact_id,
        }
        for row_id, fact_id in approvals.items()
    ]  # fmt: skip
    return _store(session, access, back, rows, facts, messages)


def _approvals(session: Session, batch: Batch) -> dict[int, int]:
    """Row -> the fact by which the batch approved it."""
    statement = (
        select(BatchRow.local_test_id, BatchAnswer.decision_id)
        .join(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .join(LocalTest, col(LocalTest.id) == col(BatchRow.local_test_id))
        .where(
            col(BatchRow.batch_id) == batch.id,
            col(LocalTest.catalogue_id) == batch.catalogue_id,
            col(BatchAnswer.decision_id).is_not(None),
        )
        .order_by(col(BatchRow.id))
    )
    return {row_id: fact_id or 0 for row_id, fact_id in session.exec(statement)}


def _versions(session: Session, catalogue_id: int, row_ids: Mapping[int, int]) -> dict[int, int]:
    statement = (
        select(ReviewState.local_test_id, ReviewState.version)
        .join(LocalTest, col(LocalTest.id) == col(ReviewState.local_test_id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(ReviewState.local_test_id).in_(list(row_ids)))
    )
    return {row_id: version for row_id, version in session.exec(statement)}  # noqa: C416 - rows are no pairs for mypy


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A row of a batch and what became of it."""

    local_test_id: int
    code: str
    label: str
    loinc_num: str
    is_done: bool
    message: str


def lines_of_batch(session: Session, batch: Batch) -> list[BatchLine]:
    """The rows of a batch in the order in which they were asked for, at most `MOST`."""
    columns = (col(LocalTest.code), col(LocalTest.label), col(BatchAnswer.decision_id), col(BatchAnswer.message))
    statement = (
        sa_select(BatchRow, *columns)
        .join(LocalTest, col(LocalTest.id) == col(BatchRow.local_test_id))
        .join(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .where(col(BatchRow.batch_id) == batch.id, col(LocalTest.catalogue_id) == batch.catalogue_id)
        .order_by(col(BatchRow.id))
        .limit(MOST)
    )
    return [
        BatchLine(row.local_test_id, code, label, row.loinc_num, fact_id is not None, message)
        for row, code, label, fact_id, message in session.execute(statement)
    ]


def standing_approvals(session: Session, batch: Batch) -> int:
    """How many rows still stand on the approval that this batch gave them."""
    statement = (
        select(func.count())
        .select_from(BatchRow)
        .join(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(BatchRow.local_test_id))
        .join(LocalTest, col(LocalTest.id) == col(BatchRow.local_test_id))
        .where(
            col(BatchRow.batch_id) == batch.id,
            col(LocalTest.catalogue_id) == batch.catalogue_id,
            col(ReviewState.approval_id) == col(BatchAnswer.decision_id),
        )
    )
    return session.exec(statement).one()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a batch, and the batch that took it back or that it takes back."""

    author: str
    at: datetime
    other: Batch | None


def origin_of(session: Session, batch: Batch) -> Origin:
    """The author of a batch, and the one that goes with it."""
    author = session.get(User, batch.author_id)
    goes_with = col(Batch.id) == batch.of_batch_id if batch.of_batch_id else col(Batch.of_batch_id) == batch.id
    statement = select(Batch).where(col(Batch.catalogue_id) == batch.catalogue_id, goes_with)
    other = session.exec(statement.order_by(col(Batch.id).desc()).limit(1)).first()
    return Origin(author.display_name if author else "", batch.created_at, other)
