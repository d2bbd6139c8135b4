"""The one reader of units of the process: our French table, then UCUM."""

from functools import lru_cache

from loinc_data.tables import load_tables
from matcher.normalise.units import UnitReading, UnitTable, unit_table


@lru_cache(maxsize=1)
def unit_reader() -> UnitTable:
    """The reader over the tables that we ship, the one that the engine reads with too."""
    return unit_table(load_tables().units)


def read_unit(text: str) -> UnitReading:
    """A unit as a laboratory writes it, understood; a spelling that nobody knows has no dimension."""
    return unit_reader().read(text)
