"""Whether a unit contradicts the property of a code: what checks say of a row, asked of a unit alone. Pure."""

from loinc_data.units import read_ucum
from matcher.evidence.property import Shares, is_contradicted, is_count_of_a_percent, is_percent_of_a_count


def unit_contradicts(unit: str, term_property: str, shares: Shares) -> bool:
    """Whether a unit, in UCUM, cannot express this LOINC property; an unknown unit may."""
    reading = read_ucum(unit)
    return (
        is_percent_of_a_count(reading, term_property)
        or is_count_of_a_percent(reading, term_property)
        or is_contradicted(reading, term_property, shares)
    )
