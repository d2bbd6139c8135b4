"""Which rows a biologist reads next: those of one chapter that wait for her, the riskiest first.

One chapter is looked at, and at most `MOST` of its rows: nothing here grows with the catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, or_, select
from sqlmodel import Session, col

from app.models import (
    Action,
    Decision,
    Outcome,
    ReadingRequest,
    Relation,
    ReviewState,
    SecondReading,
    Status,
    WorklistEntry,
)
from app.worklist.ordering import VolumeBand

MOST = 2_000
"""Rows of a chapter that are put in order; the following ones come up as these are approved."""
WAITING = (Status.DECIDED, Status.DOUBT)
"""What waits for a biologist: a decision to approve, a question to answer."""
_ENTRY = WorklistEntry.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a catalogue that is read at a time."""

    catalogue_id: int
    chapter: str | None
    """None for every chapter."""
    levels: tuple[str, ...] = ()
    """Empty for every level."""


def _of(part: Part, statuses: Sequence[Status]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_ENTRY.catalogue_id == part.catalogue_id, _ENTRY.status.in_(statuses)]
    if part.chapter is not None:
        found.append(_ENTRY.chapter == part.chapter)
    if part.levels:
        found.append(_ENTRY.level.in_(part.levels))
    return found


def _rows(part: Part) -> Subquery:
    columns = ("local_test_id", "catalogue_id", "position", "level", "status", "outcome", "loinc_num", "best_loinc",
               "volume", "volume_band", "name_mark")  # fmt: skip
    return (
        select(*(_ENTRY[name] for name in columns))
        .where(*_of(part, WAITING))
        .order_by(_ENTRY.position, _ENTRY.local_test_id)
        .limit(MOST)
        .subquery("waiting")
    )


def _risk(rows: Any) -> ColumnElement[int]:
    """Where a row of one catalogue stands among the reasons to read it first: 0 is the gravest."""
    doubt = Decision.__table__.alias("doubt")  # type: ignore[attr-defined]
    twin = WorklistEntry.__table__.alias("twin")  # type: ignore[attr-defined]
    asked = ReadingRequest.__table__.alias("asked")  # type: ignore[attr-defined]
    said = SecondReading.__table__.alias("said")  # type: ignore[attr-defined]
    has_doubt = exists().where(doubt.c.local_test_id == rows.local_test_id, doubt.c.action == Action.DOUBT.value)
    differs = exists().where(
        asked.c.local_test_id == rows.local_test_id, said.c.request_id == asked.c.id, said.c.is_agreement.is_(False)
    )
    shares = exists().where(
        twin.c.catalogue_id == rows.catalogue_id,
        twin.c.level == rows.level,
        twin.c.loinc_num == rows.loinc_num,
        twin.c.loinc_num != "",
        twin.c.name_mark != rows.name_mark,
    )
    without_code = rows.outcome.in_((Outcome.NO_LOINC.value, Outcome.OUT_OF_SCOPE.value))
    return case(
        (func.coalesce(col(Decision.justification), "") != "", 0),
        (func.coalesce(col(Decision.relation), "").not_in(("", Relation.EQUIVALENT.value)), 1),
        (or_(rows.status == Status.DOUBT.value, has_doubt), 2),
        (differs, 3),
        (and_(without_code, rows.best_loinc != ""), 4),
        (rows.volume_band == VolumeBand.HUGE.value, 5),
        (shares, 6),
        else_=7,
    )


def riskiest(session: Session, part: Part, limit: int, offset: int = 0, *, in_file_order: bool = False) -> list[int]:
    """The rows of this part that wait, the riskiest first, then by volume and in the order of the file.

    `in_file_order`: for a person from whom decisions are hidden, to whom the order would tell something of them.
    """
    rows = _rows(part)
    if in_file_order:
        plain = select(rows.c.local_test_id).order_by(rows.c.position, rows.c.local_test_id)
        return list(session.execute(plain.limit(limit).offset(offset)).scalars())
    statement = (
        select(rows.c.local_test_id)
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == rows.c.local_test_id)
        .outerjoin(Decision, col(Decision.id) == col(ReviewState.decision_id))
        .where(rows.c.catalogue_id == part.catalogue_id)
        .order_by(_risk(rows.c), rows.c.volume.desc(), rows.c.position, rows.c.local_test_id)
        .limit(limit)
        .offset(offset)
    )
    return list(session.execute(statement).scalars())


def count_waiting(session: Session, part: Part) -> int:
    """How many rows of this part wait, counted up to one more than `MOST`."""
    rows = select(_ENTRY.local_test_id).where(*_of(part, WAITING)).limit(MOST + 1).subquery()
    return int(session.execute(select(func.count()).select_from(rows)).scalar_one())


def decided_of(session: Session, part: Part, limit: int, offset: int) -> list[int]:
    """The decided rows of this part in the order of the file."""
    statement = (
        select(_ENTRY.local_test_id)
        .where(*_of(part, (Status.DECIDED,)))
        .order_by(_ENTRY.position, _ENTRY.local_test_id)
        .limit(limit)
        .offset(offset)
    )
    return list(session.execute(statement).scalars())


def group_of(session: Session, catalogue_id: int, local_test_id: int, limit: int) -> list[int]:
    """The decided rows that say the same as this one on every axis, itself among them."""
    mine = select(_ENTRY.group_key).where(
        _ENTRY.catalogue_id == catalogue_id, _ENTRY.local_test_id == local_test_id, _ENTRY.group_key != ""
    )
    statement = (
        select(_ENTRY.local_test_id)
        .where(
            _ENTRY.catalogue_id == catalogue_id,
            _ENTRY.group_key.in_(mine.correlate(None)),
            _ENTRY.status == Status.DECIDED.value,
        )
        .order_by(_ENTRY.position, _ENTRY.local_test_id)
        .limit(limit)
    )
    return list(session.execute(statement).scalars())
