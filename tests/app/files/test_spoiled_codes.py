"""Codes that a spreadsheet spoiled before the file was saved as text, and what nobody sees in a code."""

import pytest

from app.files.advice import advice_on
from app.files.cell_kinds import CellKind
from app.files.choices import IncomingFile
from app.files.reading import ReadFile, read_file
from app.proposals.files import read_local_tests

FORMULAS = ["=A1", '=T("0015")', '="0012"&"A"', "=0014", "=$B$2"]


def read(content: str | bytes, name: str = "catalogue.csv") -> ReadFile:
    received = content.encode() if isinstance(content, str) else content
    return read_file(IncomingFile(name, received), 20_000_000)


def table(codes: list[str]) -> str:
    rows = "".join(f"{code};Analyse {number};mmol/L\n" for number, code in enumerate(codes))
    return f"Code;Libellé;Unité\n{rows}"


def codes_of(file: ReadFile) -> list[str]:
    return [line["code"] for line in file.lines()]


def said(file: ReadFile) -> str:
    return "\n".join(advice_on(file))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("########", CellKind.NARROW), ("##", CellKind.NARROW), ("VRAI", CellKind.BOOLEAN), ("Faux", CellKind.BOOLEAN),
        ("TRUE", CellKind.BOOLEAN), ("FALSE", CellKind.BOOLEAN), ("2005-03-01", CellKind.DATE),
        ("2005-03-01 00:00:00", CellKind.DATE), ("2005-03-01T00:00:00Z", CellKind.DATE), ("01/03/2005", CellKind.DATE),
        ("1.3.2005", CellKind.DATE), ("2005/3/1", CellKind.DATE), ("12:30", CellKind.TIME), ("30:00:00", CellKind.TIME),
        ("1.0", CellKind.ROUND), ("12,00", CellKind.ROUND), *((formula, CellKind.FORMULA) for formula in FORMULAS),
    ],
)  # fmt: skip
def test_a_code_that_a_spreadsheet_spoiled_is_refused_by_its_row(code: str, kind: CellKind) -> None:
    file = read(table(["GLU", code.replace('"', '""').join('""') if '"' in code else code, "NA", "K"]))
    assert [(cell.row_number, cell.kind) for cell in file.odd_cells] == [(3, kind)]
    assert [problem.row for problem in file.problems] == [None, 3]
    assert "format « Texte »" in str(file.problems[0])
    assert codes_of(file) == ["GLU", "NA", "K"]


@pytest.mark.parametrize(
    "codes",
    [
        ["GLU", "=SOM", "SEP-01", "VRAIE", "FAUXB", "TRUEX", "1E5", "12-30", "A:B", "#1", "2005-13", "1/2", "0012"],
        ["1.0", "1.1", "1.2", "2.0", "12.30"],
    ],
)
def test_codes_of_laboratories_raise_no_alarm(codes: list[str]) -> None:
    file = read(table(codes))
    assert (file.odd_cells, file.problems) == ([], [])
    assert codes_of(file) == codes


@pytest.mark.parametrize(
    ("codes", "what"),
    [
        (["2005-03-01", "2005-03-02", "2005-03-03", "GLU"], "ressemblent à des dates"),
        (["12:30", "12:31", "12:32"], "ressemblent à des heures"),
        (["1.0", "2.0", "3.0"], "finissent par une décimale nulle"),
    ],
)
def test_codes_that_are_mostly_alike_are_asked_once_and_come_in(codes: list[str], what: str) -> None:
    file = read(table(codes))
    assert file.problems == []
    assert codes_of(file) == codes
    (note,) = [line for line in said(file).split("\n") if what in line]
    assert "Si le SGL les montre ainsi, continuez." in note


def test_a_code_framed_for_a_spreadsheet_is_what_was_typed() -> None:
    file = read(table(['="2005-03-01"', '="VRAI"', "GLU", "NA", "K"]))
    assert file.problems == []
    assert codes_of(file)[:2] == ["2005-03-01", "VRAI"]


def test_a_truth_value_of_json_is_named() -> None:
    file = read('[{"Code": "GLU", "Libellé": "Glucose"}, {"Code": true, "Libellé": "Urée"}]', "catalogue.json")
    assert [(cell.row_number, cell.kind, cell.is_refused) for cell in file.odd_cells] == [(3, CellKind.BOOLEAN, True)]


def test_signs_and_formulas_in_other_columns_are_said() -> None:
    file = read("Code;Libellé;Unité\nGLU;Glucose;#####\nNA;=B2;mmol/L\nK;= 5 (norme);mmol/L\nCL;######;g/L\n")
    assert [(cell.row_number, cell.kind, cell.is_refused) for cell in file.odd_cells] == [
        (2, CellKind.NARROW, False), (3, CellKind.FORMULA, False), (5, CellKind.NARROW, True),
    ]  # fmt: skip
    assert next(iter(file.lines()))["unit"] == ""


