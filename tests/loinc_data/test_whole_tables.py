"""What is said of rows taken together: which rows, in which words, and of no other row."""

from collections.abc import Iterable, Sequence

from loinc_data.check import check_material
from loinc_data.checks import demonstration, lexicon, tables, terms
from loinc_data.checks.known import Known
from loinc_data.checks.material import Material
from loinc_data.checks.problem import Problem, Row
from loinc_data.report import TABLES, render
from loinc_data.tables import TABLES_DIR
from matcher.normalise.units import UnitTable
from matcher.types import Term

Said = tuple[str, int, str, str]
SODIUM = Term("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn")
NOTHING: dict[str, list[Row]] = {name: [] for name in (*tables.HEADERS, *demonstration.HEADERS)}


def _rows(header: Sequence[str], *lines: str, file: str = "file.csv") -> list[Row]:
    """The rows of a file whose header is on line 1; cells are separated by semicolons."""
    found = []
    for number, line in enumerate(lines, start=2):
        cells = line.split(";")
        # Scope and source stand before the note; most rows have none.
        cells = [*cells[:-1], *[""] * (len(header) - len(cells)), *cells[-1:]]
        found.append(Row(file, number, dict(zip(header, cells, strict=True))))
    return found


def _terms(*lines: str, file: str = "terms.csv") -> list[Row]:
    """Starter rows that are right by themselves: code, component, method, usage."""
    return [
        Row(
            file,
            number,
            dict.fromkeys(terms.HEADER, "")
            | {
                "LOINC_NUM": code,
                "COMPONENT": component,
                "PROPERTY": "SCnc",
                "TIME_ASPCT": "Pt",
                "SYSTEM": "Ser/Plas",
                "SCALE_TYP": "Qn",
                "METHOD_TYP": method,
                "CLASS": "CHEM",
                "STATUS": "ACTIVE",
                "ORDER_OBS": "Both",
                "LONG_COMMON_NAME": f"{component} [Moles/volume] in Serum or Plasma",
                "FR_USAGE": usage,
            },
        )
        for number, (code, component, method, usage) in enumerate((line.split(";") for line in lines), start=2)
    ]


def _said(problems: Iterable[Problem]) -> list[Said]:
    """In the order of the files, as the command prints them."""
    said = [(problem.file, problem.row, problem.column, problem.message) for problem in problems]
    return sorted(said, key=lambda item: item[:3])


def _tables(known: Known | None = None, **sheets: Sequence[Row]) -> list[Said]:
    names = {"18719-5": "Chemistry studies (set)"}
    found = tables.check_tables(NOTHING | sheets, sheets.get("terms", []), known or Known([SODIUM]), names)
    return _said(found)


def test_a_code_given_three_times_names_the_first() -> None:
    first = _terms("2951-2;Sodium;;1", file="a.csv")
    others = _terms("2823-3;Potassium;;1", "2951-2;Natrium;;1", "2951-2;Kalium;;1", file="b.csv")
    assert _said(terms.check_terms([*first, *others])) == [
        ("b.csv", 3, "LOINC_NUM", "2951-2 est déjà dans a.csv, ligne 2"),
        ("b.csv", 4, "LOINC_NUM", "2951-2 est déjà dans a.csv, ligne 2"),
    ]


def test_axes_are_compared_whatever_their_case() -> None:
    rows = _terms("2951-2;Sodium;;1", "2823-3;Potassium;;1", "2947-0;SODIUM;;1")
    message = "les six axes sont ceux de 2951-2 (terms.csv, ligne 2)"
    assert _said(terms.check_terms(rows)) == [("terms.csv", 4, "COMPONENT", message)]


def test_a_bare_code_is_set_against_all_more_usual_siblings_in_file_order() -> None:
    rows = _terms(
        "2951-2;Sodium;Photometry;1",
        "2823-3;Potassium;;3",
        "2947-0;Sodium;;3",
        "2075-0;sodium;ISE;2",
        "2955-3;Sodium;Automated count;1",
        "2339-0;Sodium;Electrophoresis;3",
    )
    message = "usage 3, moins courant que 2951-2, 2075-0, qui précise la méthode"
    assert _said(terms.check_terms(rows)) == [("terms.csv", 4, "FR_USAGE", message)]


