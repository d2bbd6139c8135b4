"""Delimited texts of unusual shapes: separators that no spreadsheet offers, lines wholly between quotes, drawn tables.

Each is read only where the whole file has the shape: a wrong cut would make other codes without a word.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from app.files.markdown import looks_drawn, second_table
from app.files.records import DELIMITERS, MARKDOWN, ODD_DELIMITERS, WRAPPED, Dialect, Record, records_of

_WHOLE = re.compile(r'"(?:[^"]|"")*+"')
_PADDED = re.compile(r'"(?=[^"]*[;,\t|])(?:[^"]|"")*+"[;,\t]+')
_DECLARED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""The first line by which a file tells a spreadsheet its separator."""
_AROUND = "~^#*@$%&!|"
"""Signs that systems put around a separator to make one that no text holds."""
_MIN_ROWS = 2


class ShapeError(ValueError):
    """The file has a shape that cannot be read for certain; the message says which, in French."""

    def __init__(self, message: str, row_number: int) -> None:
        super().__init__(message)
        self.row_number = row_number


def with_shape(content: bytes, dialect: Dialect, lines: Sequence[str]) -> Dialect:
    """The dialect of a text of one of these shapes, or the same; `lines` are those that hold something.

    Raises ShapeError.
    """
    if looks_drawn(lines):
        drawn = replace(dialect, delimiter="|", quotechar="", quoting="minimal", shape=MARKDOWN)
        again = second_table([(record.row_number, _text(record, drawn)) for record in records_of(content, drawn)])
        if again is not None:
            raise ShapeError(
                "le fichier contient plusieurs tableaux dessinés (Markdown), dont un second commence ici ; gardez-en "
                "un par fichier.",
                again,
            )
        return drawn
    _refuse_doubtful(dialect, lines)
    if lines and all(line.startswith("'") and line.endswith("'") for line in lines):
        return _between_apostrophes(content, dialect, lines)
    if any(map(_WHOLE.fullmatch, lines)):
        return _unwrapped(content, dialect, lines)
    declared = _DECLARED.fullmatch(lines[0]) if lines else None
    if declared and declared[1] in (*DELIMITERS, *ODD_DELIMITERS):
        return replace(dialect, delimiter=declared[1])
    return _oddly_delimited(content, dialect, lines)


def _refuse_doubtful(dialect: Dialect, lines: Sequence[str]) -> None:
    """Refuse what a usual separator would cut with a piece of another one left in each cell."""
    if len(lines) >= _MIN_ROWS and all(map(_PADDED.fullmatch, lines)):
        raise ShapeError(
            "chaque ligne est une seule cellule entre guillemets, suivie de séparateurs ; enregistrez le fichier de "
            "nouveau en CSV, une cellule par colonne.",
            1,
        )
    sign = dialect.delimiter
    cut = [line for line in lines if sign in line]
    for around in _AROUND if len(cut) >= _MIN_ROWS else "":
        for whole in (around + sign + around, around + sign, sign + around):
            if all(line.count(whole) == line.count(sign) for line in cut):
                raise ShapeError(
                    f"le séparateur semble être « {whole} », de plusieurs caractères ; demandez au SGL un séparateur "
                    "d'un seul caractère (point-virgule).",
                    1,
                )


def _between_apostrophes(content: bytes, dialect: Dialect, lines: Sequence[str]) -> Dialect:
    """The dialect of a file whose cells are quoted by apostrophes; raises ShapeError where whole lines are."""
    quoted = replace(dialect, quotechar="'", quoting="all")
    sign = re.escape(dialect.delimiter)
    cells = re.compile(rf"'(?:[^']|'')*+'(?:{sign}(?:'(?:[^']|'')*+')?)*")
    if all(map(cells.fullmatch, lines)) and _is_constant(_widths(content, quoted)):
        return quoted
    raise ShapeError(
        "chaque ligne commence et finit par une apostrophe, qui n'entoure pas chaque cellule ; enregistrez le fichier "
        "sans ces apostrophes.",
        1,
    )


def _text(record: Record, dialect: Dialect) -> str:
    return record.raw.decode(dialect.encoding)


def _widths(content: bytes, dialect: Dialect) -> list[tuple[int, int]]:
    """(row, number of cells) of the rows that hold something."""
    records = [record for record in records_of(content, dialect) if not record.is_blank]
    return [(record.row_number, len(record.cells)) for record in records]


def _is_constant(widths: Sequence[tuple[int, int]]) -> bool:
    return len(widths) >= _MIN_ROWS and widths[0][1] > 1 and len({width for _, width in widths}) == 1


def _unwrapped(content: bytes, dialect: Dialect, lines: Sequence[str]) -> Dialect:
    """The dialect of a file some or all of whose lines were taken for one cell and quoted, then saved."""
    whole = [line for line in lines if _WHOLE.fullmatch(line)]
    first: ShapeError | None = None
    for delimiter in DELIMITERS:
        if not any(delimiter in line for line in whole):
            continue
        wrapped = replace(dialect, delimiter=delimiter, shape=WRAPPED, quoting="minimal")
        widths = _widths(content, wrapped)
        if _is_constant(widths):
            return wrapped
        usual = Counter(width for _, width in widths).most_common(1)[0][0]
        if _MIN_ROWS <= len(whole) >= len(lines) / 2 and usual > 1 and first is None:
            row, width = next(item for item in widths if item[1] != usual)
            first = ShapeError(
                "les lignes du fichier sont tout entières entre guillemets, et celle-ci n'a pas autant de cellules que "
                f"les autres ({width} au lieu de {usual}) ; enregistrez le fichier de nouveau en CSV, une cellule "
                "par colonne.",
                row,
            )
    if first is not None:
        raise first
    return _oddly_delimited(content, dialect, lines)


def _oddly_delimited(content: bytes, dialect: Dialect, lines: Sequence[str]) -> Dialect:
    """The dialect of a file that an unusual separator cuts alike on each line, where the usual ones do not."""
    asked = [delimiter for delimiter in ODD_DELIMITERS if lines and delimiter in lines[0]]
    usual = _widths(content, dialect) if asked else []
    if not asked or _is_constant(usual):
        return dialect
    fitting = [
        (widths[0][1], delimiter)
        for delimiter in asked
        if _is_constant(widths := _widths(content, replace(dialect, delimiter=delimiter)))
    ]
    width, delimiter = max(fitting, default=(0, ""))
    most = Counter(cells for _, cells in usual).most_common(1)[0][0]
    is_better = width > most or (width == most and dialect.delimiter not in lines[0])
    return replace(dialect, delimiter=delimiter) if fitting and is_better else dialect
