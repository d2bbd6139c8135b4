"""The engine over the starter terminology, built once for all tests of the matcher."""

import pytest

from loinc_data.tables import load_starter_terms, load_tables
from matcher import Engine, Tables
from matcher.index import TermIndex
from tests.bench.matching.datasets import CASES, Case, read_cases


@pytest.fixture(scope="session")
def starter_index() -> TermIndex:
    return TermIndex.build(load_starter_terms())


@pytest.fixture(scope="session")
def starter_tables() -> Tables:
    return load_tables()


@pytest.fixture(scope="session")
def starter_engine(starter_index: TermIndex, starter_tables: Tables) -> Engine:
    return Engine(starter_index, starter_tables)


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    return read_cases(CASES)
