"""What a spreadsheet made of a code before the file was saved as text: told by its looks, and by those of the others.

A date among codes that are none was another code; where most codes look alike it may be how the laboratory writes them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from app.files.cell_kinds import CellKind
from app.files.invisible import has_line_end
from app.files.values import after_apostrophe, bare, is_framed

_MAX_LENGTH = 30
_ODD_START = re.compile(r"[#=]|-?\d[\d.,]*[E/:.-]|\d+,0|[jfmasondJFMASOND]\S{2,5}-\d|[vftVFT][raRA]")
"""What every text of the patterns below begins with: most codes do not."""
_ERROR = re.compile(
    r"#(?:N/A|N/D|REF!|VALUE!|VALEUR!|NAME\?|NOM\?|DIV/0!|NUM!|NOMBRE!|NULL!|NUL!|GETTING_DATA|SPILL!|CALC!)",
    re.IGNORECASE,
)
_NARROW = re.compile(r"#{2,}")
_FORMULA = re.compile(r"=(?:.*[\"(&].*|\$?[A-Za-z]{1,3}\$?\d{1,7}|[-+]?\d.*)", re.DOTALL)
"""A call, a text, a cell or a number: `=SOM` may be a code."""
_FORMULA_IN_TEXT = re.compile(r"=(?:[A-Z][A-Z.]*\(.*|\".*|\$?[A-Z]{1,3}\$?\d{1,7}(?:[-+*/&].*)?)", re.DOTALL)
"""A label may well begin by an equals sign."""
_LOGICAL = re.compile(r"vrai|faux|true|false", re.IGNORECASE)
_EXPONENT = re.compile(r"-?\d(?:[.,]\d+)?E\+\d{2,3}")
_HOUR = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_DATE = re.compile(rf"(?:\d{{1,2}}([/.-])\d{{1,2}}\1\d{{4}}|\d{{4}}([/-])\d{{1,2}}\2\d{{1,2}})(?:[T ]{_HOUR}Z?)?")
_TIME = re.compile(r"\d{1,4}:[0-5]\d(?::[0-5]\d)?")
_MONTH = re.compile(
    # As French and English spreadsheets write them: `mars-05`, `3-janv`, `5-Mar`. `SEP-01` is a code.
    r"(?:\d{1,2}-)?(?:janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc)\.?(?:-\d{2,4})?"
    r"|(?:\d{1,2}-)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:-\d{2,4})?"
)
_DECIMAL = re.compile(r"\d{1,15}[.,]0{1,2}")
_LEVELS = re.compile(r"\d+[.,]\d*[1-9]\d*(?:[.,]\d+)*")
"""`1.1`, `12.30`: where codes are numbered by levels, `1.0` is one of them."""
_ONLY_ALIKE = {
    CellKind.DATE: CellKind.DATE_LIKE,
    CellKind.TIME: CellKind.TIME_LIKE,
    CellKind.ROUND: CellKind.ROUND_LIKE,
}
"""What a kind is where it may be how the laboratory writes its codes."""
EMPTY_TEXTS = (CellKind.ERROR, CellKind.NARROW)
Found = tuple[int, CellKind, bool]
"""(row, kind, whether most cells of the column are so)."""


def kind_of_text(text: str) -> CellKind | None:
    """What a spreadsheet made of a text before it was saved as CSV; None for a text like others."""
    if len(text) > _MAX_LENGTH:
        return CellKind.FORMULA if _FORMULA.fullmatch(text) else None
    if not _ODD_START.match(text):
        return None
    for pattern, kind in (
        (_ERROR, CellKind.ERROR), (_NARROW, CellKind.NARROW), (_FORMULA, CellKind.FORMULA),
        (_LOGICAL, CellKind.BOOLEAN), (_EXPONENT, CellKind.EXPONENT), (_DATE, CellKind.DATE), (_TIME, CellKind.TIME),
        (_DECIMAL, CellKind.ROUND),
    ):  # fmt: skip
        if pattern.fullmatch(text):
            return kind
    return CellKind.DATE_LIKE if any(map(str.isdigit, text)) and _MONTH.fullmatch(text) else None


def spoiled_codes(cells: Mapping[int, str], *, is_typed: bool, unquoted: bool) -> Iterator[Found]:
    """What became of the codes of a column, by row; `is_typed` of a workbook, whose texts no spreadsheet changed.

    `unquoted`: the apostrophe in front of the codes of this column is read as what hides them from a spreadsheet.
    """
    # A cell framed for a spreadsheet, `="2005-03-01"`, is what was typed.
    texts = {row: bare(cell) for row, cell in cells.items() if not is_framed(cell)}
    kinds = {row: kind for row, text in texts.items() if (kind := kind_of_text(text)) is not None}
    filled = sum(bool(text) for text in texts.values())
    has_levels = any(map(_LEVELS.fullmatch, texts.values())) if CellKind.ROUND in kinds.values() else False
    counts = {kind: sum(found is kind for found in kinds.values()) for kind in _ONLY_ALIKE}
    for row, kind in kinds.items():
        if kind is CellKind.ROUND and has_levels:
            continue
        is_most = kind in _ONLY_ALIKE and counts[kind] >= max(2, filled / 2)
        yield row, (_ONLY_ALIKE.get(kind, kind) if is_most or is_typed else kind), is_most
    for row, cell in cells.items():
        text = bare(cell)
        if has_line_end(text):
            yield row, CellKind.BROKEN, False
        elif not unquoted and after_apostrophe(text) is not None:
            yield row, CellKind.APOSTROPHE, False


def spoiled_texts(cells: Mapping[int, str]) -> Iterator[Found]:
    """What became of other texts than codes: only what no text is."""
    for row, cell in cells.items():
        if ("#" in cell or "=" in cell) and not is_framed(cell):
            text = bare(cell)
            kind = kind_of_text(text)
            if kind in EMPTY_TEXTS or (kind is CellKind.FORMULA and _FORMULA_IN_TEXT.fullmatch(text)):
                yield row, kind, False


def is_unquoted(texts: Sequence[str]) -> bool:
    """Whether the codes of a column are kept from a spreadsheet by an apostrophe, as most that begin by a digit are.

    Not where it tells one code from another.
    """
    found = [bare(text) for text in texts]
    hidden = [inner for text in found if (inner := after_apostrophe(text)) is not None]
    others = [text for text in found if text and after_apostrophe(text) is None]
    numbers = sum(text[0].isdigit() for text in others)
    return len(hidden) >= 2 and len(hidden) >= numbers and not set(hidden) & set(others)
