"""What makes two rows say the same or exclude each other. Pure: words in, marks out."""

from hashlib import blake2b

from app.models import ConsistencyKind
from app.transcoding.opposed_words import FAMILIES
from matcher.knowledge import signature
from matcher.normalise.text import fold, words
from matcher.types import LocalTest

KINDS = tuple(ConsistencyKind)
_OF_NO_NAME = frozenset("dosage taux recherche mesure resultat titrage determination de du la".split())


def mark(text: str) -> int:
    """A number of 48 bits that stands for a text; never 0. The database adds up such numbers to compare sets."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) or 1


def name_of_row(label: str) -> str:
    """The words of a label that name what is measured, in alphabetical order; all of them, when none is left.

    Words that exclude each other are left to `app.transcoding.opposed_words`, and so is the specimen.
    """
    read = set(words(label))
    left = {word for word in read if word not in _OF_NO_NAME and not any(word in family for family in FAMILIES)}
    return " ".join(sorted(left or read)) or fold(label)


def name_mark(label: str) -> int:
    """Equal for two rows whose names say the same."""
    return mark(name_of_row(label))


def twin_mark(test: LocalTest) -> int:
    """Equal for two rows that say the same in everything: label, specimen, unit, technique, time, scale, property."""
    return mark(f"{signature(test)}|{fold(test.property_kind)}")
