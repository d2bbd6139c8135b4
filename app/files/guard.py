"""Refusing files that seem to hold patients: the workbench keeps no patient data.

Some laboratory systems name « analyses » an export of results with the identity of patients. A heading alone
may decide (« Prénom », « Date de naissance », « IPP », « INS »), or two ambiguous headings together
(« Nom » and « Sexe »), or the values of a column: social security numbers, dates of birth, first names.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from app.errors import ImportRefusedError, InputProblem
from app.files.earlier_fields import EARLIER_FIELDS
from app.files.fields import fold_heading, guess_columns
from app.files.people import (
    IDENTITIES,
    PEOPLE,
    Value,
    holds_a_number,
    may_hold_a_number,
    tells_a_birth,
)
from app.files.table_rows import TableRow
from app.files.tabular import Table, detect_header_rows
from app.text import counted

_CERTAIN = re.compile(
    r"^(ipp|ins|nir|nip|ddn|dtn|d naiss|dt naiss|nee? le|ins c|ins nir|matricule ins|nom de famille)$"
    r"|^(patronyme|nom patronymique|identite|assure|numero assure)$"
    r"|\bprenoms?\b|\bnaissance\b|\bnaiss\b|\bne e le\b|\bnom (de )?(jeune fille|marital)\b"
    r"|\bpatients?\b.*\b(nom|id|ipp|numero|identifiant|age|sexe)\b"
    r"|\b(nom|id|ipp|numero|identifiant|age|sexe|adresse|code)\b.*\bpatients?\b"
    r"|\b(n|no|num|numero) ?(de )?(secu|ss|dossier patient|immatriculation)\b|\bsecurite sociale\b"
    r"|\b(first ?name|last ?name|birth ?date|date of birth|dob|patient ?id)\b"
    r"|^(mrn|medical record( number)?|surname|given( names?)?|family name|born|patient name|nhs number)$"
)
_AMBIGUOUS = {
    "name": re.compile(r"^(nom|noms|patients?|malades?|nom usuel)$"),
    "address": re.compile(r"^(adresse|ville|code postal|cp|telephone|tel|portable|email|e mail)$"),
    "record": re.compile(r"^((n|no|num|numero) )?(de )?(dossier|demande|venue|sejour|iep)$"),
    "sex": re.compile(r"^(sexe|civilite|genre)$"),
    "age": re.compile(r"^(age|age ans)$"),
    "prescriber": re.compile(r"^(prescripteur|medecin|medecin prescripteur|medecin traitant)$"),
    "initials": re.compile(r"^(initiales?|initials)( (du )?patient)?$"),
    "result": re.compile(r"^(valeur|resultat|date (de )?(prelevement|prel|resultat|validation))$"),
}
_FILE_NUMBER = re.compile(r"^((n|no|num|numero) )?(de )?(dossier|venue|sejour|iep)$")
_BOUND = re.compile(r"\bage\b.*\b(min|max|mini|maxi|minimum|maximum|minimal|maximal)$")
"""« Âge patient min » is a condition of a reference range."""
_STAFF = re.compile(
    r"^(referent|responsable|biologiste|technicien|redacteur|verificateur|approbateur|auteur|correspondant|pilote)"
    r"|\b(valide|cree|modifie|saisi|redige|verifie|approuve|relu|habilite) (par|le)$"
    r"|\b(referent|responsable)$"
)
"""Headings of people of the laboratory."""
_CATALOGUE_FIELDS = frozenset({"unit", "specimen", "technique", "scale", "nabm", "timing"})
_SAMPLE_ROWS = 2_000
_SHOWN_ROWS = 8
_HEADER_SEARCH_ROWS = 15
_REASON = (
    "cette colonne ressemble à des données de patients. L'atelier n'enregistre que des catalogues "
    "d'analyses, sans aucune donnée nominative ; retirez ces colonnes de l'export et recommencez."
)


def _certain_headings(folded: Sequence[str]) -> list[int]:
    return [
        column
        for column, heading in enumerate(folded)
        if heading and _CERTAIN.search(heading) and not _BOUND.search(heading)
    ]


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
    if "initials" in ambiguous and {"record", "result"} & ambiguous.keys():
        return sorted(ambiguous.values())
    if any(_FILE_NUMBER.search(heading) for heading in folded) and "result" in ambiguous:
        return sorted(ambiguous.values())
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


def _columns(rows: Iterable[TableRow]) -> dict[int, list[Value]]:
    columns: dict[int, list[Value]] = {}
    for row in rows:
        for column, cell in enumerate(row.cells):
            if cell.strip():
                columns.setdefault(column, []).append((row.row_number, cell))
    return columns


def suspicious_values(rows: Iterable[TableRow], told: Collection[int] = ()) -> dict[int, list[int]]:
    """The columns whose values seem to be about patients, and the rows of these values.

    Names and dates say who transcoded or answers for a test, and when, in the columns that their headings `told`.
    """
    suspicious: dict[int, list[int]] = {}
    for column, values in _columns(rows).items():
        detectors = IDENTITIES if column in told else (*IDENTITIES, *PEOPLE)
        found = sorted({row for detector in detectors for row in detector(values)})
        if found:
            suspicious[column] = found
    return suspicious


def _identified(rows: Sequence[TableRow]) -> dict[int, list[int]]:
    """The columns where a text among others holds a social security number or a birth, in whatever row."""
    births: dict[int, list[int]] = {}
    numbers: dict[int, list[int]] = {}
    alike: Counter[int] = Counter()
    for row in rows:
        text = "\n".join(row.cells)
        if not (tells_a_birth(text) or may_hold_a_number(text)):
            continue
        for column, cell in enumerate(row.cells):
            if tells_a_birth(cell):
                births.setdefault(column, []).append(row.row_number)
            if may_hold_a_number(cell):
                alike[column] += 1
                if holds_a_number(cell):
                    numbers.setdefault(column, []).append(row.row_number)
    # Other long numbers have a right key by chance, one in a hundred.
    sure = {column: found for column, found in numbers.items() if 2 * len(found) >= alike[column]}
    return {column: sorted({*births.get(column, ()), *sure.get(column, ())}) for column in births.keys() | sure.keys()}


def _earlier_columns(header: Sequence[TableRow]) -> set[int]:
    """The columns in which headings speak of an earlier transcoding: its codes, its authors, its dates."""
    head = next((row for row in reversed(header) if not row.is_blank), None)
    guessed = guess_columns(head.cells) if head else {}
    return {column for name, column in guessed.items() if name in EARLIER_FIELDS}


def _staff_columns(header: Sequence[TableRow]) -> set[int]:
    """The columns whose headings say that they name people of the laboratory."""
    return {column for row in header for column, cell in enumerate(row.cells) if _STAFF.search(fold_heading(cell))}


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
    header = rows[:header_rows]
    found = suspicious_values(sample, _earlier_columns(header) | _staff_columns(header))
    for column, numbers in _identified(data).items():
        found[column] = sorted({*found.get(column, ()), *numbers})
    return [
        InputProblem(file_name, f"{where}{_rows_said(numbers)} : {_REASON}", column=_name_of(header, column))
        for column, numbers in sorted(found.items())
    ]


def _rows_said(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers[:_SHOWN_ROWS]))
    rest = len(numbers) - _SHOWN_ROWS
    more = f" et {counted(rest, 'autre', 'autres')}" if rest > 0 else ""
    return f"ligne {listed}" if len(numbers) == 1 else f"lignes {listed}{more}"


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
