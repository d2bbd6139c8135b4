"""Our French material beside the terms."""

from app.terminology.french import FrenchMaterial, french_material
from matcher.types import LexiconEntry, Term

SERUM = Term("2345-7", "Glucose", "MCnc", "Pt", "Ser/Plas", "Qn")
URINE = Term("2350-7", "Glucose", "MCnc", "Pt", "Urine", "Qn")
ENTRIES = (
    LexiconEntry("sucre", "synonym", component=("Glucose",)),
    LexiconEntry("glycosurie", "urie", component=("Glucose",), system=("Urine",)),
    LexiconEntry("glucose urinaire", "analyte", component=("Glucose",), system=("Urine",)),
    LexiconEntry("glucose", "analyte", component=("Glucose",)),
    LexiconEntry("G", "abbreviation", component=("Glucose", "Galactose")),
)


def test_the_plainest_analyte_is_the_label() -> None:
    material = FrenchMaterial(ENTRIES, ENTRIES)
    assert material.label(SERUM) == "glucose"
    assert material.label(URINE) == "glucose"
    assert FrenchMaterial(ENTRIES, ENTRIES[:3]).label(SERUM) == "sucre"
    assert FrenchMaterial(ENTRIES, ENTRIES[:3]).label(URINE) == "glucose urinaire"
    assert material.label(Term("2-7", "Sucrose", "MCnc", "Pt", "Ser/Plas", "Qn")) == ""


def test_words_follow_the_axes() -> None:
    material = FrenchMaterial(ENTRIES, ENTRIES)
    assert {"sucre", "glucose", "sang"} <= material.words(SERUM)
    assert "glycosurie" not in material.words(SERUM)
    assert {"glycosurie", "urinaire", "urines"} <= material.words(URINE)


def test_a_challenge_is_found_by_its_analyte() -> None:
    material = FrenchMaterial(ENTRIES, ENTRIES)
    fasting = Term("1558-6", "Glucose^post CFst", "MCnc", "Pt", "Ser/Plas", "Qn")
    assert "sucre" in material.words(fasting)
    assert material.label(fasting) == ""


def test_the_components_of_an_expression_come_in_order() -> None:
    material = FrenchMaterial(ENTRIES, ENTRIES)
    assert material.components(["g"]) == {"Glucose": 0, "Galactose": 1}
    assert material.components(["inconnu"]) == {}


def test_english_entries_are_searched_but_never_shown_as_french() -> None:
    material = french_material()
    fasting = Term("1558-6", "Glucose^post CFst", "MCnc", "Pt", "Ser/Plas", "Qn")
    assert material.label(fasting).casefold() != "fasting glucose"
    assert material.label(Term("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn")) == "sodium"
