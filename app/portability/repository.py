"""All SQL of what an archive takes of a laboratory."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, or_, select
from sqlmodel import Session, col

from app.models import (
    AuditEvent,
    ChainHead,
    ChainLink,
    CoverageDefinition,
    ImportedArchive,
    Job,
    JobStatus,
    Laboratory,
    LoincRelease,
    Membership,
    TextSalt,
    User,
    ValueSet,
    metadata,
)
from app.models.chained import path_to_laboratory
from app.portability.carried import CARRIED, key_of, references, table_of, written_columns

AT_ONCE = 500


def _within(name: str, laboratory_id: int) -> tuple[Any, ColumnElement[bool]]:
    """A table joined on its way to its laboratory, and the condition that it is this one."""
    table: Any = table_of(name)
    if name == "laboratory":
        return table, table.c.id == laboratory_id
    source, holder = table, table
    path = path_to_laboratory(table)
    for column in path[:-1]:
        (foreign,) = column.foreign_keys
        holder = foreign.column.table
        source = source.join(holder, foreign.column == column)
    return source, holder.c.laboratory_id == laboratory_id


def rows(session: Session, name: str, laboratory_id: int) -> Iterator[RowMapping]:
    """The rows of a table that are of a laboratory, in the order of their numbers, some at a time."""
    source, condition = _within(name, laboratory_id)
    if name == "proposal":
        condition = and_(condition, _is_needed(laboratory_id))
    statement: Any = select(*written_columns(name)).select_from(source).where(condition).order_by(key_of(name))
    yield from _streamed(session, statement)


def contents(session: Session, name: str, laboratory_id: int) -> Iterator[RowMapping]:
    """Key and bytes of each row of a table that holds a file, one at a time: each may be megabytes."""
    source, condition = _within(name, laboratory_id)
    table = table_of(name)
    statement: Any = select(key_of(name).label("key"), table.c.content).select_from(source).where(condition)
    yield from _streamed(session, statement.order_by(key_of(name)), 1)


def _streamed(session: Session, statement: Select[Any], at_once: int = AT_ONCE) -> Iterator[RowMapping]:
    found = session.connection().execute(statement.execution_options(yield_per=at_once))
    with found:
        yield from found.mappings()


def _is_needed(laboratory_id: int) -> ColumnElement[bool]:
    """The proposals that are shown, and those that a fact names; older searches are not carried."""
    proposal, run = table_of("proposal"), table_of("proposal_run")
    named = []
    for name in ("decision", "batch_row", "second_reading"):
        source, condition = _within(name, laboratory_id)
        column = table_of(name).c.proposal_id
        named.append(proposal.c.id.in_(select(column).select_from(source).where(condition, column.is_not(None))))
    current = select(run.c.id).where(run.c.is_current.is_(True))
    return or_(proposal.c.run_id.in_(current), *named)


def numbers_in(session: Session, target: str, laboratory_id: int) -> set[int]:
    """The numbers of a table (people, releases) that the rows of a laboratory refer to."""
    found: set[int] = set()
    for name in CARRIED:
        for column, table in references(name).items():
            if table == target:
                source, condition = _within(name, laboratory_id)
                asked = select(table_of(name).c[column]).select_from(source).where(condition).distinct()
                found |= {number for number in session.execute(asked).scalars() if number is not None}
    return found


def told_in_events(session: Session, laboratory_id: int) -> tuple[set[int], set[int]]:
    """People and releases that the events of a laboratory name besides their columns."""
    people: set[int] = set()
    releases: set[int] = set()
    statement: Any = select(col(AuditEvent.object_type), col(AuditEvent.object_id), col(AuditEvent.details)).where(
        col(AuditEvent.laboratory_id) == laboratory_id
    )
    for row in _streamed(session, statement):
        if row["object_type"] == "user" and row["object_id"].isdecimal():
            people.add(int(row["object_id"]))
        if isinstance(row["details"], dict):
            for name, found in (("release_id", releases), ("user_id", people)):
                if type(row["details"].get(name)) is int:
                    found.add(row["details"][name])
    return people, releases


def people(session: Session, numbers: set[int], laboratory_id: int) -> list[tuple[User, str]]:
    """These people and those with a role in the laboratory, each with her role there today, or none."""
    asked = select(col(Membership.user_id), col(Membership.role)).where(col(Membership.laboratory_id) == laboratory_id)
    roles: dict[int, str] = {row[0]: row[1] for row in session.execute(asked)}
    wanted = sorted({*numbers, *roles})
    found: list[tuple[User, str]] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = select(User).where(col(User.id).in_(wanted[start : start + AT_ONCE])).order_by(col(User.id))
        found += [(person, roles.get(person.id or 0, "")) for person in session.execute(some).scalars()]
    return found


def releases(session: Session, numbers: set[int]) -> Sequence[LoincRelease]:
    """These releases, whatever became of them."""
    return session.execute(
        select(LoincRelease).where(col(LoincRelease.id).in_(numbers)).order_by(col(LoincRelease.id))
    ).scalars().all()  # fmt: skip


def value_sets(session: Session, numbers: set[int]) -> Sequence[ValueSet]:
    """These lists."""
    return session.execute(
        select(ValueSet).where(col(ValueSet.id).in_(numbers)).order_by(col(ValueSet.id))
    ).scalars().all()  # fmt: skip


def definitions(session: Session) -> Iterator[RowMapping]:
    """The definitions that administrators composed, and their withdrawals."""
    yield from _streamed(session, select(*metadata.tables["coverage_definition"].columns).order_by(
        col(CoverageDefinition.id)
    ))  # fmt: skip


def links(session: Session, chain: int) -> Iterator[tuple[ChainLink, str]]:
    """The links of a chain in their order, each with its salts as they are stored, or nothing."""
    beside = (col(TextSalt.chain) == col(ChainLink.chain)) & (col(TextSalt.position) == col(ChainLink.position))
    statement = select(ChainLink, col(TextSalt.salts)).outerjoin(TextSalt, beside).where(col(ChainLink.chain) == chain)
    found = session.execute(statement.order_by(col(ChainLink.position)), execution_options={"yield_per": 50})
    with found:
        for link, salts in found:
            yield link, salts or ""


def head(session: Session, chain: int) -> ChainHead | None:
    """The head of a chain."""
    return session.get(ChainHead, chain)


def archives_of(session: Session, laboratory_id: int) -> Sequence[ImportedArchive]:
    """The archives that a laboratory came in, the oldest first."""
    statement = select(ImportedArchive).where(col(ImportedArchive.laboratory_id) == laboratory_id)
    return session.execute(statement.order_by(col(ImportedArchive.id))).scalars().all()


def is_at_work(session: Session, laboratory_id: int) -> bool:
    """Whether a job of the laboratory waits or runs: what it stores is half there."""
    over = [status for status in JobStatus if status.is_over]
    asked = select(col(Job.id)).where(col(Job.laboratory_id) == laboratory_id, col(Job.status).not_in(over))
    return session.execute(asked.limit(1)).first() is not None


def laboratory_with(session: Session, public_id: str) -> Laboratory | None:
    """The laboratory of this public identifier."""
    return session.execute(select(Laboratory).where(col(Laboratory.public_id) == public_id)).scalar_one_or_none()

