"""Which column says what, when the headings alone leave a choice: several columns of local codes."""

from app.files.fields import CODE_PATTERN, fold_heading, guess_columns, known_fields
from app.files.tabular import Table

_SAMPLE_ROWS = 2_000
_CLEARLY_FULLER = 0.1


def _codes(table: Table) -> list[int]:
    """The columns whose headings speak of a local code."""
    return [
        column
        for column, heading in enumerate(table.bare_headings)
        if heading and (CODE_PATTERN.search(fold_heading(heading)) or known_fields([heading]) == {"code"})
    ]


def _filled(table: Table, column: int) -> list[bool]:
    return [column < len(row.cells) and bool(row.cells[column].strip()) for row in table.data[:_SAMPLE_ROWS]]


def best_columns(table: Table) -> dict[str, int]:
    """Field -> column. Of several columns of codes, the one that the headings prefer unless another is clearly
    fuller; another one stands in where it is empty."""
    columns = guess_columns(table.bare_headings)
    for name, column in guess_columns(table.headings).items():
        # « Unités – S.I. »: the group says what the sub-heading does not.
        if column not in columns.values():
            columns.setdefault(name, column)
    taken = {column for name, column in columns.items() if name not in ("code", "alternate_code")}
    candidates = [column for column in _codes(table) if column not in taken]
    if len(candidates) < 2 or not table.data:
        return columns
    filled = {column: _filled(table, column) for column in candidates}
    share = {column: sum(cells) / len(cells) for column, cells in filled.items()}
    code = columns.get("code", candidates[0])
    fullest = max(candidates, key=lambda column: (share[column], -column))
    if code not in share or share[fullest] > share[code] + _CLEARLY_FULLER:
        code = fullest
    columns["code"] = code
    columns.pop("alternate_code", None)
    helps = {
        column: sum(here and not main for here, main in zip(filled[column], filled[code], strict=True))
        for column in candidates
        if column != code
    }
    other = max(helps, key=lambda column: (helps[column], -column), default=None)
    if other is not None and helps[other]:
        columns["alternate_code"] = other
    return columns
