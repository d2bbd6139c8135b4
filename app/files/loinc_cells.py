"""LOINC codes as other people's files write them: cleaned, or told apart from what cannot be read as one code.

A spreadsheet makes a month of `2093-3`; dashes come in a dozen kinds; two codes share a cell. Nothing is guessed: what
has several readings is said to have them.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from app.files.fields import fold_heading
from loinc_data.checkdigit import check_digit, is_valid_loinc


class CellFinding(StrEnum):
    """What a cell of LOINC codes holds."""

    EMPTY = "empty"
    """Nothing is said of the row, or that its code is still to be looked for."""
    CODE = "code"
    NO_CODE = "no_code"
    """It says that there is no LOINC code."""
    OUT_OF_SCOPE = "out_of_scope"
    """It says that the row is no test to code."""
    SEVERAL = "several"
    """Several codes: which one is meant is for a person."""
    DATE = "date"
    """A spreadsheet made a date of a code, and the check digit leaves several readings, or none."""
    BAD_DIGIT = "bad_digit"
    UNREADABLE = "unreadable"


class Repair(StrEnum):
    """What was mended to read the code."""

    FORM = "form"
    """Spaces, dashes, an address or a label around the code."""
    DASH = "dash"
    """The dash was missing: the last digit is the right check digit of the others."""
    DATE = "date"
    """The code had become a date, of which only one reading has its check digit."""


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A cell, understood; `codes` are its readings, and it says one code only when `finding` is CODE."""

    finding: CellFinding
    codes: tuple[str, ...] = ()
    repair: Repair | None = None

    @property
    def code(self) -> str:
        """The code that the cell says; empty when it says none, or more than one."""
        return self.codes[0] if self.finding is CellFinding.CODE else ""


_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－⁃˗➖─"), "-")
_IGNORED = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f'\"`´’"), None)
_AROUND_DASH = re.compile(r"(?<=\d)\s*[-_]\s*(?=\d)")
_CODES = re.compile(r"(?<![\d-])(\d{1,7})-(\d)(?![\d-])")
_EXACT = re.compile(r"(\d{1,7})-(\d)")
_OTHER_IDENTIFIERS = re.compile(r"\b(?:LP|LA|LG|LL|MTHU)[ -]?\d+(?:-\d)?\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,2}[ .,]\d{3}-\d")
"""A code whose number was written as a number: what follows the separator alone is another code."""
_NOTHING = re.compile(r"0+(?:[.,-]0+)?")
"""What systems write for an empty number; its check digit would be right."""
_DIGITS = re.compile(r"\d{3,8}")


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(words.split()) for words in text.split(","))


_SAID_NO_CODE = _phrases(
    """
    sans, aucun, neant, pas de code, pas de loinc, pas de code loinc, sans code, sans code loinc, sans loinc,
    aucun code, aucun code loinc, non codable, non transcodable, no code, nocode, no map, nomap, unmatched, no match,
    inexistant, sssom notermfound, notermfound, pas de correspondance, sans correspondance, aucun code loinc n existe,
    pas de correspondance loinc, aucune correspondance, aucune correspondance loinc, non trouve, introuvable, not found,
    hors loinc, non loinc, aucun loinc, aucune, rien, sans objet, code inexistant, pas de code existant, non concerne,
    aucun equivalent, pas d equivalent, pas d equivalence, no loinc, no loinc code, non applicable, not applicable,
    no loinc code exists, aucun code loinc ne convient
    """
)
"""A person looked, and says that there is none."""
_SAID_OUT_OF_SCOPE = _phrases("hors perimetre, hors champ, out of scope")
_SAID_NOTHING = _phrases(
    """
    null, nil, none, nan, na, n a, n d, nd, nr, void, undefined, empty, vide, blank, missing, manquant, non renseigne,
    non renseignee, inconnu, unknown, nat
    """
)
"""What programs write for an empty cell: nobody looked for a code."""
_SAID_NOT_DONE = _phrases(
    """
    non transcode, non transcodee, non code, non codee, pas transcode, pas code, pas encore transcode, pas encore code,
    non mappe, non mappee, unmapped, not mapped, uncoded, not coded, non fait, non traite, non traitee, pas fait,
    a faire, a transcoder, a coder, a traiter, a definir, a determiner, a chercher, a rechercher, a completer,
    a renseigner, a voir, en cours, en cours de transcodage, en attente, todo, to do, tbd, tba, pending, wip,
    in progress, fixme
    """
)
"""A person says that the work is not done: it is no answer either."""

_MONTHS = {
    "janv": 1, "jan": 1, "janvier": 1, "january": 1, "fevr": 2, "fev": 2, "feb": 2, "fevrier": 2, "february": 2,
    "mars": 3, "mar": 3, "march": 3, "avr": 4, "apr": 4, "avril": 4, "april": 4, "mai": 5, "may": 5, "juin": 6,
    "jun": 6, "june": 6, "juil": 7, "jul": 7, "juillet": 7, "july": 7, "aout": 8, "aou": 8, "aug": 8, "august": 8,
    "sept": 9, "sep": 9, "septembre": 9, "september": 9, "oct": 10, "octobre": 10, "october": 10, "nov": 11,
    "novembre": 11, "november": 11, "dec": 12, "decembre": 12, "december": 12,
}  # fmt: skip
_TIME = r"(?:[ t]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?z?)?"
_ISO_DATE = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}}){_TIME}", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"(\d{{1,2}})[/.](\d{{1,2}})[/.](\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{4})")
_NAMED_MONTH = re.compile(r"([a-z]+)\.?[ -](\d{4}|\d{2})")
_NAMED_DAY = re.compile(r"(\d{1,2})[ -]([a-z]+)\.?")
_FIRST_CENTURY, _LAST_CENTURY = 19, 99
"""The years that a spreadsheet makes of a number."""


