"""Columns that hold people: names, dates of birth, and the rows where several traces come together."""

from collections.abc import Sequence
from itertools import pairwise

from app.patient_guard import births, names
from app.patient_guard.cells import Column
from app.patient_guard.first_names import AMBIGUOUS
from app.patient_guard.names import Strength

_ENOUGH, _DIFFERENT = 5, 4
_STAFF_IS_FEW = 25
"""A laboratory has fewer people than that in one column, each of them many times."""


def names_in(column: Column) -> set[int]:
    """The rows of a column that name people."""
    named = column.named
    if column.told.staff:
        full = [text for text, strength in named.items() if strength >= Strength.SURE]
        is_list = len(full) >= _STAFF_IS_FEW and 10 * len(full) >= 6 * column.filled
        return column.rows(full) if is_list else set()
    strong = [text for text, strength in named.items() if strength is Strength.STRONG]
    sure = [text for text, strength in named.items() if strength >= Strength.SURE]
    mixed = [text for text in named if names.is_mixed(text)]
    if strong or len(sure) >= 3 or _different_first_names(mixed) >= 3:
        return column.rows({*sure, *mixed})
    if len(named) >= _DIFFERENT and 2 * len(named) >= len(column.rows_of):
        return column.rows(named)
    return _first_names_in(column)


def _different_first_names(texts: Sequence[str]) -> int:
    return len({names.plain(word) for text in texts for word in text.split() if names.is_plain_first_name(word)})


def _first_names_in(column: Column) -> set[int]:
    found = column.first_names
    plain = {names.plain(text.split(" ")[0]) for text in found}
    doubtful = sum(name.split("-")[0] in AMBIGUOUS for name in plain)
    rows = column.rows(found)
    if len(plain) - doubtful < 3:
        return set()
    is_most = 10 * len(rows) >= 6 * column.filled and len(rows) >= _ENOUGH and len(plain) >= _DIFFERENT
    is_nearly_all = 10 * len(rows) >= 9 * column.filled and len(rows) >= 3 and doubtful == 0
    return rows if is_most or is_nearly_all else set()


def pairs(columns: Sequence[Column]) -> dict[int, set[int]]:
    """Column -> rows where a usual surname stands beside a first name, in three rows or more."""
    found: dict[int, set[int]] = {}
    for left, right in pairwise(columns):
        if left.told.staff or right.told.staff:
            continue
        for surname, first in ((left, right), (right, left)):
            firsts = [text for text in first.rows_of if " " not in text and names.is_plain_first_name(text)]
            if not firsts:
                continue
            surnames = [
                text
                for text in surname.rows_of
                if text[0].isupper() and text.replace(" ", "").replace("-", "").isalpha() and names.is_surname(text)
            ]
            rows = first.rows(firsts) & surname.rows(surnames)
            people = {text for text in firsts if rows.intersection(first.rows_of[text])}
            if len(people) >= 3:
                found.setdefault(left.index, set()).update(rows)
                found.setdefault(right.index, set()).update(rows)
    return found


def births_in(column: Column, columns: Sequence[Column], people: set[int]) -> set[int]:
    """The rows of a column of dates that are births; `people` are the rows that name somebody."""
    years = column.years
    if not years:
        return set()
    rows = column.rows(years)
    sexes = any(10 * other.filled >= 8 * len(rows) and other.says_sex for other in columns)
    with_people = sexes or len(rows & people) >= 2
    is_found = births.are_births(
        years, column.filled, len(rows), is_dated=column.told.dated or column.told.staff, with_people=with_people
    )
    return rows if is_found else set()


def beside_a_birth(columns: Sequence[Column]) -> dict[int, set[int]]:
    """Column -> rows where a usual name stands beside a day or a month from before computers: one is enough."""
    found: dict[int, set[int]] = {}
    for left, right in pairwise(columns):
        if left.told.staff or right.told.staff:
            continue
        for who, when in ((left, right), (right, left)):
            named = [text for text, strength in who.named.items() if strength >= Strength.SURE]
            if not named or when.told.dated:
                continue
            days = {**when.parts_of_days, **when.years}
            rows = who.rows(named) & when.rows(text for text, year in days.items() if year < births.FEW_CREATIONS)
            if rows:
                found.setdefault(who.index, set()).update(rows)
    return found


def together(columns: Sequence[Column]) -> dict[int, set[int]]:
    """Column -> rows that hold a name, and beside it a date, a month or a sex: two such rows are two people."""
    plain_of = {
        column.index: [text for text in column.rows_of if " " not in text and names.is_plain_first_name(text)]
        for column in columns
        if not column.told.staff
    }
    if not any(plain_of[column.index] or column.named for column in columns if column.index in plain_of):
        return {}
    marked: set[int] = set()
    for column in columns:
        if not column.told.dated and not column.told.staff:
            marked |= column.rows(column.years) | column.rows(column.parts_of_days)
            if column.says_sex:
                marked |= column.rows(column.rows_of)
    found: dict[int, set[int]] = {}
    for column in columns:
        if column.told.staff:
            continue
        for least in (Strength.SURE, Strength.WEAK):
            texts = [text for text, strength in column.named.items() if strength >= least]
            rows = column.rows(texts) & marked
            needed = 2 if least is Strength.SURE else 3
            if len({text for text in texts if rows.intersection(column.rows_of[text])}) >= needed:
                found[column.index] = rows
                break
        plain = plain_of[column.index]
        rows = column.rows(plain) & marked
        if len(plain) >= 3 and len(rows) >= 3 and 10 * len(rows) >= 5 * column.filled:
            found.setdefault(column.index, set()).update(rows)
    return found
