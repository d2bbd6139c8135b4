"""Names of people: a surname with a first name, alone in a cell or in a sentence after a civility."""

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

from app.patient_guard.first_names import AMBIGUOUS, FIRST_NAMES
from app.patient_guard.surnames import FAMOUS, SURNAMES

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BETWEEN = frozenset(" ,^.\u00a0\u202f'’-")
_PARTICLES = frozenset(
    "le la de du des d da di do dos del della den der van von ben bin bint ibn el al abu st saint mac mc o ould".split()
)
_MOST_WORDS = 5
_LONGEST = 60
_CIVILITY = re.compile(
    r"(?<![\w.-])"
    r"(?P<title>Mme|MME|Mlle|MLLE|Mrs|Ms|Miss|Madame|MADAME|Mademoiselle|Monsieur|MONSIEUR|Mr|MR|M\.|M(?= ))\.? {1,2}"
    r"(?P<name>[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+){0,3})"
)
MAY_ADDRESS = re.compile(r"M(?:[mM][eE]|[lL]{2}[eE]|rs|s |iss|[aA][dD]|on|ON|[rR]|[. ])")
"""What a text must hold to be looked at more closely."""

AUTHORED = re.compile(
    r"\b(?:valid\w*|v[ée]rifi\w*|cr[ée]{2}e?|modifi\w*|par|contact|responsable|r[ée]f[ée]rent|biologiste|dr|pr|docteur"
    r"|professeur|r[ée]vis\w*|mis à jour|maj|auteur|created|updated|by)\b",
    re.IGNORECASE,
)
"""Words of who validated, made or answers for something."""


_LETTERS = str.maketrans({"œ": "oe", "ß": "ss", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "æ": "ae"})


class Strength(IntEnum):
    """How sure it is that a text is somebody's name."""

    NONE = 0
    WEAK = 1
    """A first name, and a word in capitals that may be a surname."""
    SURE = 2
    """A first name and a usual surname."""
    STRONG = 3
    """The same, written as lists of people are: `DURAND Anne`, `DURAND, Anne`, `DURAND^Anne`."""


@lru_cache(maxsize=65_536)
def plain(word: str) -> str:
    """A word in small letters without accents."""
    if word.isascii():
        return word.lower()
    flat = unicodedata.normalize("NFKD", word.lower().translate(_LETTERS))
    return "".join(letter for letter in flat if not unicodedata.combining(letter)).lower()


@lru_cache(maxsize=65_536)
def is_first_name(text: str) -> bool:
    """Whether one word, of several parts or not, is a first name: `Jean-Paul`, `Aïcha`."""
    return plain(text).replace("’", "-").replace("'", "-").split("-")[0] in FIRST_NAMES


def is_plain_first_name(text: str) -> bool:
    """Whether one word is a first name, and no other word."""
    return is_first_name(text) and plain(text).split("-")[0] not in AMBIGUOUS


def is_surname(text: str) -> bool:
    """Whether one word is a usual surname, or two of them joined."""
    return plain(text).replace("’", "-").replace("'", "-").split("-")[-1] in SURNAMES


def strength_of(text: str) -> Strength:
    """How sure it is that a text is a surname and a first name, and nothing else."""
    text = text.strip()
    if not 5 <= len(text) <= _LONGEST or not text[0].isalpha():
        return Strength.NONE
    words: list[str] = _WORD.findall(text)
    if not 2 <= len(words) <= _MOST_WORDS:
        return Strength.NONE
    if not any(map(is_first_name, words)):
        return Strength.NONE
    others = _WORD.sub("", text)
    if not _BETWEEN.issuperset(others) or "." in others.replace(". ", "").rstrip("."):
        return Strength.NONE
    return _weigh(words, others)


