"""The SQL of what waits: for a second reader, for a reconciliation; and of the agreement."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from app.double_reading.agreement import CountedReadings
from app.models import (
    CONTRIBUTORS,
    Action,
    Decision,
    LocalTest,
    Membership,
    ReadingReconciliation,
    ReadingRequest,
    ReviewState,
    Role,
    SecondReading,
    Status,
    User,
)
from app.transcoding.readers import acted_on, has_reader, members_of
from app.transcoding.readings import disagrees, is_kept, joined, waits

WINDOW = 50
"""Rows of a list at once."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many rows of a catalogue wait."""

    second: int
    """For a second reading."""
    mine: int
    """Those among them that this person may read."""
    nobodys: int
    """Those that no active member of the laboratory may read: each has acted on the row."""
    reconciliation: int


def waiting(session: Session, catalogue_id: int, laboratory_id: int, user_id: int) -> Waiting:
    """The counts, in two statements."""
    statement = joined(
        sa_select(
            func.count(),
            func.sum(_as_number(~acted_on(user_id))),
            func.sum(_as_number(~has_reader(laboratory_id))),
        ).select_from(ReadingRequest)
    ).where(col(ReadingRequest.catalogue_id) == catalogue_id, waits())
    second, mine, nobodys = session.execute(statement).one()
    rows = func.count(func.distinct(col(ReadingRequest.local_test_id)))
    differing = joined(sa_select(rows).select_from(ReadingRequest))
    differing = differing.where(col(ReadingRequest.catalogue_id) == catalogue_id, disagrees())
    return Waiting(second, mine or 0, nobodys or 0, session.execute(differing).scalar_one())


@dataclass(frozen=True, slots=True)
class Sample:
    """How far the blind sample of a batch is, in rows."""

    asked: int
    read: int
    agreed: int
    waiting: int
    """Neither read nor lapsed."""
    nobodys: int
    """Those that wait and that no active member of the laboratory may read."""
    reconciliation: int


def sample_of_batch(session: Session, laboratory_id: int, batch_public_id: str) -> Sample:
    """The counts of the sample of a batch, in one statement."""
    counts = (
        func.count(),
        func.count(col(SecondReading.id)),
        func.sum(_as_number(col(SecondReading.is_agreement).is_(True))),
        func.sum(_as_number(waits())),
        func.sum(_as_number(and_(waits(), ~has_reader(laboratory_id)))),
        func.sum(_as_number(disagrees())),
    )
    statement = joined(sa_select(*counts).select_from(ReadingRequest))
    found = session.execute(statement.where(col(ReadingRequest.batch_public_id) == batch_public_id)).one()
    return Sample(*(count or 0 for count in found))


def _as_number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


_Statement = TypeVar("_Statement", bound="Select[*tuple[Any, ...]]")


def _in_order(statement: _Statement) -> _Statement:
    """In the order of the file, which tells nothing of what was decided, nor of how the row was drawn."""
    return statement.order_by(col(LocalTest.position), col(LocalTest.id))


def to_read(session: Session, catalogue_id: int, user_id: int, after: tuple[int, int] = (-1, 0)) -> list[LocalTest]:
    """The next rows that this person may read, after a place (position, row)."""
    statement = joined(
        sa_select(LocalTest)
        .select_from(ReadingRequest)
        .join(LocalTest, col(LocalTest.id) == col(ReadingRequest.local_test_id))
    ).where(col(ReadingRequest.catalogue_id) == catalogue_id, waits(), ~acted_on(user_id), _is_after(after))
    return list(session.execute(_in_order(statement).limit(WINDOW)).scalars())


def _is_after(place: tuple[int, int]) -> ColumnElement[bool]:
    position, row_id = place
    return or_(
        col(LocalTest.position) > position,
        and_(col(LocalTest.position) == position, col(LocalTest.id) > row_id),
    )


@dataclass(frozen=True, slots=True)
class Requested:
    """A request for a second reading of a row."""

    request: ReadingRequest
    first: Decision
    is_own: bool
    """Whether the person who asks has acted on the row."""


