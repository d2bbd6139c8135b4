"""The engine of the benches: a release on disk with our French material."""

from pathlib import Path

from loinc_data.release import open_source, read_terms
from loinc_data.tables import load_tables, with_usage
from matcher.engine import Engine
from matcher.index import TermIndex


def bench_engine(release: Path) -> Engine:
    """An engine over an official release (zip or folder), with our lexicon and tables."""
    with open_source(release) as source:
        index = TermIndex.build(with_usage(read_terms(source)))
    return Engine(index, load_tables())
