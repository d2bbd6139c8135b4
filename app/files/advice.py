"""What the user should know of a file that is read well, and still may not say what she believes."""

from collections.abc import Iterable

from app.files.earlier_advice import earlier_advice
from app.files.reading import ReadFile
from app.text import counted

_SHOWN = 10
_CODES = ("code", "alternate_code", "analysis_code", "chapter_code", "subchapter_code", "unit_code", "specimen_code")


def advice_on(file: ReadFile) -> Iterable[str]:
    """Sentences about one file."""
    yield from file.table.notes
    yield from _short_rows(file)
    yield from _framed_cells(file)
    yield from _lost_zeros(file)
    yield from _derived_units(file)
    yield from _replaced_codes(file)
    yield from earlier_advice(file)


def _short_rows(file: ReadFile) -> Iterable[str]:
    if file.short_rows:
        said = counted(len(file.short_rows), "ligne s'arrête", "lignes s'arrêtent")
        shown = ", ".join(map(str, file.short_rows[:_SHOWN])) + (", …" if len(file.short_rows) > _SHOWN else "")
        yield f"{file.name} : {said} avant la dernière colonne ({shown}) ; les cellules qui manquent sont vides."


def _framed_cells(file: ReadFile) -> Iterable[str]:
    if file.framed_cells:
        said = counted(file.framed_cells, "cellule est écrite", "cellules sont écrites")
        yield f'{file.name} : {said} ="…", pour un tableur ; le texte est lu sans cette formule, et rendu avec elle.'


def _lost_zeros(file: ReadFile) -> Iterable[str]:
    """Codes written as numbers in a workbook: one shorter than the others has probably lost its zeros."""
    for name in _CODES:
        column = file.columns.get(name, -1)
        numeric = file.table.numbers.get(column, frozenset())
        if not numeric:
            continue
        cells = [(row.row_number, row.cells[column].strip()) for row in file.table.data if column < len(row.cells)]
        digits = [text for _, text in cells if text.isdecimal()]
        longest = max(map(len, digits), default=0)
        padded = any(text.startswith("0") for number, text in cells if number not in numeric and text.isdecimal())
        short = [number for number, text in cells if number in numeric and len(text) < longest]
        if short or padded:
            first = short[0] if short else min(numeric)
            yield (
                f"{file.name} : la colonne « {file.heading(name)} » contient "
                f"{counted(len(numeric), 'nombre', 'nombres')} ; s'ils commençaient par des zéros, le classeur les a "
                f"perdus (par exemple ligne {first}). Comparez avec les codes du SGL."
            )


def _derived_units(file: ReadFile) -> Iterable[str]:
    found = file.derived_units
    if found and file.takes_units:
        number, example, unit = len(found), *found[0]
        yield (
            f"{file.name} : unité tirée du texte pour {counted(number, 'analyse', 'analyses')} "
            f"(« {example} » donne {unit}) ; la cellule d'origine est conservée."
        )


def _replaced_codes(file: ReadFile) -> Iterable[str]:
    if "alternate_code" not in file.columns or "code" not in file.columns:
        return
    code, other = file.columns["code"], file.columns["alternate_code"]
    rows = [row.cells for row in file.table.data]
    replaced = sum(
        other < len(cells) and bool(cells[other].strip()) and not (code < len(cells) and cells[code].strip())
        for cells in rows
    )
    if replaced:
        yield (
            f"{file.name} : {counted(replaced, 'analyse a', 'analyses ont')} pour code celui de la colonne "
            f"« {file.heading('alternate_code')} », la première étant vide."
        )