def request_on(session: Session, catalogue_id: int, local_test_id: int, user_id: int) -> Requested | None:
    """The request that waits on a row of this catalogue."""
    statement = joined(
        sa_select(ReadingRequest, Decision, acted_on(user_id).label("is_own")).select_from(ReadingRequest)
    ).where(
        col(ReadingRequest.catalogue_id) == catalogue_id, col(ReadingRequest.local_test_id) == local_test_id, waits()
    )
    found = session.execute(statement).first()
    return Requested(found[0], found[1], bool(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two readings of a row that differ."""

    test: LocalTest
    request: ReadingRequest
    first: Decision
    second: SecondReading
    version: int
    status: str
    decision_id: int | None
    """The decision in force now, which may be another one than the first reader's."""


def disagreements(
    session: Session, catalogue_id: int, local_test_id: int | None = None, after: tuple[int, int] = (-1, 0)
) -> list[Disagreement]:
    """The disagreements of a catalogue, or of one of its rows, in the order of the file; a window of them."""
    statement = joined(
        sa_select(
            LocalTest,
            ReadingRequest,
            Decision,
            SecondReading,
            col(ReviewState.version),
            col(ReviewState.status),
            col(ReviewState.decision_id),
        )
        .select_from(ReadingRequest)
        .join(LocalTest, col(LocalTest.id) == col(ReadingRequest.local_test_id))
    ).where(col(ReadingRequest.catalogue_id) == catalogue_id, disagrees(), _is_after(after))
    if local_test_id is not None:
        statement = statement.where(col(ReadingRequest.local_test_id) == local_test_id)
    statement = _in_order(statement).order_by(col(ReadingRequest.id)).limit(WINDOW)
    return [Disagreement(*row) for row in session.execute(statement)]


def approved_in_disagreement(session: Session, catalogue_id: int) -> int:
    """How many rows of a catalogue were approved before their second reading, which differs."""
    rows = func.count(func.distinct(col(ReadingRequest.local_test_id)))
    statement = joined(sa_select(rows).select_from(ReadingRequest))
    approved = col(ReviewState.status) == Status.APPROVED
    found = session.execute(statement.where(col(ReadingRequest.catalogue_id) == catalogue_id, disagrees(), approved))
    return int(found.scalar_one())


def approved_unread(session: Session, catalogue_id: int) -> int:
    """How many approved rows of a catalogue still wait for the second reading that they were chosen for."""
    statement = joined(sa_select(func.count()).select_from(ReadingRequest))
    approved = col(ReviewState.status) == Status.APPROVED
    found = session.execute(statement.where(col(ReadingRequest.catalogue_id) == catalogue_id, waits(), approved))
    return int(found.scalar_one())


def has_other_arbiter(session: Session, laboratory_id: int, readers: tuple[int, int]) -> bool:
    """Whether an active member who may reconcile is neither of the two readers."""
    may = or_(
        col(Membership.role) == Role.BIOLOGIST.value,
        and_(col(User.is_administrator), col(Membership.role).in_([role.value for role in CONTRIBUTORS])),
    )
    statement = members_of(laboratory_id).where(col(User.is_active), may, col(User.id).not_in(readers))
    return session.execute(statement.limit(1)).first() is not None


def _answer(said: type[Decision] | type[SecondReading]) -> ColumnElement[str]:
    """SQL: what a reader says, in one word: two codes are two answers."""
    return case((col(said.action) == literal_column(f"'{Action.CHOOSE}'"), col(said.loinc_num)), else_=col(said.action))


def counted_readings(session: Session, catalogue_id: int) -> list[CountedReadings]:
    """Every second reading of a catalogue, counted by discipline, readers and answers, in one statement.

    An answer is a code, or that there is none, or out of scope, or a doubt: no line more than there are readings.
    """
    kinds = (
        col(ReadingRequest.discipline),
        col(Decision.author_id),
        col(SecondReading.author_id),
        _answer(Decision).label("first_answer"),
        _answer(SecondReading).label("second_answer"),
        col(SecondReading.is_agreement),
    )
    statement = (
        sa_select(*kinds, func.count())
        .select_from(SecondReading)
        .join(ReadingRequest, col(ReadingRequest.id) == col(SecondReading.request_id))
        .join(Decision, col(Decision.id) == col(ReadingRequest.decision_id))
        .where(col(ReadingRequest.catalogue_id) == catalogue_id)
        .group_by(*kinds)
    )
    return [CountedReadings(*row) for row in session.execute(statement)]


def reconciled(session: Session, catalogue_id: int) -> int:
    """How many disagreements of a catalogue were reconciled."""
    statement = (
        sa_select(func.count())
        .select_from(ReadingReconciliation)
        .join(SecondReading, col(SecondReading.id) == col(ReadingReconciliation.reading_id))
        .join(ReadingRequest, col(ReadingRequest.id) == col(SecondReading.request_id))
        .where(col(ReadingRequest.catalogue_id) == catalogue_id, is_kept())
    )
    return int(session.execute(statement).scalar_one())

