"""Dumps of results: the same analyses again and again, each time of another file number, on some day."""

import re
from collections.abc import Sequence
from itertools import islice

from app.patient_guard.cells import Column, Row

_FILE_NUMBER = re.compile(r"[A-Z]{0,3}[-/]?\d[\d /.-]{2,13}\d")
_INITIALS = re.compile(r"[A-Z]{2,3}|[A-Z]\.? ?[A-Z]\.?(?: ?[A-Z]\.?)?")
_NUMBER = re.compile(r"[<>]? ?-?\d{1,7}(?:[.,]\d{1,4})?")
_LABEL = re.compile(r"[^\W\d_]{2,}.*", re.DOTALL)
_ENOUGH = 6
_SAMPLE = 1_000
"""Different values that say what a column holds."""


def _share(column: Column, pattern: re.Pattern[str]) -> float:
    if not column.filled:
        return 0.0
    looked = list(islice(column.rows_of.items(), _SAMPLE))
    matching = sum(len(rows) for text, rows in looked if pattern.fullmatch(text))
    return matching / sum(len(rows) for _, rows in looked)


def results_in(columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    """The columns (file number, label, result, day) of a dump of results; empty for a catalogue.

    A catalogue names each analysis once, or once for each sex and age; a dump once for each patient, and its
    numbers change where its labels come again.
    """
    full = [column for column in columns if column.filled >= max(_ENOUGH, 0.6 * len(rows))]
    days = [column for column in full if len(column.years) and 10 * _rows(column, column.years) >= 8 * column.filled]
    days = [column for column in days if min(column.years.values()) >= 1990]
    day_places = {column.index for column in days}
    numbers = [
        column
        for column in full
        if column.index not in day_places
        and _share(column, _FILE_NUMBER) >= 0.9
        and _share(column, re.compile(r"\d{1,3}")) < 0.5
        and len(column.rows_of) >= 4
    ]
    initials = [
        column for column in full if _share(column, _INITIALS) >= 0.9 and len(column.rows_of) >= 4
    ]
    amounts = [
        column
        for column in full
        if column.index not in day_places and _share(column, _NUMBER) >= 0.7 and len(column.rows_of) >= 4
        and any("." in text or "," in text for text in column.rows_of)
    ]  # fmt: skip
    labels = [
        column
        for column in full
        if _share(column, _LABEL) >= 0.9 and 2 * len(column.rows_of) <= column.filled and not column.says_sex
    ]
    for number in numbers:
        measured = [column for column in amounts if column is not number]
        if not measured or not (days or initials):
            continue
        if not _has_labels(full, day_places, number, measured):
            return _found(number, measured[0], *days[:1], *initials[:1]) if days or initials else []
        for label in labels:
            if len(number.rows_of) < 1.3 * len(label.rows_of) + 1 or not _varies(number, label, measured[0]):
                continue
            return _found(number, measured[0], *days[:1], *(item for item in initials[:1] if item is not label))
    return []


def _rows(column: Column, texts: dict[str, int]) -> int:
    return sum(len(column.rows_of[text]) for text in texts)


def _has_labels(full: Sequence[Column], days: set[int], number: Column, measured: Sequence[Column]) -> bool:
    """Whether some column says what was measured."""
    words = re.compile(r".*[^\W\d_]{3,}.*", re.DOTALL)
    return any(
        column.index not in days and column is not number and column not in measured and _share(column, words) >= 0.5
        for column in full
    )


def _varies(number: Column, label: Column, amount: Column) -> bool:
    """Whether a label comes with several numbers and amounts, most often."""
    number_of = {row: text for text, rows in number.rows_of.items() for row in rows}
    amount_of = {row: text for text, rows in amount.rows_of.items() for row in rows}
    several = [rows for rows in label.rows_of.values() if len(rows) >= 2]
    varied = [
        rows
        for rows in several
        if len({number_of.get(row, "") for row in rows}) >= 2 and len({amount_of.get(row, "") for row in rows}) >= 2
    ]
    return bool(several) and 10 * len(varied) >= 6 * len(several)


def _found(*columns: Column) -> list[int]:
    return sorted({column.index for column in columns})
