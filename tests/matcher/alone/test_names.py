"""Component names taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.names import ComponentName, name_words, split_component


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ("Glucose", ComponentName("Glucose")),
        ("Glucose^2H post 75 g glucose PO", ComponentName("Glucose", "2H post 75 g glucose PO")),
        ("Albumin/Creatinine", ComponentName("Albumin", "", "Creatinine")),
        ("Calcium^^corrected for albumin", ComponentName("Calcium", "corrected for albumin")),
        ("Lymphocytes/100 leukocytes", ComponentName("Lymphocytes", "", "100 leukocytes")),
        ("Hemoglobin A1c/Hemoglobin.total", ComponentName("Hemoglobin A1c", "", "Hemoglobin.total")),
        ("Cells.CD3+CD4+/100 cells", ComponentName("Cells.CD3+CD4+", "", "100 cells")),
        ("Iron/Iron binding capacity", ComponentName("Iron", "", "Iron binding capacity")),
        ("(1,3)-Beta-D-glucan", ComponentName("(1,3)-Beta-D-glucan")),
        ("Influenza virus A (H1/H3) Ag", ComponentName("Influenza virus A (H1/H3) Ag")),
        ("", ComponentName("")),
    ],
)
def test_split_component(component: str, expected: ComponentName) -> None:
    assert split_component(component) == expected


@given(st.text())
def test_any_text_is_taken_apart(text: str) -> None:
    name = split_component(text)
    assert len(name.analyte) + len(name.challenge) + len(name.divisor) <= len(text)
    assert len(set(name_words(text))) == len(name_words(text))


def test_words_are_in_the_standard_form_of_labels() -> None:
    assert name_words("Coagulation factor VIII activity") == ("coagulation", "factor", "8", "activity")
    assert name_words("Gamma glutamyl transferases") == ("gamma", "glutamyl", "transferase")
