"""Rows that cannot come in, left out because a person chose so: the others need not wait for them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.errors import InputProblem
from app.files.choices import Duplicates
from app.text import counted

if TYPE_CHECKING:
    from app.files.reading import ReadFile

_SHOWN = 10


def rows_in_the_way(file: "ReadFile") -> list[int]:
    """The rows whose problems alone keep the file from coming in; none when the file as a whole is wrong."""
    rows = {problem.row for problem in file.problems if problem.row is not None} | file.refused_rows
    return sorted(rows) if file.can_be_planned and len(rows) < len(file.table.data) else []


def leave_rows(file: "ReadFile") -> None:
    """Leave these rows out, when a person chose it."""
    rows = rows_in_the_way(file)
    if not rows or not file.incoming.choices.leaves_rows:
        return
    file.left_rows = rows
    file.left_problems = file.problems
    file.bad_rows.update(rows)
    file.problems = []


def left_duplicates(file: "ReadFile") -> list[int]:
    """Rows in double that a person chose to leave out, with those that only repeat one of them."""
    match file.incoming.choices.duplicates:
        case Duplicates.FIRST:
            kept = 1
        case Duplicates.LEAVE:
            kept = 0
        case _:
            return []
    return _with_repeats(file, {row for clash in file.clashes for row in clash.rows[kept:]})


def left_shared(file: "ReadFile") -> list[int]:
    """The same of rows that share a code with another unit or specimen."""
    return _with_repeats(file, set(file.left_shared))


def _with_repeats(file: "ReadFile", left: set[int]) -> list[int]:
    return sorted(left | {row for row, first in file.repeats.items() if first in left})


def what_was_chosen(file: "ReadFile") -> dict[str, object]:
    """What a person chose of rows in double and of rows that cannot come in, and which ones are left out: it is kept
    with how the file was read (see `SourceFile.dialect`)."""
    choices = file.incoming.choices
    said: dict[str, object] = {}
    if file.clashes:
        said["duplicates"] = choices.duplicates
    if file.shared_codes:
        said["shared"] = choices.shared
    left = {"left_duplicates": left_duplicates(file), "left_shared": left_shared(file), "left_rows": file.left_rows}
    return said | {name: rows for name, rows in left.items() if rows}


def left_rows_advice(file: "ReadFile") -> Iterable[str]:
    """Which rows were left out, and why the first of them."""
    if not file.left_rows:
        return
    shown = ", ".join(map(str, file.left_rows[:_SHOWN])) + (", …" if len(file.left_rows) > _SHOWN else "")
    one, many = "ligne ne peut être reprise et est laissée", "lignes ne peuvent être reprises et sont laissées"
    said = counted(len(file.left_rows), one, many)
    yield f"{file.name} : {said} de côté ({shown}) : {_first(file.left_problems)}"


def _first(problems: list[InputProblem]) -> str:
    found = min((problem for problem in problems if problem.row is not None), key=_row, default=problems[0])
    column = f", colonne « {found.column} »" if found.column else ""
    return f"ligne {found.row}{column}, {found.message}" if found.row else found.message


def _row(problem: InputProblem) -> int:
    return problem.row or 0
