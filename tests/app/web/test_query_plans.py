"""No statement of a main page reads a table that grows from end to end: SQLite is asked how it would do each."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.bench.bench_growth import pages
from tests.bench.growth_catalogue import prepare

ROWS = 2_000
GROWING = frozenset({"local_test", "proposal", "decision", "worklist_entry", "review_state", "audit_event"})
_NAMED = re.compile(r"\b(?:FROM|JOIN|,)\s+(\w+)(?:\s+AS\s+|\s+)(\w+)", re.IGNORECASE)
_SCAN = re.compile(r"^SCAN (\w+)")


def tables_of(statement: str) -> dict[str, str]:
    """Name in a statement -> table."""
    return {alias: table for table, alias in _NAMED.findall(statement)} | {table: table for table in GROWING}


def scans(engine: Engine, asked: list[tuple[str, Any]]) -> set[tuple[str, str]]:
    """(line of the plan, statement) of each growing table that is read from end to end."""
    found = set()
    with engine.connect() as connection:
        for statement, parameters in asked:
            names = tables_of(statement)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                line = str(row[3])
                scanned = _SCAN.match(line)
                if scanned and names.get(scanned[1]) in GROWING:
                    found.add((line, statement))
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """Page -> what it reads from end to end."""
    folder: Path = tmp_path_factory.mktemp("plans")
    bench = prepare(folder, ROWS)
    with bench.engine.begin() as connection:
        # One catalogue is the whole table here: its statistics would tell that an index spares nothing.
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    # Statistics are read with the schema, as a connection opens.
    bench.engine.dispose()
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if not many and statement.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    found = {}
    for title, act in pages(bench).items():
        asked.clear()
        event.listen(bench.engine, "before_cursor_execute", note)
        act(0)
        event.remove(bench.engine, "before_cursor_execute", note)
        assert asked, title
        found[title] = scans(bench.engine, list(asked))
    bench.engine.dispose()
    return found


@pytest.mark.parametrize(
    "title",
    [
        "Queue", "Queue, to do, sure", "Queue, one specimen, by label", "Queue, text", "Case", "Case, filtered",
        "Decide, then the next case", "Approval list", "Coverage", "Exports", "Catalogue overview", "Dashboard",
        "Memory", "Tasks of a release",
    ],
)  # fmt: skip
def test_no_growing_table_is_read_from_end_to_end(told: dict[str, set[tuple[str, str]]], title: str) -> None:
    assert told[title] == set()


def test_a_scan_is_seen(tmp_path: Path) -> None:
    bench = prepare(tmp_path, 50)
    statement = "SELECT one.id FROM local_test AS one WHERE one.label = ?"
    assert [line for line, _ in scans(bench.engine, [(statement, ("x",))])] == ["SCAN one"]
    bench.engine.dispose()
