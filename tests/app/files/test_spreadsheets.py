"""Workbooks as laboratories make them: cells come in as they are shown, and what was changed is named."""

import io
from collections.abc import Callable
from datetime import date, datetime, time
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from app.catalogues.plan import ImportPlan, make_plan
from app.errors import ImportRefusedError
from app.files.cell_kinds import CellKind
from app.files.choices import Choices, Duplicates, IncomingFile
from app.files.number_formats import shown
from app.files.reading import ReadFile, read_file
from app.files.sheet_facts import SheetFacts
from app.files.workbook import check_workbook
from tests.app.files.workbooks import Layout, Sheets, Shown, compound, ods, ods_of, xls, xlsx

HEADINGS = ["Code", "Libellé", "Unité", "Milieu"]
Writer = Callable[..., bytes]
FORMATS = [pytest.param(xlsx, id="xlsx"), pytest.param(xls, id="xls"), pytest.param(ods, id="ods")]


def read(content: bytes, name: str = "catalogue.xlsx", choices: Choices | None = None) -> ReadFile:
    return read_file(IncomingFile(name, content, choices or Choices()), 20_000_000)


def plan_of(content: bytes, name: str = "catalogue.xlsx", choices: Choices | None = None) -> ImportPlan:
    return make_plan([read(content, name, choices)])


def workbook(*rows: list[object], change: Callable[[Workbook], None] | None = None) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Catalogue"
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def codes_of(plan: ImportPlan) -> list[str]:
    return [test.code for test in plan.tests]


def said(plan: ImportPlan) -> str:
    return "\n".join([*map(str, plan.refusals), *plan.warnings])


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (12, "0000", "0012"), (12, "00000", "00012"), (12, "0", "12"), (12, "#", "12"), (12, '"T"0000', "T0012"),
        (12, '0000"-A"', "0012-A"), (-5, "0;-0", "-5"), (-5, "0000", "-0005"), (12, "0000;-0000;0", "0012"),
        (12, "[Red]0000", "0012"), (12, "\\T0000", "T0012"), (12, "00 00", "00 12"), (12345, "0000", "12345"),
        (12, "[$-40C]0000", "0012"), (12, "0000_)", "0012"), (7, '0" m/s"', "7 m/s"), (0, "000", "000"),
        (12, "[<100]000;0000", "012"), (150, "[<100]000;0000", "0150"), (12, "[Red][<100]000;[Blue]0000", "012"),
        (5, '[<10]"A"0;[<100]"B"00;000', "A5"), (12, '[<10]"A"0;[<100]"B"00;000', "B12"),
        (500, '[<10]"A"0;[<100]"B"00;000', "500"), (12, '[=12]"douze";0', "douze"), (1234, "[>=1000]0 000", "1 234"),
        (1, '"Oui";"Non"', "Oui"), (0, '"Oui";"Non"', "Oui"), (-1, '"Oui";"Non"', "Non"), (0, '0;-0;"néant"', "néant"),
        (12, "0000;-0000;0000;@", "0012"), (12, "0000;@", "0012"), (12, "@", "12"), (12, "General", "12"),
        (12, 'General" ml"', "12 ml"), (12, "#,##0", "12"), (12, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', "12"),
        (0, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', "-"), (12, "000\\.000", "000.012"), (12, "0\\;0", "1;2"),
        (-12, "??0", "- 12"), (-1, "0000", "-0001"), (12, '00"-"??', "00-12"), (5, '00"-"??', "00- 5"),
    ],
)  # fmt: skip
def test_a_format_of_digits_shows_the_number_as_the_cell_does(value: int, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "kind"),
    [
        (1234, "#,##0", CellKind.GROUPED), (1234, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', CellKind.GROUPED),
        (12, "0,000", CellKind.FORMATTED), (1234, '#,##0\\ "€"', CellKind.FORMATTED), (12, "0,", CellKind.FORMATTED),
        (12, "0.00", CellKind.PADDED), (12, "0.", CellKind.PADDED), (12, "0%", CellKind.PERCENT),
        (12, "# ?/?", CellKind.FRACTION), (12, "0E+00", CellKind.EXPONENT), (12, "yyyy", CellKind.FORMATTED),
        (12, ";;;", CellKind.FORMATTED), (0, "#", CellKind.FORMATTED), (12, '"X-"@', CellKind.FORMATTED),
        (12, "[>=1000]0 000", CellKind.FORMATTED), (12, "[<5]0;[<9]00", CellKind.FORMATTED),
        (12, "[<5]0;00;000", CellKind.FORMATTED), (-12, "[<5]0;00", CellKind.FORMATTED),
        (12, "0;[<9]00", CellKind.FORMATTED),
        (-12, '"Oui"', CellKind.FORMATTED), (-12, "0;", CellKind.FORMATTED), (12, "0*-", CellKind.FORMATTED),
        (12, "T0000", CellKind.FORMATTED), (12, "[DBNum1]0", CellKind.FORMATTED), (12, "0" * 300, CellKind.FORMATTED),
    ],
)  # fmt: skip
def test_a_format_that_does_something_else_is_told_for_what_it_does(value: int, code: str, kind: CellKind) -> None:
    assert shown(value, code) is kind


