"""All SQL of the requests of codes: the rows declared without LOINC code, and the steps of their requests.

A row is a request while a decision in force says that no LOINC code exists; one that was decided otherwise since is
shown as closed when something was done about it. A row whose decision is hidden from a person is no request for her.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import (
    Catalogue,
    CodeRequestStep,
    Decision,
    Laboratory,
    LocalTest,
    Membership,
    Outcome,
    Proposal,
    ProposalRun,
    RequestAction,
    RequestStatus,
    ReviewState,
    Role,
    Status,
    User,
    WaitingCodeRule,
)
from app.transcoding.readers import is_hidden
from app.upgrades.requested import declared_without_code, last_step

IN_LIMIT = 900


class Declared(StrEnum):
    """What the decision on a row is worth now."""

    APPROVED = "approved"
    DECIDED = "decided"
    CLOSED = "closed"
    """Decided otherwise, sent back or retired since: something was done about it and it asks for nothing now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A request as it stands."""

    row_id: int
    catalogue_id: int
    laboratory_id: int
    laboratory: str
    level: str
    code: str
    label: str
    unit: str
    specimen: str
    technique: str
    volume: int | None
    declared: Declared
    reason: str
    declared_by: str
    declared_at: datetime | None
    approved_by: str
    status: RequestStatus
    recipient: str
    reference: str
    day: date | None
    loinc_num: str
    said: str
    """The reason of the last step."""
    waiting_code: str
    waiting_system: str
    version: int
    """The newest step of the row, 0 when there is none: what a form was shown."""


_CHOICE, _APPROVAL = aliased(Decision), aliased(Decision)
_STEP, _WAITING = aliased(CodeRequestStep), aliased(CodeRequestStep)
_AUTHOR, _APPROVER = aliased(User), aliased(User)


def _newest(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return (
        select(func.max(col(CodeRequestStep.id)))
        .where(col(CodeRequestStep.local_test_id) == col(LocalTest.id), *conditions)
        .correlate(LocalTest)
        .scalar_subquery()
    )


_GIVEN = _newest(col(CodeRequestStep.action) == RequestAction.WAITING_CODE.value)
_STATUS: ColumnElement[str] = func.coalesce(col(_STEP.status), RequestStatus.TO_PREPARE.value)
_DECLARED: ColumnElement[str] = case(
    (
        ~and_(*declared_without_code()),
        Declared.CLOSED.value,
    ),
    (col(ReviewState.status) == Status.APPROVED.value, Declared.APPROVED.value),
    else_=Declared.DECIDED.value,
)


def _stepped() -> ColumnElement[bool]:
    return exists().where(col(CodeRequestStep.local_test_id) == col(LocalTest.id))


def _is_request() -> ColumnElement[bool]:
    return or_(and_(*declared_without_code()), _stepped())


def _joined(statement: Select[Any]) -> Select[Any]:
    return (
        statement.select_from(LocalTest)
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .join(Laboratory, col(Laboratory.id) == col(Catalogue.laboratory_id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .outerjoin(_STEP, col(_STEP.id) == last_step())
        .where(col(Catalogue.staged_for_job_id).is_(None), _is_request())
    )


def _detailed(statement: Select[Any]) -> Select[Any]:
    return (
        _joined(statement)
        .outerjoin(_WAITING, col(_WAITING.id) == _GIVEN)
        .outerjoin(_CHOICE, col(_CHOICE.id) == col(ReviewState.decision_id))
        .outerjoin(_AUTHOR, col(_AUTHOR.id) == col(_CHOICE.author_id))
        .outerjoin(_APPROVAL, col(_APPROVAL.id) == col(ReviewState.approval_id))
        .outerjoin(_APPROVER, col(_APPROVER.id) == col(_APPROVAL.author_id))
    )


def of_catalogue(catalogue_id: int, blind: int | None) -> list[ColumnElement[bool]]:
    """SQL: the rows of a catalogue whose decision its reader may see; `blind` as `blind_person` gives it."""
    seen = [] if blind is None else [~is_hidden(blind, col(LocalTest.id))]
    return [col(LocalTest.catalogue_id) == catalogue_id, *seen]


def of_member(user_id: int) -> list[ColumnElement[bool]]:
    """SQL: the rows of the laboratories of a person that she may see, each by the role that she has there."""
    member = and_(col(Membership.laboratory_id) == col(Catalogue.laboratory_id), col(Membership.user_id) == user_id)
    reads_blind = exists().where(member, col(Membership.role) == Role.TRANSCODER.value)
    return [exists().where(member), or_(~reads_blind, ~is_hidden(user_id, col(LocalTest.id)))]


ORDERS: Mapping[str, tuple[Any, ...]] = {
    "libelle": (func.lower(col(LocalTest.label)), col(LocalTest.code)),
    "code": (col(LocalTest.code),),
    "volume": (func.coalesce(col(LocalTest.annual_volume), -1),),
    "etat": (_STATUS, func.lower(col(LocalTest.label))),
    "declaree": (col(_CHOICE.created_at),),
    "laboratoire": (func.lower(col(Laboratory.name)), func.lower(col(LocalTest.label))),
}
"""The orders of a list, by the word of an address."""


def _conditions(
    whose: Sequence[ColumnElement[bool]], declared: Collection[Declared], statuses: Collection[RequestStatus]
) -> list[ColumnElement[bool]]:
    found = list(whose)
    if declared:
        found.append(_DECLARED.in_(sorted(declared)))
    if statuses:
        found.append(_STATUS.in_(sorted(statuses)))
    return found


def page_of(
    session: Session,
    whose: Sequence[ColumnElement[bool]],
    *,
    declared: Collection[Declared] = (),
    statuses: Collection[RequestStatus] = (),
    rows: Collection[int] | None = None,
    order: str = "libelle",
    is_down: bool = False,
    limit: int,
    offset: int = 0,
) -> list[Found]:
    """Some requests in order; `whose` says whose rows (`of_catalogue`, `of_member`), `rows` keeps to some of them."""
    columns: tuple[Any, ...] = (
        col(LocalTest.id), col(LocalTest.catalogue_id), col(Catalogue.laboratory_id), col(Laboratory.name),
        col(LocalTest.level), col(LocalTest.code), col(LocalTest.label), col(LocalTest.unit), col(LocalTest.unit_code),
        col(LocalTest.specimen), col(LocalTest.specimen_code), col(LocalTest.technique), col(LocalTest.annual_volume),
        _DECLARED.label("declared"), col(ReviewState.outcome), col(_CHOICE.reason).label("why"),
        col(_AUTHOR.display_name).label("declared_by"), col(_CHOICE.created_at).label("declared_at"),
        col(_APPROVER.display_name).label("approved_by"), _STATUS.label("status"), col(_STEP.recipient),
        col(_STEP.reference), col(_STEP.day), col(_STEP.loinc_num), col(_STEP.reason).label("said"),
        col(_WAITING.waiting_code), col(_WAITING.waiting_system), _newest().label("version"),
    )  # fmt: skip
    statement = _detailed(select(*columns)).where(*_conditions(whose, declared, statuses))
    if rows is not None:
        statement = statement.where(col(LocalTest.id).in_(list(rows)[:IN_LIMIT]))
    by = [item.desc() if is_down else item for item in ORDERS[order]]
    statement = statement.order_by(*by, col(LocalTest.id)).limit(limit).offset(offset)
    return [_found(row._mapping) for row in session.execute(statement)]


def _found(row: Mapping[Any, Any]) -> Found:
    is_without = row["outcome"] == Outcome.NO_LOINC
    return Found(
        row_id=row["id"],
        catalogue_id=row["catalogue_id"],
        laboratory_id=row["laboratory_id"],
        laboratory=row["name"],
        level=row["level"],
        code=row["code"],
        label=row["label"],
        unit=row["unit"] or row["unit_code"],
        specimen=row["specimen"] or row["specimen_code"],
        technique=row["technique"],
        volume=row["annual_volume"],
        declared=Declared(row["declared"]),
        reason=(row["why"] or "") if is_without else "",
        declared_by=(row["declared_by"] or "") if is_without else "",
        declared_at=row["declared_at"] if is_without else None,
        approved_by=row["approved_by"] or "",
        status=RequestStatus(row["status"]),
        recipient=row["recipient"] or "",
        reference=row["reference"] or "",
        day=row["day"],
        loinc_num=row["loinc_num"] or "",
        said=row["said"] or "",
        waiting_code=row["waiting_code"] or "",
        waiting_system=row["waiting_system"] or "",
        version=row["version"] or 0,
    )


Counts = dict[tuple[Declared, RequestStatus], int]


def counts_of(session: Session, whose: Sequence[ColumnElement[bool]]) -> Counts:
    """How many requests stand where."""
    columns: tuple[Any, ...] = (_DECLARED, _STATUS, func.count())
    counted: Select[Any] = select(*columns)
    statement = _joined(counted).where(*whose).group_by(_DECLARED, _STATUS)
    return {(Declared(row[0]), RequestStatus(row[1])): row[2] for row in session.execute(statement)}


def waiting_codes_given(session: Session, whose: Sequence[ColumnElement[bool]]) -> int:
    """How many of the rows declared without code carry a code d'attente."""
    statement = (
        _joined(select(func.count()))
        .join(_WAITING, col(_WAITING.id) == _GIVEN)
        .where(*whose, *declared_without_code(), col(_WAITING.waiting_code) != "")
    )
    return int(session.execute(statement).scalar_one())


