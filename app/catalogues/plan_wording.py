"""What the plan of an import says of rows that share a code."""

from collections.abc import Sequence

from app.files.reading import ReadFile, ReadLine
from app.text import counted

SHOWN = 5
"""Rows or codes that a sentence names."""


def said_of_ranges(file: ReadFile, ranges: Sequence[Sequence[ReadLine]]) -> str:
    """Which rows became one analysis because nothing but their reference values differs."""
    analyses = counted(len(ranges), "analyse tient", "analyses tiennent")
    some = " ; ".join(
        f"« {rows[0]['code']} », lignes {some_rows([row.row_number for row in rows])}"
        for rows in ranges[:SHOWN]
    )
    more = " ; …" if len(ranges) > SHOWN else ""
    return (
        f"{file.name} : {analyses} en plusieurs lignes, que seules leurs valeurs de référence distinguent (selon le "
        f"sexe ou l'âge, par exemple) : ces valeurs sont réunies ({some}{more})."
    )


def some_rows(rows: Sequence[int]) -> str:
    """The numbers of the first of these rows."""
    return ", ".join(map(str, rows[:SHOWN])) + (", …" if len(rows) > SHOWN else "")
