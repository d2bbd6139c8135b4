"""What makes two rows say the same or exclude each other. Pure: words in, marks out."""

from hashlib import blake2b
from typing import Protocol

from app.models import ConsistencyKind
from matcher.knowledge import signature
from matcher.normalise.text import fold, words
from matcher.types import LocalTest

KINDS = tuple(ConsistencyKind)
NOT_SAID = "-"
_FAMILIES: tuple[dict[str, str], ...] = (
    {"igg": "G", "igm": "M", "iga": "A", "ige": "E", "igd": "D"},
    {
        "total": "T", "totale": "T", "totaux": "T", "libre": "L", "conjugue": "C", "conjuguee": "C", "direct": "C",
        "directe": "C", "indirect": "N", "indirecte": "N",
    },
    {
        "sang": "B", "sanguin": "B", "sanguine": "B", "serum": "B", "serique": "B", "plasma": "B", "plasmatique": "B",
        "urine": "U", "urinaire": "U", "lcr": "L", "selle": "S", "salive": "V", "salivaire": "V",
    },
    {"avant": "B", "apres": "A"},
    {"qualitatif": "Q", "qualitative": "Q", "quantitatif": "N", "quantitative": "N"},
)  # fmt: skip
"""Words that exclude each other, each with the letter of what it says."""
FAMILY_WORDS = (
    "des classes d’anticorps différentes (IgG, IgM, IgA, IgE)",
    "des fractions différentes (total, libre, conjugué)",
    "des milieux différents (sang, urine, LCR, selles)",
    "des moments différents (avant, après)",
    "des natures différentes (qualitatif, quantitatif)",
)
"""What a family is about, in French, in the order of the letters of `opposed`."""
SPECIMENS = 2
"""The family that says nothing against a code whose system is of any specimen."""
_OF_NO_NAME = frozenset("dosage taux recherche mesure resultat titrage determination de du la".split())


class Row(Protocol):
    """What is read of a row."""

    level: str
    code: str
    label: str
    specimen: str


def mark(text: str) -> int:
    """A number of 48 bits that stands for a text; never 0. The database adds up such numbers to compare sets."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) or 1


def opposed_of(label: str, specimen: str) -> str:
    """One letter for each family: what the row says, or `-` where it says nothing or several things."""
    said = set(fold(label).replace("/", " ").replace("-", " ").split()) | set(words(label))
    where = set(words(specimen))
    letters = []
    for number, family in enumerate(_FAMILIES):
        found = {letter for word, letter in family.items() if word in said}
        if number == SPECIMENS and not found:
            found = {letter for word, letter in family.items() if word in where}
        letters.append(found.pop() if len(found) == 1 else NOT_SAID)
    return "".join(letters)


def name_of_row(label: str) -> str:
    """The words of a label that name what is measured, in alphabetical order; all of them, when none is left.

    Words that exclude each other are left to `opposed_of`, and so is the specimen.
    """
    read = set(words(label))
    left = {word for word in read if word not in _OF_NO_NAME and not any(word in family for family in _FAMILIES)}
    return " ".join(sorted(left or read)) or fold(label)


def name_mark(label: str) -> int:
    """Equal for two rows whose names say the same."""
    return mark(name_of_row(label))


def twin_mark(test: LocalTest) -> int:
    """Equal for two rows that say the same in everything: label, specimen, unit, technique, time, scale, property."""
    return mark(f"{signature(test)}|{fold(test.property_kind)}")


def opposition(one: str, other: str) -> int | None:
    """The first family of which two rows say different things; None when they are compatible."""
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if NOT_SAID not in (mine, theirs) and mine != theirs:
            return number
    return None
