"""The rows of a catalogue that say the same on every axis, unit included (`WorklistEntry.group_key`)."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlmodel import Session

from app.worklist.blind_sql import ENTRIES

MOST = 500
"""Rows of a group that are counted and shown at once."""
_MINE = ENTRIES.group_key.table.alias("mine").c


@lru_cache(1)
def _ids() -> Select[Any]:
    key = (
        select(_MINE.group_key)
        .where(_MINE.catalogue_id == bindparam("catalogue_id"), _MINE.local_test_id == bindparam("row_id"))
        .scalar_subquery()
    )
    return (
        select(ENTRIES.local_test_id)
        .where(ENTRIES.catalogue_id == bindparam("catalogue_id"), ENTRIES.group_key == key, ENTRIES.group_key != "")
        .order_by(ENTRIES.position, ENTRIES.local_test_id)
        .limit(bindparam("most"))
    )


@lru_cache(1)
def _count() -> Select[Any]:
    return select(func.count()).select_from(_ids().subquery())


def ids_of_group(session: Session, catalogue_id: int, local_test_id: int, most: int = MOST) -> list[int]:
    """The rows that say the same as this one, itself included, in the order of the file."""
    values = {"catalogue_id": catalogue_id, "row_id": local_test_id, "most": most}
    return list(session.execute(_ids(), values).scalars())


def count_group(session: Session, catalogue_id: int, local_test_id: int) -> int:
    """How many rows say the same as this one, itself included, counted up to `MOST`."""
    values = {"catalogue_id": catalogue_id, "row_id": local_test_id, "most": MOST}
    return int(session.execute(_count(), values).scalar_one())
