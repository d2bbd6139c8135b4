"""What the user should know of a file that is read well, and still may not say what she believes."""

import re
from collections.abc import Iterable

from app.files.earlier_advice import earlier_advice
from app.files.fields import fold_heading
from app.files.hidden_notes import hidden_sentences
from app.files.left_rows import left_rows_advice
from app.files.odd_cells import odd_sentences
from app.files.reading import ReadFile
from app.files.sheet_notes import some
from app.files.values import bare
from app.text import counted

_SHOWN = 10
_CELLS_OF_TOTAL = 3
_TOTAL = re.compile(
    r"(?:sous )?total(?:aux)?(?: general| analyses?| lignes?)?(?: \d+)?$|total (?:des|de|d) "
    r"|nombre (?:total )?(?:de|d) |nb (?:de )?lignes"
    r"|fin (?:de|du|d) (?:fichier|catalogue|liste|document|export|extraction)"
    r"|\d+ (?:lignes?|analyses?)$|(?:edite|imprime|exporte|genere|extrait) (?:le|par)\b|end of file|page \d+"
)
"""How a line below the last row begins."""


def advice_on(file: ReadFile) -> Iterable[str]:
    """Sentences about one file."""
    yield from file.incoming.choices.beside
    yield from file.table.notes
    yield from _last_row(file)
    yield from _short_rows(file)
    yield from _framed_cells(file)
    yield from hidden_sentences(file.name, file.table, file.columns, file.unquoted, file.heading)
    yield from left_rows_advice(file)
    kept = [cell for cell in file.odd_cells if not cell.is_refused]
    yield from odd_sentences(file.name, kept, file.heading)
    yield from _merged_codes(file)
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


def _last_row(file: ReadFile) -> Iterable[str]:
    """A total or an end mark below the rows: it comes in as an analysis unless somebody takes it out."""
    data = file.table.data
    last = data[-1] if len(data) > 1 and file.table.dialect.format != "fhir" else None
    if last is None or last.row_number in file.bad_rows:
        return
    filled = [text for cell in last.cells if (text := bare(cell))]
    if len(filled) <= _CELLS_OF_TOTAL and _TOTAL.match(fold_heading(filled[0])):
        yield (
            f"{file.name} : la dernière ligne ({last.row_number}, « {' ; '.join(filled)} ») ressemble à un total ou à "
            "une fin de fichier, et serait reprise comme une analyse. Si ce n'en est pas une, supprimez-la du fichier."
        )


def _merged_codes(file: ReadFile) -> Iterable[str]:
    codes = {file.columns[name] for name in ("code", "analysis_code") if name in file.columns}
    merged = [merge for merge in file.table.filled if merge.first_column in codes]
    if merged:
        rows = some([f"{merge.first_row} à {merge.last_row}" for merge in merged])
        yield (
            f"{file.name} : le code est dans une cellule fusionnée (lignes {rows}) ; ces lignes reçoivent le même "
            "code. Vérifiez qu'il s'agit bien d'une seule analyse."
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
