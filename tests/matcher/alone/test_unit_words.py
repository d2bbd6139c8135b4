"""Units written in words, read as the symbols that they stand for; symbols stay as they are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.normalise.unit_words import in_symbols
from matcher.normalise.units import UnitTable

WORDS = st.sampled_from(
    "millimoles milli mole grammes par de d' créatinine litre litres unité unités internationales 10 puissance 9 "
    "24 heures jour /24 giga G cent cube mg % µ éq - ' ( [ ] IU log".split()
)
SYMBOLS = (
    "g/L", "G/L", "mmol/L", "µmol/L", "UI/L", "U/mL", "mg/24h", "mmol/24h", "10^9/L", "10*9/L", "/mm3", "mL/min", "%",
    "s", "h", "min", "pg", "fL", "kPa", "mosm/kg", "mg/mmol", "mm/h", "ng/mL", "mEq/L", "pH", "m3", "G/l", "T/L",
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "symbols"),
    [
        ("millimoles par litre", "mmol/L"),
        ("Milligrammes par Litre", "mg/L"),
        ("micromole par litre", "µmol/L"),
        ("nanogrammes par millilitre", "ng/mL"),
        ("pg par mL", "pg/mL"),
        ("unités internationales par litre", "UI/L"),
        ("milli-unités internationales par litre", "mUI/L"),
        ("IU per mL", "UI/mL"),
        ("Unités par millilitre", "U/mL"),
        ("milli-unités par litre", "mU/L"),
        ("milli équivalents par litre", "meq/L"),
        ("10 puissance 9 par litre", "10^9/L"),
        ("giga par litre", "G/L"),
        ("téra par litre", "T/L"),
        ("G par L", "G/L"),
        ("millions par millimètre cube", "10^6/mm3"),
        ("par litre", "/L"),
        ("mg par g de créatinine", "mg/g"),
        ("milligramme par millimole de créatinine", "mg/mmol"),
        ("microgrammes par gramme de selles", "µg/g"),
        ("milligrammes par 24 heures", "mg/24h"),
        ("grammes par jour", "g/24h"),
        ("grammes par 1 jour", "g/24h"),
        ("gramme par litre d'urine", "g/L"),
        ("pour cent", "%"),
        ("pour mille", "‰"),
        ("grammes pour cent", "g/100mL"),
        ("g pour cent mL", "g/100mL"),
        ("g pour cent millilitres", "g/100mL"),
        ("secondes", "s"),
        ("", ""),
    ],
)
def test_words_become_symbols(written: str, symbols: str) -> None:
    assert in_symbols(written) == symbols
    assert in_symbols(symbols) == symbols, "read once, nothing is left to read"


@pytest.mark.parametrize("unit", SYMBOLS)
def test_symbols_are_left_as_they_are(unit: str) -> None:
    assert in_symbols(unit) == unit
    assert in_symbols(f" {unit} ") == unit


@given(st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=1), st.sampled_from(["", " ", "  "]))
def test_spaces_between_the_symbols_say_nothing(found: list[str], space: str) -> None:
    unit = found[0]
    assert in_symbols(unit.replace("/", f"{space}/{space}")) == unit


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=8).map(" ".join)))
@example("par " * 40)
@example("de créatinine")
@example("\ud800 par litre")
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert not any(char.isspace() for char in in_symbols(text))


def test_the_table_of_units_reads_words_by_their_symbols() -> None:
    table = UnitTable(
        (
            ("g/L", ("g/L",), ("mass_conc",)),
            ("G/L", ("10*9/L",), ("num_conc",)),
            ("mUI/L", ("m[IU]/L",), ("arb_conc",)),
            ("pg", ("pg",), ("mass",)),
            ("pg/mL", ("pg/mL",), ("mass_conc",)),
        )
    )
    assert table.read("grammes par litre").ucum == ("g/L",)
    assert table.read("giga par litre").ucum == ("10*9/L",)
    assert table.read("milli-unités internationales par litre").ucum == ("m[IU]/L",)
    assert table.read("pg par mL").dimensions == ("mass_conc",), "not the mass of its first word"
    assert table.read("millimoles par litre").dimensions == ("subst_conc",), "what UCUM says of the symbols"
    assert not table.read("bananes par litre").is_known
