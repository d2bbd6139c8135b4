"""Dates of birth: told in a sentence, or a column of dates that spread as births do."""

import re
from collections.abc import Iterable
from datetime import date

_MONTHS = {
    month: number
    for number, words in enumerate(
        (
            "janvier janv jan january januar enero gennaio", "fevrier fevr fev feb february februar febrero febbraio",
            "mars mar march marz maerz marzo", "avril avr apr april abril aprile", "mai may mayo maggio maj",
            "juin jun june juni junio giugno", "juillet juil jul july juli julio luglio",
            "aout aou aug august agosto", "septembre sept sep september septiembre settembre",
            "octobre oct okt october oktober octubre ottobre", "novembre nov november noviembre",
            "decembre dec dez december dezember diciembre dicembre",
        ),
        start=1,
    )
    for month in words.split()
}  # fmt: skip
_ACCENTS = str.maketrans("éèêëûùüôöâäàîïç", "eeeeuuuooaaaiic")
_WORDS = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = (
    r"(?:\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?(?:\d{4}|\d{2})|(?:18|19|20)\d{2}[/.-]\d{1,2}[/.-]\d{1,2}"
    rf"|\d{{1,2}}(?:er|st|nd|rd|th)?[ .-]{{0,2}}(?:of )?(?:{_WORDS})\.?[ .,-]{{0,2}}(?:\d{{4}}|\d{{2}})"
    rf"|(?:{_WORDS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}} \d{{1,2}} \d{{4}}|\d{{8}})(?!\d)"
)
_NUMERIC = re.compile(
    r"(?:(?P<day>\d{1,2})(?P<by>\s?[/.-]\s?)(?P<month>\d{1,2})(?P=by)(?P<year>\d{4}|\d{2})"
    r"|(?P<year2>(?:18|19|20)\d{2})(?P<by2>[/.-]?)(?P<month2>\d{2}|(?<=\D)\d)(?P=by2)(?P<day2>\d{2}|(?<=\D)\d)"
    r"|(?P<day3>\d{2})(?P<month3>\d{2})(?P<year3>(?:19|20)\d{2}))"
    r"(?:[ T]\d{1,2}[:h]\d\d(?:[:.]\d\d)*Z?)?"
)
_WORDED = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?[ .-]{{0,2}}(?P<month>{_WORDS})\.?[ .,-]{{0,2}}(?P<year>\d{{4}}|\d{{2}})"
    rf"|(?P<month2>{_WORDS})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year2>\d{{4}}))"
)
_TOLD = re.compile(
    r"(?<![\w-])(?:ne(?:e|\(e\)|\.e|·e|/e|\(e\)s)? ?(?:le|en|:|=)|ne(?:e|\(e\))?(?= \d)|ddn|d\.d\.n\.?|d\.n\.|dtn"
    r"|d ?naiss\.?|(?:date |dt )?(?:de )?naiss(?:ance|\.)?|born(?: on)?|dob|d\.o\.b\.?|birth ?date|date of birth"
    r"|birthday|geb(?:oren)?\.?(?: am)?|geburtsdatum|nacid[oa](?: el)?|nat[oa] il|nascid[oa](?: em)?|data di nascita)"
    rf"[\s:;=(]{{0,4}}(?:le |on |the |am |est |is )?[\s:(]{{0,3}}{_DATE}"
)
_BORN_SOMEWHERE = re.compile(
    r"(?<![\w-])(?<!nouveau )(?<!nouveaux )(?:n[ée]e|né|n[ée]\(e\)|n[ée]\.e|n[ée]·e|née?s) "
    r"(?:[^\W\d][^\d\n;,.]{0,50}(?<!é)(?<!ée) )?(?:le|un) "
    rf"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )?{_DATE}"
)
"""« née à Lyon le 12/03/1961 », « née DUPONT le … »; without its accent « né » is a negation more often than not."""
_DDMMYY = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d(?!\w|[.,/-]\d)"
_SHORT = rf"(?:{_DDMMYY}|\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\w|[.,/-]\d))"
_MONTH_YEAR = (
    rf"(?:(?:{_WORDS})\.?[ -](?:de )?(?:18|19|20)\d\d|(?:0?[1-9]|1[0-2])\s?[/.-]\s?(?:19|20)\d\d)(?![\w]|[/.-]\d)"
)
_TOLD_PART = re.compile(
    r"(?<![\w-])(?:ne(?:e|\(e\)|\.e|·e|/e|\(e\)s)? ?(?:le|en|:|=)|ddn|d\.d\.n\.?|d\.n\.|dtn|d ?naiss\.?|nais\b\.?"
    r"|naiss(?:ance)?\.?\s?[:=(]"
    r"|born(?: on| in)?|dob|d\.o\.b\.?|birth ?date|date (?:of birth|de naissance)|geb(?:oren)?\.?(?: am)?|geburtsdatum"
    rf"|nacid[oa](?: el| en)?|nat[oa] (?:il|nel))[\s:;=(]{{0,4}}(?:en |in |le |on |the |am |est "
    rf"|is )?(?:{_SHORT}|{_MONTH_YEAR}|\d{{8}}(?!\d)"
    rf"|(?<=en )\d\d,? (?:{_WORDS})(?!\w))"
)
"""« DDN 120361 », « née en mars 1961 »: a day without separators, a month."""
_MAY_BE_PART = re.compile(r"\d{6}|(?:18|19|20)\d\d|en \d\d")
_THINGS = re.compile(
    r"m[ée]thode|technique|norme|r[ée]actif|kit|soci[ée]t[ée]|version|projet|recommandation|automate|service"
)
_BORN_IN = re.compile(r"(?<![\w-])n[ée]e?(?:\(e\))? (?:en )?(?P<year>(?:18|19|20)\d\d)(?!\w)")
_SHORT_DAY = re.compile(rf"(?<![\w/.,-]){_DDMMYY}")
_MONTH = re.compile(rf"(?<![\w/.,-]){_MONTH_YEAR}")
_WHOLE_MONTH = re.compile(
    rf"(?:(?:{_WORDS})\.?[ -]|(?:0[1-9]|1[0-2])\s?[/.-]\s?)(?P<year>(?:18|19|20)\d\d)|(?P<year2>(?:18|19"
    rf"|20)\d\d)-(?:0[1-9]|1[0-2])"
)
_ANY_DATE = re.compile(rf"(?<![\w/.-]){_DATE}")
MAY_TELL = re.compile(
    r"n[ée]|nais|ddn|dtn|d\.d\.n|d\.n\.|born|dob|d\.o\.b|birth|geb|nacid|nat[oa] |nasc", re.IGNORECASE
)
OLDEST = 1890
_SAID_BEFORE = 40
LAST_SHORT_YEAR = 30
"""Years of two digits: 31 is 1931, 30 is 2030."""
BEFORE_COMPUTERS = 1970
"""No laboratory's system holds a date of its own before this year."""
FEW_CREATIONS = 1986
"""Nor several different ones before this year."""


