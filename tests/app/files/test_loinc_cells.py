"""What tired people and spreadsheets write where a LOINC code should be."""

import pytest

from app.files.loinc_cells import CellFinding, read_code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1751‑7", "1751-7"), ("LOINC:1751-7", "1751-7"), ("http://loinc.org/rdf/1751-7", "1751-7"),
        ("https://loinc.org/1751-7/", "1751-7"), ("1751-7 (Albumine)", "1751-7"), ("1751-7^Albumine^LN", "1751-7"),
        ("1751 - 7", "1751-7"), ('="1751-7"', "1751-7"), ("17517", "1751-7"),
        # A number with its thousands apart: 951-5 and 751-7 would be other codes.
        ("1 751-7", "1751-7"), ("1\u202f751-7", "1751-7"), ("1.751-7", "1751-7"), ("2 951-2", "2951-2"),
    ],
)  # fmt: skip
def test_a_code_is_found_in_its_clothes(written: str, code: str) -> None:
    cell = read_code(written)
    assert (cell.finding, cell.code) == (CellFinding.CODE, code)


@pytest.mark.parametrize(
    "written",
    ["pas de code", "aucun", "Aucune correspondance", "NON TROUVÉ", "hors LOINC", "sans objet", "Pas d'équivalent",
     "aucun code LOINC", "pas de correspondance", "noMap"],
)  # fmt: skip
def test_that_there_is_none(written: str) -> None:
    assert read_code(written).finding is CellFinding.NO_CODE


@pytest.mark.parametrize(
    "written",
    ["NULL", "(null)", "nan", "NaN", "None", "N/A", "n/a", "na", "nil", "0", "0000", "0-0", "0.0", "<NA>", "NaT",
     "Non transcodé", "non codé", "à faire", "À FAIRE", "en cours", "en attente", "todo", "TBD", "unmapped"],
)  # fmt: skip
def test_what_is_empty_or_not_done_is_no_absence_of_code(written: str) -> None:
    assert read_code(written).finding is CellFinding.EMPTY


def test_that_a_row_is_out_of_scope_is_not_that_it_has_no_code() -> None:
    assert read_code("Hors périmètre").finding is CellFinding.OUT_OF_SCOPE


@pytest.mark.parametrize("written", ["?", "??", "cf biologiste"])
def test_a_question_is_no_answer(written: str) -> None:
    assert read_code(written).finding is CellFinding.UNREADABLE


@pytest.mark.parametrize("written", ["", " ", "-", "—", "/", "…"])
def test_a_line_says_nothing(written: str) -> None:
    assert read_code(written).finding is CellFinding.EMPTY


@pytest.mark.parametrize("written", ["LP2951-2", "LA 2951-2", "LL2951-2", "lg2951-2", "LP14635-4"])
def test_other_identifiers_of_loinc_are_no_codes(written: str) -> None:
    # 2951-2 is a code: read without its letters, a part would be sodium.
    assert read_code(written).finding is CellFinding.UNREADABLE
