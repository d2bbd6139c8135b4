"""All SQL of the batches."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.batches.gate import Candidate
from app.models import (
    BY_TRANSCODERS,
    Action,
    Batch,
    BatchAnswer,
    BatchRow,
    Decision,
    LocalTest,
    LoincTerm,
    Proposal,
    ReviewState,
    Status,
    User,
)
from app.transcoding.readers import is_hidden
from app.worklist.blind_sql import ENTRIES
from app.worklist.entries_sql import filtered
from app.worklist.query import ReviewQuery
from loinc_data.units import read_unit
from matcher.types import Band, Unread

ACTIVE = ("ACTIVE", "TRIAL", "")
"""Statuses of codes that a batch may give; ours has none."""
IN_STATEMENT = 500
_ANSWER = aliased(BatchAnswer)


def candidates(
    session: Session,
    catalogue_id: int,
    run_id: int,
    release_id: int,
    limit: int,
    query: ReviewQuery | None = None,
    ids: Collection[int] | None = None,
) -> list[Candidate]:
    """The rows of a query, or these, with their best proposals, in the order of the file; two statements."""
    proposal = Proposal.__table__.c  # type: ignore[attr-defined]
    flag, choice, flagger, asker = aliased(Decision), aliased(Decision), aliased(User), aliased(User)
    statement = (
        select(
            ENTRIES.local_test_id, ENTRIES.status, ENTRIES.task, ENTRIES.nontest,
            func.coalesce(col(ReviewState.version), 0).label("version"),
            proposal.id.label("proposal_id"), proposal.loinc_num, proposal.band, proposal.confidence,
            proposal.has_contradiction, col(LoincTerm.status).label("term_status"),
            col(LoincTerm.loinc_num).label("known"), ENTRIES.specimen, ENTRIES.unit,
            proposal.unread,
            col(flagger.id).label("flagged_by_id"), col(flagger.display_name).label("flagged_by"),
            col(asker.id).label("asked_by_id"), col(asker.display_name).label("asked_by"),
        )
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == ENTRIES.local_test_id)
        .outerjoin(flag, col(flag.id) == col(ReviewState.flag_id))
        .outerjoin(flagger, col(flagger.id) == col(flag.author_id))
        .outerjoin(choice, col(choice.id) == col(ReviewState.decision_id))
        .outerjoin(asker, col(asker.id) == col(choice.author_id))
        .outerjoin(
            Proposal.__table__,  # type: ignore[attr-defined]
            (proposal.run_id == run_id) & (proposal.local_test_id == ENTRIES.local_test_id) & (proposal.rank == 1),
        )
        .outerjoin(
            LoincTerm, (col(LoincTerm.release_id) == release_id) & (col(LoincTerm.loinc_num) == proposal.loinc_num)
        )
        .where(ENTRIES.catalogue_id == catalogue_id)
        .order_by(ENTRIES.position, ENTRIES.local_test_id)
        .limit(limit)
    )  # fmt: skip
    if ids is not None:
        statement = statement.where(ENTRIES.local_test_id.in_(list(ids)))
    values: dict[str, Any] = {}
    if query is not None:
        conditions, values = filtered(catalogue_id, query)
        statement = statement.where(*conditions)
    rows = session.execute(statement, values).all()
    aside = _set_aside(session, [row.local_test_id for row in rows])
    return [
        Candidate(
            local_test_id=row.local_test_id,
            version=row.version,
            status=Status(row.status),
            loinc_num=row.loinc_num or "",
            proposal_id=row.proposal_id,
            band=Band(row.band) if row.band else None,
            confidence=row.confidence or 0.0,
            has_contradiction=bool(row.has_contradiction),
            is_nontest=row.nontest == "1",
            has_task=row.task == "1",
            is_active=row.known is not None and row.term_status in ACTIVE,
            is_set_aside=(row.local_test_id, row.loinc_num) in aside,
            flagged_by=row.flagged_by or "",
            flagged_by_id=row.flagged_by_id,
            asked_by=(row.asked_by or "") if row.status == Status.DOUBT else "",
            asked_by_id=row.asked_by_id,
            unread=_unread(row),
            is_reading_known=row.proposal_id is None or row.unread is not None,
        )
        for row in rows
    ]


def _unread(row: Any) -> tuple[str, ...]:
    """What the row says that its explanation did not read, in words."""
    said = (row.unread or "").split()
    parts = (
        ("des mots du libellé", Unread.WORDS in said),
        (f"le milieu « {row.specimen[:60]} »", row.specimen and Unread.SPECIMEN in said),
        (f"l'unité « {row.unit[:60]} »", row.unit and not read_unit(row.unit).is_known),
    )
    return tuple(text for text, is_unread in parts if is_unread and row.proposal_id is not None)


def proposals_of_code(
    session: Session, run_id: int, ids: Sequence[int], loinc_num: str
) -> dict[int, tuple[int, float]]:
    """Row -> (proposal, confidence) of this code, for the rows to which it was proposed."""
    found: dict[int, tuple[int, float]] = {}
    for start in range(0, len(ids), IN_STATEMENT):
        statement = select(col(Proposal.local_test_id), col(Proposal.id), col(Proposal.confidence)).where(
            col(Proposal.run_id) == run_id,
            col(Proposal.local_test_id).in_(ids[start : start + IN_STATEMENT]),
            col(Proposal.loinc_num) == loinc_num,
            col(Proposal.rank) > 0,
        )
        found |= {row_id: (proposal_id, confidence) for row_id, proposal_id, confidence in session.execute(statement)}
    return found


def tests_and_evidence(
    session: Session, wanted: Mapping[int, int]
) -> dict[int, tuple[LocalTest, Sequence[Mapping[str, Any]]]]:
    """Row -> itself, and the stored evidence of its proposal (`wanted`: row -> proposal)."""
    found: dict[int, tuple[LocalTest, Sequence[Mapping[str, Any]]]] = {}
    ids = list(wanted)
    for start in range(0, len(ids), IN_STATEMENT):
        part = ids[start : start + IN_STATEMENT]
        statement = select(col(Proposal.id), col(Proposal.evidence)).where(
            col(Proposal.id).in_([wanted[row_id] for row_id in part])
        )
        evidence: dict[int, Sequence[Mapping[str, Any]]] = {row[0]: row[1] for row in session.execute(statement)}
        for test in session.scalars(select(LocalTest).where(col(LocalTest.id).in_(part))):
            found[test.id or 0] = (test, evidence.get(wanted[test.id or 0], ()))
    return found


def _set_aside(session: Session, ids: Sequence[int]) -> set[tuple[int, str]]:
    """(row, code) of the candidates that somebody set aside and nobody took back."""
    found: set[tuple[int, str]] = set()
    for start in range(0, len(ids), IN_STATEMENT):
        statement = (
            select(col(Decision.local_test_id), col(Decision.loinc_num), col(Decision.action))
            .where(
                col(Decision.local_test_id).in_(ids[start : start + IN_STATEMENT]),
                col(Decision.action).in_([Action.REJECT_CANDIDATE, Action.RESTORE_CANDIDATE]),
            )
            .order_by(col(Decision.id))
        )
        for row_id, number, action in session.execute(statement):
            (found.add if action == Action.REJECT_CANDIDATE else found.discard)((row_id, number))
    return found


def add_rows(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store the rows of a batch."""
    for start in range(0, len(rows), IN_STATEMENT):
        session.execute(insert(BatchRow), rows[start : start + IN_STATEMENT])