def _plain(text: str) -> str:
    return text.lower().translate(_ACCENTS)


def _months_plain(text: str) -> str:
    """A text in small letters, whose months bear no accent; the other words keep theirs."""
    return text.lower().replace("û", "u").replace("fév", "fev").replace("déc", "dec")


def tells_a_birth(text: str) -> bool:
    """Whether a text says on what day somebody was born: « née le 2 mai 1961 », « DDN 02/05/61 »."""
    if MAY_TELL.search(text) is None:
        return False
    plain = _plain(text)
    if _TOLD.search(plain) is not None or _BORN_SOMEWHERE.search(_months_plain(text)) is not None:
        return True
    return _MAY_BE_PART.search(plain) is not None and any(
        _THINGS.search(text[max(0, match.start() - _SAID_BEFORE) : match.start()].lower()) is None
        for match in _TOLD_PART.finditer(plain)
    )


def _valid(year: int, month: int, day: int, *, is_short: bool) -> int | None:
    if is_short:
        year += 1900 if year > LAST_SHORT_YEAR else 2000
    try:
        return date(year, month, day).year
    except ValueError:
        # The month first, as in English.
        try:
            return date(year, day, month).year
        except ValueError:
            return None


def year_of(text: str) -> int | None:
    """The year of a text that is a whole date and nothing else, written in any usual way; None for any other text."""
    text = text.strip()
    if not 6 <= len(text) <= 30 or not any(character.isdigit() for character in text):
        return None
    found = _NUMERIC.fullmatch(text)
    if found is not None:
        return _of_numbers(found)
    if not any(character.isalpha() for character in text):
        return None
    worded = _WORDED.fullmatch(_plain(text))
    if worded is None:
        return None
    month = _MONTHS[worded["month"] or worded["month2"]]
    year = worded["year"] or worded["year2"]
    return _valid(int(year), month, int(worded["day"] or worded["day2"]), is_short=len(year) == 2)


def _of_numbers(found: re.Match[str]) -> int | None:
    for end in ("", "2", "3"):
        year = found[f"year{end}"]
        if year is not None:
            said = _valid(int(year), int(found[f"month{end}"]), int(found[f"day{end}"]), is_short=len(year) == 2)
            if said is not None or end != "2" or len(found[0]) != 8:
                return said
            text = found[0]
            # Eight digits: the year may come last.
            return _valid(int(text[4:]), int(text[2:4]), int(text[:2]), is_short=False)
    return None


