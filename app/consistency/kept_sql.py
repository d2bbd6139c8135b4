"""Reading the warnings that are kept of a catalogue: what a page shows and no more, however large the catalogue is."""

import json
from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col

from app.consistency.found_sql import Found, found_of
from app.models import CatalogueCount, ConsistencyAnswer, ConsistencyFinding, CountFamily

ORDERS = {
    "gravite": ("weight", "volume"),
    "lignes": ("rows", "volume"),
    "volume": ("volume", "rows"),
    "code": ("subject", "weight"),
}
_KEPT = ConsistencyFinding.__table__.c  # type: ignore[attr-defined]


def counts_of(session: Session, catalogue_id: int) -> dict[str, tuple[int, int]]:
    """Kind -> (warnings to look at, warnings answered)."""
    statement = select(col(CatalogueCount.key), col(CatalogueCount.rows)).where(
        col(CatalogueCount.catalogue_id) == catalogue_id, col(CatalogueCount.family) == CountFamily.FINDING
    )
    found: dict[str, list[int]] = {}
    for key, rows in session.execute(statement):
        kind, is_answered = json.loads(key)
        found.setdefault(kind, [0, 0])[int(is_answered)] += rows
    return {kind: (open_, answered) for kind, (open_, answered) in found.items()}


@cache
def _page(order: str, is_down: bool, has_kinds: bool) -> Select[Any]:
    first, second = (_KEPT[name] for name in ORDERS[order])
    statement = (
        select(*_KEPT, col(ConsistencyAnswer.reason))
        .outerjoin(ConsistencyAnswer, col(ConsistencyAnswer.id) == _KEPT.answer_id)
        .where(_KEPT.catalogue_id == bindparam("catalogue_id"), _KEPT.is_answered == bindparam("is_answered"))
    )
    if has_kinds:
        statement = statement.where(_KEPT.kind.in_(bindparam("kinds", expanding=True)))
    then = second.asc() if order == "code" else second.desc()
    by = (first.desc() if is_down else first.asc(), then, _KEPT.weight, _KEPT.subject)
    return statement.order_by(*by).limit(bindparam("most")).offset(bindparam("skipped"))


def page_of(
    session: Session,
    catalogue_id: int,
    *,
    order: str,
    is_down: bool,
    kinds: Collection[str],
    is_answered: bool,
    limit: int,
    offset: int = 0,
) -> list[Found]:
    """Some warnings in order, with the rows to show of each."""
    values: dict[str, Any] = {
        "catalogue_id": catalogue_id, "most": limit, "skipped": offset, "is_answered": is_answered
    }  # fmt: skip
    if kinds:
        values["kinds"] = sorted(kinds)
    rows = session.execute(_page(order, is_down, bool(kinds)), values)
    return [found_of(row, tuple(int(id_) for id_ in row.examples.split(",") if id_)) for row in rows]
