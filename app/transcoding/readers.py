"""Who may read a row a second time, what it waits for until then, and whom its decision is hidden from meanwhile.

A second reading is blind only if its reader never saw the decision. So a transcoder who could still be the second
reader of a row that waits for one is shown neither its decision, nor its author, nor its history (`hidden_from`): what
makes a view of a row asks here. Biologists see it, as they approve and send back; readers only read.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from app.errors import ConflictError
from app.models import (
    CONTRIBUTORS,
    Action,
    Catalogue,
    Decision,
    Laboratory,
    LocalTest,
    Membership,
    ReadingRequest,
    ReviewState,
    Role,
    SecondReading,
    Status,
    User,
)
from app.transcoding.readings import DISAGREEMENT, joined, reading_standings, waits
from app.transcoding.readings import ReadingStanding as Standing
from app.web.wording import Word

if TYPE_CHECKING:
    # The command line reads the queue too, and starts without the web.
    from app.platform.identity import CatalogueAccess, LaboratoryAccess

AT_ONCE = 500
"""Rows in one statement."""
BLIND = Word("Décidée, en attente de deuxième lecture (à l’aveugle)", "chip-mute", "…")
"""The state of a row whose decision is hidden."""
BLIND_ROW = (
    "Cette ligne est décidée et attend sa deuxième lecture, à l’aveugle, que vous pouvez faire : lisez-la à l’onglet "
    "« Double lecture ». Rien n’a été enregistré."
)
"""Why a person decides nothing on a row whose decision is hidden from her."""
AWAITED = (
    "Cette ligne a été choisie pour une deuxième lecture, à l’aveugle, qui n’est pas encore faite : elle est approuvée "
    "ensuite (onglet « Double lecture »)."
)
"""Why a row that somebody may still read a second time is not approved."""


def blind_url(catalogue_id: int, local_test_id: int) -> str:
    """Where a row is read a second time."""
    return f"/catalogues/{catalogue_id}/double-lecture/{local_test_id}"


def acted_on(person: Any) -> ColumnElement[bool]:
    """SQL: this person has acted on the row of the request, so that she would not read it blind.

    An import that sent rows back looked at none of them.
    """
    fact = Decision.__table__.alias("her_fact")  # type: ignore[attr-defined]
    return (
        sa_select(fact.c.id)
        .where(
            fact.c.local_test_id == col(ReadingRequest.local_test_id),
            fact.c.author_id == person,
            fact.c.action != Action.REIMPORT.value,
        )
        # The row is the one of the request, however deep this stands in a statement.
        .correlate_except(fact)
        .exists()
    )


def members_of(laboratory_id: int) -> Select[Any]:
    """The members of a laboratory, by their numbers."""
    return (
        sa_select(col(Membership.user_id))
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.laboratory_id) == laboratory_id)
    )


def has_reader(laboratory_id: int) -> ColumnElement[bool]:
    """SQL, over requests: an active member of the laboratory may read the row."""
    contributes = and_(col(Membership.role).in_([role.value for role in CONTRIBUTORS]), col(User.is_active))
    members = members_of(laboratory_id).where(contributes, ~acted_on(col(Membership.user_id)))
    return members.correlate_except(Membership, User).exists()


def _waiting_requests() -> Select[Any]:
    return joined(sa_select(col(ReadingRequest.local_test_id)).select_from(ReadingRequest)).where(waits())


def _waiting_among(session: Session, local_test_ids: Iterable[int], *conditions: ColumnElement[bool]) -> set[int]:
    wanted = list(local_test_ids)
    if not wanted:
        return set()
    statement = _waiting_requests().where(col(ReadingRequest.local_test_id).in_(wanted), *conditions)
    return set(session.execute(statement).scalars())


@lru_cache(1)
def _hidden_among() -> Select[Any]:
    """Made once: every page asks, and to write it takes longer than to run it."""
    wanted: Any = bindparam("wanted", expanding=True)
    return _waiting_requests().where(
        col(ReadingRequest.local_test_id).in_(wanted), ~acted_on(bindparam("person", type_=Integer))
    )


@lru_cache(1)
def _hidden_in() -> Select[Any]:
    """The same of a whole catalogue."""
    of_catalogue = col(ReadingRequest.catalogue_id) == bindparam("catalogue_id", type_=Integer)
    return _waiting_requests().where(of_catalogue, ~acted_on(bindparam("person", type_=Integer)))


@lru_cache(1)
def _one_hidden_in() -> Select[Any]:
    return _hidden_in().limit(1)


def hidden_from(session: Session, access: "CatalogueAccess", local_test_ids: Iterable[int]) -> set[int]:
    """Those of these rows whose decision this person may not see yet; one statement, none for who sees them all."""
    return hidden_among(session, blind_person(access), local_test_ids)


def blind_person(access: "LaboratoryAccess") -> int | None:
    """The person of these rights when decisions may be hidden from her; None for who sees them all."""
    return access.user_id if access.role is Role.TRANSCODER else None


def hidden_among(session: Session, person: int | None, local_test_ids: Iterable[int]) -> set[int]:
    """The same, of a `blind_person`."""
    wanted = sorted(set(local_test_ids)) if person is not None else []
    found: set[int] = set()
    for start in range(0, len(wanted), AT_ONCE):
        values = {"wanted": wanted[start : start + AT_ONCE], "person": person}
        found.update(session.execute(_hidden_among(), values).scalars())
    return found


def hidden_in(session: Session, person: int | None, catalogue_id: int) -> set[int]:
    """All rows of a catalogue whose decision this person (`blind_person`) may not see yet, for a whole file."""
    values = {"catalogue_id": catalogue_id, "person": person}
    return set() if person is None else set(session.execute(_hidden_in(), values).scalars())


def hidden_rows(person: int, catalogue_id: int) -> Select[Any]:
    """SQL: the numbers of these rows, for a list that leaves them out."""
    return _hidden_in().params(catalogue_id=catalogue_id, person=person)


def has_hidden(session: Session, access: "CatalogueAccess") -> bool:
    """Whether the catalogue holds any row whose decision this person may not see yet."""
    return any_hidden(session, blind_person(access), access.catalogue_id)


def any_hidden(session: Session, person: int | None, catalogue_id: int) -> bool:
    """The same, of a `blind_person`."""
    values = {"catalogue_id": catalogue_id, "person": person}
    return person is not None and session.execute(_one_hidden_in(), values).first() is not None


def approved_unread_by(session: Session, person: int | None, catalogue_id: int) -> bool:
    """Whether a row of the catalogue was approved whose decision is hidden from a `blind_person`."""
    if person is None:
        return False
    statement = _hidden_in().where(col(ReviewState.status) == Status.APPROVED).limit(1)
    return session.execute(statement, {"catalogue_id": catalogue_id, "person": person}).first() is not None


def blind_actor(session: Session, laboratory: Laboratory, actor: User | None) -> int | None:
    """The `blind_person` that somebody is in a laboratory, by the role she has now; None without a person."""
    role = None
    if actor is not None:
        statement = sa_select(col(Membership.role)).where(
            col(Membership.user_id) == actor.id, col(Membership.laboratory_id) == laboratory.id
        )
        role = session.execute(statement).scalar()
    return actor.id if actor is not None and role == Role.TRANSCODER else None


def hidden_from_user(session: Session, user: User, local_test_ids: Iterable[int]) -> set[int]:
    """The same as `hidden_from` for rows of any laboratory, each by the role that this person has there."""
    statement = (
        sa_select(col(LocalTest.id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .join(Membership, col(Membership.laboratory_id) == col(Catalogue.laboratory_id))
        .where(col(Membership.user_id) == user.id, col(Membership.role) == Role.TRANSCODER.value)
    )
    wanted = sorted(set(local_test_ids))
    found: set[int] = set()
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        hers = session.execute(statement.where(col(LocalTest.id).in_(part))).scalars()
        found |= hidden_among(session, user.id, hers)
    return found


def is_hidden(person: Any, local_test_id: Any) -> ColumnElement[bool]:
    """SQL: the decision of the row of a statement (`local_test_id`, a column of it) is hidden from this person."""
    return (
        sa_select(col(ReadingRequest.id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(ReadingRequest.local_test_id))
        .outerjoin(SecondReading, col(SecondReading.request_id) == col(ReadingRequest.id))
        .where(col(ReadingRequest.local_test_id) == local_test_id, waits(), ~acted_on(person))
        .correlate_except(ReadingRequest, ReviewState, SecondReading)
        .exists()
    )


def awaited(session: Session, local_test_ids: Iterable[int], laboratory_id: int) -> set[int]:
    """Those of these rows that wait for a second reading that a member of the laboratory may make."""
    return _waiting_among(session, local_test_ids, has_reader(laboratory_id))


def not_approved_yet(session: Session, local_test_ids: Iterable[int], laboratory_id: int) -> dict[int, str]:
    """Row -> why its readings keep it from being approved, for those of these rows that are kept."""
    return kept_by_readings(session, reading_standings(session, local_test_ids), laboratory_id)


def kept_by_readings(session: Session, standings: Mapping[int, Standing], laboratory_id: int) -> dict[int, str]:
    """The same, of rows whose standings are known."""
    waiting = [row_id for row_id, standing in standings.items() if standing is Standing.WAITING]
    found = dict.fromkeys(awaited(session, waiting, laboratory_id), AWAITED)
    return found | {row_id: DISAGREEMENT for row_id, item in standings.items() if item is Standing.DISAGREED}


def require_seen(session: Session, access: "CatalogueAccess", local_test_id: int) -> None:
    """Refuse to act on a row whose decision is hidden from this person: ConflictError."""
    if hidden_from(session, access, [local_test_id]):
        raise ConflictError(BLIND_ROW)
