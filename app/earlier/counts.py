"""How many earlier statements of a catalogue stand how: all numbers of a page out of what one index holds."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.earlier import repository
from app.models import EarlierStatement, EarlierVerdict, ReviewState


@dataclass(frozen=True, slots=True)
class Tally:
    """Statements that are alike in all that the page counts by."""

    source: str
    verdict: str
    """As it is shown: what was decided today stands before what is proposed."""
    use: str
    is_contradicted: bool
    run_id: int | None
    count: int
    on_rows: int = 0
    """Those of them that speak of a row of the catalogue."""
    newest: int = 0
    """The last of them, by which sources are put in order."""


# In the order of the index: grouped as they are read.
_KEYS: tuple[Any, ...] = (
    col(EarlierStatement.source_name), col(EarlierStatement.verdict), col(EarlierStatement.taken_as),
    col(EarlierStatement.is_contradicted), col(EarlierStatement.run_id),
)  # fmt: skip


def tallies(session: Session, catalogue_id: int, text: str = "", blind_to: int | None = None) -> list[Tally]:
    """The statements of a catalogue, those that hold a text, grouped by all that the page counts by."""
    conditions = [col(EarlierStatement.catalogue_id) == catalogue_id]
    if text:
        conditions.append(repository.matches(text))
    count, on_rows = func.count(), func.count(col(EarlierStatement.local_test_id))
    statement = select(*_KEYS, count, on_rows, func.max(col(EarlierStatement.id))).where(*conditions).group_by(*_KEYS)
    found = [Tally(*row) for row in session.execute(statement)]
    # Few are decided as they said and were compared otherwise: they alone are looked up one by one.
    agreed = (
        select(*_KEYS, count)
        .join(ReviewState, col(ReviewState.local_test_id) == col(EarlierStatement.local_test_id))
        .where(*conditions, repository.is_seen_decided_so(blind_to))
        .where(col(EarlierStatement.verdict) != EarlierVerdict.SAME)
        .group_by(*_KEYS)
    )
    for row in session.execute(agreed):
        tally = Tally(*row)
        found += [replace(tally, count=-tally.count), replace(tally, verdict=EarlierVerdict.SAME.value)]
    return found


def by(found: Iterable[Tally], key: Callable[[Tally], str]) -> dict[str, int]:
    """The numbers by one of the things counted."""
    counts: Counter[str] = Counter()
    for item in found:
        counts[key(item)] += item.count
    return {name: count for name, count in counts.items() if count}


def sources_of(found: Iterable[Tally]) -> list[tuple[str, int]]:
    """(file, statements), the newest first."""
    items = list(found)
    newest: dict[str, int] = {}
    for item in items:
        newest[item.source] = max(newest.get(item.source, 0), item.newest)
    counts = by(items, lambda item: item.source)
    return [(name, counts[name]) for name in sorted(counts, key=lambda name: -newest[name])]


def not_compared(found: Iterable[Tally], run_id: int | None) -> int:
    """How many statements on rows of the catalogue were compared with older proposals, or with none."""
    return sum(item.on_rows for item in found if item.run_id is None or item.run_id != (run_id or 0))
