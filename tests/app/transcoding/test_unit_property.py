"""A unit against the property of a code, asked of the unit alone."""

import pytest

from app.emitted.observed import UNREAD
from app.emitted.vocabulary import Units
from app.transcoding.unit_property import unit_contradicts
from loinc_data.tables import load_tables
from loinc_data.units import read_ucum
from matcher.evidence.property import expected_properties
from matcher.normalise.units import UnitReading


@pytest.mark.parametrize(
    ("unit", "term_property", "contradicts"),
    [
        ("mmol/L", "SCnc", False),
        ("g/L", "SCnc", True),
        ("U/L", "CCnc", False),
        ("U/L", "ACnc", False),
        ("%", "NCnc", True),
        ("10*9/L", "NFr", True),
        ("{Log_copies}/mL", "LnCnc", False),
        ("inconnue", "SCnc", False),
    ],
)
def test_units_against_properties(unit: str, term_property: str, contradicts: bool) -> None:
    assert unit_contradicts(unit, term_property, {}) is contradicts


def test_no_spelling_of_our_table_is_contradicted_by_what_it_means() -> None:
    """Whatever a laboratory writes, its UCUM still has a property that the spelling means by definition."""
    units, lost = Units(), []
    for spelling, _, dimensions in load_tables().units:
        ucum = units.ucum(spelling)
        meant = expected_properties(UnitReading(spelling, dimensions=dimensions))
        if ucum not in ("", UNREAD) and meant and not meant & expected_properties(read_ucum(ucum)):
            lost.append((spelling, ucum))
    assert lost == []
