"""A query without its values, and a place in its order: what the statements of the queue are built from."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, tuple_

from app.worklist import blind_sql
from app.worklist.blind_sql import ENTRIES
from app.worklist.facets import BY_KEY
from app.worklist.query import SORTS, ReviewQuery, stored_values
from app.worklist.queue_sql import patterns
from matcher.normalise.text import fold

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is in an order."""

    value: Any
    position: int
    id: int
    status: str
    is_kept: bool
    """Whether the row itself answers the query."""

    def as_sorted_by(self, written: str | None) -> "Place":
        """The place that the row had, by the value that `written_value` wrote; its own, when it wrote none."""
        if written is None:
            return self
        try:
            return replace(self, value=type(self.value)(written))
        except ValueError:
            return self

    @property
    def values(self) -> dict[str, Any]:
        """What statements of rows beyond this place are given."""
        return {"place_value": self.value, "place_position": self.position, "place_id": self.id}


@dataclass(frozen=True, slots=True)
class Form:
    """What a query looks like without its values: the statements of two queries of one form are the same."""

    tri: str
    only: tuple[str, ...]
    without: tuple[str, ...]
    words: int
    is_blind: bool = False
    """Whether decisions may be hidden from who asks."""

    @classmethod
    def of(cls, query: ReviewQuery, skip: Collection[str] = ()) -> "Form":
        """The facets of `skip` are left aside."""
        only, without = (tuple(key for key in part if key not in skip) for part in (query.only, query.without))
        return cls(query.tri, only, without, len(fold(query.q).split()), query.blind_to is not None)

    @property
    def column(self) -> ColumnElement[Any]:
        """The column by which the query sorts."""
        return ENTRIES[SORTS[self.tri.removeprefix("-")]]  # type: ignore[no-any-return]

    @property
    def is_down(self) -> bool:
        """Whether the highest value comes first."""
        return self.tri.startswith("-")

    def by(self, value: Any, position: Any, row_id: Any, backwards: bool = False) -> list[Any]:
        """The clauses of ORDER BY over these columns."""
        first = value.asc() if self.is_down is backwards else value.desc()
        return [first, *((position.desc(), row_id.desc()) if backwards else (position.asc(), row_id.asc()))]

    def stretches(self, backwards: bool = False) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The rows beyond a place: of the same value, and of the others."""
        value: BindParameter[Any] = bindparam("place_value", type_=self.column.type)
        here = tuple_(ENTRIES.position, ENTRIES.local_test_id)
        end = tuple_(
            bindparam("place_position", type_=ENTRIES.position.type),
            bindparam("place_id", type_=ENTRIES.local_test_id.type),
        )
        same = and_(self.column == value, here < end if backwards else here > end)
        return same, self.column > value if self.is_down is backwards else self.column < value

    def conditions(self) -> Conditions:
        """The catalogue, the text and the facets of the query."""
        found: Conditions = [ENTRIES.catalogue_id == bindparam("catalogue_id")]
        text = blind_sql.searched() if self.is_blind else ENTRIES.searched
        found += [text.like(bindparam(f"word_{number}"), escape="/") for number in range(self.words)]
        kept = {key: ENTRIES[BY_KEY[key].column].in_(bindparam(f"only_{key}", expanding=True)) for key in self.only}
        out = {
            key: ENTRIES[BY_KEY[key].column].not_in(bindparam(f"without_{key}", expanding=True))
            for key in self.without
        }
        if self.is_blind:
            kept = {key: blind_sql.kept(condition, key) for key, condition in kept.items()}
            out = {key: blind_sql.left_out(condition, key) for key, condition in out.items()}
        return [*found, *kept.values(), *out.values()]

    def values(self, catalogue_id: int, query: ReviewQuery) -> dict[str, Any]:
        """What `conditions` are given."""
        only, without = stored_values(query.only), stored_values(query.without)
        return (
            {"catalogue_id": catalogue_id, **patterns(query.q)}
            | {f"only_{key}": list(only[key]) for key in self.only}
            | {f"without_{key}": list(without[key]) for key in self.without}
            | ({blind_sql.PERSON: query.blind_to} if self.is_blind else {})
        )
