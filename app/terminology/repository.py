"""All SQL of the terminology, but for the full-text index (see `search_index`)."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as select_model

from app.models import (
    Decision,
    FrenchName,
    LoincAxisValue,
    LoincRelease,
    LoincTerm,
    MapTo,
    PanelMember,
    ReleaseStatus,
    ValueSet,
    ValueSetMember,
    metadata,
    utc_now,
)
from app.terminology.chunks import chunks

Owned = type[PanelMember | FrenchName | MapTo | LoincTerm]
"""The tables that hold many rows of a release."""
CHUNK = 1000
IN_LIMIT = 900


def releases(session: Session) -> Sequence[LoincRelease]:
    """The releases that can be used, the newest load first."""
    statement = select_model(LoincRelease).where(LoincRelease.status == ReleaseStatus.READY)
    return session.exec(statement.order_by(col(LoincRelease.id).desc())).all()


_CURRENT = (
    select_model(LoincRelease)
    .where(col(LoincRelease.is_current).is_(True), LoincRelease.status == ReleaseStatus.READY)
    .order_by(col(LoincRelease.id).desc())
)


def current_release(session: Session) -> LoincRelease | None:
    """The release marked as current."""
    return session.exec(_CURRENT).first()


def has_decisions(session: Session) -> bool:
    """Whether anybody has decided anything on this installation."""
    return session.exec(select_model(Decision.id).limit(1)).first() is not None


def release_by_hash(session: Session, content_hash: str) -> LoincRelease | None:
    """The usable release loaded from exactly these contents."""
    statement = select_model(LoincRelease).where(
        LoincRelease.content_hash == content_hash, LoincRelease.status == ReleaseStatus.READY
    )
    return session.exec(statement).first()


def release_loaded_by(session: Session, work: str) -> LoincRelease | None:
    """The usable release that an attempt of this work loaded."""
    statement = select_model(LoincRelease).where(
        col(LoincRelease.loaded_by).startswith(f"{work}#", autoescape=True), LoincRelease.status == ReleaseStatus.READY
    )
    return session.exec(statement).first()


def starter_release(session: Session, version: str, content_hash: str) -> LoincRelease | None:
    """The starter terminology of this version and content."""
    statement = select_model(LoincRelease).where(
        LoincRelease.kind == "starter",
        LoincRelease.version == version,
        LoincRelease.content_hash == content_hash,
        LoincRelease.status == ReleaseStatus.READY,
    )
    return session.exec(statement).first()


def unfinished_releases(session: Session) -> Sequence[LoincRelease]:
    """Releases that are being loaded or removed, or whose load was interrupted."""
    at_rest = (ReleaseStatus.READY, ReleaseStatus.AWAITED)
    return session.exec(select_model(LoincRelease).where(col(LoincRelease.status).not_in(at_rest))).all()


def awaited_release(session: Session, content_hash: str) -> LoincRelease | None:
    """The line of a release that an archive named and that was not loaded; a load of these contents fills it."""
    statement = select_model(LoincRelease).where(
        LoincRelease.content_hash == content_hash, LoincRelease.status == ReleaseStatus.AWAITED
    )
    return session.exec(statement.order_by(col(LoincRelease.id)).with_for_update()).first()


def _is_named(session: Session, release_id: int) -> bool:
    """Whether a fact names a release: its line must stay, even without its terms."""
    owned = {"loinc_term", "loinc_map_to", "loinc_french_name", "loinc_panel_member", "loinc_term_text",
             "loinc_axis_value", "value_set"}  # fmt: skip
    columns = [
        column for table in metadata.tables.values() if table.name not in owned for column in table.columns
        if any(foreign.column.table.name == "loinc_release" for foreign in column.foreign_keys)
    ]  # fmt: skip
    return any(session.execute(select(column).where(column == release_id).limit(1)).first() for column in columns)


def still_loading(session: Session, release_id: int, loaded_by: str) -> bool:
    """Give a sign of life; whether the release is still being loaded by this attempt, until the transaction ends.

    The number alone does not tell: that of a release that was removed may be given again.
    """
    statement = update(LoincRelease).where(
        col(LoincRelease.id) == release_id,
        col(LoincRelease.loaded_by) == loaded_by,
        col(LoincRelease.status) == ReleaseStatus.LOADING,
    )
    alive: Any = session.execute(statement.values(loaded_at=utc_now()))
    return bool(alive.rowcount == 1)


def give_up(session: Session, release_id: int, loaded_by: str) -> bool:
    """Let nobody add to the unfinished release of an attempt any more; False when it is ready or gone."""
    statement = update(LoincRelease).where(
        col(LoincRelease.id) == release_id,
        col(LoincRelease.loaded_by) == loaded_by,
        col(LoincRelease.status) != ReleaseStatus.READY,
    )
    given_up: Any = session.execute(statement.values(status=ReleaseStatus.REMOVING))
    return bool(given_up.rowcount == 1)


def set_current(session: Session, release_id: int) -> None:
    """Make one release the current one."""
    session.execute(update(LoincRelease).where(col(LoincRelease.is_current).is_(True)).values(is_current=False))
    session.execute(update(LoincRelease).where(col(LoincRelease.id) == release_id).values(is_current=True))


def term(session: Session, release_id: int, loinc_num: str) -> LoincTerm | None:
    """The term of this code in this release."""
    statement = select_model(LoincTerm).where(LoincTerm.release_id == release_id, LoincTerm.loinc_num == loinc_num)
    return session.exec(statement).first()


def terms_by_number(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, LoincTerm]:
    """The terms of these codes in this release, by code."""
    found: dict[str, LoincTerm] = {}
    for chunk in chunks(dict.fromkeys(numbers), IN_LIMIT):
        statement = select_model(LoincTerm).where(
            LoincTerm.release_id == release_id, col(LoincTerm.loinc_num).in_(chunk)
        )
        found.update((row.loinc_num, row) for row in session.exec(statement))
    return found


def held_numbers(session: Session, release_id: int, numbers: Iterable[str]) -> set[str]:
    """Those of these codes that this release holds."""
    found: set[str] = set()
    for chunk in chunks(dict.fromkeys(numbers), IN_LIMIT):
        statement = select(col(LoincTerm.loinc_num)).where(
            col(LoincTerm.release_id) == release_id, col(LoincTerm.loinc_num).in_(chunk)
        )
        found.update(session.scalars(statement))
    return found


def terms_by_id(session: Session, ids: Collection[int]) -> dict[int, LoincTerm]:
    """Terms by identifier."""
    found: dict[int, LoincTerm] = {}
    for chunk in chunks(ids, IN_LIMIT):
        for row in session.exec(select_model(LoincTerm).where(col(LoincTerm.id).in_(chunk))):
            assert row.id is not None
            found[row.id] = row
    return found


def terms_starting(session: Session, release_id: int, start: str, limit: int) -> Sequence[LoincTerm]:
    """The terms whose code begins like this, in order of code."""
    statement = select_model(LoincTerm).where(
        LoincTerm.release_id == release_id,
        col(LoincTerm.loinc_num) >= start,
        col(LoincTerm.loinc_num) < f"{start}~",
    )
    return session.exec(statement.order_by(LoincTerm.loinc_num).limit(limit)).all()


def axis_values(session: Session, release_id: int) -> Sequence[LoincAxisValue]:
    """The values that the axes take in a release, the most frequent first."""
    statement = select_model(LoincAxisValue).where(LoincAxisValue.release_id == release_id)
    return session.exec(statement.order_by(col(LoincAxisValue.term_count).desc(), LoincAxisValue.value)).all()


def map_to(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, list[MapTo]]:
    """Every replacement that a release gives for these codes."""
    found: dict[str, list[MapTo]] = {}
    for chunk in chunks(dict.fromkeys(numbers), IN_LIMIT):
        statement = select_model(MapTo).where(MapTo.release_id == release_id, col(MapTo.loinc_num).in_(chunk))
        for row in session.exec(statement.order_by(MapTo.id)):  # type: ignore[arg-type]
            found.setdefault(row.loinc_num, []).append(row)
    return found


def french_names(session: Session, release_id: int, loinc_num: str) -> Sequence[FrenchName]:
    """What the linguistic variants of a release say of a code."""
    statement = select_model(FrenchName).where(FrenchName.release_id == release_id, FrenchName.loinc_num == loinc_num)
    return session.exec(statement.order_by(FrenchName.id)).all()  # type: ignore[arg-type]


def panel_members(session: Session, release_id: int, panel_num: str) -> Sequence[PanelMember]:
    """What a panel contains, in order."""
    statement = select_model(PanelMember).where(
        PanelMember.release_id == release_id, PanelMember.panel_num == panel_num
    )
    return session.exec(statement.order_by(PanelMember.sequence, PanelMember.id)).all()  # type: ignore[arg-type]


def insert_rows(connection: Connection, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert many rows at once; every row must name the same columns."""
    if rows:
        connection.execute(insert(model), rows)


def delete_some(session: Session, model: Owned, release_id: int, limit: int) -> int:
    """Delete so many rows of a release at most; returns how many went."""
    some = select(col(model.id)).where(col(model.release_id) == release_id).limit(limit)
    gone: Any = session.execute(delete(model).where(col(model.id).in_(some)))
    return int(gone.rowcount)


def delete_release(session: Session, release_id: int) -> None:
    """Remove an unfinished release whose terms are gone, with the lists that came with it."""
    value_sets = select(col(ValueSet.id)).where(col(ValueSet.release_id) == release_id)
    session.execute(delete(ValueSetMember).where(col(ValueSetMember.value_set_id).in_(value_sets)))
    session.execute(delete(ValueSet).where(col(ValueSet.release_id) == release_id))
    if _is_named(session, release_id):
        waiting = {"status": ReleaseStatus.AWAITED, "loaded_by": "", "term_count": 0}
        session.execute(update(LoincRelease).where(col(LoincRelease.id) == release_id).values(**waiting))
        return
    session.execute(delete(LoincRelease).where(col(LoincRelease.id) == release_id))
