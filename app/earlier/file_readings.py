"""How a file of earlier work is read, where that is unsure or not as wanted: kept until a person settled it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine
from sqlmodel import Session

from app.catalogues import draft_repository, drafts
from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.catalogues.drafts import DraftFile, understand
from app.catalogues.pages import FileView
from app.catalogues.preview import file_view
from app.earlier.service import Sent
from app.errors import ImportRefusedError, InputProblem
from app.files.choices import Choices, IncomingFile
from app.files.earlier_fields import EARLIER_CODES
from app.files.encodings import detect
from app.files.fields import fold_heading, guess_columns
from app.files.guard import NOTHING_CLEARED, refuse_patients
from app.files.kinds import FileKind
from app.files.loinc_cells import read_code
from app.files.loinc_columns import others_like
from app.files.reading import ReadFile, read_file
from app.files.workbook import Sheet
from app.memory.catalogue_tables import said_of
from app.memory.file_reading import own_format
from app.memory.tables import TableReadError
from app.models import UploadDraft, UploadDraftFile
from app.patient_guard.findings import Kind
from app.platform.database import Transactions, reading
from app.platform.identity import CatalogueAccess
from app.text import counted

_HEADER_SEARCH_ROWS = 15
_OWN_HEADING = "code loinc approuve"


@dataclass(frozen=True, slots=True)
class OwnFormat:
    """A file whose format says what its columns are: nothing is to be settled."""

    name: str
    format: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The files as they are understood for now."""

    files: list[FileView]
    others: list[OwnFormat]
    doubts: list[str]
    """What to look at before it is taken up."""
    outcome: list[str]
    """What each file brings, read so."""


def is_table(content: bytes) -> bool:
    """Whether a person may say how a file is read."""
    return own_format(content) is None


def must_be_settled(
    _engine: Engine,
    files: Sequence[tuple[str, bytes]],
    max_bytes: int,
    cleared: frozenset[Kind] = NOTHING_CLEARED,
) -> bool:
    """Whether a file leaves a doubt; raises ImportRefusedError for one that is no table, nor anything else, and
    PatientDataError for one that holds patients, whatever its format, beside what is `cleared`."""
    for name, content in files:
        refuse_patients(name, content, cleared)
    tables = [(name, content) for name, content in files if is_table(content)]
    # Each is read: one that cannot be is refused, whatever the others leave in doubt.
    choices = Choices(cleared=cleared)
    doubts = [list(_doubts(read_file(IncomingFile(*file, choices), max_bytes))) for file in tables]
    return any(doubts)


def _doubts(file: ReadFile) -> Iterator[str]:
    """What makes the reading of a table unsure."""
    pairs: set[tuple[str, str]] = set()
    try:
        said = said_of(file)
        pairs = {(item.local_code, item.loinc_num) for item in (*said.mappings, *said.others)}
        if not said.mappings and not said.others:
            yield "aucune ligne ne porte de code LOINC, lue ainsi."
    except TableReadError as error:
        yield f"{error}."
    except ImportRefusedError as error:
        yield from (str(problem).removeprefix(f"{file.name} : ") for problem in error.problems[:3])
    for problem in file.problems:
        # A label may miss: the local code says which row is meant.
        if problem.row is None and not problem.message.startswith("aucune colonne n'est désignée"):
            yield problem.message
    others = others_like(file.table, file.columns)
    if others and any(name in file.columns for name in EARLIER_CODES):
        named = ", ".join(f"« {file.table.heading(item.column)} »" for item in others)
        yield f"des codes LOINC sont aussi dans {named} : dites quelle colonne compte."
    # The decision workbook of this product has other sheets about the rows of its first one.
    is_own = _OWN_HEADING in map(fold_heading, file.table.headings)
    sheets = [f"« {sheet.name} »" for sheet in file.table.other_sheets if not is_own and _pairs(sheet) - pairs]
    if sheets:
        yield f"la feuille {', '.join(sheets)} a aussi des codes locaux et des codes LOINC : dites laquelle compte."
    if file.table.dialect.format == "csv" and file.incoming.choices.dialect is None:
        found = detect(file.incoming.content)
        if found.is_doubtful or found.odd_lines:
            yield "l'encodage n'est pas certain : regardez les accents."