@pytest.mark.parametrize(
    ("value", "code", "text", "why"),
    [
        (0.12, "0%", "12 %", "la cellule le montre en pourcentage"),
        (12, "0%", "1200%", "la cellule le montre en pourcentage"),
        (12, "0.00", "12,00", "le format de la cellule ajoute des décimales à un nombre entier"),
        (0.5, "# ?/?", "1/2", "la cellule le montre en fraction"),
        (12, ";;;", "", "le format de la cellule montre autre chose que le nombre enregistré, ou rien"),
        (340093123456, "0.00E+00", "3,40E+11", "avec un exposant"),
        (1.5, "0", "2", "nombre à virgule"),
    ],
)
@pytest.mark.parametrize("write", FORMATS)
def test_the_code_of_a_cell_that_shows_something_else_is_refused_for_the_true_reason(
    write: Writer, value: float, code: str, text: str, why: str
) -> None:
    plan = plan_of(write({"Catalogue": [HEADINGS, ["NA", "Sodium"], [Shown(value, code, text), "Potassium"]]}))
    remedy, problem = map(str, plan.refusals)
    assert "ligne 3, colonne « Code » : " in problem
    assert why in problem
    assert "format « Texte »" in remedy
    assert codes_of(plan) == ["NA"]


@pytest.mark.parametrize("write", FORMATS)
def test_conditions_answers_and_thousands_come_in_as_shown_or_are_said(write: Writer) -> None:
    rows = [
        [*HEADINGS, "Sous-traité"],
        [Shown(12, "[<100]000;0000", "012"), "Sodium", "mmol/L", "Sérum", Shown(1, '"Non";"Oui"', "Non")],
        [Shown(1234, "#,##0", "1 234"), "Potassium", "mmol/L", "Sérum", Shown(1, '"Oui";"Non"', "Oui")],
        [Shown(150, "[<100]000;0000", "0150"), "Chlore", Shown(1, '"mmol/L"', "mmol/L"), "Sérum", "x"],
    ]
    plan = plan_of(write({"Catalogue": rows}))
    assert codes_of(plan) == ["012", "1234", "0150"]
    assert plan.tests[2].values["unit"] == "mmol/L"
    assert [test.is_subcontracted for test in plan.tests] == [False, True, True]
    assert plan.refusals == []
    assert "séparateurs de milliers ; il est lu sans eux : ligne 3 (« 1234 »)" in said(plan)


@pytest.mark.parametrize("write", FORMATS)
def test_a_percentage_beside_the_code_is_said_and_comes_in(write: Writer) -> None:
    rows = [["Code", "Libellé", "Valeurs de référence"], ["TP", "Taux de prothrombine", Shown(0.7, "0%", "70 %")]]
    plan = plan_of(write({"Catalogue": rows}))
    assert codes_of(plan) == ["TP"]
    assert "colonne « Valeurs de référence » : 1 cellule à vérifier, la cellule le montre en pourcentage" in said(plan)


def test_what_a_cell_of_an_ods_shows_is_read_whatever_its_type() -> None:
    currency = 'office:value-type="currency" office:currency="EUR" office:value="12"'
    logical = 'office:value-type="boolean" office:boolean-value="true"'
    empty = 'table:formula="of:=&quot;&quot;" office:value-type="string" office:string-value=""'
    string = 'office:value-type="string"'
    cells = [(string, "Code", "Libellé"), (currency, "12 €", "Fer"), (logical, "Oui", "Urée"), (empty, "", "Chlore")]
    lines = "".join(
        f"<table:table-row><table:table-cell {typed}><text:p>{code}</text:p></table:table-cell>"
        f"<table:table-cell {string}><text:p>{label}</text:p></table:table-cell></table:table-row>"
        for typed, code, label in cells
    )
    plan = plan_of(ods_of(f'<table:table table:name="C">{lines}</table:table>'), "a.ods")
    assert codes_of(plan) == ["12 €"]
    assert "ligne 3, colonne « Code » : le tableur en a fait une valeur logique (« Oui »)" in said(plan)
    assert "ligne 4, colonne « Code » : cellule obligatoire vide" in said(plan)