def find(session: Session, catalogue_id: int, public_id: str) -> Batch | None:
    """A batch of this catalogue."""
    statement = select(Batch).where(col(Batch.catalogue_id) == catalogue_id, col(Batch.public_id) == public_id)
    return session.scalars(statement).first()


def unanswered(session: Session, batch_id: int, row_ids: Collection[int] | None = None) -> list[BatchRow]:
    """The rows of a batch of which nothing became yet, or those of them that are asked for."""
    statement = (
        select(BatchRow)
        .outerjoin(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .where(col(BatchRow.batch_id) == batch_id, col(BatchAnswer.batch_row_id).is_(None))
        .order_by(col(BatchRow.id))
    )
    if row_ids is not None:
        statement = statement.where(col(BatchRow.id).in_(list(row_ids)))
    return list(session.scalars(statement))


def counts(session: Session, batch_ids: Collection[int]) -> dict[int, tuple[int, int, int]]:
    """Batch -> its rows, those done, and those refused."""
    done = col(BatchAnswer.decision_id).is_not(None)
    statement = (
        select(
            col(BatchRow.batch_id), func.count(), func.count().filter(done),
            func.count(col(BatchAnswer.batch_row_id)).filter(~done),
        )
        .outerjoin(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .where(col(BatchRow.batch_id).in_(batch_ids))
        .group_by(col(BatchRow.batch_id))
    )  # fmt: skip
    return {batch_id: (rows, accepted, refused) for batch_id, rows, accepted, refused in session.execute(statement)}


def batches_of(
    session: Session, catalogue_id: int, limit: int, before: int | None = None, author_id: int | None = None
) -> list[tuple[Batch, str]]:
    """The batches of a catalogue, or one person's, with their authors' names, the newest first."""
    statement = (
        select(Batch, col(User.display_name))
        .join(User, col(User.id) == col(Batch.author_id))
        .where(col(Batch.catalogue_id) == catalogue_id)
        .order_by(col(Batch.id).desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(col(Batch.id) < before)
    if author_id is not None:
        statement = statement.where(col(Batch.author_id) == author_id)
    return [(batch, name) for batch, name in session.execute(statement)]


def answered_rows(
    session: Session, batch_id: int, limit: int | None = None, after: int = 0, only_refused: bool = False
) -> Sequence[Any]:
    """The rows of a batch with what became of them, in the order in which they were asked for."""
    statement: Any = (
        select(
            col(BatchRow.id), col(BatchRow.local_test_id), col(LocalTest.code), col(LocalTest.label),
            col(LocalTest.specimen), col(LocalTest.unit), col(BatchRow.loinc_num), col(BatchRow.confidence),
            col(BatchRow.proposal_id),
            col(BatchAnswer.batch_row_id).label("answered"), col(BatchAnswer.decision_id), col(BatchAnswer.message),
        )
        .join(LocalTest, col(LocalTest.id) == col(BatchRow.local_test_id))
        .outerjoin(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .where(col(BatchRow.batch_id) == batch_id, col(BatchRow.id) > after)
        .order_by(col(BatchRow.id))
    )  # fmt: skip
    if only_refused:
        statement = statement.where(
            col(BatchAnswer.batch_row_id).is_not(None), col(BatchAnswer.decision_id).is_(None)
        )
    return session.execute(statement if limit is None else statement.limit(limit)).all()


def hidden_batches(session: Session, batch_ids: Collection[int], blind_to: int | None) -> set[int]:
    """Those of these batches that hold a row whose decision is hidden from a `blind_person`."""
    if blind_to is None or not batch_ids:
        return set()
    hidden = select(col(BatchRow.id)).where(
        col(BatchRow.batch_id) == col(Batch.id), is_hidden(blind_to, col(BatchRow.local_test_id))
    )
    statement = select(col(Batch.id)).where(col(Batch.id).in_(batch_ids), hidden.correlate(Batch).exists())
    return set(session.scalars(statement))


def standing_facts(session: Session, batch_id: int) -> Sequence[tuple[int, int]]:
    """(row of the catalogue, fact) for each fact that a batch wrote and that nobody took back."""
    undo = aliased(Decision)
    statement = (
        select(col(BatchRow.local_test_id), col(BatchAnswer.decision_id))
        .join(BatchAnswer, col(BatchAnswer.batch_row_id) == col(BatchRow.id))
        .where(
            col(BatchRow.batch_id) == batch_id,
            col(BatchAnswer.decision_id).is_not(None),
            ~select(col(undo.id)).where(col(undo.undoes_id) == col(BatchAnswer.decision_id)).exists(),
        )
        .order_by(col(BatchRow.id))
    )
    return [(row_id, fact_id) for row_id, fact_id in session.execute(statement)]


def in_force() -> ColumnElement[bool]:
    """SQL condition on BatchAnswer: the fact written is what its row stands on, neither judged nor replaced since."""
    return (
        select(col(ReviewState.local_test_id))
        .join(BatchRow, col(BatchRow.local_test_id) == col(ReviewState.local_test_id))
        .where(
            col(BatchRow.id) == col(BatchAnswer.batch_row_id),
            col(ReviewState.decision_id) == col(BatchAnswer.decision_id),
            col(ReviewState.status).in_((Status.DECIDED, Status.DOUBT)),
        )
        .correlate(BatchAnswer)
        .exists()
    )


def is_in_force(session: Session, batch_id: int) -> bool:
    """Whether any row stands on what this batch wrote."""
    statement = select(col(BatchAnswer.batch_row_id)).where(col(BatchAnswer.batch_id) == batch_id, in_force())
    return session.scalars(statement.limit(1)).first() is not None


def takes_back(session: Session, batch_id: int) -> Batch | None:
    """The last batch that took this one back, if one did."""
    statement = select(Batch).where(col(Batch.of_batch_id) == batch_id).order_by(col(Batch.id).desc())
    return session.scalars(statement.limit(1)).first()


def newest_of(session: Session, catalogue_id: int, author_id: int, before: int | None) -> tuple[Batch, int] | None:
    """A person's newest batch that was not taken back, or not of every row, with the newest fact of what is left."""
    taken = aliased(Batch)
    backs = select(col(taken.id)).where(col(taken.of_batch_id) == col(Batch.id)).correlate(Batch)
    # While rows are being taken back they still stand: they are not to be taken back again.
    under_way = backs.join(BatchRow, col(BatchRow.batch_id) == col(taken.id)).where(
        ~select(col(_ANSWER.batch_row_id)).where(col(_ANSWER.batch_row_id) == col(BatchRow.id)).exists()
    )
    newest = func.max(col(BatchAnswer.decision_id))
    statement = (
        select(Batch, newest)
        .join(BatchAnswer, col(BatchAnswer.batch_id) == col(Batch.id))
        .where(
            col(Batch.catalogue_id) == catalogue_id,
            col(Batch.author_id) == author_id,
            col(Batch.kind).in_(BY_TRANSCODERS),
            ~backs.exists() | (~under_way.exists() & in_force()),
        )
        .group_by(*Batch.__table__.c)  # type: ignore[attr-defined]
        .having(newest.is_not(None))
        .order_by(newest.desc())
        .limit(1)
    )
    if before is not None:
        statement = statement.having(newest < before)
    found = session.execute(statement).first()
    return (found[0], found[1]) if found else None


def versions_of(session: Session, local_test_ids: Collection[int]) -> dict[int, int]:
    """Row -> how many facts it has."""
    statement = select(col(ReviewState.local_test_id), col(ReviewState.version)).where(
        col(ReviewState.local_test_id).in_(local_test_ids)
    )
    return {row[0]: row[1] for row in session.execute(statement)}
