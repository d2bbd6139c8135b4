"""The check of what we ship: it passes, and it finds each fault that we plant."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from loinc_data.check import as_table, check_material, main, unit_table
from loinc_data.checks import demonstration, lexicon, tables, terms
from loinc_data.checks.known import Known
from loinc_data.checks.material import Material, read_material
from loinc_data.checks.problem import Level, Problem, Row, read_sheet, typographic
from loinc_data.notice import LOINC_NOTICE
from loinc_data.report import COMMAND, render
from loinc_data.tables import DATA_DIR
from matcher.normalise.units import UnitTable
from matcher.types import Term

SODIUM = "2951-2,Sodium,SCnc,Pt,Ser/Plas,Qn,,CHEM,ACTIVE,Both,Sodium [Moles/volume] in Serum or Plasma,mmol/L,1"
PAGE = DATA_DIR.parent / "docs" / "terminologie.md"


@pytest.fixture(scope="module")
def shipped() -> Material:
    return read_material(DATA_DIR)


@pytest.fixture(scope="module")
def units() -> UnitTable:
    return unit_table(
        [_row(tables.HEADERS["units"], "g/L;g/L;mass_conc;"), _row(tables.HEADERS["units"], "%;%;percent;")]
    )


def _row(header: Sequence[str], line: str, number: int = 2, file: str = "file.csv") -> Row:
    delimiter = "," if header is terms.HEADER else ";"
    cells = line.split(delimiter)
    # Scope and source stand before the note; most rows have none.
    cells = [*cells[:-1], *[""] * (len(header) - len(cells)), *cells[-1:]]
    return Row(file, number, dict(zip(header, cells, strict=True)))


def _term(**cells: str) -> Row:
    row = _row(terms.HEADER, SODIUM)
    return Row(row.file, row.line, {**row.cells, **cells})


def _entry(expression: str, **cells: str) -> Row:
    empty = dict.fromkeys(lexicon.HEADER, "")
    return Row("lexicon.csv", 2, {**empty, "expression": expression, "kind": "analyte", "component": "Sodium", **cells})


def _rules(problems: Sequence[Problem]) -> set[tuple[str, str]]:
    return {(problem.rule, problem.column) for problem in problems}


def test_what_we_ship_has_no_error(shipped: Material) -> None:
    problems = [item for item in check_material(shipped) if item.level is Level.ERROR]
    assert not problems, "\n" + as_table(problems)


def test_we_ship_as_much_as_was_asked(shipped: Material) -> None:
    assert len(shipped.terms) >= 2_500
    assert len(shipped.lexicon) >= 4_000
    assert len(shipped.tables["units"]) >= 300


def test_the_page_of_figures_is_up_to_date(shipped: Material) -> None:
    counted = render(shipped, check_material(shipped))
    # The bench of the labelled rows adds a section of its own at the end.
    written = PAGE.read_text(encoding="utf-8")[: len(counted)]
    assert written == counted, f"run {COMMAND}"


def test_a_right_term_has_no_problem() -> None:
    assert not list(terms.check_terms([_term()]))


@pytest.mark.parametrize(
    ("cells", "rule", "column"),
    [
        ({"LOINC_NUM": "2951-3"}, "check-digit", "LOINC_NUM"),
        ({"PROPERTY": "Conc"}, "vocabulary", "PROPERTY"),
        ({"TIME_ASPCT": "24h"}, "vocabulary", "TIME_ASPCT"),
        ({"SCALE_TYP": "Quant"}, "vocabulary", "SCALE_TYP"),
        ({"FR_USAGE": "4"}, "vocabulary", "FR_USAGE"),
        ({"COMPONENT": ""}, "vocabulary", "COMPONENT"),
        ({"PROPERTY": "MCnc", "EXAMPLE_UCUM_UNITS": "g/L"}, "name-property", "PROPERTY"),
        ({"LONG_COMMON_NAME": "Sodium [Presence] in Serum or Plasma", "PROPERTY": "PrThr"}, "name-scale", "SCALE_TYP"),
        ({"LONG_COMMON_NAME": "Sodium [Moles/volume] in Serum or Plasma Narrative"}, "name-scale", "SCALE_TYP"),
        ({"LONG_COMMON_NAME": "Sodium [Moles/volume] in 24 hour Urine", "SYSTEM": "Urine"}, "name-time", "TIME_ASPCT"),
        ({"TIME_ASPCT": "24H"}, "name-time", "TIME_ASPCT"),
        ({"SYSTEM": "Urine"}, "name-system", "SYSTEM"),
        ({"LONG_COMMON_NAME": "Sodium SerPl-sCnc"}, "short-name", "LONG_COMMON_NAME"),
        ({"LONG_COMMON_NAME": "Sodium [Moles/volume] in Serum or Plasma by Photometry"}, "name-method", "METHOD_TYP"),
        ({"LONG_COMMON_NAME": "Sodium [Mols/volume] in Serum or Plasma"}, "name-property", "LONG_COMMON_NAME"),
        ({"EXAMPLE_UCUM_UNITS": "g/L"}, "units", "EXAMPLE_UCUM_UNITS"),
        ({"EXAMPLE_UCUM_UNITS": "mmol/L;millimoles"}, "units", "EXAMPLE_UCUM_UNITS"),
        ({"SCALE_TYP": "Ord"}, "units", "EXAMPLE_UCUM_UNITS"),
        ({"SCALE_TYP": "Ord"}, "scale-property", "SCALE_TYP"),
        ({"PROPERTY": "PrThr"}, "scale-property", "SCALE_TYP"),
        ({"SCALE_TYP": "-"}, "scale-property", "PROPERTY"),
        ({"SCALE_TYP": "-"}, "panel", "CLASS"),
        ({"CLASS": "PANEL.CHEM"}, "panel", "ORDER_OBS"),
        ({"CLASS": "ABXBACT"}, "class-property", "CLASS"),
        ({"COMPONENT": "Neutrophils/100 leukocytes"}, "component-property", "PROPERTY"),
    ],
)
def test_a_fault_in_a_term(cells: dict[str, str], rule: str, column: str) -> None:
    assert (rule, column) in _rules(list(terms.check_terms([_term(**cells)])))


def test_terms_that_repeat_one_another() -> None:
    other = _term(LOINC_NUM="2947-0")
    assert _rules(list(terms.check_terms([_term(), _term()]))) == {("duplicate-code", "LOINC_NUM")}
    assert _rules(list(terms.check_terms([_term(), other]))) == {("duplicate-axes", "COMPONENT")}


def test_a_method_may_not_be_more_usual_than_its_bare_sibling() -> None:
    name = "Sodium [Moles/volume] in Serum or Plasma by Photometry"
    method = _term(LOINC_NUM="2947-0", METHOD_TYP="Photometry", LONG_COMMON_NAME=name)
    assert _rules(list(terms.check_terms([_term(FR_USAGE="2"), method]))) == {("usage-sibling", "FR_USAGE")}
    assert not list(terms.check_terms([_term(), method]))


def test_what_a_release_says_otherwise() -> None:
    term = Term("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn", status="DEPRECATED", long_common_name="Natrium")
    found = list(terms.check_against([_term(), _term(LOINC_NUM="2823-3"), _term(PROPERTY="MCnc")], {"2951-2": term}))
    assert _rules(found) == {
        ("status", "STATUS"), ("name", "LONG_COMMON_NAME"), ("unknown-code", "LOINC_NUM"), ("axis", "PROPERTY"),
    }  # fmt: skip


KNOWN = Known(
    [
        Term("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn", usage=1),
        Term("2955-3", "Sodium", "SCnc", "Pt", "Urine", "Qn", usage=1),
        Term("2339-0", "Glucose^2H post 75 g glucose PO", "MCnc", "Pt", "Bld", "Qn"),
        Term("1988-5", "C reactive protein", "MCnc", "Pt", "Ser/Plas", "Qn", "IA"),
    ],
    {"component": {"Copeptin"}},
    is_release=True,
)


def test_components_that_are_known() -> None:
    assert all(
        map(KNOWN.has_component, ["Sodium", "glucose", "reactive protein", "Copeptin", "^2H post dose", "Sodium/X"])
    )
    assert not KNOWN.has_component("Natrium")


def test_a_right_entry_has_no_problem(units: UnitTable) -> None:
    entry = _entry("natrémie", kind="emie", system="Ser/Plas", context="unite=g/L,label=sang")
    assert not list(lexicon.check_lexicon([entry], KNOWN, units))


@pytest.mark.parametrize(
    ("entry", "rule", "column"),
    [
        (_entry(""), "empty", "expression"),
        (_entry("sodium", component=""), "empty", "component"),
        (_entry("sodium", component="2951-2"), "code", "component"),
        (_entry("sodium", kind="name"), "vocabulary", "kind"),
        (_entry("sodium", property="Conc"), "vocabulary", "property"),
        (_entry("sodium", system="Serum"), "vocabulary", "system"),
        (_entry("sodium", method="Elisa"), "vocabulary", "method"),
        (_entry("sodium", component="Sodium||Glucose"), "alternatives", "component"),
        (_entry("sodium", component="Natrium"), "unknown-component", "component"),
        (_entry("sodium", context="unit=g/L"), "context", "context"),
        (_entry("sodium", context="unite=trucs"), "context", "context"),
        (_entry("sodium", context="label=a,label=a"), "context", "context"),
        (_entry("sodium", scope="contexte"), "scope", "scope"),
        (_entry("sodium", scope="en context"), "scope", "context"),
        (_entry("le"), "dead", "expression"),
        (_entry("a b c d e f g h i j k"), "dead", "expression"),
        (_entry("12"), "hijack", "expression"),
        (_entry("P"), "hijack", "expression"),
        (_entry("sang"), "hijack", "expression"),
        (_entry("recherche"), "hijack", "expression"),
        (_entry("natriurie", kind="urie"), "kind", "system"),
        (_entry("natrémie", kind="emie", system="Urine"), "kind", "system"),
        (_entry("anti-sodium", kind="antibody"), "kind", "component"),
        (_entry("sodium", property="Susc", system="Ser/Plas"), "kind", "system"),
        (_entry("sodium", system="Ser/Plas"), "implied-specimen", "system"),
    ],
)
def test_a_fault_in_an_entry(entry: Row, rule: str, column: str, units: UnitTable) -> None:
    assert (rule, column) in _rules(list(lexicon.check_lexicon([entry], KNOWN, units)))


def test_an_ordinary_word_may_be_read_in_its_context(units: UnitTable) -> None:
    entry = _entry("culture", context="chapitre=bacteriologie")
    assert not list(lexicon.check_lexicon([entry], KNOWN, units))


def test_entries_that_say_the_same_twice(units: UnitTable) -> None:
    rows = [_entry("Sodium"), _entry("sodium", kind="synonym"), _entry("sodium", component="Glucose")]
    found = list(lexicon.check_lexicon(rows, KNOWN, units))
    assert _rules(found) == {("duplicate", "expression"), ("conflict", "priority")}


def test_entries_that_name_two_things_say_which_is_the_more_usual(units: UnitTable) -> None:
    rows = [_entry("Sodium", priority="1"), _entry("sodium", component="Glucose")]
    assert not list(lexicon.check_lexicon(rows, KNOWN, units))
    for rank in ("", "1"):
        rows = [_entry("Sodium", priority=rank), _entry("sodium", component="Glucose", priority=rank)]
        assert _rules(list(lexicon.check_lexicon(rows, KNOWN, units))) == {("conflict", "priority")}
    assert _rules(list(lexicon.check_lexicon([_entry("Sodium", priority="0")], KNOWN, units))) == {
        ("priority", "priority")
    }


def test_one_letter_is_read_in_its_context_only(units: UnitTable) -> None:
    entry = _entry("P", context="unite=g/L", scope="context")
    assert not list(lexicon.check_lexicon([entry], KNOWN, units))
    without = _entry("P", scope="context")
    assert _rules(list(lexicon.check_lexicon([without], KNOWN, units))) == {
        ("hijack", "expression"),
        ("scope", "context"),
    }


@pytest.mark.parametrize(
    ("name", "lines", "rule", "column"),
    [
        ("units", ["g/L;g/L;mass_conc;", "g/L;g/L;mass_conc;"], "duplicate", "expression"),
        ("units", ["g/L;g/L;mass;"], "dimension", "ucum"),
        ("units", ["g/L;g/L;masse;"], "dimension", "dimension"),
        ("units", ["g/L;g/L;;"], "dimension", "dimension"),
        ("units", ["Gr/L;10*9/L;num_conc;", "gr/l;g/L;mass_conc;"], "conflict", "expression"),
        ("specimens", ["sang;Ser/Plas;", "le sang;Bld;"], "dead", "expression"),
        ("specimens", ["sang veineux;Ser/Plas;", "sang-veineux;Bld;"], "conflict", "expression"),
        ("specimens", ["sang veineux;Ser/Plas;", "Sang veineux;Ser/Plas;"], "duplicate", "expression"),
        ("label_specimens", ["urines;Urin;"], "vocabulary", "system"),
        ("techniques", ["elisa;Elisa;"], "vocabulary", "method"),
        ("timing", ["ponctuel;Point;;"], "vocabulary", "time"),
        ("timing", ["pic;Pt;peak;"], "vocabulary", "challenge"),
        ("scales", ["quantitatif;Quant;"], "vocabulary", "scale"),
        ("chapters", ["biochimie;CHIM;;"], "vocabulary", "class"),
        ("nontests", ["(commentaire;texte;"], "pattern", "pattern"),
        ("nontests", ["commentaire|;texte;"], "pattern", "pattern"),
        ("nontests", ["^prélèvement;texte;"], "pattern", "pattern"),
        ("nontests", ["^commentaire;;"], "pattern", "reason"),
        ("row_words", ["flacon;objet;récipient;"], "vocabulary", "class"),
        ("row_words", ["flacon;thing;;"], "reason", "reason"),
        ("row_words", ["bilan;set;ensemble;"], "reason", "reason"),
        ("row_words", ["étiquette;record;texte;"], "word", "word"),
        ("row_words", ["lot*;record;texte;"], "word", "word"),
        ("row_words", ["tube;thing;récipient;", "tube;thing;récipient;"], "duplicate", "word"),
        ("usage", ["2951-3;1"], "check-digit", "loinc"),
        ("usage", ["2951-2;7"], "vocabulary", "usage"),
        ("usage", ["2951-2;2"], "conflict", "usage"),
        ("usage", ["2955-3;2"], "missing", "loinc"),
        ("chapter_codes", ["Biochimie;18719-6;Chemistry studies (set);"], "check-digit", "loinc"),
        ("chapter_codes", ["Sel;2951-2;Salt;"], "conflict", "label"),
        ("chapter_codes", ["A b;2955-3;Y;", "A-b;2823-3;Z;"], "conflict", "expression"),
        ("label_specimens", ["sg;Ser/Plas;sufix;;"], "scope", "scope"),
        ("specimens", ["sg;Ser/Plas;suffix;;"], "scope", "scope"),
        ("national", ["2951-3;sodium;ANS"], "check-digit", "loinc"),
        ("national", ["2951-2;sodium;"], "source", "source"),
        ("national", ["2951-2;sodium;ANS", "2951-2;natrémie;ANS"], "duplicate", "loinc"),
        ("disciplines", ["chemistry;Biochimie;CHIM"], "vocabulary", "classes"),
        ("disciplines", ["chemistry;;CHEM"], "vocabulary", "french_name"),
        ("disciplines", ["chemistry;Biochimie;CHEM", "urine;Urines;UA|CHEM"], "conflict", "classes"),
        ("disciplines", ["chemistry;Biochimie;CHEM", "chemistry;Urines;UA"], "duplicate", "key"),
        ("disciplines", ["chemistry;Biochimie;CHEM", "urine;BIOCHIMIE;UA"], "duplicate", "french_name"),
        ("glued_words", ["U;queue;urines;;;"], "vocabulary", "role"),
        ("glued_words", ["é 2;tail;urines;;;"], "word", "piece"),
        ("glued_words", ["U;tail;;;;"], "dead", "reads"),
        ("glued_words", ["U;tail;urines;virus;;"], "scope", "scope"),
        ("glued_words", ["U;tail;urines;;;", "u;tail;urine;;;"], "duplicate", "piece"),
        ("vouched", ["component;Copeptin;", "component;copeptin;"], "duplicate", "value"),
        ("vouched", ["analyte;Copeptin;"], "vocabulary", "axis"),
    ],
)
def test_a_fault_in_a_table(name: str, lines: list[str], rule: str, column: str) -> None:
    sheets: dict[str, Sequence[Row]] = {key: [] for key in tables.HEADERS}
    sheets[name] = [_row(tables.HEADERS[name], line, number) for number, line in enumerate(lines, start=2)]
    found = list(tables.check_tables(sheets, [_term()], KNOWN, {"2951-2": "Sodium"}))
    assert (rule, column) in _rules(found)


def test_units_may_stand_for_another_dimension() -> None:
    lines = ["UI;[IU];arb_conc;", "nmol/h/mL;nmol/h/mL;cat_conc;", "{UI}/mL;{UI}/mL;arb_conc;", "néant;;;pas d'unité"]
    sheets: dict[str, Sequence[Row]] = {key: [] for key in tables.HEADERS}
    sheets["units"] = [_row(tables.HEADERS["units"], line, number) for number, line in enumerate(lines, start=2)]
    assert not list(tables.check_tables(sheets, [], KNOWN, {}))


CHAPTERS, EXAMS, ANALYSES, ANNEX = demonstration.HEADERS
DEMO = {
    CHAPTERS: "BIO;Biochimie;ION;Ionogramme",
    EXAMS: "IONO;IONOGRAMME;;BIO;ION;Sérum;1610;NA;SODIUM",
    ANALYSES: "NA;SODIUM;;;U01;g/L;PT;SE;Sérum;QN;;1610",
    ANNEX: "NA;N;;100;N",
}


def _demo(changed: dict[str, list[str]] | None = None) -> dict[str, list[Row]]:
    lines = {name: [line] for name, line in DEMO.items()} | (changed or {})
    return {
        name: [_row(demonstration.HEADERS[name], line, number) for number, line in enumerate(found, start=2)]
        for name, found in lines.items()
    }


def test_a_right_demonstration_has_no_problem(units: UnitTable) -> None:
    assert not list(demonstration.check_demonstration(_demo(), units))


@pytest.mark.parametrize(
    ("name", "lines", "rule", "column"),
    [
        (CHAPTERS, [DEMO[CHAPTERS], "BIO;Chimie;ENZ;Enzymes"], "conflict", "Libellé chapitre"),
        (CHAPTERS, [DEMO[CHAPTERS], DEMO[CHAPTERS]], "duplicate", "Code sous-chapitre"),
        (CHAPTERS, ["BIO;Biochimie;ION;"], "conflict", "Libellé sous-chapitre"),
        (EXAMS, ["IONO;IONOGRAMME;;HEM;ION;Sérum;1610;NA;SODIUM"], "orphan", "Code chapitre"),
        (EXAMS, [DEMO[EXAMS], "IONO;IONO;;BIO;ION;Sérum;1610;NA;SODIUM"], "conflict", "Libellé examen"),
        (EXAMS, [DEMO[EXAMS], DEMO[EXAMS]], "duplicate", "Code analyse"),
        (EXAMS, ["IONO;IONOGRAMME;;BIO;ION;Sérum;1610;K;POTASSIUM"], "orphan", "Code analyse"),
        (EXAMS, ["IONO;IONOGRAMME;;BIO;ION;Sérum;1610;NA;NATRIUM"], "conflict", "Libellé analyse"),
        (ANALYSES, [DEMO[ANALYSES], DEMO[ANALYSES]], "duplicate", "Code analyse"),
        (ANALYSES, ["NA;;;;U01;g/L;PT;SE;Sérum;QN;;1610"], "empty", "Code analyse"),
        (ANALYSES, ["NA;SODIUM;;;;;mmol/L;SE;Sérum;QN;;1610"], "vocabulary", "Temporalité PT/24H"),
        (ANALYSES, ["NA;SODIUM;;;U01;g/L;PT;SE;Sérum;NUM;;1610"], "vocabulary", "Echelle QN/ORD"),
        (ANALYSES, ["NA;SODIUM;;;;g/L;PT;SE;Sérum;QN;;1610"], "conflict", "Code unité principale"),
        (ANALYSES, ["NA;SODIUM;;;U01;trucs;PT;SE;Sérum;QN;;1610"], "units", "Libellé unité principale"),
        (ANNEX, ["K;N;;100;N"], "orphan", "Code analyse"),
        (ANNEX, ["NA;non;;100;N"], "vocabulary", "Sous-traité"),
        (ANNEX, ["NA;N;;cent;N"], "vocabulary", "Volume annuel"),
        (ANNEX, ["NA;O;;100;N"], "conflict", "Laboratoire exécutant"),
    ],
)
def test_a_fault_in_the_demonstration(name: str, lines: list[str], rule: str, column: str, units: UnitTable) -> None:
    found = list(demonstration.check_demonstration(_demo({name: lines}), units))
    assert (rule, column) in _rules(found)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda text: text.replace(LOINC_NOTICE, "mention"), "notice"),
        (lambda text: text.replace("expression;", "label;"), "header"),
        (lambda text: text.replace("mass_conc;;", "mass_conc;"), "width"),
        (lambda text: text.replace("g/L;g/L", "g/L; g/L"), "spaces"),
        (lambda text: text.replace("g/L;g/L", 'g/L;"g"/L'), "quoting"),
        (lambda text: text.replace("\n", "\r\n"), "encoding"),
    ],
)
def test_a_fault_in_the_form_of_a_file(spoil: Callable[[str], str], rule: str, tmp_path: Path) -> None:
    text = f"# {LOINC_NOTICE}\nexpression;ucum;dimension;scope;source;note\ng/L;g/L;mass_conc;;;\n"
    path = tmp_path / "units.csv"
    path.write_bytes(text.encode())
    assert read_sheet(path, "units.csv", ";", tables.HEADERS["units"])[1] == []
    path.write_bytes(spoil(text).encode())
    assert [problem.rule for problem in read_sheet(path, "units.csv", ";", tables.HEADERS["units"])[1]] == [rule]


def test_a_file_of_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    path.write_bytes("expression;ucum;dimension;note\nµg/L;ug/L;mass_conc;\n".encode("cp1252"))
    rows, problems = read_sheet(path, "units.csv", ";", tables.HEADERS["units"])
    assert not rows
    assert [problem.rule for problem in problems] == ["encoding"]


def test_the_command_shows_what_is_wrong_and_answers_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starter = tmp_path / "starter" / "terms_biochimie.csv"
    starter.parent.mkdir()
    starter.write_text(
        f"# {LOINC_NOTICE}\n{','.join(terms.HEADER)}\n{SODIUM.replace('2951-2', '2951-3')}\n", encoding="utf-8"
    )
    assert main(["--data", str(tmp_path), "--errors"]) == 1
    shown = capsys.readouterr().out
    assert "fichier (file)" in shown
    assert "starter/terms_biochimie.csv" in shown
    assert "«\u202f2951-3\u202f» n'a pas la clé d'un code LOINC" in shown
    assert "tables/units.csv" in shown
    assert "fichier absent" in shown, "a missing file is an error"


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "terminologie.md"
    assert main(["--table", str(page)]) == 0
    assert "0 erreur" in capsys.readouterr().out
    assert "| Biochimie |" in page.read_text(encoding="utf-8")


def test_a_page_written_again_keeps_what_another_tool_added(tmp_path: Path) -> None:
    page = tmp_path / "terminologie.md"
    assert main(["--table", str(page)]) == 0
    whole = page.read_text(encoding="utf-8") + "\n## Part des lignes étiquetées\n\n| `cases` |\n"
    page.write_text(whole.replace("| Biochimie |", "| Bioch |"), encoding="utf-8")
    assert main(["--table", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == whole


def test_french_spaces() -> None:
    assert typographic("« a » : b ; c ? /24 h") == "«\u202fa\u202f»\u202f: b\u202f; c\u202f? /24 h"