HIDDEN = ["\u200b", "\ufeff", "\u00ad", "\u200e", "\u202e", "\u2060"]


@pytest.mark.parametrize("sign", HIDDEN)
def test_what_nobody_sees_is_no_part_of_a_code_and_is_said(sign: str) -> None:
    file = read(table(["GLU", f"{sign}0012", f"00{sign}13", f"0014{sign}"]))
    assert codes_of(file) == ["GLU", "0012", "0013", "0014"]
    assert "colonne « Code » : 3 cellules contiennent des caractères invisibles" in said(file)
    assert "lignes 3, 4, 5" in said(file)


def test_headings_are_known_whatever_hides_in_them() -> None:
    file = read("\u200bCo\u00adde;Libel\u200blé\nGLU;Glucose\nNA;Sodium\n")
    assert set(file.columns) == {"code", "label"}
    assert codes_of(file) == ["GLU", "NA"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\u2028", "\t"])
def test_a_code_over_two_lines_is_named(end: str) -> None:
    file = read(table(["GLU", f'"00{end}12"', "NA"]))
    assert [(cell.row_number, cell.kind) for cell in file.odd_cells] == [(3, CellKind.BROKEN)]
    assert "contient un retour à la ligne ou une tabulation : ligne 3 (« 00↵12 »)" in said(file)


def test_an_apostrophe_that_hides_most_codes_from_a_spreadsheet_is_read_away_and_said() -> None:
    file = read(table(["'0012", "'0013", "00014", "GLU"]))
    assert codes_of(file) == ["0012", "0013", "00014", "GLU"]
    assert "2 codes commencent par une apostrophe, pour un tableur (lignes 2, 3)" in said(file)


@pytest.mark.parametrize("codes", [["'0012", "0013", "0014"], ["'0012", "'0013", "0012"]])
def test_an_apostrophe_that_may_belong_to_the_code_is_kept_and_named(codes: list[str]) -> None:
    file = read(table(codes))
    assert codes_of(file) == codes
    assert {cell.kind for cell in file.odd_cells} == {CellKind.APOSTROPHE}


def test_the_command_line_reads_the_same_codes_and_says_so() -> None:
    tests, notes = read_local_tests("catalogue.csv", table(["'0012", "'0013", "0\u200b0014"]).encode())
    assert [test.code for test in tests] == ["0012", "0013", "00014"]
    assert any("apostrophe" in note for note in notes)
    assert any("invisibles" in note for note in notes)


ANS_ROW = "{code};{label};;;;mmol/L;PT;SER;Sérum;QN;;0552;"


@pytest.mark.parametrize("ends", ["", ";"])
@pytest.mark.parametrize("cut", ["Urée du\nmatin", "Urée\ndu\nmatin", "Urée du\n\nmatin"])
def test_parts_of_a_cut_row_are_named_whether_or_not_rows_end_with_a_separator(ends: str, cut: str) -> None:
    labels = ["Glycémie", "Sodium", cut, "Potassium"]
    rows = [ANS_ROW.format(code=f"00{number}", label=label).rstrip(";") + ends for number, label in enumerate(labels)]
    file = read("\n".join(rows) + "\n", "LOINC_3_export_resultats_20260101.csv")
    assert codes_of(file) == ["000", "001", "003"]
    (problem,) = file.problems
    assert "semblent n'en faire qu'une" in str(problem)
    assert problem.row == 3


def test_short_rows_that_add_up_by_chance_are_not_one() -> None:
    rows = "GLU;Glucose;mmol/L;Sérum;\nNA;Sodium\nK;Potassium;g/L\nCL;Chlore;g/L;Urine;\n"
    file = read(f"Code;Libellé;Unité;Milieu;\n{rows}")
    assert file.problems == []
    assert codes_of(file) == ["GLU", "NA", "K", "CL"]


@pytest.mark.parametrize("last", ["Total;3;", "Nombre de lignes :;3;", "Fin de fichier;3;", "*** Fin d'export ***;x;"])
def test_a_total_below_the_rows_is_said_and_not_dropped(last: str) -> None:
    file = read(f"{table(['GLU', 'NA', 'K'])};;\n{last}\n")
    assert "ressemble à un total ou à une fin de fichier" in said(file)
    assert len(codes_of(file)) == 4


@pytest.mark.parametrize("last", ["PROT;Protéines totales;g/L", "TOT;Total IgE;kU/L", "FIN;Finastéride;g/L"])
def test_an_analysis_at_the_end_is_no_total(last: str) -> None:
    assert "fin de fichier" not in said(read(f"{table(['GLU', 'NA', 'K'])}{last}\n"))
