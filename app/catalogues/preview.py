"""Building the preview page from an import being prepared."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from app.catalogues.drafts import Draft, DraftFile, open_draft
from app.catalogues.pages import ClashView, ColumnView, FileView, Option, PreviewPage, RowView
from app.catalogues.plan import ImportPlan
from app.catalogues.profiles import Reading, reading_of
from app.catalogues.service import KIND_LABELS
from app.catalogues.written_options import delimiters, encoding_hint, encodings, options, quotes
from app.errors import InputProblem
from app.files.ans_files import ANS_COLUMNS, BESIDE_ANALYSES, SIDE_FIELDS, heading_of
from app.files.choices import DUPLICATES_LABELS, SHARED_LABELS, Choices
from app.files.clashes import Clash
from app.files.columns import added_columns
from app.files.earlier_fields import EARLIER_FIELDS
from app.files.fields import FIELD_LABELS
from app.files.left_rows import rows_in_the_way
from app.files.odd_cells import WHAT
from app.files.reading import ReadFile, listed
from app.files.records import JSON
from app.models import FileKind, ImportProfile, Laboratory, Level, UploadDraft
from app.text import counted, enumeration
from app.web.spreadsheet_csv import csv_pieces

SHOWN_ROWS = 6
SHOWN_ROWS_TO_MAP = 12
"""More rows where the user must say what the columns hold."""
SHOWN_CLASHES = 8
SHOWN_CHARACTERS = 80
_KIND_WORDS = {
    FileKind.LOINC_1: "chapitres", FileKind.LOINC_2: "examens", FileKind.LOINC_3: "analyses",
    FileKind.TABULAR: "catalogue", FileKind.SIDE_DATA: "données annexes",
}  # fmt: skip
_FIXED = ("fhir", JSON)
"""The formats of which nothing of how they are written is left to choose."""
_MAPPED = (FileKind.TABULAR, FileKind.SIDE_DATA)
_TABULAR_FIELDS = tuple(FIELD_LABELS)
_SIDE_FIELDS = ("code", *SIDE_FIELDS)


@dataclass(frozen=True, slots=True)
class Preview:
    """The page that shows how the files of an import are understood, and what confirming it needs."""

    page: PreviewPage
    readings: dict[int, Reading]
    """How each file that is kept is read, by its identifier."""


def look(
    engine: Engine,
    stored: UploadDraft,
    max_bytes: int,
    laboratory: Laboratory,
    target: str,
    known: Sequence[ImportProfile],
    more_problems: Sequence[InputProblem] = (),
    must_look_again: bool = False,
    is_refused: bool = False,
) -> Preview:
    """Read the files of an import as settled so far; what is said of them is small, whatever their size."""
    draft = open_draft(engine, stored, max_bytes)
    kept = {file.id: file.read for file in draft.files if file.read is not None and not file.stored.is_ignored}
    return Preview(
        _page(draft, laboratory, target, known, more_problems, must_look_again, is_refused),
        {file_id: reading_of(read) for file_id, read in kept.items()},
    )


def duplicates_csv(engine: Engine, stored: UploadDraft, max_bytes: int) -> str:
    """The rows of an import that share a code and say different things, as a CSV to work on beside the SGL."""
    draft = open_draft(engine, stored, max_bytes)
    rows: list[list[str]] = []
    widest: tuple[str, ...] = ()
    for file in draft.files:
        if file.read is None or file.stored.is_ignored:
            continue
        widest = max(widest, file.read.table.headings, key=len)
        by_number = {row.row_number: row.cells for row in file.read.table.data}
        for clash in (*file.read.clashes, *file.read.shared_codes):
            differing = ", ".join(clash.headings)
            rows += [
                [file.stored.file_name, clash.code, str(number), differing, *by_number[number]] for number in clash.rows
            ]
    return "".join(csv_pieces(("Fichier", "Code en double", "Ligne", "Colonnes qui diffèrent", *widest), rows))


def odd_cells_csv(engine: Engine, stored: UploadDraft, max_bytes: int) -> str:
    """The cells of an import that a spreadsheet changed, as a CSV to work on beside the SGL."""
    draft = open_draft(engine, stored, max_bytes)
    rows = [
        [
            file.stored.file_name,
            str(cell.row_number),
            file.read.heading(cell.field),
            cell.text,
            WHAT[cell.kind],
            "oui" if cell.is_refused else "non",
        ]
        for file in draft.files
        if file.read is not None and not file.stored.is_ignored
        for cell in file.read.odd_cells
    ]
    return "".join(csv_pieces(("Fichier", "Ligne", "Colonne", "Cellule", "Constat", "Empêche l'import"), rows))


def _page(
    draft: Draft,
    laboratory: Laboratory,
    target: str,
    profiles: Sequence[ImportProfile],
    more_problems: Sequence[InputProblem],
    must_look_again: bool,
    is_refused: bool,
) -> PreviewPage:
    problems = [*more_problems, *draft.problems]
    assert draft.stored.id is not None
    assert laboratory.id is not None
    return PreviewPage(
        title="Vérifier avant l'import",
        laboratory_id=laboratory.id,
        laboratory_name=laboratory.name,
        draft_id=draft.stored.id,
        target=target,
        is_new_catalogue=draft.stored.catalogue_id is None,
        files=[file_view(file, profiles, laboratory.sgl_name) for file in draft.files],
        outcome="" if problems or draft.plan.unsettled else _outcome(draft.plan),
        warnings=draft.plan.warnings,
        problems=[str(problem) for problem in listed(problems)],
        must_look_again=must_look_again,
        is_refused=is_refused,
        must_choose=bool(draft.plan.unsettled),
        is_update=draft.plan.updates,
    )


def _outcome(plan: ImportPlan) -> str:
    return enumeration(
        (
            (plan.count(Level.ANALYSIS), "analyse", "analyses"),
            (plan.count(Level.EXAM), "examen", "examens"),
            (plan.count(Level.CHAPTER), "chapitre", "chapitres"),
            (plan.count(Level.SUBCHAPTER), "sous-chapitre", "sous-chapitres"),
            (len(plan.side_data or ()), "ligne de données annexes", "lignes de données annexes"),
        )
    )


def file_view(file: DraftFile, profiles: Sequence[ImportProfile] = (), sgl_name: str = "") -> FileView:
    """How one file is understood, and what may be chosen."""
    read = file.read
    dialect = file.dialect
    kind = read.kind if read else None
    table = read.table if read else None
    headers = {str(count): _header_label(count) for count in range(0, max(6, dialect.header_rows + 2))}
    sheets = {name: name for name in table.sheet_names} if table else {}
    return FileView(
        id=file.id,
        name=file.stored.file_name,
        size=len(file.stored.content),
        is_ignored=file.stored.is_ignored,
        is_read=read is not None,
        is_workbook=dialect.is_workbook,
        kind_label=KIND_LABELS[kind] if kind else "illisible tel quel",
        row_count=len(table.data) if table else 0,
        kinds=_kind_options(kind),
        encodings=encodings(file),
        delimiters=delimiters(dialect, file.stored.content),
        quotes=quotes(dialect),
        headers=options(headers, str(dialect.header_rows)) if dialect.format not in _FIXED else [],
        sheets=options(sheets, dialect.sheet) if len(sheets) > 1 else [],
        columns=_columns(read) if read else [],
        rows=_rows(read) if read else [],
        remaining=max(0, len(read.table.rows) - _shown(read)) if read else 0,
        must_map=kind in _MAPPED,
        problems=[str(problem) for problem in listed(file.problems)] if read is None else [],
        encoding_hint=encoding_hint(file),
        profiles=_profile_options(file, profiles),
        applied_profile=_applied(file, profiles),
        may_save=read is not None and dialect.format not in _FIXED and not file.stored.is_ignored,
        suggested_profile=_suggested(kind, sgl_name),
        may_take_units=bool(read and read.derived_units),
        takes_units=bool(read and read.takes_units),
        units_hint=_units_hint(read) if read else "",
        clashes=_clash_views(read.clashes if read else ()),
        clash_count=len(read.clashes) if read and read.kind is not FileKind.FHIR else 0,
        odd_cells=counted(len(read.odd_cells), "cellule", "cellules") if read and read.odd_cells else "",
        rows_in_the_way=len(read.left_rows or rows_in_the_way(read)) if read else 0,
        leaves_rows=bool(read and read.left_rows),
        duplicates=options({str(key): label for key, label in DUPLICATES_LABELS.items()}, _duplicates(read)),
        shared_codes=_clash_views(read.shared_codes if read else ()),
        shared_count=len(read.shared_codes) if read else 0,
        shared=options(
            {str(key): label for key, label in SHARED_LABELS.items()}, str(read.incoming.choices.shared) if read else ""
        ),
    )


def _clash_views(clashes: Sequence[Clash]) -> list[ClashView]:
    return [
        ClashView(code=clash.code, rows=", ".join(map(str, clash.rows)), headings=", ".join(clash.headings))
        for clash in clashes[:SHOWN_CLASHES]
    ]


def _duplicates(read: ReadFile | None) -> str:
    chosen = read.incoming.choices.duplicates if read else None
    return str(chosen) if chosen else ""


def _profile_id(file: DraftFile) -> int | None:
    return Choices.from_json(file.stored.choices).profile


def _profile_options(file: DraftFile, profiles: Sequence[ImportProfile]) -> list[Option]:
    if not profiles or file.dialect.format in _FIXED:
        return []
    labels = {"": "— aucun —"} | {str(profile.id): profile.name for profile in profiles}
    return options(labels, str(_profile_id(file) or ""))


def _applied(file: DraftFile, profiles: Sequence[ImportProfile]) -> str:
    return next((profile.name for profile in profiles if profile.id == _profile_id(file)), "")


def _suggested(kind: FileKind | None, sgl_name: str) -> str:
    return " – ".join(text for text in (sgl_name, _KIND_WORDS.get(kind, "") if kind else "") if text)


def _units_hint(read: ReadFile) -> str:
    found = read.derived_units
    if not found:
        return ""
    example, unit = found[0]
    return f"{counted(len(found), 'ligne', 'lignes')} ; par exemple « {_short(example)} » donne {unit}"


def _kind_options(kind: FileKind | None) -> list[Option]:
    """What the user may say a file is: FHIR says so itself."""
    if kind is None or kind is FileKind.FHIR:
        return []
    return options({item.value: label for item, label in KIND_LABELS.items() if item is not FileKind.FHIR}, kind)


def _header_label(count: int) -> str:
    return "Aucune" if count == 0 else f"{count} ligne" + ("s" if count > 1 else "")


def _shown(read: ReadFile) -> int:
    return read.table.dialect.header_rows + (SHOWN_ROWS if read.kind in ANS_COLUMNS else SHOWN_ROWS_TO_MAP)


def _width(read: ReadFile) -> int:
    """The columns to show: those of the file, and those of a shown row that has too many."""
    shown = read.table.rows[: _shown(read)]
    return max([read.table.full_width, *(len(row.cells) for row in shown)])


def _rows(read: ReadFile) -> list[RowView]:
    width = _width(read)
    return [
        RowView(
            number=row.row_number,
            cells=[_short(cell) for cell in (*row.cells, *[""] * (width - len(row.cells)))],
            is_header=position < read.table.dialect.header_rows,
        )
        for position, row in enumerate(read.table.rows[: _shown(read)])
        # The headings of a FHIR table are ours: they stand above already.
        if read.kind is not FileKind.FHIR or position
    ]


def _short(cell: str) -> str:
    return cell if len(cell) <= SHOWN_CHARACTERS else cell[: SHOWN_CHARACTERS - 1] + "…"


def _columns(read: ReadFile) -> list[ColumnView]:
    field_of = {column: name for name, column in read.columns.items()}
    added = added_columns(read.kind, read.table, read.columns)
    return [
        ColumnView(
            index=column,
            heading=read.table.heading(column),
            meaning=_meaning(read, field_of.get(column, "")),
            options=_field_options(read.kind, field_of.get(column, ""), column in added),
        )
        for column in range(_width(read))
    ]


def _meaning(read: ReadFile, name: str) -> str:
    if read.kind is FileKind.FHIR:
        return read.table.heading(read.columns[name]) if name else ""
    if read.kind not in ANS_COLUMNS:
        return ""
    return heading_of(read.kind, name) or (FIELD_LABELS[name] if name in BESIDE_ANALYSES else "non lue")


def _field_options(kind: FileKind, chosen: str, is_added: bool) -> list[Option]:
    """What a column may mean; `is_added`: it stands after those of an ANS file."""
    if kind is FileKind.FHIR or (kind in ANS_COLUMNS and not is_added):
        return []
    beside = BESIDE_ANALYSES if kind is FileKind.LOINC_3 else ()
    names = (*beside, *EARLIER_FIELDS) if is_added else _SIDE_FIELDS if kind is FileKind.SIDE_DATA else _TABULAR_FIELDS
    labels = {"": "— non lue —"} | {name: FIELD_LABELS[name] for name in names}
    return options(labels, chosen if chosen in labels else "")
