"""What is said of cells that are read without something that nobody sees, or that hides them from a spreadsheet."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from app.files.invisible import has_invisible
from app.files.tabular import Table
from app.files.values import after_apostrophe, bare
from app.text import counted

_SHOWN = 10


def hidden_sentences(
    file_name: str, table: Table, columns: Mapping[str, int], unquoted: Collection[str], heading: Callable[[str], str]
) -> Iterator[str]:
    """Which codes are read without an apostrophe, and which cells without invisible characters: their first rows."""
    if table.dialect.format == "fhir":
        return
    for name in sorted(unquoted, key=columns.__getitem__):
        rows = _rows_where(table, columns[name], lambda cell: after_apostrophe(bare(cell)) is not None)
        said = counted(len(rows), "code commence", "codes commencent")
        yield (
            f"{file_name}, colonne « {heading(name)} » : {said} par une apostrophe, pour un tableur "
            f"({first_rows(rows)}) ; lus sans elle, et rendus avec elle."
        )
    for name, column in columns.items():
        rows = _rows_where(table, column, has_invisible) if column >= 0 else []
        if rows:
            said = counted(len(rows), "cellule contient", "cellules contiennent")
            yield (
                f"{file_name}, colonne « {heading(name)} » : {said} des caractères invisibles (sans largeur, marques "
                f"de sens d'écriture… ; {first_rows(rows)}) ; lues sans eux, et rendues comme reçues."
            )


def _rows_where(table: Table, column: int, holds: Callable[[str], bool]) -> list[int]:
    return [row.row_number for row in table.data if column < len(row.cells) and holds(row.cells[column])]


def first_rows(rows: Sequence[int]) -> str:
    """The first rows of a list: « lignes 2, 3, … »."""
    listed = ", ".join(map(str, rows[:_SHOWN])) + (", …" if len(rows) > _SHOWN else "")
    return f"ligne {listed}" if len(rows) == 1 else f"lignes {listed}"