def steps_of(session: Session, catalogue_id: int, row_id: int) -> list[tuple[CodeRequestStep, str]]:
    """The steps of a row with the names of their authors, the newest first."""
    statement = (
        select(CodeRequestStep, col(User.display_name))
        .join(User, col(User.id) == col(CodeRequestStep.author_id))
        .where(col(CodeRequestStep.catalogue_id) == catalogue_id, col(CodeRequestStep.local_test_id) == row_id)
        .order_by(col(CodeRequestStep.id).desc())
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def rows_of(session: Session, whose: Sequence[ColumnElement[bool]], row_ids: Collection[int]) -> dict[int, LocalTest]:
    """The rows of these numbers that are requests, within `whose`."""
    found: dict[int, LocalTest] = {}
    wanted = sorted(row_ids)
    for start in range(0, len(wanted), IN_LIMIT):
        part = col(LocalTest.id).in_(wanted[start : start + IN_LIMIT])
        for test in session.execute(_joined(select(LocalTest)).where(*whose, part)).scalars():
            found[test.id or 0] = test
    return found


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched for a row: the proposals of the search that is shown."""

    proposals: int
    codes: tuple[str, ...]
    """The first of them, best first."""


def searched_of(session: Session, catalogue_ids: Collection[int], row_ids: Collection[int]) -> dict[int, Searched]:
    """Row -> what the current search of its catalogue found; rows that were not searched are left out."""
    statement = (
        select(col(Proposal.local_test_id), col(Proposal.rank), col(Proposal.loinc_num))
        .join(ProposalRun, col(ProposalRun.id) == col(Proposal.run_id))
        .where(
            col(ProposalRun.catalogue_id).in_(catalogue_ids),
            col(ProposalRun.is_current),
            col(Proposal.local_test_id).in_(row_ids),
            col(Proposal.rank) > 0,
        )
        .order_by(col(Proposal.local_test_id), col(Proposal.rank))
    )
    found: dict[int, list[str]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(row[2])
    return {row_id: Searched(len(codes), tuple(codes[:3])) for row_id, codes in found.items()}


def searched_catalogues(session: Session, catalogue_ids: Collection[int]) -> set[int]:
    """Those of these catalogues that show the proposals of a search: a row without any was searched in vain."""
    statement = select(col(ProposalRun.catalogue_id)).where(
        col(ProposalRun.catalogue_id).in_(catalogue_ids), col(ProposalRun.is_current)
    )
    return set(session.execute(statement).scalars())


def rule_of(session: Session, laboratory_id: int) -> tuple[WaitingCodeRule, str] | None:
    """The rule of a laboratory in force with the name of its author; None before the first one."""
    statement = (
        select(WaitingCodeRule, col(User.display_name))
        .join(User, col(User.id) == col(WaitingCodeRule.author_id))
        .where(col(WaitingCodeRule.laboratory_id) == laboratory_id)
        .order_by(col(WaitingCodeRule.id).desc())
        .limit(1)
    )
    row = session.execute(statement).first()
    return (row[0], row[1]) if row is not None else None

