"""Giving rows to a person, taking them back: dated facts, and the lists that follow them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.accounts.service import on_leaving
from app.assignments import repository
from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotAllowedError
from app.models import CONTRIBUTORS, Assignment, Role, User
from app.platform import locks
from app.platform.database import Transactions
from app.platform.identity import WRONG_ROLE, CatalogueAccess
from app.worklist import entries_sql
from app.worklist.query import ReviewQuery

AT_ONCE = 1_000
"""Rows of one fact, written in one short transaction."""
MOST = 20_000
"""Rows of one act."""
RELEASED = None
LEFT = "départ de la personne"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows an act is about: those of a query, from one position of the file to another (from 1, included)."""

    query: ReviewQuery
    words: str
    first: int = 1
    last: int = entries_sql.MAX_POSITION


def may_share_out(access: CatalogueAccess) -> bool:
    """Whether the person may give rows to others: a biologist, or an administrator who works in the laboratory."""
    return access.role is Role.BIOLOGIST or (access.role in CONTRIBUTORS and access.user.is_administrator)


def rows_in(session: Session, access: CatalogueAccess, scope: Scope) -> list[int]:
    """The rows of a scope as they are now. Refused beyond `MOST`: nothing is done by halves unsaid."""
    if scope.first > scope.last:
        raise InvalidInputError("La première ligne vient après la dernière.")
    found = entries_sql.ids_in_file_order(
        session, access.catalogue_id, scope.query, MOST + 1, scope.first - 1, scope.last - 1
    )
    if len(found) > MOST:
        raise InvalidInputError("Trop de lignes en une fois : 20 000 au plus. Resserrez le filtre ou l’intervalle.")
    return found


def share_out(transactions: Transactions, access: CatalogueAccess, scope: Scope, assignee_id: int | None) -> int:
    """Give the rows of a scope to a person, or release them (None); how many that was.

    Each thousand of rows is a fact and a transaction of its own: nobody who decides meanwhile waits for the whole.
    Raises NotAllowedError and InvalidInputError; nothing is written then.
    """
    if not may_share_out(access):
        raise NotAllowedError(WRONG_ROLE)
    with transactions.reading() as session:
        _check_person(session, access, assignee_id)
        rows = rows_in(session, access, scope)
    if not rows:
        raise InvalidInputError("Aucune ligne ne répond à cette demande : rien n’a été attribué.")
    for start in range(0, len(rows), AT_ONCE):
        with transactions.writing() as session:
            locks.lock_catalogue(session, access.catalogue_id)
            # She may have left since the first thousand.
            _check_person(session, access, assignee_id)
            part = rows[start : start + AT_ONCE]
            _write(session, access.catalogue_id, access.laboratory_id, part, assignee_id, scope.words, access.user)
    return len(rows)


def _check_person(session: Session, access: CatalogueAccess, assignee_id: int | None) -> None:
    if assignee_id is not None and assignee_id not in repository.contributors(session, access.laboratory_id):
        raise ConflictError("Cette personne ne décide pas dans ce laboratoire : choisissez quelqu’un d’autre.")


def _write(
    session: Session,
    catalogue_id: int,
    laboratory_id: int | None,
    rows: Sequence[int],
    assignee_id: int | None,
    words: str,
    author: User | None,
) -> None:
    fact = Assignment(
        catalogue_id=catalogue_id,
        assignee_id=assignee_id,
        scope=words[:500],
        rows=len(rows),
        author_id=author.id if author else None,
    )
    session.add(fact)
    session.flush()
    repository.add_rows(session, fact.id or 0, rows)
    record(
        session,
        "assignment.release" if assignee_id is None else "assignment.give",
        actor=author,
        object_type="catalogue",
        object_id=catalogue_id,
        laboratory_id=laboratory_id,
        assignment_id=fact.id,
        assignee=assignee_id,
        rows=len(rows),
        scope=fact.scope,
    )


def release_of_leaver(session: Session, user_id: int, laboratory_id: int | None, actor: User | None) -> None:
    """A person can no longer decide in a laboratory, or anywhere: her rows are free again, in the same transaction."""
    for catalogue_id, rows in repository.rows_of_person(session, laboratory_id, user_id).items():
        locks.lock_catalogue(session, catalogue_id)
        _write(session, catalogue_id, laboratory_id, rows, RELEASED, LEFT, actor)


on_leaving(release_of_leaver)
