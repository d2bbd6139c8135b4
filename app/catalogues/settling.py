"""What the user settles on the preview page: kind of each file, how it is written, what its columns say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from app.catalogues import draft_repository, profile_repository, profiles
from app.catalogues.drafts import DraftFile, Readings, find_unconfirmed, patients_dropped, understand
from app.errors import InputProblem
from app.files.ans_files import BESIDE_ANALYSES
from app.files.choices import Choices, Duplicates
from app.files.columns import added_columns
from app.files.earlier_fields import EARLIER_FIELDS
from app.files.encodings import ENCODINGS
from app.files.fields import FIELD_LABELS
from app.files.records import DELIMITERS, JSON, ODD_DELIMITERS, Dialect, complete_dialect
from app.models import FileKind, ImportProfile, UploadDraft
from app.platform.apart import Apart
from app.platform.database import Transactions, reading
from app.platform.identity import LaboratoryAccess
from app.platform.open_transactions import forbid_open_transaction
from app.settings import Settings

MAX_HEADER_ROWS = 50
FIXED_WIDTH = "fixe"
"""The word, beside those of the delimiters, for a text without any."""
QUOTES = {"double": '"', "single": "'", "none": ""}
DELIMITER_WORDS = {
    "point-virgule": ";", "tabulation": "\t", "virgule": ",", "barre": "|", "circonflexe": "^", "tilde": "~",
    "barre-brisee": "¦", "x1f": "\x1f", "x1e": "\x1e", "x1d": "\x1d", "x1c": "\x1c", "x01": "\x01", "paragraphe": "§",
    "diese": "#", "exclamation": "!",
}  # fmt: skip
assert set(DELIMITER_WORDS.values()) == {*DELIMITERS, *ODD_DELIMITERS}


@dataclass(slots=True)
class Settled:
    """What came of the choices."""

    reread: bool
    """A file is read otherwise than the user saw it: she must look again before importing."""
    problems: list[InputProblem]
    readings: Readings
    """What is kept of each file."""


def settle(
    transactions: Transactions,
    apart: Apart,
    access: LaboratoryAccess,
    draft: UploadDraft,
    form: Mapping[str, str],
    settings: Settings,
) -> Settled:
    """Keep what the user settled of each file of the draft; the files are read with no transaction open."""
    assert draft.id is not None
    forbid_open_transaction("read the files of an import")
    with patients_dropped(transactions, access, draft):
        settled = apart.run(understood, draft, dict(form), settings.max_upload_bytes)
    with transactions.writing() as session:
        find_unconfirmed(session, access, draft.id, is_earlier_work=draft.is_earlier_work)
        for file_id, (ignored, said) in settled.readings.items():
            assert file_id is not None
            draft_repository.settle_file(session, file_id, ignored, said)
    return settled


def understood(engine: Engine, draft: UploadDraft, form: Mapping[str, str], max_bytes: int) -> Settled:
    """What came of the choices."""
    assert draft.id is not None
    with reading(engine) as session:
        files = draft_repository.files_of(session, draft.id)
        known = profile_repository.profiles_of(session, draft.laboratory_id)
    settled = Settled(False, [], {})
    for stored in files:
        ignored = form.get(f"f{stored.id}.ignored") == "1"
        settled.reread |= ignored != stored.is_ignored
        file = understand(stored, max_bytes)
        choices, reread = _choices(known, file, form)
        settled.reread |= reread
        if not ignored and not reread:
            settled.problems += _doubled(file, form)
        settled.readings[file.id] = (ignored, choices.to_json())
    return settled


def _choices(known: Sequence[ImportProfile], file: DraftFile, form: Mapping[str, str]) -> tuple[Choices, bool]:
    """What the form says of one file, and whether it changes how the file is read."""
    prefix = f"f{file.id}."
    current = Choices.from_json(file.stored.choices)
    choices, reread = _chosen_in(known, file, form, prefix, current)
    return replace(choices, beside=current.beside, cleared=current.cleared), reread


def _chosen_in(
    known: Sequence[ImportProfile], file: DraftFile, form: Mapping[str, str], prefix: str, current: Choices
) -> tuple[Choices, bool]:
    profile = form.get(prefix + "profile", str(current.profile or ""))
    if profile != str(current.profile or ""):
        return profiles.chosen(known, profile, file.stored.file_name, file.stored.content), True
    settled, reread = _settled(file, form, prefix, current)
    takes_units = form.get(prefix + "units") == "1" if prefix + "units-shown" in form else current.takes_units
    said = form.get(prefix + "duplicates", "")
    duplicates = Duplicates(said) if said in set(Duplicates) else current.duplicates
    said = form.get(prefix + "shared", "")
    shared = Duplicates(said) if said in set(Duplicates) else current.shared
    leaves = form.get(prefix + "leaves") == "1" if prefix + "leaves-shown" in form else current.leaves_rows
    kept = replace(settled, profile=current.profile, duplicates=duplicates, shared=shared, leaves_rows=leaves)
    return replace(kept, takes_units=takes_units), reread


def _settled(file: DraftFile, form: Mapping[str, str], prefix: str, current: Choices) -> tuple[Choices, bool]:
    known_kind = file.read.kind if file.read else current.kind
    kind = _kind(form.get(prefix + "kind", "")) or known_kind
    dialect = _dialect(file, form, prefix)
    if dialect != file.dialect:
        return Choices(kind, dialect, detect_header=True), True
    header_rows = _header_rows(form.get(prefix + "header", ""), dialect.header_rows)
    if header_rows != dialect.header_rows:
        return Choices(kind, replace(dialect, header_rows=header_rows)), True
    if kind != known_kind:
        return Choices(kind, dialect, detect_header=True), True
    if file.read is None:
        return current, False
    columns = _columns(form, prefix)
    if columns is not None and added_columns(file.read.kind, file.read.table, file.read.columns):
        added = (*EARLIER_FIELDS, *BESIDE_ANALYSES)
        columns = {name: column for name, column in file.read.columns.items() if name not in added} | columns
    return Choices(kind, dialect, columns=columns or current.columns), False


def _dialect(file: DraftFile, form: Mapping[str, str], prefix: str) -> Dialect:
    before = file.dialect
    if before.format in ("fhir", JSON):
        return before
    if before.is_workbook:
        return replace(before, sheet=form.get(prefix + "sheet") or before.sheet)
    encoding = form.get(prefix + "encoding", "")
    delimiter = form.get(prefix + "delimiter", "")
    after = replace(
        before,
        encoding=encoding if encoding in ENCODINGS else before.encoding,
        delimiter=DELIMITER_WORDS.get(delimiter, before.delimiter),
        starts=() if delimiter in DELIMITER_WORDS else before.starts,
        shape=before.shape if DELIMITER_WORDS.get(delimiter, before.delimiter) == before.delimiter else "",
        quotechar=QUOTES.get(form.get(prefix + "quotes", ""), before.quotechar),
    )
    return complete_dialect(file.stored.content, after) if after != before else before


def _kind(text: str) -> FileKind | None:
    return FileKind(text) if text in FileKind.__members__ else None


def _header_rows(text: str, default: int) -> int:
    return min(int(text), MAX_HEADER_ROWS) if text.isdecimal() and len(text) <= 3 else default


def _chosen(form: Mapping[str, str], prefix: str) -> list[tuple[int, str]]:
    """(column, field) of each column that the form gives a meaning."""
    start = prefix + "c"
    pairs = [(key.removeprefix(start), value) for key, value in form.items() if key.startswith(start)]
    return sorted((int(number), name) for number, name in pairs if number.isdecimal() and len(number) <= 3)


def _columns(form: Mapping[str, str], prefix: str) -> dict[str, int] | None:
    """Field -> column; None when the form lets nothing be chosen (the columns of an ANS file are fixed)."""
    chosen = _chosen(form, prefix)
    if not chosen:
        return None
    columns: dict[str, int] = {}
    for column, name in chosen:
        if name in FIELD_LABELS:
            columns.setdefault(name, column)
    return columns


def _doubled(file: DraftFile, form: Mapping[str, str]) -> list[InputProblem]:
    names = [name for _, name in _chosen(form, f"f{file.id}.") if name in FIELD_LABELS]
    return [
        InputProblem(file.stored.file_name, f"« {FIELD_LABELS[name]} » est donné à deux colonnes.")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
