"""Words that laboratory systems glue together are taken apart, all their readings kept."""

import pytest

from matcher.glued import Glued
from matcher.lexicon import compile_lexicon
from matcher.types import LexiconEntry

LEXICON = compile_lexicon(
    (
        LexiconEntry("Ca", "abbreviation", ("Calcium",)),
        LexiconEntry("HTLV", "abbreviation", ("Human T-lymphotropic virus",)),
        LexiconEntry("HTLV IgG", "antibody", ("Human T-lymphotropic virus Ab.IgG",)),
        LexiconEntry("gale", "organism", ("Sarcoptes scabiei",)),
        LexiconEntry("FA", "abbreviation", ("Amikacin",), needs_context=True),
        LexiconEntry("libre", "modifier", ("Free",)),
    )
)
ROWS = (
    ("GAL", "head", "gale", ""),
    ("X", "head", "calcium", ""),
    ("U", "tail", "urines", ""),
    ("24", "tail", "24 heures", ""),
    ("PL", "tail", "plasmatique", ""),
    ("PL", "tail", "liquide pleural", ""),
    ("LCR", "tail", "LCR", ""),
    ("G", "tail", "IgG", "organism"),
    ("AC", "lead", "anticorps", ""),
    ("CV", "lead", "charge virale", "organism"),
)
GLUED = Glued(ROWS, LEXICON)


@pytest.mark.parametrize(
    ("word", "readings"),
    [
        ("cau", [("ca", "urine")]),
        ("cau24", [("ca", "urine", "24", "heure")]),
        ("xu24", [("calcium", "urine", "24", "heure")]),
        ("galg", [("gale", "igg")]),
        ("htlvg", [("htlv", "igg")]),
        ("htlvlcr", [("htlv", "lcr")]),
        ("cvhtlv", [("charge", "virale", "htlv")]),
        ("achtlvg", [("anticorp", "htlv", "igg")]),
        ("capl", [("ca", "plasmatique"), ("ca", "liquide", "pleural")]),
    ],
)
def test_a_word_is_taken_apart_in_every_way(word: str, readings: list[tuple[str, ...]]) -> None:
    assert list(GLUED.readings(word)) == readings


@pytest.mark.parametrize(
    "word",
    [
        "ca",  # nothing beside the name
        "cag",  # a class of antibodies is of organisms
        "htlvu",  # one letter after an organism is a class, no fluid
        "cvca",  # only an organism has a viral load
        "cauu",  # the same piece twice
        "fau",  # a writing that needs its context
        "libreu",  # a qualifier is no name
        "zzu",
        "u24",
        "xyzxyzxyzxyzxyzu",
    ],
)
def test_what_is_no_name_with_its_pieces_stays_a_word(word: str) -> None:
    assert GLUED.readings(word) == ()


def test_without_pieces_no_word_is_taken_apart() -> None:
    assert Glued((), LEXICON).readings("cau") == ()
