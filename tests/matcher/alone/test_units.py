"""Units: French spellings before UCUM, dimensions of UCUM expressions."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.normalise.units import UnitTable, ucum_dimension, unit_key

TRICKY = st.text(alphabet="gGlLmMuUµμIi[]{}()/*^.,;%0123456789³⁹×·- éÂ°hn")


@given(st.one_of(st.text(), TRICKY))
@example("Âµg/L")
@example("10⁹/L")
def test_unit_key_is_idempotent(text: str) -> None:
    assert unit_key(unit_key(text)) == unit_key(text)


@given(st.one_of(st.text(), TRICKY))
def test_any_text_is_read_without_an_error(text: str) -> None:
    table = UnitTable((("g/L", ("g/L",), ("mass_conc",)),))
    reading = table.read(text)
    assert reading.text == text
    assert reading.is_known == bool(reading.dimensions)
    assert table.read(text) is reading


def test_both_micro_signs_and_damaged_ones_are_one() -> None:
    assert unit_key("\u00b5mol/L") == unit_key("\u03bcmol/L") == unit_key("umol/L") == unit_key("Âµmol/L")
    assert unit_key("10³/mm³") == unit_key("10^3/mm3".replace("^", ""))
    assert unit_key(" mmol / L ") == unit_key("mmol/l")


@pytest.mark.parametrize(
    ("ucum", "dimension"),
    [
        ("g/L", "mass_conc"),
        ("ug/mL", "mass_conc"),
        ("mmol/L", "subst_conc"),
        ("meq/L", "subst_conc"),
        ("U/L", "cat_conc"),
        ("ukat/L", "cat_conc"),
        ("[IU]/L", "arb_conc"),
        ("m[IU]/mL", "arb_conc"),
        ("10*9/L", "num_conc"),
        ("10*12/L", "num_conc"),
        ("10*3/uL", "num_conc"),
        ("/uL", "num_conc"),
        ("[CFU]/mL", "num_conc"),
        ("mmol/(24.h)", "subst_rate"),
        ("g/(24.h)", "mass_rate"),
        ("mmol/d", "subst_rate"),
        ("mL/min", "vol_rate"),
        ("mL/min/{1.73_m2}", "vol_rate_area"),
        ("mg/mmol", "ratio_mass_subst"),
        ("mg/g", "ratio_mass_mass"),
        ("ug/mg{creat}", "ratio_mass_mass"),
        ("mmol/mol", "ratio_subst_subst"),
        ("U/g{Hb}", "cat_ratio"),
        ("fL", "vol"),
        ("um3", "vol"),
        ("pg", "mass"),
        ("pg/{cell}", "mass_num"),
        ("mm/h", "velocity"),
        ("s", "time"),
        ("kPa", "pressure"),
        ("mm[Hg]", "pressure"),
        ("mosm/kg", "osmolality"),
        ("%", "percent"),
        ("/100{WBCs}", "percent"),
        ("ng/100mL", "mass_conc"),
        ("umol/100mL", "subst_conc"),
        ("g/100.mL", "mass_conc"),
        ("[pH]", "ph"),
        ("Cel", "temperature"),
        ("{INR}", "ratio"),
        ("{ratio}", "ratio"),
        ("{index_val}", "index"),
        ("{titer}", "titre"),
        ("/[HPF]", "per_field"),
        ("{log_copies}/mL", "log_conc"),
        ("", ""),
        ("furlong", ""),
    ],
)
def test_dimension_of_ucum(ucum: str, dimension: str) -> None:
    assert ucum_dimension(ucum) == dimension


@pytest.mark.parametrize(
    ("ucum", "dimension"),
    [
        ("nmol/h/mL", "cat_conc"),
        ("umol/h/L", "cat_conc"),
        ("umol/L/h", "cat_conc"),
        ("nmol/min/mg{protein}", "cat_ratio"),
        ("umol/h/g{protein}", "cat_ratio"),
        ("g/cm3", "mass_conc"),
        ("{M.o.M}", "mom"),
        ("10*6", "num"),
    ],
)
def test_dimension_of_ucum_with_two_divisors_and_names(ucum: str, dimension: str) -> None:
    assert ucum_dimension(ucum) == dimension


@given(TRICKY)
def test_any_ucum_has_a_dimension_or_none(text: str) -> None:
    assert isinstance(ucum_dimension(text), str)


def test_the_table_comes_before_ucum() -> None:
    table = UnitTable((("g/L", ("g/L",), ("mass_conc",)), ("G/L", ("10*9/L",), ("num_conc",))))
    assert table.read("G/L").dimensions == ("num_conc",)
    assert table.read("g/L").dimensions == ("mass_conc",)
    assert table.read("mmol/L").dimensions == ("subst_conc",), "UCUM that the table does not list"
    assert not table.read("bananes").is_known
    assert table.is_unit("g / l")
    assert not table.is_unit("mmol/L")


def test_a_spelling_of_the_table_with_brackets_is_read() -> None:
    table = UnitTable((("ng/mL (FEU)", ("ng/mL{FEU}",), ("mass_conc",)), ("mm[Hg]", ("mm[Hg]",), ("pressure",))))
    assert table.read("ng/mL (FEU)").ucum == ("ng/mL{FEU}",)
    assert table.read("mm[Hg]").dimensions == ("pressure",)


def test_a_unit_in_brackets_or_annotated_is_read() -> None:
    table = UnitTable((("g/L", ("g/L",), ("mass_conc",)),))
    assert table.read("(g/L)").dimensions == ("mass_conc",)
    assert table.read("[g/l]").dimensions == ("mass_conc",)
    assert table.read("g/L (sérum)").dimensions == ("mass_conc",)


COUNTS = UnitTable(
    (
        ("g/L", ("g/L",), ("mass_conc",)),
        ("G/L", ("10*9/L",), ("num_conc",)),
        ("g/l", ("g/L",), ("mass_conc",)),
        ("G/l", ("10*9/L",), ("num_conc",)),
        ("M/L", ("10*6/L",), ("num_conc",)),
        ("U/L", ("U/L",), ("cat_conc",)),
    )
)


@pytest.mark.parametrize("written", ["G/L", "G / L", "G/ l", "G /l", " G/l "])
def test_spaces_never_make_grams_of_a_giga(written: str) -> None:
    assert COUNTS.read(written).ucum == ("10*9/L",)
    assert COUNTS.read(written.replace("G", "g")).ucum == ("g/L",)


@pytest.mark.parametrize("written", ["m[IU]/L", "[IU]/mL", "k[IU]/L", "u[IU]/mL"])
def test_the_brackets_of_an_international_unit_are_its_own(written: str) -> None:
    reading = COUNTS.read(written)
    assert reading.ucum == (written,)
    assert reading.dimensions == ("arb_conc",)


@pytest.mark.parametrize("written", ["/m3", "G/m3", "10^9/m3", "10*9/m3"])
def test_nothing_is_counted_in_a_cubic_metre(written: str) -> None:
    assert not COUNTS.read(written).is_known


def test_a_cubic_millimetre_stays_one() -> None:
    assert COUNTS.read("10*3/mm3").dimensions == ("num_conc",)
    assert COUNTS.read("/mm3").dimensions == ("num_conc",)
