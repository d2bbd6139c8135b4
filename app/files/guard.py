"""Refusing files that seem to hold patients: the workbench keeps no patient data.

Some laboratory systems name « analyses » an export of results with the identity of patients. A heading alone
may decide (« Prénom », « Date de naissance », « IPP », « INS »), or two ambiguous headings together
(« Nom » and « Sexe »), or the values of a column: social security numbers, dates of birth, first names.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from app.errors import ImportRefusedError, InputProblem
from app.files.fields import EARLIER_FIELDS, fold_heading, guess_columns
from app.files.first_names import FIRST_NAMES
from app.files.table_rows import TableRow
from app.files.tabular import Table, detect_header_rows

_CERTAIN = re.compile(
    r"^(ipp|ins|nir|nip|ddn|dtn|d naiss|dt naiss|nee? le|ins c|ins nir|matricule ins|nom de famille)$"
    r"|^(patronyme|nom patronymique|identite|assure|numero assure)$"
    r"|\bprenoms?\b|\bnaissance\b|\bnaiss\b|\bne e le\b|\bnom (de )?(jeune fille|marital)\b"
    r"|\bpatients?\b.*\b(nom|id|ipp|numero|identifiant|age|sexe)\b"
    r"|\b(nom|id|ipp|numero|identifiant|age|sexe|adresse|code)\b.*\bpatients?\b"
    r"|\b(n|no|num|numero) ?(de )?(secu|ss|dossier patient|immatriculation)\b|\bsecurite sociale\b"
    r"|\b(first ?name|last ?name|birth ?date|date of birth|dob|patient ?id)\b"
)
_AMBIGUOUS = {
    "name": re.compile(r"^(nom|noms|patients?|malades?|nom usuel)$"),
    "address": re.compile(r"^(adresse|ville|code postal|cp|telephone|tel|portable|email|e mail)$"),
    "record": re.compile(r"^((n|no|num|numero) )?(de )?(dossier|demande|venue|sejour|iep)$"),
    "sex": re.compile(r"^(sexe|civilite|genre)$"),
    "age": re.compile(r"^(age|age ans)$"),
    "prescriber": re.compile(r"^(prescripteur|medecin|medecin prescripteur|medecin traitant)$"),
    "result": re.compile(r"^(valeur|resultat|date (de )?(prelevement|prel|resultat|validation))$"),
}
_CATALOGUE_FIELDS = frozenset({"unit", "specimen", "technique", "scale", "nabm", "timing"})
_NIR = re.compile(r"[1-478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?")
_DATE = re.compile(r"(?:(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d{2})-(\d{2}))(?:[ T].*)?")
_SAMPLE_ROWS = 2_000
_HEADER_SEARCH_ROWS = 15
_REASON = (
    "cette colonne ressemble à des données de patients. L'atelier n'enregistre que des catalogues "
    "d'analyses, sans aucune donnée nominative ; retirez ces colonnes de l'export et recommencez."
)


def is_social_security_number(text: str) -> bool:
    """Whether this is a French social security number (NIR), its control key being right when it is given."""
    compact = re.sub(r"[ .\u00a0\u202f-]", "", text.strip().upper())
    if len(compact) not in (13, 15) or _NIR.fullmatch(compact) is None:
        return False
    if len(compact) == 13:
        # Thirteen digits are also an article number: only a separator-grouped number is taken as a NIR.
        return compact != text.strip().upper()
    body = compact[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(compact[13:])


def _year_of_date(text: str) -> int | None:
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    day, month, year = (int(found[i] or found[j]) for i, j in ((1, 6), (2, 5), (3, 4)))
    try:
        return date(year, month, day).year
    except ValueError:
        return None


def _has_birth_dates(values: Sequence[str]) -> bool:
    """Most values are dates, spread over decades, as dates of birth are and dates of creation are not."""
    years = [year for value in values if (year := _year_of_date(value)) is not None]
    if len(years) < 5 or len(years) < 0.8 * len(values):
        return False
    years.sort()
    return years[len(years) // 2] < 1995 and years[-1] - years[0] >= 20


def _has_first_names(values: Sequence[str]) -> bool:
    """Most values are a usual French first name, and several of them."""
    names = [name for value in values if (name := fold_heading(value).split(" ")[0]) in FIRST_NAMES]
    return len(names) >= 5 and len(names) >= 0.6 * len(values) and len(set(names)) >= 4


def _certain_headings(folded: Sequence[str]) -> list[int]:
    return [column for column, heading in enumerate(folded) if heading and _CERTAIN.search(heading)]


def _ambiguous_headings(folded: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, heading in enumerate(folded):
        for meaning, pattern in _AMBIGUOUS.items():
            if pattern.search(heading):
                found.setdefault(meaning, column)
    return found


def suspicious_headings(headings: Sequence[str]) -> list[int]:
    """The columns whose headings say that the file is about patients.

    « Nom » alone is how many catalogues call the label of a test, and « Sexe » and « Âge » also head
    reference ranges: these count only together, and less in a file that has units or specimens.
    """
    folded = [fold_heading(heading) for heading in headings]
    certain = _certain_headings(folded)
    if certain:
        return certain
    ambiguous = _ambiguous_headings(folded)
    if "name" not in ambiguous:
        return []
    others = len(ambiguous) - 1
    is_catalogue = bool(_CATALOGUE_FIELDS & guess_columns(headings).keys())
    named = others >= 2 or "address" in ambiguous or "record" in ambiguous
    return sorted(ambiguous.values()) if others >= 3 or (named and not is_catalogue) else []


def _is_unmarked_header(cells: Sequence[str], needed: int) -> bool:
    """Whether a row taken for data is the header of a patient file: so many such words, which no analysis
    gathers (« DDN ; DATE DE NAISSANCE » is a line of some catalogues)."""
    folded = list({fold_heading(cell) for cell in cells})
    return len(set(_certain_headings(folded)) | set(_ambiguous_headings(folded).values())) >= needed


def _columns(rows: Iterable[Sequence[str]]) -> dict[int, list[str]]:
    columns: dict[int, list[str]] = {}
    for cells in rows:
        for column, cell in enumerate(cells):
            if cell.strip():
                columns.setdefault(column, []).append(cell)
    return columns


def suspicious_values(rows: Iterable[Sequence[str]], told: Collection[int] = ()) -> list[int]:
    """The columns whose values seem to be about patients.

    Names and dates say who transcoded, and when, in the columns that their headings `told` of earlier work.
    """
    suspicious: list[int] = []
    for column, values in _columns(rows).items():
        numbers = sum(is_social_security_number(value) for value in values)
        people = column not in told and (_has_birth_dates(values) or _has_first_names(values))
        if numbers >= 2 or numbers == len(values) or people:
            suspicious.append(column)
    return suspicious


def _earlier_columns(header: Sequence[TableRow]) -> set[int]:
    """The columns in which headings speak of an earlier transcoding: its codes, its authors, its dates."""
    head = next((row for row in reversed(header) if not row.is_blank), None)
    guessed = guess_columns(head.cells) if head else {}
    return {column for name, column in guessed.items() if name in EARLIER_FIELDS}


def _problems(file_name: str, rows: Sequence[TableRow], header_rows: int, sheet: str = "") -> list[InputProblem]:
    where = f"feuille « {sheet} » : " if sheet else ""
    first = next((index for index, row in enumerate(rows) if not row.is_blank), 0)
    for index, row in enumerate(rows[: max(header_rows, _HEADER_SEARCH_ROWS)]):
        if index >= header_rows and not _is_unmarked_header(row.cells, 2 if index == first else 3):
            continue
        columns = suspicious_headings(row.cells)
        if columns:
            return [
                InputProblem(file_name, where + _REASON, row.row_number, row.cells[column].strip())
                for column in columns
            ]
    data = rows[header_rows:]
    sample = data[:: max(1, len(data) // _SAMPLE_ROWS)]
    return [
        InputProblem(file_name, where + _REASON, column=_name_of(rows[:header_rows], column))
        for column in suspicious_values((row.cells for row in sample), _earlier_columns(rows[:header_rows]))
    ]


def _name_of(header: Sequence[TableRow], column: int) -> str:
    names = [row.cells[column].strip() for row in header if column < len(row.cells)]
    return next((name for name in reversed(names) if name), f"colonne {column + 1}")


def refuse_patient_data(table: Table) -> None:
    """Refuse a file that seems to hold patients, even in a hidden sheet; raises ImportRefusedError.

    The header is looked for again: what the user chose as header does not decide.
    """
    header_rows = max(table.dialect.header_rows, detect_header_rows(table.rows))
    problems = _problems(table.file_name, table.rows, header_rows)
    for sheet in table.other_sheets:
        rows = [TableRow(number, cells) for number, cells in enumerate(sheet.rows, start=1)]
        problems.extend(_problems(table.file_name, rows, detect_header_rows(rows), sheet.name))
    if problems:
        raise ImportRefusedError(problems)
