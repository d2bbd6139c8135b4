"""Tables drawn with bars: Markdown, and what the clients of databases print. The row of dashes is a blank one."""

import re
from collections.abc import Sequence

RULER = re.compile(r"\s*[|+]?[ \t]*:?[-=]+:?(?:[ \t]*[|+][ \t]*:?[-=]+:?)*[ \t]*[|+]?\s*")
_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKED = re.compile(r"(`+|\*\*|__)(?! )(.+?)(?<! )\1")
_MIN_ROWS = 2


def is_ruler(line: str) -> bool:
    """Whether a line only rules a table: `|---|:--:|`, `-----+-----`."""
    return ("|" in line or "+" in line) and "-" in line.replace("=", "-") and RULER.fullmatch(line) is not None


def cut(line: str) -> tuple[str, ...]:
    """The cells of a line, as they read: without escapes, and without the marks of a whole cell (`**`, backticks).

    Those of a ruler are empty.
    """
    if is_ruler(line):
        return ("",) * len(re.split(r"[|+]", line.strip().strip("|+")))
    text = line.strip(" \t")
    if "|" not in text:
        return (text,)
    if text.startswith("|"):
        text = text[1:]
    parts = _split(text)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()  # what follows the bar that closes the row
    return tuple(map(_read, parts))


def closes_rows(line: str) -> bool:
    """Whether a row, or a ruler, ends with a bar."""
    text = line.rstrip(" \t")
    return (text.endswith(("|", "+")) and len(_split(text)) > 1) or (is_ruler(text) and text.endswith("+"))


def _split(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for found in _BAR.finditer(text):
        parts.append(text[start : found.end() - 1])
        start = found.end()
    return [*parts, text[start:]]


def _read(part: str) -> str:
    text = part.strip(" \t")
    marked = _MARKED.fullmatch(text)
    if marked:
        text = marked[2]
        if marked[1].startswith("`"):
            return text.strip(" ")
    return _ESCAPED.sub(r"\1", text)


def escaped(text: str) -> str:
    """A text as a cell that reads as it is."""
    text = text.replace("\\", "\\\\").replace("|", "\\|")
    return f"\\{text}" if text.startswith(("`", "*", "_")) else text


def looks_drawn(lines: Sequence[str]) -> bool:
    """Whether these lines are a table drawn with bars: a ruler under headings of as many cells, and rows."""
    places = [place for place, line in enumerate(lines) if is_ruler(line)]
    heads = [place for place in places if place and "|" in lines[place - 1] and not is_ruler(lines[place - 1])]
    if not heads:
        return False
    head = heads[0]
    width = len(cut(lines[head]))
    rows = [line for line in lines[head + 1 :] if not is_ruler(line)]
    has_width = width > 1 and len(cut(lines[head - 1])) == width
    return has_width and len(rows) >= _MIN_ROWS - 1 and sum("|" in line for line in rows) > len(rows) / 2


def second_table(lines: Sequence[tuple[int, str]]) -> int | None:
    """The row, among (row, line), where headings come again under a ruler; None when the file holds one table."""
    rulers = [row for row, line in lines if is_ruler(line) and "|" in line]
    return rulers[1] if len(rulers) > 1 else None
