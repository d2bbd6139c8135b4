"""Damaging a database file as a bad disk does."""

import sqlite3
from contextlib import closing
from pathlib import Path

PAGE = 4096


def table_pages(path: Path) -> list[int]:
    """The numbers, from 1, of the pages of tables and indexes, the first page of the file left out."""
    with closing(sqlite3.connect(path)) as connection:
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 1").fetchall()
        count = connection.execute("PRAGMA page_count").fetchone()[0]
    first = sorted(root for (root,) in roots)
    return first + [page for page in range(2, count + 1) if page not in first]


def overwrite(path: Path, pages: list[int]) -> None:
    """Fill these pages with what is no page of SQLite."""
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)