@pytest.mark.parametrize("write", FORMATS)
def test_a_number_comes_in_as_its_cell_shows_it(write: Writer) -> None:
    rows = [
        HEADINGS,
        [Shown(12, "0000", "0012"), "Sodium", "mmol/L", "Sérum"],
        [Shown(345, "0000", "0345"), "Potassium", Shown(7, '"U"00', "U07"), "Sérum"],
        [Shown(7, '"T"0000', "T0007"), "Chlore", "mmol/L", "Sérum"],
        [Shown(1234, "0", "1234"), "Urée", "mmol/L", "Sérum"],
    ]
    plan = plan_of(write({"Catalogue": rows}))
    assert codes_of(plan) == ["0012", "0345", "T0007", "1234"]
    assert plan.tests[1].values["unit"] == "U07"
    assert said(plan) == ""


def test_a_volume_shown_with_a_text_is_a_number() -> None:
    rows = [[*HEADINGS, "Volume annuel"], ["NA", "Sodium", "mmol/L", "Sérum", Shown(1500, '0" actes"', "1500 actes")]]
    (test,) = plan_of(xlsx({"Catalogue": rows})).tests
    assert test.annual_volume == 1500


@pytest.mark.parametrize(
    ("value", "code", "why"),
    [
        (datetime(2005, 3, 1), "", "date (« 01/03/2005 »)"),
        (date(1751, 7, 1), "0000", "date"),
        (time(1, 30), "", "heure ou une durée (« 1:30:00 »)"),
        (True, "", "valeur logique (« VRAI »)"),
        (12345678901234567890, "", "plus de 15 chiffres"),
        (100000, "0.00E+00", "exposant (« 100000 »)"),
        (1.5, "", "nombre à virgule"),
        (12, "0.00", "ajoute des décimales"),
        ("#N/A", "", "erreur (« #N/A »)"),
        ("#REF!", "", "erreur (« #REF! »)"),
    ],
)
def test_a_code_that_the_spreadsheet_changed_is_refused_by_its_row(value: object, code: str, why: str) -> None:
    def change(made: Workbook) -> None:
        cell = made.worksheets[0]["A3"]
        if isinstance(value, str):
            cell.data_type = "e"
        if code and not isinstance(value, date):
            cell.number_format = code

    content = workbook(list(HEADINGS), ["NA", "Sodium"], [value, "Potassium"], ["CL", "Chlore"], change=change)
    plan = plan_of(content)
    remedy, problem = map(str, plan.refusals)
    assert "ligne 3, colonne « Code »" in problem
    assert why in problem
    assert "format « Texte »" in remedy
    assert codes_of(plan) == ["NA", "CL"]


def test_the_same_damage_beside_the_code_is_said_and_comes_in() -> None:
    headings = ["Code", "Libellé", "Code unité", "Unité", "Valeurs de référence", "Technique"]
    content = workbook(
        list(headings),
        ["NA", "Sodium", datetime(2005, 3, 1), "mmol/L", datetime(2026, 5, 2), "x"],
        ["K", "Potassium", 1e20, "mmol/L", "3-5", "#N/A"],
        change=lambda made: setattr(made.worksheets[0]["F3"], "data_type", "e"),
    )
    plan = plan_of(content)
    assert plan.refusals == []
    assert codes_of(plan) == ["NA", "K"]
    assert "colonne « Code unité » : 1 cellule à vérifier, le tableur en a fait une date : ligne 2" in said(plan)
    assert "colonne « Valeurs de référence » : 1 cellule à vérifier, le tableur en a fait une date" in said(plan)
    assert "colonne « Technique » : 1 cellule à vérifier, la formule donne une erreur ; lue vide" in said(plan)
    assert plan.tests[1].values["technique"] == ""


def test_many_changed_codes_are_counted_and_the_first_are_named() -> None:
    rows = [[datetime(2005, 3, 1), f"Analyse {number}"] for number in range(300)]
    plan = plan_of(workbook(["Code", "Libellé"], *rows))
    assert "300 cellules" in str(plan.refusals[0])
    assert len(plan.refusals) == 21


def test_codes_of_twelve_digits_are_known_in_full() -> None:
    plan = plan_of(workbook(["Code", "Libellé"], [340093123456, "Sodium"], [340093123457, "Potassium"]))
    assert codes_of(plan) == ["340093123456", "340093123457"]
    assert plan.refusals == []
    assert "il est lu en entier" in said(plan)


