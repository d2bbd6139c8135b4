"""The engine of the benches: a release on disk, or the starter terminology, with our French material."""

from pathlib import Path

from loinc_data.release import open_source, read_terms
from loinc_data.tables import load_starter_terms, load_tables, with_usage
from matcher.engine import Engine
from matcher.index import TermIndex
from matcher.types import Term


def bench_terms(release: Path | None) -> list[Term]:
    """The terms of an official release (zip or folder), or our starter terminology when there is none."""
    if release is None:
        return list(load_starter_terms())
    with open_source(release) as source:
        return list(with_usage(read_terms(source)))


def bench_engine(release: Path | None) -> Engine:
    """An engine over a release, or over the starter terminology, with our lexicon and tables."""
    return Engine(TermIndex.build(bench_terms(release)), load_tables())
