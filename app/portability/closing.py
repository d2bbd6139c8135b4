"""Closing a laboratory: its archive first, then every row of it erased; what proves it stays with the installation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select
from sqlmodel import Session, col

from app.audit.erasing import Unprotected
from app.audit.service import record
from app.errors import ConflictError, InvalidInputError
from app.laboratories.service import get_laboratory
from app.models import ClosedLaboratory, Membership, User, metadata
from app.models.append_only import APPEND_ONLY_TABLES
from app.models.chained import path_to_laboratory
from app.platform import locks
from app.platform.chain_digests import BEGINNING
from app.platform.database import Transactions
from app.platform.identity import CLOSED_TO_HER
from app.portability import repository
from app.portability.storing import NOBODY
from app.portability.writing import Archive, make_archive

_CHAINS = ("text_salt", "chain_link", "chain_head")
_CHANGED = (
    "Le laboratoire a changé pendant que son archive s’écrivait : rien n’a été effacé. L’archive écrite n’en tient pas "
    "le dernier état ; recommencez."
)


@dataclass(frozen=True, slots=True)
class Closed:
    """A laboratory that was closed."""

    archive: Archive
    rows: int


def close_laboratory(
    transactions: Transactions,
    laboratory_id: int,
    confirmed: str,
    actor: User,
    deliver: Callable[[Path, Archive], object],
    also: Callable[[Session, Closed], object] = lambda _session, _closed: None,
) -> Closed:
    """Archive a laboratory, hand the file to `deliver`, then erase everything of it.

    `confirmed`: the name of the laboratory, as it is written. `also` is called in the transaction that erases.
    Raises InvalidInputError for another name, ConflictError when a job is at work there, or when something was
    written since the archive was made: nothing is erased then.
    """
    with transactions.reading() as session:
        name = get_laboratory(session, laboratory_id).name
    if confirmed.strip() != name:
        raise InvalidInputError(
            f"Pour fermer ce laboratoire, écrivez son nom exactement : « {name} ». Rien n’a été effacé."
        )
    archive = make_archive(transactions, laboratory_id, deliver, actor)
    with transactions.writing() as session:
        closed = Closed(archive, sum(_erase(session, laboratory_id, archive, actor).values()))
        also(session, closed)
    return closed


def _erase(session: Session, laboratory_id: int, archive: Archive, actor: User) -> dict[str, int]:
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    locks.lock_laboratory(session, laboratory_id)
    laboratory = get_laboratory(session, laboratory_id)
    connection = session.connection()
    rows: dict[str, int] = {}
    tables = list(laboratory_tables())
    chains = [laboratory_id, *(-(item.id or 0) for item in repository.archives_of(session, laboratory_id))]
    people = _foreigners(session, laboratory_id)
    members = _members(session, laboratory_id)
    closed = ClosedLaboratory(
        number=laboratory_id, laboratory_public_id=laboratory.public_id, name=laboratory.name,
        archive_sha256=archive.sha256, head_position=archive.head_position, head_hash=archive.head_hash,
        author_id=actor.id,
    )  # fmt: skip
    with ExitStack() as lifted:
        for name in (*(table.name for table in tables), *_CHAINS):
            if name in APPEND_ONLY_TABLES:
                lifted.enter_context(Unprotected(connection, name, "delete"))
        # Nobody writes in these tables any more: what the archive holds is all there is, or nothing is erased.
        head = repository.head(session, laboratory_id)
        found = (head.position, head.hash) if head is not None else (0, BEGINNING)
        if found != (archive.head_position, archive.head_hash) or repository.is_at_work(session, laboratory_id):
            raise ConflictError(_CHANGED)
        session.expunge_all()
        for table in tables:
            gone: Any = connection.execute(delete(table).where(_of(table, laboratory_id)))
            if gone.rowcount:
                rows[table.name] = gone.rowcount
        for name in _CHAINS:
            chain = metadata.tables[name]
            gone = connection.execute(delete(chain).where(chain.c.chain.in_(chains)))
            rows[name] = gone.rowcount
        _forget(connection, people)
    closed.rows = rows
    session.add(closed)
    for member in members:
        # Of the installation, about the account: its owner is told, and finds why a page of hers is no more.
        record(
            session, CLOSED_TO_HER, actor=actor, object_type="user", object_id=member,
            name=closed.name, laboratory=laboratory_id,
        )  # fmt: skip
    record(
        session, "laboratory.close", actor=actor, object_type="laboratory", object_id=laboratory_id,
        name=closed.name, sha256=archive.sha256, head_position=archive.head_position, head_hash=archive.head_hash,
        rows=sum(rows.values()),
    )  # fmt: skip
    return rows


def _members(session: Session, laboratory_id: int) -> list[int]:
    """The accounts that have a role in it, in order."""
    asked = select(col(Membership.user_id)).where(col(Membership.laboratory_id) == laboratory_id)
    return list(session.execute(asked.order_by(col(Membership.user_id))).scalars())


def laboratory_tables() -> Iterator[Table]:
    """Every table with rows of laboratories, those that refer to others first."""
    for table in reversed(metadata.sorted_tables):
        if table.name == "laboratory" or path_to_laboratory(table):
            yield table


def _of(table: Table, laboratory_id: int) -> ColumnElement[bool]:
    """The condition that a row is of a laboratory."""
    if table.name == "laboratory":
        return table.c.id == laboratory_id
    path = path_to_laboratory(table)
    if len(path) == 1:
        mine: ColumnElement[bool] = path[0] == laboratory_id
        return mine
    (foreign,) = path[0].foreign_keys
    parent = foreign.column
    return path[0].in_(select(parent).where(_of(parent.table, laboratory_id)))


def _foreigners(session: Session, laboratory_id: int) -> list[int]:
    """The accounts of people of elsewhere who came with this laboratory, and with no other."""
    found: list[int] = []
    for archive in repository.archives_of(session, laboratory_id)[-1:]:
        found += archive.keys["maps"]["user_account"].values()
    return found


def _forget(connection: Connection, people: list[int]) -> None:
    account = metadata.tables["user_account"]
    wanted = account.c.id.in_(people) & account.c.is_foreign.is_(True) & account.c.email.endswith(f"@{NOBODY}")
    connection.execute(delete(account).where(wanted))