def test_a_release_is_compared_with_the_rows_that_it_knows() -> None:
    rows = _terms("2951-2;Sodium;;1", "2823-3;Potassium;;1", "2951-2;Sodium;ISE;1")
    release = {
        "2951-2": Term(
            "2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn", status="DISCOURAGED",
            long_common_name="Sodium [Moles/volume] in Serum or Plasma",
        ),
        "1988-5": Term("1988-5", "C reactive protein", "MCnc", "Pt", "Ser/Plas", "Qn"),
    }  # fmt: skip
    assert _said(terms.check_against(rows, release)) == [
        ("terms.csv", 2, "STATUS", "la distribution dit DISCOURAGED, le jeu de départ ACTIVE"),
        ("terms.csv", 3, "LOINC_NUM", "2823-3 n'est pas dans la distribution donnée"),
        ("terms.csv", 4, "METHOD_TYP", "« ISE » ici, «  » dans la distribution"),
        ("terms.csv", 4, "STATUS", "la distribution dit DISCOURAGED, le jeu de départ ACTIVE"),
    ]
    assert len(_said(terms.check_against(rows, {}))) == 3


def _entries(*lines: str, file: str = "lexicon.csv") -> list[Row]:
    """Entries of the nature synonym: expression, component, system, context."""
    return [
        Row(
            file,
            number,
            dict.fromkeys(lexicon.HEADER, "")
            | {
                "expression": expression,
                "kind": "synonym",
                "component": component,
                "system": system,
                "context": context,
            },
        )
        for number, (expression, component, system, context) in enumerate((line.split(";") for line in lines), start=2)
    ]


def test_an_entry_is_repeated_when_it_reads_and_means_the_same() -> None:
    first = _entries("Natrémies;Sodium;;", file="a.csv")
    others = _entries("natrémie;Sodium;Ser/Plas;", "natremie;sodium;;", "natrémie;Sodium;;chapitre=x", file="b.csv")
    message = "« natremie » est déjà dans a.csv, ligne 2, avec le même sens"
    found = lexicon.check_lexicon([*first, *others], Known([SODIUM]), UnitTable(()))
    assert _said(found) == [("b.csv", 3, "expression", message)]


def test_components_that_a_release_lacks_are_said_once_an_entry() -> None:
    rows = _entries("premier mot;Natrium|Sodium|Kalium;;", "autre mot;Sodium;;", "dernier mot;Natrium;;")
    assert _said(lexicon.check_lexicon(rows, Known([SODIUM], is_release=True), UnitTable(()))) == [
        ("lexicon.csv", 2, "component", "« Natrium, Kalium » n'est pas un composant de la distribution"),
        ("lexicon.csv", 4, "component", "« Natrium » n'est pas un composant de la distribution"),
    ]
    assert not _said(lexicon.check_lexicon(rows, Known([SODIUM]), UnitTable(())))
    assert lexicon.unverified(rows, Known([SODIUM])) == 2
    assert lexicon.unverified(rows, Known([SODIUM], is_release=True)) == 0


def test_a_component_of_bars_alone_is_a_badly_written_one() -> None:
    (found,) = lexicon.check_lexicon(_entries("natrémie;||;Ser/Plas;"), Known([SODIUM]), UnitTable(()))
    assert (found.rule, found.column) == ("alternatives", "component")


def test_values_that_no_term_has_are_said_row_by_row() -> None:
    rows = _rows(tables.HEADERS["specimens"], "sang veineux;Ser/Plas;", "urines;Urine|Ser/Plas|Urin;", "selles;Stool;")
    assert _tables(specimens=rows) == [
        ("file.csv", 3, "system", "« Urine » n'est pas une valeur connue"),
        ("file.csv", 3, "system", "« Urin » n'est pas une valeur connue"),
        ("file.csv", 4, "system", "« Stool » n'est pas une valeur connue"),
    ]


def test_a_challenge_is_said_where_it_is_first_used() -> None:
    header = tables.HEADERS["timing"]
    rows = _rows(header, "base;;baseline;", "pic;;peak|baseline;", "sommet;;peak;")
    known = Known([Term("1-8", "Glucose^baseline", "MCnc", "Pt", "Ser", "Qn")], is_release=True)
    assert _tables(known, timing=rows) == [
        ("file.csv", 3, "challenge", "« peak » n'est pas une épreuve de la distribution"),
    ]