def _weigh(words: list[str], others: str) -> Strength:
    flat = [plain(word) for word in words]
    if " ".join(flat) in FAMOUS:
        return Strength.NONE
    cases = {_cased(word) for word, said in zip(words, flat, strict=True) if said not in _PARTICLES}
    if "lower" in cases and len(cases) > 1:
        return Strength.NONE  # A sentence.
    best = Strength.NONE
    is_listed = "," in others or "^" in others
    for place, word in enumerate(words):
        # The first name comes first or after the surname, itself of several words or not.
        if not is_first_name(word):
            continue
        rest = [other for at, other in enumerate(words) if at != place and flat[at] not in _PARTICLES]
        if len(rest) > 1:
            # « NGUYEN Thi Mai » has two first names.
            rest = [other for other in rest if not (is_first_name(other) and _cased(other) == _cased(word))]
        if not rest:
            continue
        best = max(best, _strength(word, rest, is_listed=is_listed))
    return best


def _cased(word: str) -> str:
    if len(word) > 1 and word.isupper():
        return "upper"
    return "title" if word[0].isupper() and not word.isupper() else "lower"


def _strength(first_name: str, rest: list[str], *, is_listed: bool) -> Strength:
    is_mixed = _cased(first_name) == "title" and all(_cased(other) == "upper" for other in rest)
    is_known = any(is_surname(other) for other in rest)
    is_doubtful = plain(first_name).split("-")[0] in AMBIGUOUS
    capitals = all(_cased(other) == "upper" and len(other) > 2 for other in rest)
    if is_known and (is_mixed or is_listed):
        return Strength.SURE if is_doubtful else Strength.STRONG
    if is_known:
        # « Rose Martin » may be anything; « anne durand », in small letters, is two words more often than not.
        if _cased(first_name) == "lower":
            return Strength.NONE if is_doubtful or len(rest) > 1 else Strength.WEAK
        return Strength.WEAK if is_doubtful else Strength.SURE
    if is_listed and not is_doubtful:
        return Strength.SURE if all(other[0].isupper() for other in rest) else Strength.NONE
    if is_doubtful:
        return Strength.NONE
    is_titled = _cased(first_name) == "title" and all(_cased(other) == "title" for other in rest)
    return Strength.WEAK if capitals or is_titled else Strength.NONE


def is_mixed(text: str) -> bool:
    """Whether a name is written with its surname in capitals and its first name not."""
    cases = {_cased(word) for word in _WORD.findall(text)}
    return cases == {"upper", "title"}


def addressed(text: str) -> str:
    """The name after a civility in a text, folded, where it is somebody's: `Mme DURAND Anne`, `M. PETIT Paul`."""
    if not MAY_ADDRESS.search(text):
        return ""
    for said in _CIVILITY.finditer(text):
        words = said["name"].split()
        kept = [word for word in words if word[0].isupper()][:3]
        if kept != words[: len(kept)] or not kept:
            continue
        names = " ".join(kept[:2])
        is_full = any(is_first_name(word) for word in kept) and len(kept) > 1
        if is_full and plain(names) not in FAMOUS:
            return plain(names)
    return ""


def addressed_by_surname(text: str) -> str:
    """The surname after « Mme », « Mlle » or « M. » in a text; empty without one that is usual or in capitals."""
    if not MAY_ADDRESS.search(text):
        return ""
    for said in _CIVILITY.finditer(text):
        word = said["name"].split()[0]
        is_woman = said["title"][:2].lower() != "m." and said["title"] not in ("M", "Mr", "MR")
        if word[0].isupper() and (is_surname(word) or (is_woman and len(word) > 3 and word.isupper())):
            return plain(word)
    return ""


def names_within(text: str) -> Strength:
    """The surest name among the pairs of words of a sentence: « GARCIA Sandrine 12/04/1983 »."""
    words = _WORD.findall(text[:400])
    best = Strength.NONE
    for left, right in pairwise(words):
        if (is_first_name(left) or is_first_name(right)) and left[0].isupper() and right[0].isupper():
            best = max(best, _weigh([left, right], " "))
    return best
