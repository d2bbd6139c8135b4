"""What a spreadsheet shows of an hour or a duration: `30:00` of thirty hours, in the format of the cell."""

import re
from datetime import time, timedelta

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[(?P<total>h+|m+|s+)\]|\[[^\]]*\]|(?P<half>am/pm|a/p)'
    r"|(?P<part>h+|m+|s+)|(?P<sign>[:. ])|_.|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_HOURS, _MINUTES = 3600, 60


def shown_time(value: time | timedelta, code: str) -> str:
    """An hour or a duration as its format shows it; in hours, minutes and seconds without one."""
    if isinstance(value, timedelta):
        seconds = value // timedelta(seconds=1) + (value % timedelta(seconds=1) >= timedelta(seconds=0.5))
    else:
        seconds = value.hour * _HOURS + value.minute * _MINUTES + value.second + (value.microsecond >= 500_000)
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    return sign + (_in_format(seconds, code.partition(";")[0]) or _plain(seconds))


def _plain(seconds: int) -> str:
    return f"{seconds // _HOURS:02d}:{seconds // _MINUTES % 60:02d}:{seconds % 60:02d}"


def _in_format(seconds: int, code: str) -> str:
    """Empty when the format holds anything else than hours, minutes, seconds and texts."""
    tokens = list(_TOKEN.finditer(code))
    if not any(token["part"] or token["total"] for token in tokens) or any(token["other"] for token in tokens):
        return ""
    has_half = any(token["half"] for token in tokens)
    texts: list[str] = []
    for token in tokens:
        if token["total"]:
            unit = {"h": _HOURS, "m": _MINUTES, "s": 1}[token["total"][0].lower()]
            texts.append(_padded(seconds // unit, token["total"]))
        elif token["part"]:
            texts.append(_padded(_part(seconds, token["part"][0].lower(), has_half), token["part"]))
        elif token["half"]:
            texts.append("AM" if seconds // _HOURS % 24 < 12 else "PM")
        else:
            texts.append(token["quoted"] or token["escaped"] or token["sign"] or "")
    return "".join(texts).strip()


def _part(seconds: int, letter: str, has_half: bool) -> int:
    if letter == "h":
        hours = seconds // _HOURS % 24
        return (hours % 12 or 12) if has_half else hours
    return seconds // _MINUTES % 60 if letter == "m" else seconds % 60


def _padded(number: int, letters: str) -> str:
    return f"{number:0{min(len(letters), 2)}d}"
