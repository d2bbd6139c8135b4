"""Which column says what, when the headings alone leave a choice: several columns of local codes, or of LOINC codes."""

from collections.abc import Mapping, Sequence

from app.files.ans_files import ANS_COLUMNS, BESIDE_ANALYSES, ans_columns, has_ans_headings
from app.files.completed_columns import with_own_columns
from app.files.earlier_fields import EARLIER_FIELDS
from app.files.fields import CODE_PATTERN, columns_named, fold_heading, known_fields, with_earlier_only
from app.files.kinds import FileKind
from app.files.loinc_columns import LoincColumn, loinc_columns, with_loinc_columns, without_empty_claim
from app.files.standings import speaks_of_standing
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
    fuller; another one stands in where it is empty. Earlier codes are where the cells hold LOINC codes."""
    held = loinc_columns(table)
    columns = without_empty_claim(_by_headings(table), table.headings, held)
    local = _codes(table)
    if len(local) > 1:
        # « Code » of local codes and « Code (2) » of LOINC codes: what holds LOINC codes is no local code.
        sure = {item.column for item in held if item.is_sure}
        local = [column for column in local if column not in sure] or local
        if columns.get("code") in sure - set(local):
            columns["code"] = local[0]
    taken = {column for name, column in columns.items() if name not in EARLIER_FIELDS and name != "alternate_code"}
    # « Statut » and « Commentaire » speak of the codes once these are found.
    columns = _with_status(table, with_earlier_only(with_loinc_columns(columns, held, taken)))
    if columns.get("alternate_code") not in local or columns.get("alternate_code") == columns.get("code"):
        columns.pop("alternate_code", None)
    return _own_first(table, _with_codes(table, columns, local), held)


def _own_first(table: Table, columns: dict[str, int], held: Sequence[LoincColumn]) -> dict[str, int]:
    """What this product added to the file is read before what the file came with."""
    return with_own_columns(columns, table.bare_headings, {item.column for item in held})


def best_ans_columns(kind: FileKind, table: Table) -> dict[str, int]:
    """The columns of an ANS file; with its headings, earlier codes are where the cells hold LOINC codes."""
    columns = ans_columns(kind, table.headings, [row.cells for row in table.data[:_SAMPLE_ROWS]])
    if not has_ans_headings(kind, table.headings):
        return columns
    of_requirement = [column for name, column in columns.items() if name not in EARLIER_FIELDS]
    held = loinc_columns(table)
    found = with_loinc_columns(columns, held, of_requirement)
    named = columns_named(table.headings)
    told = {name: column for name, column in named.items() if name in EARLIER_FIELDS and column not in found.values()}
    return _own_first(table, _with_status(table, with_earlier_only(told | found)), held)


def _with_status(table: Table, columns: dict[str, int]) -> dict[str, int]:
    """The columns with that of how earlier codes stand, which lists call by many names: « ETAT_TRANSCO », « Bilan »."""
    if "earlier_status" in columns or "earlier_code" not in columns:
        return columns
    for column in range(table.full_width):
        if column not in columns.values():
            rows = table.data[:_SAMPLE_ROWS]
            cells = [text for row in rows if column < len(row.cells) and (text := row.cells[column].strip())]
            if speaks_of_standing(cells):
                return columns | {"earlier_status": column}
    return columns


def added_columns(kind: FileKind, table: Table, columns: Mapping[str, int]) -> range:
    """The columns of an ANS file after those of the requirement, where codes that somebody gave its rows may stand."""
    if kind not in ANS_COLUMNS or not has_ans_headings(kind, table.headings):
        return range(0)
    others = (*EARLIER_FIELDS, *BESIDE_ANALYSES)
    last = max((column for name, column in columns.items() if name not in others), default=-1)
    return range(last + 1, table.full_width)


def _by_headings(table: Table) -> dict[str, int]:
    columns = columns_named(table.bare_headings)
    for name, column in columns_named(table.headings).items():
        # « Unités – S.I. »: the group says what the sub-heading does not.
        if column not in columns.values():
            columns.setdefault(name, column)
    return columns


def _with_codes(table: Table, columns: dict[str, int], local: list[int]) -> dict[str, int]:
    taken = {column for name, column in columns.items() if name not in ("code", "alternate_code")}
    candidates = [column for column in local if column not in taken]
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