def test_units_that_only_their_case_parts() -> None:
    rows = _rows(
        tables.HEADERS["units"],
        "Gr/L;10*9/L;num_conc;",
        "mol/L;mol/L;subst_conc;",
        "gr/l;g/L;mass_conc;",
        "GR/L;g/L;mass_conc;case;;la casse tranche",
        "mol/L;mol/L;subst_conc;",
    )
    assert _tables(units=rows) == [
        ("file.csv", 4, "expression", "se lit comme « Gr/L » (ligne 2, num_conc) quand la casse se perd"),
        ("file.csv", 6, "expression", "« mol/L » est déjà ligne 3"),
    ]


def test_expressions_that_read_alike() -> None:
    rows = _rows(
        tables.HEADERS["specimens"],
        "sang veineux;Ser/Plas;",
        "le;Ser/Plas;",
        "Sang Veineux;Ser/Plas;",
        "la;;",
        "sang-veineux;;",
    )
    assert _tables(specimens=rows) == [
        ("file.csv", 3, "expression", "« le » ne peut jamais être reconnue (mots vides)"),
        ("file.csv", 4, "expression", "« Sang Veineux » est déjà ligne 2"),
        ("file.csv", 5, "expression", "« la » ne peut jamais être reconnue (mots vides)"),
        ("file.csv", 6, "expression", "« sang-veineux » se lit comme « sang veineux » (ligne 2), qui dit Ser/Plas"),
    ]


def test_usage_is_joined_with_the_starter_terms() -> None:
    rows = _rows(tables.HEADERS["usage"], "2951-2;2", "1988-5;3", "2823-3;1", "2823-3;1")
    starter = _terms("2951-2;Sodium;;1", "2823-3;Potassium;;1", *(f"{code};X;;1" for code in "7-5 1-8 3-4".split()))
    assert _tables(usage=rows, terms=starter) == [
        ("file.csv", 2, "loinc", "3 codes du jeu de départ sans usage : 1-8, 3-4, 7-5"),
        ("file.csv", 2, "usage", "usage 2 ici, 1 dans le jeu de départ"),
        ("file.csv", 5, "loinc", "« 2823-3 » est déjà ligne 4"),
    ]


def test_codes_of_chapters_are_joined_with_the_names_of_terms() -> None:
    rows = _rows(
        tables.HEADERS["chapter_codes"],
        "biochimie;18719-5;Chemistry studies (set);",
        "chimie;18719-5;Chemistry;",
        "BIOCHIMIE;26436-6;Laboratory studies (set);",
        "divers;26436-6;Laboratory studies (set);",
    )
    assert _tables(chapter_codes=rows) == [
        ("file.csv", 3, "label", "18719-5 est « Chemistry studies (set) » à la ligne 2"),
        ("file.csv", 3, "label", "18719-5 est « Chemistry studies (set) » dans LOINC"),
        ("file.csv", 4, "expression", "« BIOCHIMIE » a déjà 18719-5 à la ligne 2"),
    ]


def test_vouched_values_are_known_by_axis() -> None:
    vouched = _rows(tables.HEADERS["vouched"], "system;Tears;", "component;Copeptin;", "system;Bile fld;")
    specimens = _rows(tables.HEADERS["specimens"], "larmes;Tears;", "bile;Bile fld;", "copeptine;Copeptin;")
    material = Material(tables=NOTHING | {"vouched": vouched, "specimens": specimens}, demonstration=NOTHING)
    assert _said(check_material(material)) == [
        ("file.csv", 4, "system", "« Copeptin » n'est pas une valeur connue"),
    ]


CHAPTERS, EXAMS, ANALYSES, ANNEX = demonstration.HEADERS
UNITS = UnitTable(tuple((unit, (unit,), ("mass_conc",)) for unit in ("g/L", "mg/L")))


def _demonstration(**lines: list[str]) -> list[Said]:
    sheets = {
        name: _rows(demonstration.HEADERS[name], *lines.get(name, []), file=name) for name in demonstration.HEADERS
    }
    return _said(demonstration.check_demonstration(sheets, UNITS))


