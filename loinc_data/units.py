"""The one reader of units of the process: our French table, then UCUM."""

from dataclasses import replace
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


@lru_cache(maxsize=1)
def _dimensions_by_ucum() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for _, ucum, dimensions in load_tables().units:
        for expression in ucum:
            found.setdefault(expression, {}).update(dict.fromkeys(dimensions))
    return {expression: tuple(known) for expression, known in found.items()}


def read_ucum(expression: str) -> UnitReading:
    """A UCUM expression of our table, with every dimension that a spelling which means it has.

    Read as a laboratory's spelling it may lose what an annotation says: `{BAU}/mL` is no number per volume.
    """
    reading = read_unit(expression)
    known = _dimensions_by_ucum().get(expression, ())
    return replace(reading, dimensions=tuple(dict.fromkeys((*known, *reading.dimensions))))
