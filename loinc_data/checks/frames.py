"""Whole tables as pandas frames: rows that repeat, values that another table lacks. Only checks and reports need it."""

from collections.abc import Iterator, Sequence, Set
from typing import Any, TypeAlias

import pandas as pd

from loinc_data.checks.problem import Row, parts

Column: TypeAlias = "pd.Series[Any]"


def frame_of(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    """The named columns as text, one line a row, numbered from 0 as the rows are."""
    return pd.DataFrame({column: [row.cells[column] for row in rows] for column in columns}, dtype=str)


def placed(rows: Sequence[Row], column: Column) -> Iterator[tuple[Row, Any]]:
    """Each value of a column, or of what was kept of one, after the row that it comes from."""
    return ((rows[number], value) for number, value in zip(column.index.tolist(), column.tolist(), strict=True))


def repeats(rows: Sequence[Row], *keys: Column) -> Iterator[tuple[Row, Row]]:
    """Each row whose keys are those of a row above it, with the first such row; `keys` may leave rows out."""
    numbers = keys[0].index.to_series()
    first = numbers.groupby(list(keys), sort=False).transform("min")
    return ((row, rows[number]) for row, number in placed(rows, first[first != numbers]))


def alternatives(rows: Sequence[Row], column: str) -> Column:
    """Each alternative of a column's cells, under the number of its row; cells without any give none."""
    cells = frame_of(rows, [column])[column]
    return cells[cells != ""].map(parts).explode().dropna()


def outside(rows: Sequence[Row], column: str, values: Set[str]) -> Iterator[tuple[Row, str]]:
    """Each alternative of a column that is not one of the values, with its row."""
    found = alternatives(rows, column)
    return placed(rows, found[~found.isin(values)])
