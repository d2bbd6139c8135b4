"""Rows as pandas frames, and who may load pandas."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from loinc_data.checks.frames import alternatives, frame_of, outside, placed, repeats
from loinc_data.checks.problem import Row

ROOT = Path(__file__).resolve().parents[2]


def _rows(*cells: tuple[str, str]) -> list[Row]:
    return [Row("file.csv", line, {"a": a, "b": b}) for line, (a, b) in enumerate(cells, start=2)]


ROWS = _rows(("x", "1|2"), ("y", ""), ("x", "||"), ("", "NA"), ("x", "2 | 3"), ("", "nan"))


def _lines(pairs: Iterable[tuple[Row, Row]]) -> list[tuple[int, int]]:
    return [(row.line, first.line) for row, first in pairs]


def test_cells_stay_the_text_that_they_are() -> None:
    assert frame_of(ROWS, ["b", "a"]).to_numpy().tolist() == [[row["b"], row["a"]] for row in ROWS]
    assert not frame_of(ROWS, ["b"]).isna().any(axis=None), "NA and nan are texts"


def test_each_repeat_comes_with_the_first_of_its_kind() -> None:
    table = frame_of(ROWS, ["a", "b"])
    assert _lines(repeats(ROWS, table["a"])) == [(4, 2), (6, 2), (7, 5)]
    assert _lines(repeats(ROWS, table["a"], table["b"])) == []
    kept = table["a"].iloc[1:]
    assert _lines(repeats(ROWS, kept[kept != ""])) == [(6, 4)], "a row left out is nobody's first"


def test_alternatives_know_their_row() -> None:
    found = [(row.line, value) for row, value in placed(ROWS, alternatives(ROWS, "b"))]
    assert found == [(2, "1"), (2, "2"), (5, "NA"), (6, "2"), (6, "3"), (7, "nan")]
    assert [(row.line, value) for row, value in outside(ROWS, "b", {"1", "2"})] == [(5, "NA"), (6, "3"), (7, "nan")]


def test_a_file_without_rows() -> None:
    table = frame_of([], ["a", "b"])
    assert list(table.columns) == ["a", "b"]
    assert _lines(repeats([], table["a"], table["b"])) == []
    assert list(outside([], "a", set())) == []


def _loads_pandas(modules: str) -> bool:
    code = f"import sys, {modules}; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


def test_the_application_starts_without_pandas() -> None:
    assert not _loads_pandas("app.main, app.cli, loinc_data.tables, loinc_data.release, loinc_data.accessories")
    assert _loads_pandas("loinc_data.check"), "the checks do load it"
