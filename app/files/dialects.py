"""How a received text is written, found on the whole of it, or checked where a person chose it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.errors import ImportRefusedError, InputProblem
from app.files import limits
from app.files.encodings import BOM
from app.files.fixed_width import REFUSAL, column_starts, looks_aligned
from app.files.records import (
    MARKDOWN,
    ODD_DELIMITERS,
    WRAPPED,
    Dialect,
    UndecodableError,
    complete_dialect,
    decode,
    detect_dialect,
)
from app.files.shapes import ShapeError, with_shape

_FIRST_LINES = 15
_LINE_ENDS = re.compile(r"\r\n|\n|\r")
DELIMITER_NAMES = {
    ";": "point-virgule", "\t": "tabulation", ",": "virgule", "|": "barre verticale", "^": "accent circonflexe",
    "~": "tilde", "¦": "barre brisée", "\x1f": "caractère 0x1F", "\x1e": "caractère 0x1E", "\x1d": "caractère 0x1D",
    "\x1c": "caractère 0x1C", "\x01": "caractère 0x01", "§": "signe paragraphe", "#": "dièse",
    "!": "point d'exclamation",
}  # fmt: skip
"""The separators in French."""


def _refuse(file_name: str, message: str, row: int | None = None) -> ImportRefusedError:
    return ImportRefusedError([InputProblem(file_name, message, row)])


def find_dialect(file_name: str, content: bytes, encoding: str = "") -> Dialect:
    """How a text is written; the encoding is found unless it is given. Raises ImportRefusedError."""
    dialect = detect_dialect(content, file_name, encoding)
    text = _checked(file_name, content, dialect)
    lines = [line.rstrip("\x1a") for line in _LINE_ENDS.split(text.removeprefix(BOM))]
    filled = [line for line in lines if line.strip(" \t")]
    try:
        shaped = with_shape(content, dialect, filled)
    except ShapeError as error:
        raise _refuse(file_name, f"{error}", error.row_number) from error
    if shaped != dialect or not filled or _is_delimited(filled, dialect.delimiter):
        return shaped
    starts = column_starts(filled)
    if starts is not None:
        return replace(dialect, starts=starts)
    if looks_aligned(filled):
        raise _refuse(file_name, REFUSAL)
    return dialect


def chosen_dialect(file_name: str, content: bytes, chosen: Dialect) -> Dialect:
    """What a person chose, completed; raises ImportRefusedError where the file cannot be read so."""
    dialect = complete_dialect(content, chosen)
    _checked(file_name, content, dialect)
    return dialect


def _checked(file_name: str, content: bytes, dialect: Dialect) -> str:
    """The text of a file; refused before it is split where it would fill the memory: empty cells make a small file."""
    try:
        text = decode(content, dialect.encoding)
    except UndecodableError as error:
        raise _refuse(file_name, f"{error}.", error.row_number) from error
    try:
        delimiter = dialect.delimiter.encode(dialect.encoding)
    except UnicodeEncodeError:
        name = DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter)
        message = f"le séparateur ({name}) n'existe pas en {dialect.encoding_name} ; choisissez-en un autre."
        raise _refuse(file_name, message) from None
    if content.count(delimiter) > limits.MAX_CELLS or content.count(b"\n") > limits.MAX_CELLS:
        raise _refuse(file_name, f"le fichier dépasse {limits.MAX_CELLS} cellules.")
    return text


def with_own_starts(content: bytes, dialect: Dialect) -> Dialect:
    """A saved reading of fixed width, for a file whose columns may begin elsewhere: the widths follow the contents."""
    try:
        lines = _LINE_ENDS.split(decode(content, dialect.encoding).removeprefix(BOM))
    except UndecodableError:
        return replace(dialect, starts=())
    return replace(dialect, starts=column_starts([line for line in lines if line.strip()]) or ())


def _is_delimited(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the lines, and the headings among them, are cut by a delimiter: a comma may stand in a label."""
    first = [delimiter in line for line in lines[:_FIRST_LINES]]
    return first[0] or sum(first) > len(first) / 2


def shape_notes(file_name: str, dialect: Dialect) -> Iterator[str]:
    """What a person should know of a text that is not written as most are."""
    if dialect.starts:
        places = ", ".join(str(start + 1) for start in dialect.starts)
        yield (
            f"{file_name} : texte à largeur fixe, dont les colonnes commencent aux caractères {places}. Vérifiez dans "
            "l'aperçu qu'aucun mot n'est coupé."
        )
    elif dialect.shape == MARKDOWN:
        yield (
            f"{file_name} : tableau dessiné avec des barres (Markdown) ; la ligne de tirets n'est pas lue, ni les "
            "marques d'une cellule entière (`…`, **…**) et les barres obliques inverses qui protègent un signe."
        )
    elif dialect.shape == WRAPPED:
        yield (
            f"{file_name} : des lignes tout entières entre guillemets sont lues comme plusieurs cellules, séparées par "
            f"{DELIMITER_NAMES[dialect.delimiter]}."
        )
    elif dialect.delimiter in ODD_DELIMITERS:
        yield (
            f"{file_name} : le séparateur est inhabituel ({DELIMITER_NAMES[dialect.delimiter]}). Vérifiez dans "
            "l'aperçu les colonnes qu'il fait."
        )
