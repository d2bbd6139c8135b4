"""The unit table: every spelling is read as stated, and its UCUM says the same."""

import pytest

from loinc_data.tables import load_tables
from matcher.normalise.units import UnitReading, UnitTable, ucum_dimension

UNITS = load_tables().units
TABLE = UnitTable(UNITS)

# A UCUM expression says less than the French unit where the table knows more: « UI » alone is a concentration that
# forgot its volume, `L/L` is a ratio or a fraction. On the left what UCUM says, on the right what the table may say.
SAID_OTHERWISE = {
    "arb": {"arb_conc"},
    "cat": {"cat_conc", "arb_conc"},
    "percent": {"ratio", "percent"},
    "ratio": {"percent", "per_field"},
    "num_conc": {"arb_conc"},
    "ratio_subst_subst": {"percent"},
}


def test_the_table_is_there() -> None:
    assert len(UNITS) > 2_000


def test_every_spelling_is_read_as_the_table_states() -> None:
    wrong = []
    for expression, ucum, dimensions in UNITS:
        reading = TABLE.read(expression)
        if (reading.ucum, reading.dimensions) != (ucum, dimensions):
            wrong.append(expression)
    assert wrong == []


def test_every_ucum_of_the_table_has_a_dimension_that_the_table_states() -> None:
    wrong = []
    for expression, ucum, dimensions in UNITS:
        for code in ucum:
            dimension = ucum_dimension(code)
            allowed = {dimension, *SAID_OTHERWISE.get(dimension, ())}
            if dimension and dimensions and not allowed & set(dimensions):
                wrong.append(f"{expression}: {code} is {dimension}, the table says {', '.join(dimensions)}")
    assert wrong == []


def test_a_dimension_has_an_expected_property() -> None:
    from matcher.evidence.property import EXPECTED

    stated = {dimension for _, _, dimensions in UNITS for dimension in dimensions}
    assert stated - EXPECTED.keys() == set()


@pytest.mark.parametrize("text", ["sans", "sans unité", "-", "/", "N/A", "néant", "qualitatif", "texte", "pos/nég"])
def test_a_cell_that_says_no_unit_is_no_unit(text: str) -> None:
    assert not TABLE.read(text).is_known


@pytest.mark.parametrize(
    ("text", "ucum", "dimension"),
    [
        ("G/L", "10*9/L", "num_conc"),
        ("T/L", "10*12/L", "num_conc"),
        ("Giga/L", "10*9/L", "num_conc"),
        ("Téra/L", "10*12/L", "num_conc"),
        ("g/L", "g/L", "mass_conc"),
        ("/mm3", "/uL", "num_conc"),
        ("/mm³", "/uL", "num_conc"),
        ("M/mm3", "10*6/uL", "num_conc"),
        ("10³/mm³", "10*3/uL", "num_conc"),
        ("10^3/mm3", "10*3/uL", "num_conc"),
        ("µ3", "fL", "vol"),
        ("fL", "fL", "vol"),
        ("mmol/24h", "mmol/(24.h)", "subst_rate"),
        ("mmol/24 h", "mmol/(24.h)", "subst_rate"),
        ("mmol/j", "mmol/(24.h)", "subst_rate"),
        ("g/24h", "g/(24.h)", "mass_rate"),
        ("mL/min/1,73m²", "mL/min/{1.73_m2}", "vol_rate_area"),
        ("ml/min/1.73 m2", "mL/min/{1.73_m2}", "vol_rate_area"),
        ("log copies/mL", "{Log_copies}/mL", "log_conc"),
        ("UFC/mL", "[CFU]/mL", "num_conc"),
        ("mg/mmol", "mg/mmol", "ratio_mass_subst"),
        ("mEq/L", "meq/L", "subst_conc"),
        ("kPa", "kPa", "pressure"),
        ("mm/h", "mm/h", "velocity"),
        ("µkat/L", "ukat/L", "cat_conc"),
        ("pg/cellule", "pg", "mass"),
        ("\u00b5mol/L", "umol/L", "subst_conc"),
        ("\u03bcmol/L", "umol/L", "subst_conc"),
        ("µM", "umol/L", "subst_conc"),
        ("µm", "um", "length"),
        ("ratio", "{ratio}", "ratio"),
        ("titre", "{titer}", "titre"),
        ("index", "{index_val}", "index"),
    ],
)
def test_french_spellings(text: str, ucum: str, dimension: str) -> None:
    reading: UnitReading = TABLE.read(text)
    assert dimension in reading.dimensions, reading
    assert ucum.lower() in {code.lower() for code in reading.ucum}, reading


def test_international_units_may_be_enzyme_units() -> None:
    reading = TABLE.read("UI/L")
    assert set(reading.dimensions) == {"cat_conc", "arb_conc"}
    assert set(reading.ucum) == {"U/L", "[IU]/L"}


def test_micrograms_per_gram_of_creatinine() -> None:
    assert TABLE.read("µg/g créat").dimensions == ("ratio_mass_mass",)


def test_a_day_is_never_a_frequency() -> None:
    """`/24.h` would multiply by hours: the day stays in brackets."""
    assert not [code for _, ucum, _ in UNITS for code in ucum if "/24.h" in code]
