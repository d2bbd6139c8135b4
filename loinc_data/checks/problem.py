"""A problem found in a shipped file, and the rows that carry their place in the file."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from loinc_data.notice import LOINC_NOTICE

_CLOSING = re.compile(r"(?<=\S) (?=[;:?!»](?:\s|$|[,.)]))")
_OPENING = re.compile(r"« ")


class Level(StrEnum):
    """An error must be repaired before shipping; a warning asks for a look."""

    ERROR = "erreur"
    WARNING = "avertissement"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where; `rule` is a stable English name, `message` is French."""

    level: Level
    rule: str
    file: str
    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file; `line` is what a text editor shows."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def error(self, rule: str, column: str, message: str) -> Problem:
        """An error at this row."""
        return Problem(Level.ERROR, rule, self.file, self.line, column, message)

    def warning(self, rule: str, column: str, message: str) -> Problem:
        """A warning at this row."""
        return Problem(Level.WARNING, rule, self.file, self.line, column, message)


def typographic(text: str) -> str:
    """French spaces: narrow and unbreakable before ; : ? ! and inside guillemets."""
    return _OPENING.sub("«\u202f", _CLOSING.sub("\u202f", text))


def parts(cell: str) -> tuple[str, ...]:
    """The alternatives of a cell, as written."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def read_sheet(
    path: Path, name: str, delimiter: str, header: Sequence[str], *, with_notice: bool = True
) -> tuple[list[Row], list[Problem]]:
    """The rows of a file and what is wrong with its form: encoding, notice, header, widths, stray spaces."""
    problems: list[Problem] = []

    def problem(rule: str, line: int, column: str, message: str) -> None:
        problems.append(Problem(Level.ERROR, rule, name, line, column, message))

    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        problem("encoding", 0, "", f"le fichier n'est pas en UTF-8 : {error.reason}")
        return [], problems
    lines = text.splitlines(keepends=True)
    if with_notice and ("\r" in text or "\ufeff" in text):
        problem(
            "encoding",
            0,
            "",
            "fins de ligne Windows ou marque d'ordre d'octets : LF et UTF-8 sans marque attendus",
        )
    skipped = next((position for position, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if with_notice and not any(LOINC_NOTICE in line for line in lines[:skipped]):
        problem("notice", 1, "", "la mention LOINC manque en tête du fichier")
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    found = next(reader, [])
    if found != list(header):
        problem("header", skipped + 1, "", f"en-tête inattendu : {delimiter.join(found)}")
        return [], problems
    rows: list[Row] = []
    try:
        for cells in reader:
            line = skipped + reader.line_num
            if len(cells) != len(header):
                problem("width", line, "", f"{len(cells)} colonnes au lieu de {len(header)}")
                continue
            for column, cell in zip(header, cells, strict=True):
                if cell != cell.strip() or "  " in cell or not cell.isprintable():
                    problem("spaces", line, column, f"espaces superflues ou caractère invisible : « {cell} »")
            rows.append(Row(name, line, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    except csv.Error as error:
        problem("quoting", skipped + reader.line_num, "", f"guillemets mal formés : {error}")
    return rows, problems
