"""SQL of the lists of a run: what to repair, and the approved analyses that no report carried."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, literal, select
from sqlmodel import Session, col

from app.effective.lines import Line
from app.effective.repairs import Repair
from app.effective.repository import COUNT_COLUMNS, line_of
from app.models import EffectiveCount, Level, LocalTest, WorklistEntry
from app.terminology.chunks import chunks
from app.transcoding.readers import hidden_in, hidden_rows
from app.transcoding.standing import Standing

AT_ONCE = 900
_SORTS = {
    "resultats": col(EffectiveCount.results),
    "comptes-rendus": col(EffectiveCount.reports),
    "code": col(EffectiveCount.local_code),
    "chapitre": col(EffectiveCount.chapter),
    "nature": col(EffectiveCount.repair),
}
SORTS = tuple(_SORTS)


@dataclass(frozen=True, slots=True)
class ToRepair:
    """Results that should be sent otherwise."""

    repair: Repair
    line: Line


def _asking(run_id: int, catalogue_id: int, blind_to: int | None) -> list[ColumnElement[bool]]:
    """The lines of a run that ask for something, but for those of rows whose decision is hidden from a
    `blind_person`: what their results carried, set beside what they should, tells it."""
    count, test = EffectiveCount, LocalTest
    asking = [col(count.run_id) == run_id, col(count.repair) != Repair.NONE]
    if blind_to is not None:
        hidden = select(func.trim(col(test.code))).where(col(test.id).in_(hidden_rows(blind_to, catalogue_id)))
        asking.append(col(count.local_code).not_in(hidden))
    return asking


def repair_counts(
    session: Session, run_id: int, catalogue_id: int, blind_to: int | None
) -> dict[Repair, tuple[int, int]]:
    """Of each thing to do: lines, and results."""
    count = EffectiveCount
    statement = (
        select(col(count.repair), func.count(), func.sum(count.results))
        .where(*_asking(run_id, catalogue_id, blind_to))
        .group_by(col(count.repair))
    )
    return {Repair(repair): (lines, results) for repair, lines, results in session.execute(statement)}


def to_repair(
    session: Session,
    run_id: int,
    catalogue_id: int,
    blind_to: int | None,
    repair: Repair = Repair.NONE,
    sort: str = "resultats",
    is_descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
) -> list[ToRepair]:
    """The lines of a run that ask for something, for this thing alone unless it is NONE."""
    count = EffectiveCount
    statement = select(col(count.repair), *COUNT_COLUMNS).where(*_asking(run_id, catalogue_id, blind_to))
    if repair is not Repair.NONE:
        statement = statement.where(col(count.repair) == repair)
    column = _SORTS[sort]
    order = column.desc() if is_descending else column.asc()
    statement = statement.order_by(order, col(count.results).desc(), col(count.id)).offset(offset)
    found = session.execute(statement.limit(limit) if limit is not None else statement)
    return [ToRepair(Repair(kind), line_of(row)) for kind, *row in found]


@dataclass(frozen=True, slots=True)
class NamedRow:
    """An analysis of the catalogue."""

    id: int
    code: str
    label: str
    chapter: str
    loinc_num: str


def rows_of_codes(session: Session, catalogue_id: int, codes: Collection[str]) -> dict[str, NamedRow]:
    """The first analysis of each of these local codes, in the order of the catalogue."""
    test = LocalTest
    found: dict[str, NamedRow] = {}
    for some in chunks(sorted(set(codes)), AT_ONCE):
        statement = (
            select(col(test.id), col(test.code), col(test.label))
            .where(col(test.catalogue_id) == catalogue_id, col(test.level) == Level.ANALYSIS, col(test.code).in_(some))
            .order_by(col(test.position), col(test.id))
        )
        for number, code, label in session.execute(statement):
            found.setdefault(code.strip(), NamedRow(number, code, label, "", ""))
    return found


def hidden_codes(session: Session, catalogue_id: int, blind_to: int | None) -> set[str]:
    """The local codes of the rows, gone ones too, whose decision is hidden from who reads (a `blind_person`).

    A run keeps what was approved when it was made: what a row was approved for, before it was sent back and decided
    again, would tell a second reader what she is not to see.
    """
    found: set[str] = set()
    for some in chunks(sorted(hidden_in(session, blind_to, catalogue_id)), AT_ONCE):
        codes = session.scalars(select(col(LocalTest.code)).where(col(LocalTest.id).in_(some)))
        found.update(code.strip() for code in codes)
    return found


def never_seen(
    session: Session, catalogue_id: int, run_id: int, offset: int = 0, limit: int | None = None
) -> Sequence[NamedRow]:
    """The transcoded analyses of the catalogue, as it is now, that no result of a run carried; in its order."""
    entry, test = WorklistEntry, LocalTest
    statement = (
        select(col(test.id), col(test.code), col(test.label), col(entry.counted_chapter), col(entry.loinc_num))
        .select_from(WorklistEntry)
        .join(LocalTest, col(test.id) == col(entry.local_test_id))
        .where(*_never_seen(catalogue_id, run_id))
        .order_by(col(entry.position), col(entry.local_test_id))
        .offset(offset)
    )
    found = session.execute(statement.limit(limit) if limit is not None else statement)
    return [NamedRow(*row) for row in found]


def count_never_seen(session: Session, catalogue_id: int, run_id: int) -> int:
    """How many there are."""
    statement = select(func.count()).select_from(WorklistEntry).where(*_never_seen(catalogue_id, run_id))
    return session.scalar(statement) or 0


def _never_seen(catalogue_id: int, run_id: int) -> list[ColumnElement[bool]]:
    entry = WorklistEntry
    # As entries hold the key of an analysis (`app.tallies.computing.stored_key`).
    prefix = literal(f"{Level.ANALYSIS}\x1f\x1f")
    seen = select(prefix + col(EffectiveCount.local_code)).where(
        col(EffectiveCount.run_id) == run_id, col(EffectiveCount.local_code) != ""
    )
    return [
        col(entry.catalogue_id) == catalogue_id,
        col(entry.level) == Level.ANALYSIS,
        col(entry.standing) == Standing.TRANSCODED,
        col(entry.local_key).not_in(seen),
    ]