def test_the_files_of_the_demonstration_are_joined_by_code() -> None:
    found = _demonstration(
        LOINC_1_export_chapitres=["BIO;Biochimie;ION;Ionogramme", "BIO;Biochimie;ENZ;Enzymes"],
        LOINC_2_export_demandes=[
            "E1;EXAMEN 1;;BIO;ION;Sérum;1610;NA;SODIUM",
            "E2;EXAMEN 2;;BIO;HEM;Sérum;1610;K;POTASSIUM",
            "E3;EXAMEN 3;;;;Sérum;1610;NA;NATRIUM",
        ],
        LOINC_3_export_resultats=[
            "NA;SODIUM;;;U01;g/L;PT;SE;Sérum;QN;;1610",
            "CL;CHLORURES;;;U01;g/L;PT;SE;Sérum;QN;;1610",
        ],
        donnees_annexes=["NA;N;;100;N", "K;N;;100;N", "NA;N;;100;N"],
    )
    assert found == [
        (EXAMS, 3, "Code analyse", "K n'est pas dans LOINC_3"),
        (EXAMS, 3, "Code chapitre", "BIO / HEM n'est pas dans LOINC_1"),
        (EXAMS, 4, "Libellé analyse", "LOINC_3 dit « SODIUM »"),
        (ANALYSES, 3, "Code analyse", "CL n'est d'aucun examen de LOINC_2"),
        (ANNEX, 3, "Code analyse", "K n'est pas dans LOINC_3, ou est donné deux fois"),
        (ANNEX, 4, "Code analyse", "NA n'est pas dans LOINC_3, ou est donné deux fois"),
    ]


def test_codes_of_the_demonstration_say_the_same_wherever_they_are() -> None:
    found = _demonstration(
        LOINC_1_export_chapitres=["BIO;Biochimie;ION;Ionogramme", "BIO;Chimie;ENZ;Enzymes", "BIO;Biochimie;ION;Ions"],
        LOINC_2_export_demandes=[
            "E1;EXAMEN 1;;BIO;ION;Sérum;1610;NA;SODIUM",
            "E1;EXAMEN UN;;BIO;ENZ;Sérum;1610;CL;CHLORURES",
            "E1;EXAMEN 1;;BIO;ION;Sérum;1610;NA;SODIUM",
        ],
        LOINC_3_export_resultats=[
            "NA;SODIUM;;;U01;g/L;PT;SE;Sérum;QN;;1610",
            "CL;CHLORURES;;;U01;mg/L;PT;SE;Sérum;QN;;1610",
            "NA;SODIUM;;;;g/L;PT;SE;Sérum;QN;;1610",
        ],
    )
    assert found == [
        (CHAPTERS, 3, "Libellé chapitre", "BIO est « Biochimie » à la ligne 2"),
        (CHAPTERS, 4, "Code sous-chapitre", "BIO / ION est déjà dans le fichier"),
        (EXAMS, 3, "Code sous-chapitre", "l'examen E1 dit « ION » ligne 2"),
        (EXAMS, 3, "Libellé examen", "l'examen E1 dit « EXAMEN 1 » ligne 2"),
        (EXAMS, 4, "Code analyse", "E1 / NA est déjà dans le fichier"),
        (ANALYSES, 3, "Code unité principale", "U01 et « mg/L » se contredisent"),
        (ANALYSES, 4, "Code analyse", "NA est déjà dans le fichier"),
        (ANALYSES, 4, "Code unité principale", "sans code et « g/L » se contredisent"),
    ]


def test_the_figures_of_the_page() -> None:
    starter = [
        *_terms("2951-2;Sodium;;1", "2823-3;Potassium;;3", "2947-0;Calcium;;?", file="terms_urines.csv"),
        *_terms("1988-5;CRP;;3", file="terms_biochimie.csv"),
    ]
    entries = [
        *_entries("Natrémies;Sodium;;", "natrémies;Sodium;;chapitre=x", "CRP;CRP;;", file="lexicon_urines.csv"),
        *_entries("crp;CRP;;label=sang", file="lexicon_autre.csv"),
    ]
    entries = [
        Row(row.file, row.line, {**row.cells, "kind": kind})
        for row, kind in zip(entries, ("urie", "emie", "emie", "urie"), strict=True)
    ]
    page = render(Material(starter, entries, NOTHING, NOTHING), [])
    for line in (
        "| Discipline | Termes | Usage 1 | Usage 2 | Usage 3 |",
        "| Biochimie | 1 | 0 | 0 | 1 |\n| Urines et calculs | 3 | 1 | 0 | 1 |\n| **Total** | 4 | 1 | 0 | 2 |",
        "| Urines et calculs | 3 | 2 | 1 |\n| autre | 1 | 1 | 1 |\n| **Total** | 4 | 3 | 2 |",
        "2 expressions distinctes, dont 2 à plusieurs lectures.",
        "| forme en -urie | 2 |\n| forme en -émie | 2 |",
    ):
        assert line in page, line


def test_the_page_describes_every_table() -> None:
    assert set(TABLES) == {file.stem for file in TABLES_DIR.glob("*.csv")} == set(tables.HEADERS)
