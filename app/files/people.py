"""Values that look like a person: social security numbers, births, names, and sentences that hold them."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date

from app.files.fields import fold_heading
from app.files.first_names import FIRST_NAMES, SURNAMES

Value = tuple[int, str]
"""(row number, text of the cell)."""

_NIR = re.compile(r"[1-478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?")
_PLAIN_NIR = re.compile(
    r"[12][0-9]{2}(?:0[1-9]|1[0-2]|20|3[0-9]|4[0-2]|50)(?:0[1-9]|[1-8][0-9]|9[0-57-9]|2[AB])[0-9]{6}"
)
"""Without its key, only of those born in France under the usual months: article numbers have 13 digits too."""
_NIR_IN_TEXT = re.compile(
    r"(?<!\d)[1-478][ .]?\d\d[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d\d|2[AB])[ .]?\d{3}[ .]?\d{3}[ .]?\d\d(?!\d)"
)
_DATE = re.compile(
    r"(?:(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4}|\d{2})"
    r"|(?P<year2>(?:18|19|20)\d{2})(?P<dash>-?)(?P<month2>\d{2})(?P=dash)(?P<day2>\d{2}))(?:[ T].*)?"
)
_BORN = re.compile(
    r"(?<![\w-])n[ée]e?(?: ?\(e\))? le :? ?\d{1,2}(?:[/. -]\d{1,2}[/. -]\d{2,4}| [^\W\d_]{3,9}\.? \d{4})", re.IGNORECASE
)
_TITLED = re.compile(
    r"\b(?:M|Mr|Mme|Mlle|Monsieur|Madame|Mademoiselle)\b\.? +(?P<name>[^\W\d_][\w'’-]+(?: +[^\W\d_][\w'’-]+)+)"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENOUGH, _DIFFERENT = 5, 4


def compact_number(text: str) -> str:
    """A number without what groups its digits."""
    return re.sub(r"[ .\u00a0\u202f-]", "", text.strip().upper())


def is_social_security_number(text: str) -> bool:
    """Whether this is a French social security number (NIR), its control key being right when it is given."""
    compact = compact_number(text)
    if len(compact) not in (13, 15) or _NIR.fullmatch(compact) is None:
        return False
    if len(compact) == 13:
        # Thirteen digits are also an article number: only a separator-grouped number is taken as a NIR.
        return compact != text.strip().upper()
    body = compact[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(compact[13:])


def tells_a_birth(text: str) -> bool:
    """Whether a text says when somebody was born: « née le 2 mai 1961 »."""
    return " le " in text and _BORN.search(text) is not None


def may_hold_a_number(text: str) -> bool:
    """Whether a text holds what is written like a social security number with its key, right or wrong."""
    return _NIR_IN_TEXT.search(text) is not None


def holds_a_number(text: str) -> bool:
    """Whether a text holds a social security number whose key is right."""
    return any(is_social_security_number(found[0]) for found in _NIR_IN_TEXT.finditer(text))


def numbered(values: Sequence[Value]) -> list[int]:
    """The rows of social security numbers, when there are several or nothing else.

    Of other numbers of 15 digits, one in a hundred has the right key by chance.
    """
    rows = [row for row, text in values if is_social_security_number(text)]
    alike = sum(_NIR.fullmatch(compact_number(text)) is not None for _, text in values)
    return rows if (len(rows) >= 2 and 2 * len(rows) >= alike) or len(rows) == len(values) else []


def numbered_without_key(values: Sequence[Value]) -> list[int]:
    """The rows of numbers of 13 digits that all read as a social security number, month and department included."""
    found = {row: text for row, text in values if _PLAIN_NIR.fullmatch(text.strip().upper())}
    return list(found) if len(set(found.values())) >= _ENOUGH and len(found) >= 0.8 * len(values) else []


def _year_of_date(text: str) -> int | None:
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    day, month = int(found["day"] or found["day2"]), int(found["month"] or found["month2"])
    year = int(found["year"] or found["year2"])
    if year < 100:
        year += 1900 if year > _LAST_SHORT_YEAR else 2000
    try:
        return date(year, month, day).year
    except ValueError:
        return None


_LAST_SHORT_YEAR = 30
"""Years of two digits: 31 is 1931, 30 is 2030."""


def born(values: Sequence[Value]) -> list[int]:
    """The rows of dates spread over decades, as dates of birth are and dates of creation are not."""
    years = {row: year for row, text in values if (year := _year_of_date(text)) is not None}
    if len(years) < _ENOUGH or len(years) < 0.8 * len(values):
        return []
    ordered = sorted(years.values())
    is_spread = ordered[len(ordered) // 2] < 1995 and ordered[-1] - ordered[0] >= 20
    return list(years) if is_spread else []


def first_named(values: Sequence[Value]) -> list[int]:
    """The rows of a column where most values are a usual first name, and several of them."""
    names = {row: name for row, text in values if (name := fold_heading(text).split(" ")[0]) in FIRST_NAMES}
    is_people = len(names) >= _ENOUGH and len(names) >= 0.6 * len(values) and len(set(names.values())) >= _DIFFERENT
    return list(names) if is_people else []


def _plain(word: str) -> str:
    flat = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in flat if not unicodedata.combining(letter)).lower()


def is_full_name(text: str, *, surely: bool = False) -> bool:
    """Whether a text is a surname and a first name and nothing else: `DURAND Anne`, `Anne, DURAND`, `DURAND^Anne`.

    `surely` asks that the surname is a usual one; otherwise capitals are enough.
    """
    words = _WORD.findall(text)
    if not 2 <= len(words) <= 3 or not set(re.sub(_WORD, "", text)) <= set(" ,^."):
        return False
    for place, word in enumerate(words):
        others = words[:place] + words[place + 1 :]
        if _plain(word).split("-")[0] not in FIRST_NAMES:
            continue
        if any(_plain(other) in SURNAMES for other in others):
            return True
        if not surely and all(other.isupper() and len(other) > 2 for other in others):
            return True
    return False


def fully_named(values: Sequence[Value]) -> list[int]:
    """The rows of surnames with first names, when they fill half of a column or are surely several people."""
    found = {row: text.strip() for row, text in values if is_full_name(text)}
    if len(set(found.values())) < _DIFFERENT or len(found) < _ENOUGH:
        return []
    sure = {text for text in found.values() if is_full_name(text, surely=True)}
    return list(found) if 2 * len(found) >= len(values) or len(sure) >= _ENOUGH else []


def titled(values: Sequence[Value]) -> list[int]:
    """The rows that speak of `Mme DURAND Anne` in a sentence, of several people."""
    found: dict[int, str] = {}
    for row, text in values:
        for said in _TITLED.finditer(text):
            words = said["name"].split()[:2]
            if is_full_name(" ".join(words)):
                found[row] = " ".join(words)
    return list(found) if len(set(found.values())) >= 2 else []


Detector = Callable[[Sequence[Value]], list[int]]
IDENTITIES: tuple[Detector, ...] = (numbered, numbered_without_key)
"""What identifies somebody whatever the heading says."""
PEOPLE: tuple[Detector, ...] = (born, first_named, fully_named, titled)
"""What speaks of people, of the laboratory's own too where a heading says so."""
