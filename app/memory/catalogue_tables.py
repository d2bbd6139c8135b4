"""Any table with a column of local codes and one of LOINC codes in: LOINC_4 to 6, a workbook, an inherited list."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.errors import ImportRefusedError
from app.files.advice import advice_on
from app.files.choices import Choices, IncomingFile
from app.files.earlier_advice import COMING, NEVER_TAKEN
from app.files.earlier_fields import EARLIER_CODES
from app.files.fhir_catalogue import LEVEL_OF_WORD
from app.files.fields import fold_heading
from app.files.kinds import FileKind
from app.files.loinc_cells import CellFinding
from app.files.reading import ReadFile, ReadLine, read_file
from app.memory.reasons import Reason
from app.memory.schemas import EarlierMapping, EarlierMappings, sorted_out
from app.memory.statements import statement_of
from app.memory.tables import TableReadError
from app.models import Level

_WHY = {
    CellFinding.NO_CODE: Reason.NO_MATCH,
    CellFinding.OUT_OF_SCOPE: Reason.OUT_OF_SCOPE,
    CellFinding.SEVERAL: Reason.SEVERAL,
    CellFinding.DATE: Reason.DATE,
    CellFinding.BAD_DIGIT: Reason.INVALID_OR_LOST,
    CellFinding.UNREADABLE: Reason.INVALID_OR_LOST,
}
_LEVELS = {FileKind.LOINC_2: Level.EXAM, FileKind.LOINC_3: Level.ANALYSIS}
_LEVEL_WORDS = {
    "analyse": Level.ANALYSIS, "examen": Level.EXAM, "chapitre": Level.CHAPTER, "sous-chapitre": Level.SUBCHAPTER,
}  # fmt: skip
NOT_READ = (
    "ce n'est ni une ConceptMap, ni un fichier SSSOM/TSV (colonnes subject_id et object_id), ni un fichier Usagi "
    "(colonnes sourceCode et sourceName), ni un tableau qui ait une colonne de codes locaux et une colonne "
    "« Code LOINC »"
)


def read_table_with_codes(
    name: str, content: bytes, max_bytes: int, choices: Choices | None = None
) -> EarlierMappings:
    """The earlier codes of a table, read as a person settled it or as it seems to be written.

    Raises TableReadError, or ImportRefusedError naming rows and columns.
    """
    return said_of(read_file(IncomingFile(name, content, choices or Choices()), max_bytes))


def said_of(file: ReadFile) -> EarlierMappings:
    """The earlier codes of a table that was read; raises what `read_table_with_codes` raises."""
    if not any(field in file.columns for field in EARLIER_CODES):
        raise TableReadError(NOT_READ)
    # Labels may miss: the local code alone says which test it is.
    if "code" not in file.columns and file.kind is not FileKind.LOINC_1:
        raise TableReadError("aucune colonne de ce tableau ne porte les codes locaux")
    wrong = [problem for problem in file.problems if problem.row is not None]
    if wrong and len(wrong) == len(file.table.data):
        raise ImportRefusedError(wrong[:20])
    skipped: Counter[Reason] = Counter()
    levels = _levels_of(file)
    found = [mapping for line in _lines(file) for mapping in _of_line(file, line, levels, skipped)]
    # Rows of several tests share an exam: it is said once.
    distinct = {
        (item.level, item.chapter, item.local_code, item.loinc_num, item.written): item for item in found
    }.values()
    return sorted_out(_title(file.kind), distinct, skipped, [*_notes(file)])


def _title(kind: FileKind) -> str:
    if kind is FileKind.FHIR:
        return "Catalogue FHIR"
    return f"Tableau {kind}" if kind in _LEVELS or kind is FileKind.LOINC_1 else "Tableau"


def _lines(file: ReadFile) -> Iterator[ReadLine]:
    """The rows; an exam of a FHIR catalogue, which has one for each of its analyses, once."""
    if file.kind is not FileKind.FHIR:
        yield from file.lines()
        return
    seen: set[tuple[str, ...]] = set()
    for line in file.lines():
        key = (line["level"], line["chapter_code"] if line["subchapter_code"] else "", line["code"])
        if key not in seen:
            seen.add(key)
            yield line


def _notes(file: ReadFile) -> Iterator[str]:
    """How it was read; what the page of a catalogue alone must say, or is counted anyway, is left out."""
    return (text for text in advice_on(file) if COMING not in text and NEVER_TAKEN not in text)


def _of_line(
    file: ReadFile, line: ReadLine, levels: Mapping[int, Level], skipped: Counter[Reason]
) -> Iterator[EarlierMapping]:
    found: list[tuple[EarlierMapping | None, str, str, Level | None]]
    if file.kind is FileKind.LOINC_1:
        sub = line["subchapter_code"] or line["subchapter"]
        found = [
            (statement_of(line.values), line["chapter_code"] or line["chapter"], line["chapter"], Level.CHAPTER),
            (statement_of(line.values, "earlier_subchapter_code"), sub, line["subchapter"], Level.SUBCHAPTER),
        ]
    else:
        level = _LEVELS.get(file.kind) or levels.get(line.row_number)
        found = [(statement_of(line.values), line["code"], line["label"], level)]
    for mapping, code, label, level in found:
        if mapping is None:
            skipped[Reason.NOT_DONE if line["earlier_code"] else Reason.SILENT] += bool(code)
        elif not code:
            skipped[Reason.NO_LOCAL_CODE] += 1
        else:
            if mapping.finding is not CellFinding.CODE:
                skipped[_WHY[mapping.finding]] += 1
            chapter = line["chapter_code"] or line["chapter"] if level is Level.SUBCHAPTER else ""
            told = replace(mapping, local_code=code, label=label or code, level=level, chapter=chapter)
            yield replace(told, row_number=line.row_number)


def _levels_of(file: ReadFile) -> dict[int, Level]:
    """The level that each row of our own workbook names in its first column."""
    headings = file.table.headings
    if file.kind is FileKind.FHIR:
        return {line.row_number: LEVEL_OF_WORD[line["level"]] for line in file.lines()}
    if file.kind is not FileKind.TABULAR or not headings or fold_heading(headings[0]) != "niveau":
        return {}
    words = {row.row_number: row.cells[0].strip().lower() for row in file.table.data if row.cells}
    return {number: _LEVEL_WORDS[word] for number, word in words.items() if word in _LEVEL_WORDS}
