"""What became, as the files came in, of rows in double and of rows that could not be taken: the laboratory system
has them, the catalogue does not, and every report of exports names them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session

from app.exports import repository
from app.exports.schemas import ReceivedNote, SourceDialect
from app.files.choices import DUPLICATES_LABELS, SHARED_LABELS, Duplicates
from app.files.kinds import LEVEL_NAMES
from app.models import FileKind, Level

CHOICE = "choix à l'import"
LEFT = "laissée à l'import"
_LEVELS = {
    FileKind.LOINC_3: Level.ANALYSIS,
    FileKind.TABULAR: Level.ANALYSIS,
}
"""The files whose rows are all of one level, and are found by code and label."""
_IN_DOUBLE = {
    Duplicates.KEEP: "toutes les lignes sont gardées et numérotées, chacune est une analyse",
    Duplicates.FIRST: "la première ligne de chaque code est gardée",
    Duplicates.LEAVE: "toutes ces lignes sont laissées de côté",
}
_SHARED = {
    Duplicates.KEEP: (
        "toutes les lignes sont gardées, chacune est une analyse ; elles ne comptent et ne sortent avec un code que si "
        "leurs réponses approuvées sont les mêmes"
    ),
    Duplicates.FIRST: _IN_DOUBLE[Duplicates.FIRST],
    Duplicates.LEAVE: _IN_DOUBLE[Duplicates.LEAVE],
}


def left_at_import(session: Session, catalogue_id: int) -> tuple[ReceivedNote, ...]:
    """What was chosen of each received file and the rows that it left out, in the order of the files and rows."""
    found: list[ReceivedNote] = []
    for source in repository.source_dialects(session, catalogue_id):
        found += _choice(source)
        numbers = _numbers(source.dialect)
        cells = repository.cells_of_rows(session, source.id, numbers) if numbers else {}
        found += [_left(source, number, why, cells.get(number, [])) for number, why in sorted(numbers.items())]
    return tuple(found)


def _choice(source: SourceDialect) -> Iterable[ReceivedNote]:
    said = source.dialect.get("duplicates")
    if said:
        choice = Duplicates(said)
        message = f"« {source.file_name} », codes en double : {_IN_DOUBLE[choice]} ({DUPLICATES_LABELS[choice]})."
        yield ReceivedNote(CHOICE, "", "", "", message)


    said = source.dialect.get("shared")
    if said:
        message = (
            f"« {source.file_name} », codes de plusieurs lignes d'unité ou de milieu différents : "
            f"{_SHARED[Duplicates(said)]} ({SHARED_LABELS[Duplicates(said)]})."
        )
        yield ReceivedNote(CHOICE, "", "", "", message)


def _numbers(dialect: Mapping[str, Any]) -> dict[int, str]:
    """Number of a row that was left out -> why."""
    in_double = dict.fromkeys(dialect.get("left_duplicates", ()), "son code est en double")
    in_double |= dict.fromkeys(dialect.get("left_shared", ()), "d'autres lignes ont son code")
    return in_double | dict.fromkeys(dialect.get("left_rows", ()), "elle ne pouvait être reprise")


def _left(source: SourceDialect, number: int, why: str, cells: list[str]) -> ReceivedNote:
    kind = FileKind(source.kind)
    level = _LEVELS.get(kind)

    def cell(name: str) -> str:
        column = source.columns.get(name)
        return cells[column] if column is not None and column < len(cells) else ""

    message = f"Ligne {number} de « {source.file_name} » laissée de côté à l'import : {why}. Elle n'a pas de code."
    return ReceivedNote(LEFT, LEVEL_NAMES[level] if level else "", cell("code"), cell("label"), message)
