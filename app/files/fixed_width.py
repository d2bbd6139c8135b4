"""Texts whose columns are aligned with spaces: where each column begins, when that is certain.

A wrong boundary would cut a code in two without a word: either a ruler of dashes or the headings give the boundaries,
and every row leaves them blank, or the file is refused by its name.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from app.files.fields import fold_heading, guess_columns, known_fields

_RULER = re.compile(r"[-=_]{2,}(?: +[-=_]{2,})+ *")
_DASHES = re.compile(r"[-=_]+")
_HEADING = re.compile(r"\S+(?: \S+)*")
_WIDE_GAP = re.compile(r"\S {2,}\S")
_SEARCH_LINES = 15
_MIN_ROWS = 2
_MANY = 0.6
_NOUNS = frozenset({"code", "libelle", "nom", "type", "reference"})
"""What a heading says of another: the code, or the label, of a unit."""
_TELLING_ROWS = 12
"""So many texts do not have a space at the same place by chance."""
REFUSAL = (
    "c'est un texte à largeur fixe (colonnes alignées par des espaces), dont les limites de colonnes ne sont pas "
    "sûres ; demandez au SGL un export en CSV (point-virgule), ou ouvrez-le dans un tableur (Données, Convertir, "
    "Largeur fixe), placez les limites vous-même et enregistrez-le en XLSX."
)


def is_ruler(line: str) -> bool:
    """Whether a line only underlines the headings: `-----  ---------  ----`."""
    return _RULER.fullmatch(line.rstrip()) is not None


def cut(line: str, starts: Sequence[int]) -> tuple[str, ...]:
    """The cells of a line; those of a ruler are empty."""
    if is_ruler(line):
        return ("",) * len(starts)
    ends = [*starts[1:], len(line)]
    return tuple(line[start:end].strip(" ") for start, end in zip(starts, ends, strict=True))


def looks_aligned(lines: Sequence[str]) -> bool:
    """Whether most lines hold gaps of several spaces, and all leave a same place blank between two texts."""
    filled = [line for line in lines if line.strip() and not is_ruler(line)]
    if len(filled) < _MIN_ROWS + 1 or any("\t" in line for line in filled):
        return False
    gaps = sum(_WIDE_GAP.search(line) is not None for line in filled)
    return gaps >= _MANY * len(filled)


def column_starts(lines: Sequence[str]) -> tuple[int, ...] | None:
    """Where the columns of a text begin, in characters from 0; None when that is not certain."""
    if any("\t" in line for line in lines):
        return None
    for index, line in enumerate(lines[:_SEARCH_LINES]):
        if is_ruler(line):
            starts = tuple(found.start() for found in _DASHES.finditer(line))
            if sum(map(is_ruler, lines)) > 1:
                return None  # several pages, whose headings come again
            kept = [text for text in lines[max(0, index - 1) :] if text.strip() and not is_ruler(text)]
            return (0, *starts[1:]) if len(kept) > _MIN_ROWS and _all_blank(kept, starts[1:]) else None
    known = [_known(line) for line in lines[:_SEARCH_LINES]]
    header = known.index(max(known)) if known else 0
    rows = [text.rstrip() for text in lines[header + 1 :] if text.strip()]
    if not known or not known[header] or len(rows) < _MIN_ROWS:
        return None
    return _by_headings(lines[header], rows)


def _known(line: str) -> int:
    """How many headings of a line are known; none unless both a code and a label are."""
    headings = [found[0] for found in _HEADING.finditer(line)]
    guessed = guess_columns(headings).keys()
    return max(len(known_fields(headings)), len(guessed)) if {"code", "label"} <= guessed else 0


def _all_blank(lines: Sequence[str], starts: Sequence[int]) -> bool:
    """Whether each line leaves the place before each of these columns blank."""
    return all(line[start - 1 : start].strip() == "" for line in lines for start in starts)


def _by_headings(header: str, rows: Sequence[str]) -> tuple[int, ...] | None:
    """The columns under the headings, each apart from the one before by places that all rows leave blank."""
    width = max(map(len, [header, *rows]))
    used = [False] * (width + 1)
    for row in rows:
        for place, character in enumerate(row):
            used[place] |= character != " "
    headings = [(found.start(), found.end()) for found in _HEADING.finditer(header)]
    if any(_names_two(header[first:last]) for first, last in headings):
        return None
    starts = [0]
    for (_, end), (start, _) in pairwise(headings):
        if used[start - 1]:
            # Right aligned, and beginning before its heading: one gap only may separate it from the column before.
            runs = _blank_runs(used, end, start)
            if len(runs) != 1:
                return None
            start = runs[0][1]
        starts.append(start)
    columns = zip(starts, [*starts[1:], width], strict=True)
    return None if any(_holds_two(rows, used, *column) for column in columns) else tuple(starts)


def _blank_runs(used: Sequence[bool], first: int, last: int) -> list[tuple[int, int]]:
    """(begin, end) of the runs of blank places from the end of a heading to the beginning of the next one."""
    runs: list[tuple[int, int]] = []
    for place in range(first, last):
        if used[place]:
            continue
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _holds_two(rows: Sequence[str], used: Sequence[bool], start: int, end: int) -> bool:
    """Whether another column, without heading, stands in this one: all rows leave a gap between two of its texts."""
    for first, last in _blank_runs(used, start, end):
        if not (any(used[start:first]) and any(used[last:end])):
            continue
        after = sum(bool(row[last:end].strip()) for row in rows)
        # The one space in the longest text is blank in all the others, by chance; two spaces are not.
        if last - first > 1 or (len(rows) >= _TELLING_ROWS and after > len(rows) / 2):
            return True
    return False


def _names_two(heading: str) -> bool:
    """Whether two headings are apart by one space only: `Unité Milieu`, and not `Code unité`."""
    words = heading.split(" ")
    return not known_fields([heading]) and any(
        _are_two(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words))
    )


def _are_two(first: str, second: str) -> bool:
    said = known_fields([second])
    is_one = fold_heading(first) in _NOUNS and not said & {"code", "label"}
    return bool(known_fields([first]) and said) and not is_one
