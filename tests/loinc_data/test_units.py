"""The process reads units in one place."""

from loinc_data.tables import load_starter_terms, load_tables
from loinc_data.units import read_unit, unit_reader
from matcher import Engine
from matcher.index import TermIndex


def test_the_engine_and_the_application_share_one_reader() -> None:
    engine = Engine(TermIndex.build(load_starter_terms()[:50]), load_tables())
    assert engine.parser.gatherer.units is unit_reader()


def test_french_spellings_come_before_ucum() -> None:
    assert read_unit("G/L").dimensions == ("num_conc",)
    assert read_unit("g/L").dimensions == ("mass_conc",)
    assert not read_unit("carottes").is_known
