"""The words of two rows: what says the same, what excludes what."""

import pytest

from app.consistency.rules import name_mark, name_of_row, twin_mark
from app.transcoding.opposed_words import opposed_of, opposition
from matcher.types import LocalTest


@pytest.mark.parametrize(
    ("label", "specimen", "letters"),
    [
        ("TOXOPLASMOSE IgG", "Sérum", "G-B--"),
        ("Toxoplasmose IgM", "", "M----"),
        ("TOXOPLASMOSE IgG/IgM", "", "-----"),
        ("Bilirubine totale", "", "-T---"),
        ("Bilirubine conjuguée", "", "-C---"),
        ("T4 LIBRE", "", "-L---"),
        ("GLUCOSE URINAIRE", "", "--U--"),
        ("Glucose", "Urines", "--U--"),
        ("Glucose du sang", "Urines", "--B--"),
        ("Cortisol après freinage", "", "---A-"),
        ("HCG qualitatif", "", "----Q"),
        ("", "", "-----"),
    ],
)
def test_one_letter_for_each_family(label: str, specimen: str, letters: str) -> None:
    assert opposed_of(label, specimen) == letters


def test_two_rows_exclude_each_other_only_where_both_speak() -> None:
    assert opposition("G----", "M----") == 0
    assert opposition("G----", "-----") is None
    assert opposition("G-B--", "G-U--") == 2


def test_a_name_is_its_words_in_any_order_without_what_is_said_otherwise() -> None:
    assert name_mark("Dosage du sodium") == name_mark("SODIUM") == name_mark("sodium sérique")
    assert name_mark("Toxoplasmose IgG") == name_mark("TOXOPLASMOSE IgM"), "what excludes is told apart elsewhere"
    assert name_mark("SODIUM") != name_mark("POTASSIUM")
    assert name_of_row("IgG") == name_of_row("IGG") != ""
    assert name_mark("") != 0


def test_twins_say_the_same_in_everything() -> None:
    row = LocalTest(code="A", label="Glucose", specimen="Sérum", unit="mmol/L")
    assert twin_mark(row) == twin_mark(LocalTest(code="B", label="GLUCOSE", specimen="SERUM", unit="mmol/L"))
    assert twin_mark(row) != twin_mark(LocalTest(code="A", label="Glucose", specimen="Sérum", unit="g/L"))
    assert twin_mark(row) != twin_mark(LocalTest(code="A", label="Glucose", specimen="Urines", unit="mmol/L"))