def test_lost_zeros_are_suspected_row_by_row() -> None:
    rows: list[list[object]] = [[f"{number:04}", "Analyse"] for number in range(1, 30)]
    rows[4][0], rows[9][0] = 57, 612
    plan = plan_of(workbook(["Code", "Libellé"], *rows))
    assert plan.refusals == []
    assert "semblent perdus (code plus court que les autres) : ligne 6 (« 57 »), ligne 11 (« 612 »)" in said(plan)


def test_numbers_that_only_count_up_have_lost_nothing() -> None:
    plan = plan_of(workbook(["Code", "Libellé"], *([number, "Analyse"] for number in range(1, 300))))
    assert said(plan) == ""


def test_a_csv_saved_by_a_spreadsheet_tells_what_it_changed() -> None:
    content = (
        "Code;Libellé\nNA;Sodium\n1,23457E+12;Potassium\n#NOM?;Chlore\nmars-05;Urée\nSEP-01;Sepsis\n1E5;Fer\n"
        "0126;TP\n0127;TCA\n0128;INR\n57;Fibrinogène\n"
    ).encode()
    plan = plan_of(content, "catalogue.csv")
    assert [problem.row for problem in plan.refusals] == [None, 3, 4]
    assert "ressemble à une date, qu'un tableur aurait faite d'un autre code : ligne 5 (« mars-05 »)" in said(plan)
    assert "SEP-01" not in said(plan)
    assert "ligne 11 (« 57 »)" in said(plan)
    assert "1E5" in codes_of(plan)


@pytest.mark.parametrize("write", FORMATS)
def test_a_merged_range_gives_its_value_to_each_of_its_rows(write: Writer) -> None:
    rows = [
        HEADINGS,
        ["NA", "Sodium", "mmol/L", "Sérum"],
        ["K", "Potassium", "mmol/L", ""],
        ["", "", "", ""],
        ["CL", "Chlore", "mmol/L", ""],
        ["U", "Urée", "mmol/L", ""],
    ]
    plan = plan_of(write({"Catalogue": rows}, layout=Layout(merges=[(2, 5, 3, 3)])))
    assert [test.values["specimen"] for test in plan.tests] == ["Sérum", "Sérum", "Sérum", ""]
    assert plan.refusals == []
    assert "1 plage fusionnée donne sa valeur à toutes ses lignes (colonne « Milieu » ; lignes 2 à 5)" in said(plan)


def test_a_merged_code_makes_duplicates_that_a_person_settles() -> None:
    rows: Sheets = {"Catalogue": [HEADINGS, ["NA", "Sodium", "mmol/L", "Sérum"], ["", "Natrémie", "mmol/L", "Sérum"]]}
    content = xlsx(rows, layout=Layout(merges=[(2, 3, 0, 0)]))
    plan = plan_of(content)
    assert len(plan.unsettled) == 1
    assert "le code est dans une cellule fusionnée (lignes 2 à 3)" in said(plan)
    kept = plan_of(content, choices=Choices(duplicates=Duplicates.KEEP))
    assert codes_of(kept) == ["NA", "NA"]


def test_merged_headings_and_titles_stay_headings_and_titles() -> None:
    rows: Sheets = {
        "Catalogue": [
            ["Catalogue 2026", "", "", ""],
            ["Code", "Libellé", "Unités", ""],
            ["", "", "S.I.", "Usuelle"],
            ["NA", "Sodium", "mmol/L", "mEq/L"],
            ["Biochimie urinaire", "", "", ""],
            ["K", "Potassium", "mmol/L", "mEq/L"],
        ]
    }
    merges = [(1, 1, 0, 3), (2, 3, 0, 0), (2, 3, 1, 1), (2, 2, 2, 3), (5, 5, 0, 3)]
    file = read(xlsx(rows, layout=Layout(merges=merges)))
    assert file.table.dialect.header_rows == 3
    assert [line["code"] for line in file.lines() if line["label"]] == ["NA", "K"]
    assert file.table.filled == ()


@pytest.mark.parametrize("write", FORMATS)
def test_what_is_hidden_or_protected_is_read_and_said(write: Writer) -> None:
    rows = [HEADINGS, ["NA", "Sodium", "mmol/L", "Sérum"], ["K", "Potassium", "mmol/L", "Sérum"]]
    layout = Layout(hidden_rows=[3], hidden_columns=[2], is_protected=True)
    plan = plan_of(write({"Catalogue": rows, "Tarifs": [["Lettre", "Prix"], ["B", "0,25"]]}, layout=layout))
    assert codes_of(plan) == ["NA", "K"]
    assert "1 ligne est masquée et 1 colonne est masquée (C) ; ce qui est masqué est lu aussi" in said(plan)
    assert "la feuille « Catalogue » est protégée" in said(plan)
    assert "la feuille « Catalogue » est lue ; « Tarifs » (2 lignes) n'est pas lue" in said(plan)


