"""Characters that nobody sees — zero-width, soft hyphens, marks of direction — which make another code of a code."""

import re

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_LINE_END = re.compile("[\n\r\t\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")


def without_invisible(text: str) -> str:
    """A text without what nobody sees in it."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def has_invisible(text: str) -> bool:
    """Whether a text holds a character that nobody sees."""
    return not text.isascii() and _INVISIBLE.search(text) is not None


def has_line_end(text: str) -> bool:
    """Whether a text goes on over a line end, or a tab, or another control that breaks lines."""
    return _LINE_END.search(text) is not None


def on_one_line(text: str) -> str:
    """A text whose line ends are seen."""
    return _LINE_END.sub("↵", text)
