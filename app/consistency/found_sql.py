"""The SQL that finds the warnings of a catalogue: one line a warning, from the marks that the entries hold.

Each kind is one aggregate read from an index that holds only the rows with a code. `app.tallies.findings` keeps what is
found; pages read that (`app.consistency.kept_sql`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    distinct,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlmodel import Session, col

from app.consistency.rules import KINDS
from app.models import ConsistencyAction, ConsistencyAnswer, ConsistencyKind, Level, LoincTerm, WorklistEntry
from app.transcoding.opposed_words import FAMILY_WORDS, NOT_SAID, SPECIMENS

ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
LEVELS = (Level.ANALYSIS.value, Level.EXAM.value)
_ABOUT_NUMBERS = (ConsistencyKind.NAMES, ConsistencyKind.OPPOSED, ConsistencyKind.PANEL, ConsistencyKind.ORDER)


@dataclass(frozen=True, slots=True)
class Found:
    """One warning."""

    kind: ConsistencyKind
    subject: str
    level: str
    number: str
    """The LOINC code, for the kinds that are about one."""
    local_code: str
    twin_mark: int
    rows: int
    variants: int
    """How many names or codes there are."""
    volume: int
    seen: str
    answer_id: int | None
    reason: str
    """What was answered, when it was accepted as it stands."""
    examples: tuple[int, ...] = ()
    """The rows that a list shows; nothing where it was not asked for."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The only rows that matter, where a whole catalogue does not: those of these codes, twins and local codes."""

    numbers: Collection[str]
    twins: Collection[int]
    codes: Collection[str]


