"""Side files joined to the analyses, against the plainest reading of them: line by line, analysis by analysis."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalogues.plan import make_plan
from app.catalogues.service import DEFAULT_MAX_BYTES, read_files
from app.catalogues.side_data import SideTable
from app.files.reading import ReadLine
from app.models import LocalTest
from tests.app.catalogues.conftest import Importer, free_file
from tests.app.reimport.updates import update

FIELDS = ("is_subcontracted", "is_retired", "annual_volume", "executing_laboratory")
HEADINGS = ("Code analyse", "Sous-traité", "Retiré", "Volume annuel", "Laboratoire exécutant")
# What a cell says, by what is written in it.
FLAGS: dict[str, bool | None] = {"": None, "-": None, "oui": True, "N": False, "1": True}
VOLUMES: dict[str, int | None] = {"": None, "-": None, "0": 0, "1 500": 1500, "999999999": 999_999_999, "15,0": 15}
LABORATORIES: dict[str, str | None] = {"": None, "nan": "nan", "Institut du Levant": "Institut du Levant"}
# Some codes are numbers, others what a table library may take for an empty cell, or for the end of a text.
CODES = st.sampled_from(["NA", "nan", "None", "0", "00", "0.0", "é", "e\u0301", "A\0B", "A\0C", "A"])
CELLS = st.tuples(*(st.sampled_from(list(words)) for words in (FLAGS, FLAGS, VOLUMES, LABORATORIES)))
LINES = st.lists(st.tuples(CODES, CELLS), max_size=8)


def table(lines: list[tuple[str, tuple[str, ...]]]) -> SideTable:
    """The side file of these lines; its data begin at row 2."""
    read = [
        ReadLine(number, dict(zip(("code", *FIELDS), (code, *cells), strict=True)))
        for number, (code, cells) in enumerate(lines, start=2)
    ]
    return SideTable("annexes.csv", read)


def said(cells: tuple[str, ...]) -> dict[str, Any]:
    """What the cells of a line say, by field."""
    words: tuple[Mapping[str, Any], ...] = (FLAGS, FLAGS, VOLUMES, LABORATORIES)
    values = {name: meaning[cell] for name, meaning, cell in zip(FIELDS, words, cells, strict=True)}
    return {name: value for name, value in values.items() if value is not None}


@given(LINES, st.lists(CODES, max_size=12))
def test_each_analysis_gets_what_is_said_of_its_code(
    lines: list[tuple[str, tuple[str, ...]]], codes: list[str]
) -> None:
    first = dict(reversed(lines))
    expected: dict[int, dict[str, Any]] = {}
    served: set[str] = set()
    for number, code in enumerate(codes, start=100):
        values = said(first[code]) if code in first else {}
        if code in served:
            values.pop("annual_volume", None)
        served.add(code)
        if values:
            expected[number] = values
    told = table(lines).told(enumerate(codes, start=100))
    assert told == expected
    # The order of the fields is that of the differences shown; the database driver knows the types of Python alone.
    assert {number: list(values) for number, values in told.items()} == {
        number: list(values) for number, values in expected.items()
    }
    assert {type(value) for values in told.values() for value in values.values()} <= {bool, int, str}
    assert {type(number) for number in told} <= {int}


@given(LINES, st.lists(CODES))
def test_repeated_and_unknown_codes(lines: list[tuple[str, tuple[str, ...]]], known: list[str]) -> None:
    rows: dict[str, list[int]] = {}
    for number, (code, _) in enumerate(lines, start=2):
        rows.setdefault(code, []).append(number)
    found = table(lines)
    assert len(found) == len(rows)
    expected = [(code, number, numbers[0]) for code, numbers in rows.items() for number in numbers[1:]]
    assert found.repeats() == sorted(expected, key=lambda repeat: repeat[1])
    assert found.unknown_codes(known) == sorted(rows.keys() - set(known))


def test_problems_are_told_row_by_row() -> None:
    text = "Code analyse;Retiré;Volume annuel\nNA;oui;1\nK;;2\nNA;oui;1\nK;bof;x\nNA;;\n"
    plan = make_plan(read_files([free_file(text, "annexes.csv")], DEFAULT_MAX_BYTES))
    assert [(problem.row, problem.message) for problem in plan.problems] == [
        (4, "le code « NA » est déjà à la ligne 2."),
        (5, "« bof » n'est ni oui ni non."),
        (5, "« x » n'est pas un nombre entier d'actes par an."),
        (5, "le code « K » est déjà à la ligne 3."),
        (6, "le code « NA » est déjà à la ligne 2."),
    ]


def values_of(tests: list[LocalTest]) -> list[tuple[Any, ...]]:
    """What is stored of side data, by code and unit."""
    return sorted((test.code, test.unit, *(repr(getattr(test, name)) for name in FIELDS)) for test in tests)


UNITS = st.sampled_from(["g/L", "mmol/L", "mg/L"])
NAMES = (f"Essai {number}" for number in count(1))
WRITTEN = st.sampled_from(["NA", "nan", "None", "0", "00", "É1"])


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    analyses=st.lists(st.tuples(WRITTEN, UNITS), min_size=1, max_size=6, unique=True),
    lines=st.dictionaries(WRITTEN, CELLS, min_size=1, max_size=5),
)
def test_first_later_and_newer_imports_store_the_same(
    importer: Importer, analyses: list[tuple[str, str]], lines: dict[str, tuple[str, ...]]
) -> None:
    lines = {**lines, analyses[0][0]: lines.get(analyses[0][0], ("oui", "", "1 500", ""))}
    catalogue = free_file("code;libelle;unite\n" + "".join(f"{code};Analyse;{unit}\n" for code, unit in analyses))
    rows = [HEADINGS, *((code, *cells) for code, cells in lines.items())]
    side = free_file("".join(";".join(row) + "\n" for row in rows), "annexes.csv")
    silent = free_file(f"Code analyse;Laboratoire exécutant\n{analyses[0][0]};\n", "annexes.csv")

    together = importer(catalogue, side, name=next(NAMES)).catalogue_id
    apart = importer(catalogue, name=next(NAMES)).catalogue_id
    importer(side, catalogue_id=apart)
    renewed = importer(catalogue, silent, name=next(NAMES)).catalogue_id
    update(importer, renewed, side)
    whole = importer(catalogue, name=next(NAMES)).catalogue_id
    update(importer, whole, catalogue, side)

    stored = [values_of(importer.tests(catalogue_id)) for catalogue_id in (together, apart, renewed, whole)]
    expected = []
    served: set[str] = set()
    for code, unit in analyses:
        values = {"is_subcontracted": False, "is_retired": False, "annual_volume": None, "executing_laboratory": ""}
        told = said(lines[code]) if code in lines else {}
        if code in served:
            told.pop("annual_volume", None)
        served.add(code)
        expected.append((code, unit, *(repr((values | told)[name]) for name in FIELDS)))
    assert stored == [sorted(expected)] * 4


@pytest.mark.parametrize("size", [0, 1])
def test_a_table_that_says_nothing(size: int) -> None:
    found = table([("NA", ("", "", "", ""))] * size)
    assert (len(found), found.told([(1, "NA"), (2, "K")]), found.repeats()) == (size, {}, [])
