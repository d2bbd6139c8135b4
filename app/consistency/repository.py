"""The other SQL of consistency: the rows of warnings, and what people answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, func, literal, select, union_all
from sqlmodel import Session, col

from app.consistency.found_sql import ENTRIES, Found
from app.models import ConsistencyAnswer, ConsistencyKind, Level, LocalTest, LoincTerm, User
from app.transcoding.readers import any_hidden, is_hidden


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


IN_STATEMENT = 400
_KEYS = ("loinc_num", "twin_mark", "code")
"""What the rows of a warning share."""
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
    """At most `most` rows of each of these warnings, by `kind subject`, those that differ first; it reads all."""
    placed = examples_of(session, catalogue_id, found, most)
    return _grouped(session, found, placed)


def shown_of(session: Session, found: Sequence[Found]) -> dict[str, list[Member]]:
    """The rows kept to be shown of each of these warnings, by `kind subject`; one statement that reads no others."""
    return _grouped(session, found, {f"{item.kind} {item.subject}": item.examples for item in found})


def _grouped(
    session: Session, found: Sequence[Found], shown: Mapping[str, Sequence[int]]
) -> dict[str, list[Member]]:
    wanted = sorted({row_id for ids in shown.values() for row_id in ids})
    members: dict[int, Member] = {}
    for start in range(0, len(wanted), IN_STATEMENT):
        for row in session.execute(_shown(), {"ids": wanted[start : start + IN_STATEMENT]}):
            members[row.local_test_id] = Member(
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
    keys = [f"{item.kind} {item.subject}" for item in found]
    return {key: [members[row_id] for row_id in shown.get(key, ()) if row_id in members] for key in keys}


def hidden_subjects(
    session: Session, catalogue_id: int, found: Sequence[Found], blind_to: int | None
) -> set[tuple[str, str]]:
    """(kind, subject) of those of these warnings that rest on a row whose decision is hidden from a `blind_person`."""
    if not found or not any_hidden(session, blind_to, catalogue_id):
        return set()
    hidden: set[tuple[str, str, Any]] = set()
    for name in _KEYS:
        values = sorted({_value_of(item) for item in found if _key_of(item.kind).name == name})
        for start in range(0, len(values), IN_STATEMENT):
            statement = (
                select(ENTRIES.level, ENTRIES[name])
                .where(
                    ENTRIES.catalogue_id == catalogue_id,
                    ENTRIES.loinc_num != "",
                    ENTRIES[name].in_(values[start : start + IN_STATEMENT]),
                    is_hidden(blind_to, ENTRIES.local_test_id),
                )
                .distinct()
            )
            hidden |= {(name, level, value) for level, value in session.execute(statement)}
    return {
        (item.kind, item.subject)
        for item in found
        if (_key_of(item.kind).name, item.level, _value_of(item)) in hidden
    }


@cache
def _shown() -> Select[Any]:
    return (
        select(*(ENTRIES[column] for column in _SHOWN), col(LocalTest.label))
        .join(LocalTest, col(LocalTest.id) == ENTRIES.local_test_id)
        .where(ENTRIES.local_test_id.in_(bindparam("ids", expanding=True)))
    )


def examples_of(session: Session, catalogue_id: int, found: Sequence[Found], most: int) -> dict[str, tuple[int, ...]]:
    """At most `most` rows of each of these warnings, by `kind subject`: those that differ first."""
    wanted: dict[str, set[Any]] = {name: set() for name in _KEYS}
    for item in found:
        wanted[_key_of(item.kind).name].add(_value_of(item))
    placed: dict[tuple[str, str], list[int]] = {}
    most_keys = max(map(len, wanted.values()), default=0)
    for start in range(0, most_keys, IN_STATEMENT):
        values = {name: sorted(keys)[start : start + IN_STATEMENT] for name, keys in wanted.items()}
        for row in session.execute(_placed(), {"catalogue_id": catalogue_id, "most": most, **values}):
            placed.setdefault((row.of, f"{row.level}:{row.key}"), []).append(row.local_test_id)
    return {
        f"{item.kind} {item.subject}": tuple(placed.get((_key_of(item.kind).name, item.subject), ()))
        for item in found
    }


@cache
def _placed() -> Select[Any]:
    """Built once: decisions run it."""
    shown = union_all(*(_members(name) for name in _KEYS)).subquery("members")
    return select(shown).order_by(shown.c.of, shown.c.level, shown.c.key, shown.c.place)


def _members(name: str) -> Select[Any]:
    # One row of each name, code and opposition first, so that what differs is seen among the few that are shown.
    key = ENTRIES[name]
    alike = (ENTRIES.level, key, ENTRIES.loinc_num, ENTRIES.name_mark, ENTRIES.opposed)
    order = (ENTRIES.position, ENTRIES.local_test_id)
    ranked = (
        select(
            ENTRIES.local_test_id,
            ENTRIES.level,
            ENTRIES.position,
            cast(key, String).label("key"),
            func.row_number().over(partition_by=alike, order_by=order).label("nth"),
        )
        .where(
            ENTRIES.catalogue_id == bindparam("catalogue_id"),
            ENTRIES.loinc_num != "",
            ENTRIES.level.in_((Level.ANALYSIS.value, Level.EXAM.value)),
            key.in_(bindparam(name, expanding=True)),
        )
        .subquery()
    )
    place = func.row_number().over(
        partition_by=(ranked.c.level, ranked.c.key), order_by=(ranked.c.nth, ranked.c.position, ranked.c.local_test_id)
    )
    columns = (ranked.c.local_test_id, ranked.c.level, ranked.c.key)
    inner = select(literal(name).label("of"), *columns, place.label("place")).subquery()
    return select(inner).where(inner.c.place <= bindparam("most"))


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