def _pairs(sheet: Sheet) -> set[tuple[str, str]]:
    """(local code, LOINC code) that a sheet says, where its headings name both."""
    for place, row in enumerate(sheet.rows[:_HEADER_SEARCH_ROWS]):
        columns = guess_columns(row)
        if {"code", "earlier_code"} <= columns.keys():
            code, loinc = columns["code"], columns["earlier_code"]
            rows = [cells for cells in sheet.rows[place + 1 :] if max(code, loinc) < len(cells)]
            said = {(cells[code].strip(), read_code(cells[loinc]).code) for cells in rows}
            return {(local, number) for local, number in said if local and number}
    return set()


def start(
    transactions: Transactions,
    access: CatalogueAccess,
    files: Sequence[tuple[str, bytes]],
    clearance: Clearance = NO_CLEARANCE,
) -> int:
    """Keep files, that were looked at, until a person says how they are read."""
    choices = Choices(cleared=clearance.checked(access.user)).to_json()
    draft = UploadDraft(
        user_id=access.user_id, laboratory_id=access.laboratory_id, catalogue_id=access.catalogue_id,
        is_earlier_work=True,
    )  # fmt: skip
    with transactions.writing() as session:
        drafts.forget_old(session, access, is_earlier_work=True)
        session.add(draft)
        session.flush()
        assert draft.id is not None
        for name, content in files:
            session.add(UploadDraftFile(draft_id=draft.id, file_name=name, content=content, choices=choices))
        clearance.record(session, access, draft_id=draft.id)
        return draft.id


def find(session: Session, access: CatalogueAccess, draft_id: int) -> UploadDraft:
    """Files that this person settles for this catalogue; raises NotFoundError."""
    draft = drafts.find_unconfirmed(session, access, draft_id, is_earlier_work=True)
    if draft.catalogue_id != access.catalogue_id:
        raise drafts.gone()
    return draft


def look(engine: Engine, draft: UploadDraft, max_bytes: int) -> Seen:
    """Read the files again as settled so far."""
    assert draft.id is not None
    with reading(engine) as session:
        stored = draft_repository.files_of(session, draft.id)
    seen = Seen([], [], [], [])
    for item in stored:
        told = own_format(item.content)
        if told is not None:
            seen.others.append(OwnFormat(item.file_name, told))
            continue
        file = understand(item, max_bytes)
        seen.files.append(_view(file))
        if file.read is None or item.is_ignored:
            continue
        seen.doubts.extend(f"{item.file_name} : {doubt}" for doubt in _doubts(file.read))
        seen.outcome.extend(_outcome(file.read))
    return seen


def _outcome(file: ReadFile) -> Iterator[str]:
    try:
        said = said_of(file)
    except (TableReadError, ImportRefusedError):
        return
    yield (
        f"{file.name} : {counted(len(said.mappings), 'code LOINC affirmé', 'codes LOINC affirmés')} par le fichier, "
        f"{counted(len(said.others), 'autre mention', 'autres mentions')} (sans code, illisible, rejetée, à revoir)."
    )
    yield from said.notes


def _view(file: DraftFile) -> FileView:
    """What may be chosen; what only a catalogue asks for is left out."""
    view = file_view(file)
    is_free = file.read is not None and file.read.kind in (FileKind.TABULAR, FileKind.SIDE_DATA)
    label = "tableau" if is_free else view.kind_label
    kinds = [
        replace(kind, label="tableau libre") if kind.value == FileKind.TABULAR else kind
        for kind in view.kinds
        if kind.value != FileKind.SIDE_DATA or kind.is_chosen
    ]
    return replace(
        view, kind_label=label, kinds=kinds, profiles=[],
        may_save=False, may_take_units=False, clashes=[], clash_count=0, rows_in_the_way=0,
        shared_codes=[], shared_count=0, odd_cells="", must_map=is_free,
    )  # fmt: skip


def settled_files(session: Session, draft: UploadDraft) -> list[Sent]:
    """The files that are kept, and how each is read; of one that says it itself, only what is cleared counts."""
    assert draft.id is not None
    return [
        (item.file_name, item.content, Choices.from_json(item.choices))
        for item in draft_repository.files_of(session, draft.id)
        if not item.is_ignored
    ]


def nothing_kept() -> ImportRefusedError:
    """What is said when every file was left out."""
    return ImportRefusedError([InputProblem("aucun", "gardez au moins un fichier.")])
