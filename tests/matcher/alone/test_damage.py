"""What a transfer damaged is read again, and nothing that it did not damage is changed."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher import Axis, Band, Engine, LexiconEntry, LocalTest
from matcher.normalise.damage import filled, unmangled
from matcher.normalise.text import fold

LETTERS = "abcdefghilmnoprstuvyzàâçèéêëîïôùûü"
FIRST = st.sampled_from(["", *"ABCÀÂÇÉÈÊÎÔÙŒœ"])
WORD = st.tuples(FIRST, st.text(alphabet=LETTERS, min_size=1, max_size=9)).map("".join)
SIGNS = (" ", ", ", "-", "'", "’", " – ", " (", ") ", " : ", " « ", " » ", " µ", "/", " 0,5 ", "…", " ≥ ")
BETWEEN = st.sampled_from(SIGNS)
FRENCH = st.lists(st.tuples(WORD, BETWEEN).map("".join), max_size=8).map("".join)
"""Any list of French words, with the signs that stand between them."""
WORDS = ("créatinine", "protéine", "thyréostimuline", "cholestérol", "œstradiol", "forêt", "français", "hémoglobine",
         "ferritine", "sérum", "où")  # fmt: skip
KNOWN = frozenset(fold(word) for word in WORDS)


def is_known(text: str) -> bool:
    return fold(text) in KNOWN


def as_windows(text: str) -> str:
    """The text as it is read when its UTF-8 is taken for Windows-1252, whose five holes come through."""
    return "".join(bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode())


@given(FRENCH)
@example("À jeun")
@example("Œstradiol")
@example("Taux d’hémoglobine A1c – sang")
@example("Sérum ≥ 18 ans, 5 µg/L")
def test_text_read_as_windows_is_read_again(text: str) -> None:
    mangled = as_windows(text)
    assert unmangled(mangled) == text
    assert (mangled == text) == text.isascii()


@given(FRENCH)
def test_what_is_french_already_is_left_as_it_is(text: str) -> None:
    assert unmangled(text) == text


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert isinstance(unmangled(text), str)
    assert isinstance(filled(text, is_known, 3), list)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.sampled_from("?\ufffd"))
def test_lost_accents_are_found_in_the_words_that_are_known(chosen: list[str], mark: str) -> None:
    text = " ".join(chosen)
    lost = "".join(mark if ord(char) > 127 else char for char in text)
    found = filled(lost, is_known, 3)
    if mark not in lost:
        assert found == []
    else:
        assert fold(text) in [fold(made) for made, _ in found]


@pytest.mark.parametrize(
    "text",
    [
        "Prise de sang faite ?",
        "Sérum ?",
        "?",
        "???",
        "Patient à jeun ? (oui/non)",
        "inconn? du lexique",
        "",
    ],
)
def test_a_question_stays_a_question(text: str) -> None:
    assert filled(text, is_known, 3) == []
    assert filled(text, {"a", "e", "u", "ae"}.__contains__, 3) == [], "nor is a mark alone a letter"


def test_what_was_written_is_told_with_what_was_read() -> None:
    assert filled("Prot?ine (s?rum)", is_known, 3) == [
        ("Proteine (serum)", [("Prot?ine", "Proteine"), ("s?rum", "serum")])
    ]


def test_a_word_that_several_letters_complete_has_several_readings() -> None:
    either = {"mere", "mare"}
    assert [made for made, _ in filled("m?re", either.__contains__, 3)] == ["mere", "mare"]
    assert [made for made, _ in filled("m?re", either.__contains__, 1)] == ["mere"]


def test_a_damaged_row_is_answered_like_the_row(small_engine: Engine) -> None:
    row = LocalTest(label="Glycémie", unit="mmol/L", specimen="sérum")
    damaged = LocalTest(label=as_windows(row.label), unit=row.unit, specimen=as_windows(row.specimen))
    assert damaged != row
    assert small_engine.propose(damaged) == small_engine.propose(row)
    lost = small_engine.propose(LocalTest(label="Glyc?mie", unit="mmol/L", specimen="sérum"))
    assert [item.loinc_num for item in lost] == [item.loinc_num for item in small_engine.propose(row)]


def test_a_word_that_may_be_two_is_never_sure(small_engine: Engine, engine_with: Callable[..., Engine]) -> None:
    engine = engine_with(lexicon=(LexiconEntry("sadium", "brand"),))
    row = LocalTest(label="S?dium", unit="mmol/L", specimen="sérum")
    alone, either = small_engine.propose(row)[0], engine.propose(row)[0]
    assert alone.loinc_num == either.loinc_num == "2951-2"
    assert alone.band is Band.SURE
    assert either.band is not Band.SURE
    sentences = [item.sentence for item in either.evidence if item.axis is Axis.COMPONENT]
    assert "« S?dium » n'est pas un mot connu : lu « Sodium », à vérifier." in sentences