def test_a_filter_is_said() -> None:
    def change(made: Workbook) -> None:
        sheet = made.worksheets[0]
        sheet.auto_filter.ref = "A1:B3"
        sheet.auto_filter.add_filter_column(0, ["NA"])
        sheet.row_dimensions[3].hidden = True

    plan = plan_of(workbook(["Code", "Libellé"], ["NA", "Sodium"], ["K", "Potassium"], change=change))
    assert "1 ligne est masquée par un filtre" in said(plan)
    assert codes_of(plan) == ["NA", "K"]


def test_formulas_that_nothing_computed_are_named_with_the_remedy() -> None:
    plan = plan_of(
        workbook(
            ["Code", "Libellé", "Unité"],
            ['="N"&"A"', "Sodium", "mmol/L"],
            ["K", '=CONCATENATE("Potas","sium")', "mmol/L"],
            ["CL", "Chlore", '="mmol"&"/L"'],
            ['="U"', "=A5", '="x"'],
        )
    )
    assert [(problem.row, problem.column) for problem in plan.refusals[1:]] == [
        (2, "Code"), (3, "Libellé"), (5, "Code"), (5, "Libellé"),
    ]  # fmt: skip
    assert "obligatoire vide" not in said(plan)
    assert "enregistrez-le" in str(plan.refusals[0])
    assert "(A2, B3, C4, A5, B5, C5)" in said(plan)
    assert "colonne « Unité » : 2 cellules à vérifier, formule jamais calculée ; lue vide" in said(plan)


def _with_cells(xml: str, settings: str = "") -> bytes:
    """A workbook whose second row is written as this."""
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(workbook(["Code", "Libellé"], ["x", "y"]))) as source, ZipFile(
        buffer, "w", ZIP_DEFLATED
    ) as target:
        for name in source.namelist():
            part = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                start, end = part.index('<row r="2"'), part.index("</sheetData>")
                part = part[:start] + f'<row r="2">{xml}</row>' + part[end:]
            if name == "xl/workbook.xml":
                part = part.replace('fullCalcOnLoad="1"', settings)
            target.writestr(name, part)
    return buffer.getvalue()


def test_formulas_that_were_computed_give_their_value() -> None:
    cells = '<c r="A2" t="str"><f>"N"&amp;"A"</f><v>NA</v></c><c r="B2" t="str"><f>C1</f><v>Sodium</v></c>'
    plan = plan_of(_with_cells(cells))
    assert (codes_of(plan), said(plan)) == (["NA"], "")


def test_a_computed_empty_text_is_an_empty_cell() -> None:
    cells = '<c r="A2" t="str"><f>IF(1,"","")</f><v></v></c><c r="B2" t="inlineStr"><is><t>y</t></is></c>'
    plan = plan_of(_with_cells(cells))
    assert "obligatoire vide" in said(plan)


@pytest.mark.parametrize(("settings", "refused"), [('fullCalcOnLoad="1"', True), ("", False)])
def test_zeros_of_a_program_that_does_not_calculate_are_no_values(settings: str, refused: bool) -> None:
    cells = '<c r="A2"><f>ROW()</f><v>0</v></c><c r="B2" t="inlineStr"><is><t>y</t></is></c>'
    assert ("jamais calculée" in said(plan_of(_with_cells(cells, settings)))) is refused


def test_a_workbook_without_any_computed_code_is_not_empty() -> None:
    plan = plan_of(workbook(["Code", "Libellé"], ['="N"', '="Sodium"']))
    (problem,) = plan.refusals
    assert "ses formules n'ont jamais été calculées" in str(problem)


def test_a_locked_workbook_is_refused_with_what_to_do() -> None:
    with pytest.raises(ImportRefusedError) as refused:
        read(compound(b"x" * 5000, "EncryptedPackage"))
    assert "protégé par un mot de passe : ouvrez-le" in str(refused.value.problems[0])


def test_facts_follow_the_name_of_their_sheet() -> None:
    rows: Sheets = {
        "Notes": [["x"]],
        "Catalogue": [["Code", "Libellé"], [Shown(5, "000", "005"), "Sodium"]],
    }
    for write in (xlsx, xls, ods):
        facts = check_workbook(write(rows))
        assert (facts["Notes"].formats, facts["Notes"].texts) == ({}, {})
        assert facts["Catalogue"] != SheetFacts()
