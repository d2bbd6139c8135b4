"""What the user should know of a sheet that was read: other sheets, hidden rows, merged ranges, protection."""

from collections.abc import Callable, Iterable, Sequence

from app.files.sheet_facts import Merge
from app.files.workbook import Sheet
from app.text import counted

SHOWN = 8
Heading = Callable[[int], str]
"""The name by which the user knows a column."""


def column_letters(column: int) -> str:
    """A column as a spreadsheet names it: A, B… AA."""
    letters = ""
    while column >= 0:
        column, letter = divmod(column, 26)
        letters = chr(ord("A") + letter) + letters
        column -= 1
    return letters


def cell_name(row: int, column: int) -> str:
    """A cell as a spreadsheet names it: B12."""
    return f"{column_letters(column)}{row}"


def some(texts: Sequence[str], shown: int = SHOWN) -> str:
    """The first of a list, and dots when there are more."""
    return ", ".join(texts[:shown]) + (", …" if len(texts) > shown else "")


def notes_on_sheet(
    file_name: str, sheet: Sheet, others: Sequence[Sheet], filled: Sequence[Merge], heading: Heading
) -> Iterable[str]:
    """Sentences about the sheet that was read."""
    for told in (_others(sheet, others), _hidden(sheet), _protected(sheet), _merged(filled, heading), _formulas(sheet)):
        if told:
            yield f"{file_name} : {told}"


def _others(sheet: Sheet, others: Sequence[Sheet]) -> str:
    if not others:
        return ""
    listed = [
        f"« {other.name} » ({'masquée, ' if other.is_hidden else ''}{counted(other.filled_rows, 'ligne', 'lignes')})"
        for other in others
    ]
    verb = "n'est pas lue" if len(listed) == 1 else "ne sont pas lues"
    masked = ", qui est masquée" if sheet.is_hidden else ""
    return f"la feuille « {sheet.name} »{masked} est lue ; {some(listed)} {verb}. Une autre feuille peut être choisie."


def _hidden(sheet: Sheet) -> str:
    facts = sheet.facts
    width = len(sheet.rows[0]) if sheet.rows else 0
    columns = [column_letters(column) for column in sorted(facts.hidden_columns) if column < width]
    told = []
    if facts.hidden_rows:
        why = " par un filtre" if facts.is_filtered else ""
        told.append(f"{counted(facts.hidden_rows, 'ligne est masquée', 'lignes sont masquées')}{why}")
    if columns:
        said = counted(len(columns), "colonne est masquée", "colonnes sont masquées")
        told.append(f"{said} ({some(columns)})")
    if not told:
        return ""
    return f"dans la feuille « {sheet.name} », {' et '.join(told)} ; ce qui est masqué est lu aussi."


def _protected(sheet: Sheet) -> str:
    if not sheet.facts.is_protected:
        return ""
    return f"la feuille « {sheet.name} » est protégée contre la modification ; elle est lue comme une autre."


def _merged(filled: Sequence[Merge], heading: Heading) -> str:
    if not filled:
        return ""
    said = counted(len(filled), "plage fusionnée donne", "plages fusionnées donnent")
    its = "sa" if len(filled) == 1 else "leur"
    all_of = "ses" if len(filled) == 1 else "leurs"
    places = sorted({merge.first_column for merge in filled})
    columns = ("colonne " if len(places) == 1 else "colonnes ") + some([f"« {heading(place)} »" for place in places])
    rows = some([f"{merge.first_row} à {merge.last_row}" for merge in filled])
    return f"{said} {its} valeur à toutes {all_of} lignes ({columns} ; lignes {rows})."


def _formulas(sheet: Sheet) -> str:
    places = sheet.facts.uncalculated
    if not places:
        return ""
    said = counted(len(places), "formule n'a jamais été calculée", "formules n'ont jamais été calculées")
    cells = some([cell_name(*place) for place in places])
    return (
        f"dans la feuille « {sheet.name} », {said} ({cells}) : ces cellules sont lues vides. Ouvrez le classeur dans "
        "un tableur, enregistrez-le, puis renvoyez-le."
    )