def holds_a_date(text: str) -> bool:
    """Whether a date with its year stands somewhere in a text."""
    return _ANY_DATE.search(_plain(text)) is not None


def year_of_part(text: str) -> int | None:
    """The year of a text that is a month of a year and nothing else, or a day without separators (ddmmyy, ddmmyyyy,
    whose first nought a workbook may have dropped); None for any other text."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        if len(text) not in (5, 6, 7, 8):
            return None
        digits = text.zfill(6 if len(text) < 7 else 8)
        year = _valid(int(digits[4:]), int(digits[2:4]), int(digits[:2]), is_short=len(digits) == 6)
        return year if year is not None and 1 <= int(digits[2:4]) <= 12 and OLDEST <= year <= 2100 else None
    if not 6 <= len(text) <= 20 or not (text[-4:].isdigit() or text[:4].isdigit()):
        return None
    found = _WHOLE_MONTH.fullmatch(_plain(text))
    return int(found["year"] or found["year2"]) if found else None


def dated(text: str) -> int | None:
    """The first year of what may be a day or a month of birth in a text: a date, a day without separators, a month,
    « né en 1961 »; None without any."""
    plain = _plain(text)
    found = _ANY_DATE.search(plain) or _SHORT_DAY.search(plain)
    if found is not None:
        said = year_of(found[0].strip()) or year_of_part(found[0])
        if said is not None:
            return said
    month = _MONTH.search(plain)
    if month is not None:
        return int(month[0][-4:])
    born = _BORN_IN.search(plain)
    return int(born["year"]) if born else None


def undated(text: str) -> str:
    """A text without its dates, days and months."""
    plain = _plain(text)
    if len(plain) != len(text):
        return text
    for pattern in (_ANY_DATE, _SHORT_DAY, _MONTH, _BORN_IN):
        for match in reversed(list(pattern.finditer(plain))):
            text = f"{text[: match.start()]} {text[match.end() :]}"
            plain = f"{plain[: match.start()]} {plain[match.end() :]}"
    return text.strip(" ,;:()-–*")


def years_of(values: Iterable[str]) -> dict[str, int]:
    """Of these texts those that are dates, and their years."""
    return {text: year for text in values if (year := year_of(text)) is not None and year >= OLDEST}


def _is_placeholder(text: str) -> bool:
    """Whether a date is one that a system writes for none: the first or the last day of a year."""
    digits = re.sub(r"\D", "", text.split(" ")[0].split("T")[0])
    return digits.startswith(("0101", "3112", "1231")) or digits.endswith(("0101", "1231"))


_SURE = re.compile(
    r"\d{1,2}\s?/\s?\d{1,2}\s?/|\d{4}[/-]|\d{1,2}\s?[.-]\s?\d{1,2}\s?[.-]\s?\d{4}|.*[a-z]", re.IGNORECASE
)
"""What can only be a date; eight digits and « 01.02.53 » are codes as well."""


def _look_like_days(years: dict[str, int]) -> bool:
    """Whether texts that may be codes are days all the same: eight digits, or days beyond 12 as often as not."""
    doubtful = [text for text in years if not _SURE.match(text.strip())]
    late = sum(text.strip()[:2].isdigit() and int(text.strip()[:2]) > 12 for text in doubtful)
    return all(text.strip().isdigit() for text in doubtful) or 3 * late >= len(doubtful)


def are_births(
    years: dict[str, int], filled: int, rows_of_dates: int, *, is_dated: bool = False, with_people: bool = False
) -> bool:
    """Whether the different dates of a column are births.

    `filled`: cells of the column that hold something; `rows_of_dates`: those that hold a date; `is_dated`: the heading
    says what day it is (creation, validation); `with_people`: the rows say the sex of somebody, or her name.
    """
    own = sorted(year for text, year in years.items() if not _is_placeholder(text))
    sure = [year for text, year in years.items() if _SURE.match(text.strip()) and not _is_placeholder(text)]
    if 10 * rows_of_dates >= 8 * filled and _look_like_days(years):
        sure = own
    if is_dated:
        return sum(year < BEFORE_COMPUTERS for year in sure) >= 3
    if sum(year < FEW_CREATIONS for year in sure) >= 3:
        return True
    if len(sure) < 3 or 10 * rows_of_dates < 8 * filled:
        return False
    spread = own[-1] - own[0]
    if with_people:
        return spread >= 15 and own[0] < 2000
    return len(own) >= 5 and spread >= 20 and own[len(own) // 2] < 2000
