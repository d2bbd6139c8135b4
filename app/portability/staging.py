"""Where the rows of an archive wait, beside the database, until all of it was verified: a file of their own."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.platform.chain_digests import canonical


class Stage:
    """Rows by table and number, as JSON values; nothing of an archive is in memory but the row at hand."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=OFF")
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute(
            "CREATE TABLE row (of TEXT, number INTEGER, line INTEGER, home INTEGER, linked INTEGER DEFAULT 0, "
            "body TEXT, PRIMARY KEY (of, number)) WITHOUT ROWID"
        )
        self._base.execute("CREATE TABLE erased (of TEXT, number INTEGER, name TEXT, PRIMARY KEY (of, number, name))")

    def close(self) -> None:
        """Forget it; the file is its owner's to remove."""
        self._base.close()

    def begin(self) -> None:
        """Many rows follow."""
        self._base.execute("BEGIN")

    def end(self) -> None:
        """They are there."""
        self._base.execute("COMMIT")

    def add(self, table: str, number: int, line: int, home: int | None, row: Mapping[str, Any]) -> bool:
        """Keep a row, with the catalogue that it is in; False when its number is there already."""
        try:
            self._base.execute(
                "INSERT INTO row (of, number, line, home, body) VALUES (?, ?, ?, ?, ?)",
                (table, number, line, home, canonical(row)),
            )
        except sqlite3.IntegrityError:
            return False
        if table == "erasure":
            self._base.execute("INSERT OR IGNORE INTO erased VALUES (?, ?, ?)",
                               (row["table_name"], row["row_id"], row["column_name"]))  # fmt: skip
        return True

    def place(self, table: str, number: int) -> tuple[int, int | None] | None:
        """The line of a row and the catalogue that it is in; None for one that is not there."""
        found = self._base.execute("SELECT line, home FROM row WHERE of = ? AND number = ?", (table, number)).fetchone()
        return None if found is None else (found[0], found[1])

    def row(self, table: str, number: int) -> dict[str, Any] | None:
        """A row; None for one that is not there."""
        found = self._base.execute("SELECT body FROM row WHERE of = ? AND number = ?", (table, number)).fetchone()
        return None if found is None else json.loads(found[0])

    def rows(self, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Line and row of a table, in the order of their numbers."""
        asked = "SELECT line, body FROM row WHERE of = ? ORDER BY number"
        for line, body in self._base.execute(asked, (table,)):
            yield line, json.loads(body)

    def span(self, table: str) -> tuple[int, int] | None:
        """The first and the last number of a table; None when it has no row."""
        first, last = self._base.execute("SELECT min(number), max(number) FROM row WHERE of = ?", (table,)).fetchone()
        return None if first is None else (first, last)

    def link(self, table: str, number: int) -> bool:
        """Say that a link is over a row; False when one is already."""
        changed = self._base.execute(
            "UPDATE row SET linked = 1 WHERE of = ? AND number = ? AND linked = 0", (table, number)
        )
        return changed.rowcount == 1

    def unlinked(self, table: str) -> int | None:
        """The line of a row of this table over which no link is; None when there is no such row."""
        asked = "SELECT line FROM row WHERE of = ? AND linked = 0 ORDER BY number LIMIT 1"
        found = self._base.execute(asked, (table,)).fetchone()
        return None if found is None else int(found[0])

    def is_erased(self, table: str, number: int, column: str) -> bool:
        """Whether an erasure names this text."""
        asked = "SELECT 1 FROM erased WHERE of = ? AND number = ? AND name = ?"
        return self._base.execute(asked, (table, number, column)).fetchone() is not None
