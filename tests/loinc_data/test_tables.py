"""The shipped files, read into the matcher's tables."""

from pathlib import Path

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.notice import LOINC_NOTICE
from loinc_data.tables import (
    alternatives,
    lexicon_entry,
    lexicon_files,
    load_starter_terms,
    load_tables,
    load_usage,
    read_rows,
    starter_files,
    with_usage,
)
from matcher import Term


def test_alternatives_keep_their_order_and_drop_doubles() -> None:
    assert alternatives(" Ser/Plas | Bld||Ser/Plas ") == ("Ser/Plas", "Bld")
    assert alternatives("") == ()


def test_lines_above_the_header_that_start_with_a_hash_are_the_notice(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("# notice; of any kind\nexpression;dimension\ng/L; mass_conc \n#;number\n", encoding="utf-8")
    rows = list(read_rows(file, ";"))
    assert rows[0] == {"expression": "g/L", "dimension": "mass_conc"}
    assert rows[1:] == [{"expression": "#", "dimension": "number"}], "# is a spelling of a unit"


def test_a_lexicon_row() -> None:
    row = {
        "expression": "GB", "kind": "abbreviation", "component": "Leukocytes", "property": "NCnc|NFr", "time": "",
        "system": "Bld", "scale": "Qn", "method": "", "context": "unite=G/L, milieu=sang, chapitre=",
        "priority": "2", "scope": "en context", "source": "à vérifier", "note": "",
    }  # fmt: skip
    entry = lexicon_entry(row)
    assert (entry.priority, entry.is_english, entry.needs_context, entry.is_doubtful) == (2, True, True, True)
    assert entry.property == ("NCnc", "NFr")
    assert entry.context == (("unite", "G/L"), ("milieu", "sang"))


def test_starter_codes_are_valid_and_distinct() -> None:
    numbers = [term.loinc_num for term in load_starter_terms()]
    assert len(numbers) > 3_000
    assert len(set(numbers)) == len(numbers)
    assert all(map(is_valid_loinc, numbers))


def test_starter_terms_have_their_axes() -> None:
    for term in load_starter_terms():
        assert term.component, term
        assert term.property, term
        assert term.time_aspct, term
        assert term.system, term
        assert term.scale_typ, term
        assert term.long_common_name, term
        assert term.status in {"ACTIVE", "TRIAL", "DISCOURAGED", "DEPRECATED"}, term
        assert term.usage in (0, 1, 2, 3), term


def test_files_that_carry_loinc_content_carry_its_notice() -> None:
    for path in (*starter_files(), *lexicon_files()):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("#"), path.name
        assert "http://loinc.org/license" in first, path.name
    assert "http://loinc.org/license" in LOINC_NOTICE


def test_no_table_is_empty() -> None:
    tables = load_tables()
    for name in ("lexicon", "units", "specimens", "label_specimens", "techniques", "timing", "scales", "chapters"):
        assert len(getattr(tables, name)) > 20, name
    assert tables.nontests


def test_usage_is_added_to_the_terms_of_a_release() -> None:
    usage = load_usage()
    assert set(usage.values()) == {1, 2, 3}
    known = next(iter(usage))
    release = [
        Term(known, "X", "MCnc", "Pt", "Ser", "Qn"),
        Term("0-0", "Y", "MCnc", "Pt", "Ser", "Qn", class_name="CHEM"),
    ]
    first, second = with_usage(release)
    assert first.usage == usage[known]
    assert second.usage == 0
    assert second.class_name == "CHEM"