def read_code(written: str) -> CodeCell:
    """What a cell says; its text as it was read of the file."""
    plain = unicodedata.normalize("NFKC", written).translate(_DASHES)
    text = " ".join(plain.translate(_IGNORED).split())
    if text.startswith("#"):
        # A formula of a spreadsheet that failed: what it would have shown is not known.
        return CodeCell(CellFinding.UNREADABLE)
    # Around a code apostrophes are nothing; between words they part them: « pas d'équivalent ».
    folded = fold_heading(re.sub("['`´’]", " ", plain).translate(_IGNORED))
    if "?" in text and not folded:
        # A question mark alone is a question that somebody left: it is shown, and no answer.
        return CodeCell(CellFinding.UNREADABLE)
    if not folded or folded in _SAID_NOTHING | _SAID_NOT_DONE or _NOTHING.fullmatch(text):
        return CodeCell(CellFinding.EMPTY)
    if folded in _SAID_NO_CODE:
        return CodeCell(CellFinding.NO_CODE)
    if folded in _SAID_OUT_OF_SCOPE:
        return CodeCell(CellFinding.OUT_OF_SCOPE)
    if (date := _date_readings(text)) is not None:
        return _of_readings(date)
    # A part, an answer, a list of LOINC is no code, even where its number would make one.
    compact = _OTHER_IDENTIFIERS.sub(" ", _AROUND_DASH.sub("-", text))
    if _THOUSANDS.fullmatch(compact):
        compact = re.sub("[ .,]", "", compact)
    found = list(dict.fromkeys(f"{int(body)}-{digit}" for body, digit in _CODES.findall(compact)))
    if len(found) > 1:
        return CodeCell(CellFinding.SEVERAL, tuple(found))
    if found:
        repair = None if found[0] == written.strip() else Repair.FORM
        return CodeCell(CellFinding.CODE if is_valid_loinc(found[0]) else CellFinding.BAD_DIGIT, (found[0],), repair)
    digits = text.replace(" ", "")
    if _DIGITS.fullmatch(digits):
        return _without_dash(digits)
    return CodeCell(CellFinding.UNREADABLE)


def expected_digit(code: str) -> int:
    """The check digit that the digits before the dash ask for."""
    return check_digit(code.split("-")[0])


def _without_dash(digits: str) -> CodeCell:
    code = f"{int(digits[:-1])}-{digits[-1]}"
    if is_valid_loinc(code):
        return CodeCell(CellFinding.CODE, (code,), Repair.DASH)
    return CodeCell(CellFinding.UNREADABLE)


def _of_readings(readings: list[str]) -> CodeCell:
    valid = tuple(dict.fromkeys(code for code in readings if is_valid_loinc(code)))
    if len(valid) == 1:
        return CodeCell(CellFinding.CODE, valid, Repair.DATE)
    return CodeCell(CellFinding.DATE, valid)


def _date_readings(text: str) -> list[str] | None:
    """The codes of which a spreadsheet makes this date; None when it is no date."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    if match := _ISO_DATE.fullmatch(plain):
        return _of_full_date(int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.fullmatch(plain):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        # The day is the first where the spreadsheet is French, the month where it is American.
        return [
            code
            for whole in _years(match[3], year)
            for day, month in ((first, second), (second, first))
            for code in _of_full_date(whole, month, day)
        ]
    if match := _MONTH_FIRST.fullmatch(plain):
        return [_code(int(match[2]), int(match[1]))]
    if (match := _NAMED_MONTH.fullmatch(plain)) and match[1] in _MONTHS:
        return [_code(year, _MONTHS[match[1]]) for year in _years(match[2], int(match[2]))]
    if (match := _NAMED_DAY.fullmatch(plain)) and match[2] in _MONTHS:
        return [_code(int(match[1]), _MONTHS[match[2]]), _code(_MONTHS[match[2]], int(match[1]))]
    return None


def _years(written: str, year: int) -> list[int]:
    if len(written) == 4:
        return [year]
    return [century * 100 + year for century in range(_FIRST_CENTURY, _LAST_CENTURY + 1)]


def _of_full_date(year: int, month: int, day: int) -> list[str]:
    """`2093-3` becomes the first of a month; `10-9` a day of the year in which the file was opened."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return []
    from_year = [_code(year, month)] if day == 1 else []
    return [*from_year, _code(day, month), _code(month, day)]


def _code(body: int, digit: int) -> str:
    # A month of two digits is no check digit: the text then has no form of a code, and is no reading.
    return f"{body}-{digit}"
