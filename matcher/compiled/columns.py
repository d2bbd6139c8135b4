"""Records as columns: each distinct value of a field once, and which of them each record has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from matcher.compiled.sections import Sections
from matcher.types import Term

Record = TypeVar("Record")
Ints = NDArray[np.int32]
MANY = 2_000
"""From how many distinct texts on a column of terms stays bytes: a text is then made when it is asked for."""

MOST_MADE = 5_000
"""How many of the terms that were asked for are kept: rows of one catalogue ask for the same ones."""


def frozen(value: Any) -> Any:
    """A JSON value with tuples for lists, as the matcher's records hold them."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def coded(values: Iterable[Any]) -> tuple[list[Any], Ints]:
    """The distinct values, in the order of their first appearance, and the code of each."""
    codes: dict[Any, int] = {}
    found = [codes.setdefault(value, len(codes)) for value in values]
    return list(codes), np.asarray(found, np.int32)


def records_to_sections(name: str, records: Sequence[Any], of: type, without: frozenset[str] = frozenset()) -> Sections:
    """The fields of dataclass records, but for those left out, as columns."""
    arrays: dict[str, NDArray[Any]] = {}
    values: dict[str, Any] = {}
    for item in fields(of):
        if item.name not in without:
            column = f"{name}.{item.name}"
            values[column], arrays[column] = coded(map(attrgetter(item.name), records))
    return Sections(arrays, values)


def records_of(
    name: str, sections: Sections, make: type[Record], given: Mapping[str, Sequence[Any]] | None = None
) -> list[Record]:
    """The records again; `given` are the fields that were left out."""
    columns: list[Sequence[Any]] = []
    for item in fields(make):  # type: ignore[arg-type]
        if given and item.name in given:
            columns.append(given[item.name])
            continue
        column = f"{name}.{item.name}"
        distinct = [frozen(value) for value in sections.values[column]]
        columns.append([distinct[code] for code in sections.arrays[column].tolist()])
    return [make(*values) for values in zip(*columns, strict=True)]


class Texts(Sequence[str]):
    """Many texts in one block of bytes, each decoded when it is asked for."""

    def __init__(self, content: memoryview, starts: Ints) -> None:
        self._content = content
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> list[str]: ...
    def __getitem__(self, position: int | slice) -> str | list[str]:
        if isinstance(position, slice):
            return [self[place] for place in range(*position.indices(len(self)))]
        return str(self._content[self._starts[position] : self._starts[position + 1]], "utf-8")


class TermColumns(Sequence[Term]):
    """The terms of a release, kept as columns: a Term is made when it is asked for."""

    def __init__(self, columns: Mapping[str, tuple[Sequence[Any], Ints]]) -> None:
        self._columns = [columns[name] for name in TERM_FIELDS]
        self._count = len(self._columns[0][1])
        self._made: dict[int, Term] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, position: int) -> Term: ...
    @overload
    def __getitem__(self, position: slice) -> list[Term]: ...
    def __getitem__(self, position: int | slice) -> Term | list[Term]:
        if isinstance(position, slice):
            return [self._make(place) for place in range(*position.indices(self._count))]
        term = self._made.get(position)
        if term is None:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            term = self._made[position] = self._make(position)
        return term

    def __iter__(self) -> Iterator[Term]:
        return (self._make(position) for position in range(self._count))

    def _make(self, position: int) -> Term:
        return Term(*[values[codes[position]] for values, codes in self._columns])


TERM_FIELDS = tuple(item.name for item in fields(Term))


def terms_to_sections(terms: Iterable[Term]) -> Sections:
    """The columns of the terms; those of many texts are bytes."""
    kept = list(terms)
    arrays: dict[str, NDArray[Any]] = {}
    values: dict[str, Any] = {}
    for name in TERM_FIELDS:
        column = f"term.{name}"
        distinct, arrays[column] = coded(map(attrgetter(name), kept))
        if len(distinct) < MANY or not isinstance(distinct[0], str):
            values[column] = distinct
            continue
        contents = [text.encode() for text in distinct]
        starts = np.zeros(len(contents) + 1, np.int32)
        np.cumsum([len(content) for content in contents], out=starts[1:])
        arrays[f"{column}.texts"] = np.frombuffer(b"".join(contents), np.uint8)
        arrays[f"{column}.starts"] = starts
    return Sections(arrays, values)


def terms_of(sections: Sections) -> TermColumns:
    """The terms of `terms_to_sections`."""
    columns: dict[str, tuple[Sequence[Any], Ints]] = {}
    for name in TERM_FIELDS:
        column = f"term.{name}"
        distinct: Sequence[Any] | None = sections.values.get(column)
        if distinct is None:
            distinct = Texts(sections.arrays[f"{column}.texts"].data, sections.arrays[f"{column}.starts"])
        columns[name] = (distinct, sections.arrays[column])
    return TermColumns(columns)
