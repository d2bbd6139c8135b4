"""The other SQL of consistency: the rows of warnings, and what people answered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlmodel import Session, col

from app.consistency.found_sql import ENTRIES, Found
from app.models import ConsistencyAnswer, ConsistencyKind, Level, LocalTest, LoincTerm, User


@dataclass(frozen=True, slots=True)
class Member:
    """A row of a warning."""

    id: int
    level: str
    code: str
    label: str
    specimen: str
    unit: str
    volume: int | None
    status: str
    loinc_num: str
    opposed: str


_SHOWN = ("local_test_id", "level", "code", "specimen", "unit", "volume", "status", "loinc_num", "opposed")


def _key_of(kind: ConsistencyKind) -> ColumnElement[Any]:
    if kind is ConsistencyKind.LABEL:
        name = "twin_mark"
    else:
        name = "code" if kind is ConsistencyKind.LOCAL_CODE else "loinc_num"
    column: ColumnElement[Any] = ENTRIES[name]
    return column


def _value_of(found: Found) -> str | int:
    if found.kind is ConsistencyKind.LABEL:
        return found.twin_mark
    return found.local_code if found.kind is ConsistencyKind.LOCAL_CODE else found.number


def members_of(session: Session, catalogue_id: int, found: Sequence[Found], most: int) -> dict[str, list[Member]]:
    """At most `most` rows of each of these warnings, by `kind subject`, those that differ first; one statement."""
    keys: dict[str, tuple[ColumnElement[Any], set[Any]]] = {}
    for item in found:
        column = _key_of(item.kind)
        keys.setdefault(column.name, (column, set()))[1].add(_value_of(item))
    if not keys:
        return {}
    parts = [_members(name, column, values, catalogue_id, most) for name, (column, values) in keys.items()]
    shown = union_all(*parts).subquery("members")
    statement = (
        select(*shown.c, col(LocalTest.label))
        .join(LocalTest, col(LocalTest.id) == shown.c.local_test_id)
        .order_by(shown.c.of, shown.c.place)
    )
    grouped: dict[tuple[str, str], list[Member]] = {}
    for row in session.execute(statement):
        member = Member(
            id=row.local_test_id,
            level=row.level,
            code=row.code,
            label=row.label,
            specimen=row.specimen,
            unit=row.unit,
            volume=row.volume if row.volume >= 0 else None,
            status=row.status,
            loinc_num=row.loinc_num,
            opposed=row.opposed,
        )
        value = {"twin_mark": row.twin_mark, "code": row.code, "loinc_num": row.loinc_num}[row.of]
        grouped.setdefault((row.of, f"{row.level}:{value}"), []).append(member)
    return {
        f"{item.kind} {item.subject}": grouped.get((_key_of(item.kind).name, item.subject), []) for item in found
    }


def _members(
    name: str, key: ColumnElement[Any], values: Collection[Any], catalogue_id: int, most: int
) -> Select[Any]:
    # One row of each name, code and opposition first, so that what differs is seen among the few that are shown.
    alike = (ENTRIES.level, key, ENTRIES.loinc_num, ENTRIES.name_mark, ENTRIES.opposed)
    order = (ENTRIES.position, ENTRIES.local_test_id)
    ranked = (
        select(
            *(ENTRIES[column] for column in (*_SHOWN, "twin_mark", "position")),
            func.row_number().over(partition_by=alike, order_by=order).label("nth"),
        )
        .where(
            ENTRIES.catalogue_id == catalogue_id,
            ENTRIES.loinc_num != "",
            ENTRIES.level.in_((Level.ANALYSIS.value, Level.EXAM.value)),
            key.in_(values),
        )
        .subquery()
    )
    partition = (ranked.c.level, ranked.c[key.name])
    place = func.row_number().over(
        partition_by=partition, order_by=(ranked.c.nth, ranked.c.position, ranked.c.local_test_id)
    )
    columns = (ranked.c[column] for column in (*_SHOWN, "twin_mark"))
    placed = select(literal(name).label("of"), *columns, place.label("place"))
    inner = placed.subquery()
    return select(inner).where(inner.c.place <= most)


def history_of(
    session: Session, catalogue_id: int, kind: str, subject: str, limit: int = 50
) -> list[tuple[ConsistencyAnswer, str]]:
    """What was answered to a warning, whatever it was then, and by whom; the newest first."""
    statement = (
        select(ConsistencyAnswer, col(User.display_name))
        .join(User, col(User.id) == col(ConsistencyAnswer.author_id))
        .where(
            col(ConsistencyAnswer.catalogue_id) == catalogue_id,
            col(ConsistencyAnswer.kind) == kind,
            col(ConsistencyAnswer.subject) == subject,
        )
        .order_by(col(ConsistencyAnswer.id).desc())
        .limit(limit)
    )
    return [(answer, name) for answer, name in session.execute(statement)]


def terms_of(session: Session, release_id: int, numbers: Collection[str]) -> dict[str, LoincTerm]:
    """The terms of these codes."""
    statement = select(LoincTerm).where(
        col(LoincTerm.release_id) == release_id, col(LoincTerm.loinc_num).in_(sorted(numbers))
    )
    return {term.loinc_num: term for term in session.scalars(statement)} if numbers else {}