def _text(value: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(value, String)


def _seen(count: ColumnElement[Any], total: ColumnElement[Any]) -> ColumnElement[str]:
    return _text(count).concat(":").concat(_text(total))


def _number(column: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.replace(column, "-", ""), BigInteger)


def _letters(position: int) -> ColumnElement[Any]:
    letter = func.substr(ENTRIES.opposed, position + 1, 1)
    return func.count(distinct(case((letter != NOT_SAID, letter))))


def _term(*about: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the release in use holds the code of the row, and says this of it."""
    here = and_(
        col(LoincTerm.release_id) == bindparam("release_id"), col(LoincTerm.loinc_num) == ENTRIES.loinc_num, *about
    )
    return select(literal(1)).select_from(LoincTerm).where(here).exists()


def _part(kind: ConsistencyKind, is_narrowed: bool) -> Select[Any]:
    by_number, by_twin = kind in _ABOUT_NUMBERS, kind is ConsistencyKind.LABEL
    key = ENTRIES.loinc_num if by_number else ENTRIES.twin_mark if by_twin else ENTRIES.code
    codes, rows = func.count(distinct(ENTRIES.loinc_num)), func.count()
    ids = _seen(rows, func.sum(cast(ENTRIES.local_test_id, BigInteger)))
    names = func.count(distinct(ENTRIES.name_mark))
    variants, seen = {
        ConsistencyKind.NAMES: (names, _seen(names, func.sum(distinct(ENTRIES.name_mark)))),
        ConsistencyKind.OPPOSED: (names, ids),
        ConsistencyKind.PANEL: (rows, ids),
        ConsistencyKind.ORDER: (rows, ids),
    }.get(kind, (codes, _seen(codes, func.sum(distinct(_number(ENTRIES.loinc_num))))))
    known_volume = func.sum(case((ENTRIES.volume > 0, ENTRIES.volume), else_=0))
    statement = select(
        literal(kind.value).label("kind"),
        literal(KINDS.index(kind), Integer).label("weight"),
        ENTRIES.level.concat(":").concat(_text(key)).label("subject"),
        ENTRIES.level.label("level"),
        (key if by_number else literal("")).label("number"),
        (key if kind is ConsistencyKind.LOCAL_CODE else literal("")).label("local_code"),
        (key if by_twin else literal(0, BigInteger)).label("twin_mark"),
        rows.label("rows"),
        variants.label("variants"),
        cast(known_volume, BigInteger).label("volume"),
        seen.label("seen"),
    )
    where: list[ColumnElement[bool]] = [
        ENTRIES.catalogue_id == bindparam("catalogue_id"), ENTRIES.loinc_num != "", ENTRIES.level.in_(LEVELS)
    ]  # fmt: skip
    if is_narrowed:
        name = "numbers" if by_number else "twins" if by_twin else "codes"
        where.append(key.in_(bindparam(name, expanding=True)))
    if kind is ConsistencyKind.PANEL:
        where += [ENTRIES.level == Level.ANALYSIS.value, _term(col(LoincTerm.class_name).startswith("PANEL"))]
    if kind is ConsistencyKind.ORDER:
        ordered = (col(LoincTerm.order_obs) == "Order", not_(col(LoincTerm.class_name).startswith("PANEL")))
        where += [
            ENTRIES.level == Level.ANALYSIS.value, bindparam("knows_orders", type_=Integer) == 1, _term(*ordered)
        ]  # fmt: skip
    if kind is ConsistencyKind.LABEL:
        where.append(ENTRIES.twin_mark != 0)
    if kind is ConsistencyKind.LOCAL_CODE:
        where.append(ENTRIES.code != "")
    statement = statement.where(*where).group_by(ENTRIES.level, key)
    if kind is ConsistencyKind.NAMES:
        return statement.having(names > 1)
    if kind is ConsistencyKind.OPPOSED:
        any_system = func.max(case((_any_specimen(), 1), else_=0)) == 1
        letters = [_letters(number) > 1 for number in range(len(FAMILY_WORDS))]
        letters[SPECIMENS] = and_(letters[SPECIMENS], not_(any_system))
        return statement.having(or_(*letters))
    if kind in (ConsistencyKind.LABEL, ConsistencyKind.LOCAL_CODE):
        return statement.having(codes > 1)
    return statement


def _any_specimen() -> ColumnElement[bool]:
    system = col(LoincTerm.system)
    return _term(or_(system.contains("XXX"), system.contains("^Patient")))


def _answered(is_narrowed: bool) -> Any:
    """Every warning, with the newest answer to it as it stands."""
    parts = union_all(*(_part(kind, is_narrowed) for kind in KINDS)).subquery("found")
    answer = ConsistencyAnswer.__table__.c  # type: ignore[attr-defined]
    newest = (
        select(func.max(answer.id).label("id"))
        .where(answer.catalogue_id == bindparam("catalogue_id"))
        .group_by(answer.kind, answer.subject, answer.seen)
        .subquery("newest")
    )
    accepted = (
        select(answer.id, answer.kind, answer.subject, answer.seen, answer.reason)
        .join(newest, newest.c.id == answer.id)
        .where(answer.action == ConsistencyAction.ACCEPT.value)
        .subquery("accepted")
    )
    same = and_(*(accepted.c[name] == parts.c[name] for name in ("kind", "subject", "seen")))
    return (
        select(*parts.c, accepted.c.id.label("answer_id"), accepted.c.reason)
        .select_from(parts.outerjoin(accepted, same))
        .subquery("told")
    )


def found_of(row: Any, examples: tuple[int, ...] = ()) -> Found:
    """A warning as a statement gives it."""
    return Found(
        kind=ConsistencyKind(row.kind),
        subject=row.subject,
        level=row.level,
        number=row.number,
        local_code=row.local_code,
        twin_mark=row.twin_mark,
        rows=row.rows,
        variants=row.variants,
        volume=row.volume,
        seen=row.seen,
        answer_id=row.answer_id,
        reason=row.reason or "",
        examples=examples,
    )


@cache
def _all() -> Select[Any]:
    told = _answered(False)
    return select(told).order_by(told.c.weight, told.c.subject)


def found_in(session: Session, catalogue_id: int, release: Mapping[str, int]) -> Sequence[Found]:
    """Every warning of a catalogue, answered or not; `release` is what `release_values` gives. Reads every row."""
    return [found_of(row) for row in session.execute(_all(), {"catalogue_id": catalogue_id, **release})]


@cache
def _narrowed() -> Select[Any]:
    told = _answered(True)
    return select(told).order_by(told.c.weight, told.c.subject)


def found_among(
    session: Session, catalogue_id: int, release: Mapping[str, int], narrowed: Narrowed
) -> Sequence[Found]:
    """The warnings that rows of these codes, twins and local codes make, answered or not."""
    values = {
        "catalogue_id": catalogue_id,
        "numbers": sorted(narrowed.numbers),
        "twins": sorted(narrowed.twins),
        "codes": sorted(narrowed.codes),
        **release,
    }
    return [found_of(row) for row in session.execute(_narrowed(), values)]
