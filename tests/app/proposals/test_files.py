"""What the command `propose` reads of a catalogue, and what it says of it."""

import pytest

from app.errors import InvalidInputError
from app.proposals.files import read_local_tests
from tests.app.files.workbooks import Layout, Shown, xlsx


def test_cells_are_read_as_an_import_reads_them_and_what_was_changed_is_said() -> None:
    rows = [
        ["Code", "Libellé", "Milieu"],
        [Shown(12, "0000", "0012"), "Sodium", "Sérum"],
        [1.5, "Potassium", ""],
    ]
    tests, notes = read_local_tests("a.xlsx", xlsx({"Catalogue": rows}, layout=Layout(merges=[(2, 3, 2, 2)])))
    assert [(test.code, test.specimen) for test in tests] == [("0012", "Sérum"), ("1.5", "Sérum")]
    merged, decimal = notes
    assert "1 plage fusionnée donne sa valeur" in merged
    assert "colonne « Code » : 1 cellule à vérifier, le tableur en a fait un nombre à virgule" in decimal


def test_a_plain_csv_has_nothing_to_say() -> None:
    tests, notes = read_local_tests("a.csv", b'code;libelle\n="NA";Sodium\n')
    assert ([test.code for test in tests], notes) == (["NA"], [])


def test_an_encoding_and_a_sheet_may_be_asked_for() -> None:
    content = "code;libelle\nNA;Sodium sérique\n".encode("mac-roman")
    tests, _ = read_local_tests("a.csv", content, "cp850")
    assert tests[0].label == "Sodium sÄrique"
    sheets = {"Tarifs": [["Code", "Libellé"], ["B", "Prix"]], "Catalogue": [["Code", "Libellé"], ["NA", "Sodium"]]}
    tests, _ = read_local_tests("a.xlsx", xlsx(sheets), sheet="Catalogue")
    assert [test.code for test in tests] == ["NA"]


@pytest.mark.parametrize(
    ("encoding", "sheet", "reason"),
    [("latin-1", "", "Encodage inconnu"), ("", "Examens", "n'a pas de feuille « Examens » ; feuilles du classeur")],
)
def test_what_does_not_exist_is_refused(encoding: str, sheet: str, reason: str) -> None:
    content = xlsx({"Catalogue": [["Code", "Libellé"], ["NA", "Sodium"]]})
    with pytest.raises(InvalidInputError, match=reason):
        read_local_tests("a.xlsx", content, encoding, sheet)
