"""Headings over two lines, merged groups, duplicates; columns of codes; units that stand elsewhere."""

import pytest

from app.files.advice import advice_on
from app.files.choices import Choices
from app.files.columns import best_columns
from app.files.headings import bare_headings, has_subheadings, headings_of
from app.files.reading import read_file
from app.files.tabular import read_table
from app.files.unit_text import is_unit, unit_in_label, unit_in_range
from tests.app.catalogues.conftest import free_file

GROUPS = (
    ("Identification", "", "", "Prélèvement", "", "", ""),
    ("Code SIL n°1", "Code SIL n°2", "Nom", "Nature", "Volume", "Fréquence", "Fréquence"),
)


def test_a_group_is_told_where_it_is_needed() -> None:
    assert headings_of(GROUPS) == (
        "Code SIL n°1", "Code SIL n°2", "Nom", "Nature", "Volume", "Prélèvement – Fréquence",
        "Prélèvement – Fréquence (2)",
    )  # fmt: skip
    assert bare_headings(GROUPS)[-2:] == ("Fréquence", "Fréquence")


def test_duplicate_headings_are_numbered() -> None:
    assert headings_of((("Code", "Fréquence", "Sérothèque", "Fréquence", "Fréquence"),)) == (
        "Code", "Fréquence", "Sérothèque", "Fréquence (2)", "Fréquence (3)",
    )  # fmt: skip
    assert headings_of(()) == ()


def test_a_title_above_headings_is_no_group() -> None:
    assert headings_of((("Catalogue 2026", "", ""), ("Code", "Truc", "Unité"))) == ("Code", "Truc", "Unité")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["Code", "Libellé", "Prélèvement", ""], ["", "", "Nature", "Tube"], ["NA", "Sodium", "S", "T"]], True),
        ([["Code", "Libellé", "Unité", ""], ["NA", "Sodium", "g/L", ""], ["K", "Potassium", "", ""]], False),
        ([["Code", "Libellé", "Unité"], ["", "", "mmol/L"], ["K", "Potassium", ""]], False),
        ([["Code", "Libellé", "Unité", ""], ["", "", "Nature", "12"], ["K", "Potassium", "", ""]], False),
        ([["Code", "Libellé", ""], ["", "", "Nature"]], False),
        ([["Code", "Libellé"]], False),
    ],
)
def test_subheadings_are_told_from_data(rows: list[list[str]], expected: bool) -> None:
    assert has_subheadings(rows, 0) is expected


def test_the_fullest_column_of_codes_is_the_code() -> None:
    text = "Code SIL n°1;Code SIL n°2;Nom\n;A1;Sodium\n;A2;Potassium\nX3;A3;Chlorure\n"
    assert best_columns(read_table("a.csv", text.encode())) == {"code": 1, "label": 2}
    text = "Code SIL n°1;Code SIL n°2;Nom\nX1;;Sodium\nX2;;Potassium\n;A3;Chlorure\nX4;;Fer\n"
    assert best_columns(read_table("a.csv", text.encode())) == {"code": 0, "alternate_code": 1, "label": 2}
    text = "Code;Code postal;Libellé\nX1;75001;Sodium\n"
    assert best_columns(read_table("a.csv", text.encode())) == {"code": 0, "label": 2}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("2,0 à 9,0 UI/L", "UI/L"),
        ("H : 13–17 g/dL\nF : 12–16 g/dL", "g/dL"),
        ("60 à 80 mL/min/1,73m²", "mL/min/1,73m²"),
        ("4,0 - 10,0 10^9/L", "10^9/L"),
        ("< 5 mg/L", "mg/L"),
        ("2 - 9 UI/L chez l'adulte", "UI/L"),
        ("(0,5-1,2 mg/L)", "mg/L"),
        ("70 à 100 %", "%"),
        ("11 - 14 s", "s"),
        ("> 60 ans", ""),
        ("Négatif", ""),
        ("inférieur à 1/80", ""),
        ("", ""),
        ("9" * 400, ""),
    ],
)
def test_the_unit_of_a_reference_range(text: str, unit: str) -> None:
    assert unit_in_range(text) == unit


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("Glucose (mmol/L)", "mmol/L"), ("IgG [g/L]", "g/L"), ("HbA1c (%) (NGSP)", "%"), ("Glycémie g/L", "g/L"),
        ("Protéine S (S)", ""), ("Facteur II (II)", ""), ("Rapport A/G", ""), ("VIH 1/2", ""), ("Temps (s)", ""),
        ("HPV (haut risque)", ""), ("x" * 400, ""),
    ],
)  # fmt: skip
def test_the_unit_of_a_label(label: str, unit: str) -> None:
    assert unit_in_label(label) == unit


def test_ages_are_no_units() -> None:
    assert not is_unit("ans")
    assert is_unit("mmol/L")


def test_the_user_may_refuse_derived_units() -> None:
    text = "code;libelle;normes\nGGT;Gamma GT;2 à 9 UI/L\n"
    taken = read_file(free_file(text), 1_000_000)
    assert [line["unit"] for line in taken.lines()] == ["UI/L"]
    assert any("unité tirée du texte pour 1 analyse" in told for told in advice_on(taken))
    refused = read_file(free_file(text, choices=Choices(takes_units=False)), 1_000_000)
    assert [line["unit"] for line in refused.lines()] == [""]
    assert list(advice_on(refused)) == []
    with_column = read_file(free_file("code;libelle;unite\nGLU;Glucose (g/L);\n"), 1_000_000)
    assert [line["unit"] for line in with_column.lines()] == [""], "a column of units has the last word"
