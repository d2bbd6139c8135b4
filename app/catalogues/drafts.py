"""Imports being prepared: files received, shown to the user as they are understood, then confirmed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.refusals import refusals_journaled
from app.catalogues import draft_repository, profile_repository, profiles
from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.catalogues.plan import ImportPlan
from app.catalogues.service import IMPORT_JOB, create_catalogue, held_by, plan_into, refuse_too_many
from app.errors import ConflictError, ImportRefusedError, InputProblem, InvalidInputError, NotFoundError
from app.files.archive import unpacked_and_left
from app.files.choices import Choices, IncomingFile
from app.files.guard import NOTHING_CLEARED, refuse_beside, refuse_message, refuse_patient_data, refuse_patients
from app.files.reading import ReadFile, read_file
from app.files.records import Dialect, detect_dialect
from app.files.tabular import check_content, read_table
from app.jobs.queue import JobQueue
from app.models import Catalogue, ImportProfile, UploadDraft, UploadDraftFile, utc_now
from app.patient_guard.findings import Kind
from app.patient_guard.refusal import PatientDataError, Refusals
from app.patient_guard.texts import refuse_patient_text
from app.platform.apart import Apart
from app.platform.database import Transactions, reading
from app.platform.identity import LaboratoryAccess
from app.platform.open_transactions import forbid_open_transaction
from app.settings import Settings

PREPARED_FOR = timedelta(hours=24)
CONFIRMED_FOR = timedelta(days=7)
MAX_DRAFTS = 3
"""Imports that one person may leave in preparation in one laboratory; older ones are forgotten."""


class AlreadyConfirmedError(ConflictError):
    """The import was confirmed since it was looked up."""

    def __init__(self, catalogue_id: int | None) -> None:
        super().__init__("Cet import est déjà confirmé : il ne peut plus être changé.")
        self.catalogue_id = catalogue_id


Readings = dict[int | None, tuple[bool, dict[str, Any]]]
"""File of a draft -> whether it is left out, and how it is read."""


@dataclass(slots=True)
class DraftFile:
    """A file of an import being prepared, as it is understood for now."""

    stored: UploadDraftFile
    read: ReadFile | None
    problems: list[InputProblem] = field(default_factory=list)
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def id(self) -> int:
        """Identifier of the stored file."""
        assert self.stored.id is not None
        return self.stored.id


@dataclass(slots=True)
class Draft:
    """An import being prepared: its files, and what they would write."""

    stored: UploadDraft
    files: list[DraftFile]
    plan: ImportPlan

    @property
    def problems(self) -> list[InputProblem]:
        """Everything that prevents the import."""
        unread = [problem for file in self.files if not file.read for problem in file.problems]
        return unread + self.plan.problems


def start(
    transactions: Transactions,
    apart: Apart,
    access: LaboratoryAccess,
    received: Sequence[tuple[str, bytes]],
    *,
    catalogue_id: int | None,
    catalogue_name: str,
    settings: Settings,
    clearance: Clearance = NO_CLEARANCE,
) -> int:
    """Keep received files until the user confirms them.

    A file that holds patients, or that can never be read, is not kept: raises ImportRefusedError, and PatientDataError,
    which is journaled, where somebody is in it. `clearance` is what the person answered for.
    Returns the identifier of the import being prepared.
    """
    with transactions.reading() as session:
        _check_target(session, access, catalogue_id, catalogue_name)
        known = profile_repository.profiles_of(session, access.laboratory_id)
    forbid_open_transaction("read received files")
    refuse_patient_text(catalogue_name)
    with refusals_journaled(transactions, "import", actor=access.user, laboratory_id=access.laboratory_id):
        looked_at = apart.run(
            examined, list(received), known, settings.max_upload_bytes, clearance.checked(access.user)
        )
    draft = UploadDraft(
        user_id=access.user_id,
        laboratory_id=access.laboratory_id,
        catalogue_id=catalogue_id,
        catalogue_name="" if catalogue_id is not None else " ".join(catalogue_name.split()),
    )
    with transactions.writing() as session:
        _check_target(session, access, catalogue_id, catalogue_name)
        forget_old(session, access)
        session.add(draft)
        session.flush()
        assert draft.id is not None
        for file in looked_at:
            content = file.content if file.place is None else received[file.place][1]
            session.add(
                UploadDraftFile(draft_id=draft.id, file_name=file.name, content=content, choices=file.choices)
            )
        clearance.record(session, access, draft_id=draft.id)
        return draft.id


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """A received file and how it is read at first."""

    name: str
    choices: dict[str, Any]
    place: int | None
    """Which of the received files it is; None when it comes out of an archive."""
    content: bytes
    """Of what comes out of an archive: whoever asked has the others."""


def examined(
    _engine: Engine,
    received: Sequence[tuple[str, bytes]],
    known: Sequence[ImportProfile],
    max_bytes: int,
    cleared: frozenset[Kind] = NOTHING_CLEARED,
) -> list[ExaminedFile]:
    """The received files, out of their archive, and how each is read at first; raises what `start` raises."""
    files, left = unpacked_and_left(received, max_bytes)
    refuse_too_many(files)
    places = {id(content): place for place, (_, content) in enumerate(received)}
    refused = Refusals()
    found: list[ExaminedFile] = []
    for name, content in files:
        try:
            own = _first_choices(name, content, max_bytes, cleared)
            choices = replace(profiles.proposed(known, name, content) or own, cleared=cleared)
            if not found:
                choices = replace(choices, beside=tuple(left))
        except ImportRefusedError as error:
            refused.add(error)
        else:
            place = places.get(id(content))
            found.append(ExaminedFile(name, choices.to_json(), place, b"" if place is not None else content))
    refused.raise_any()
    return found


def _first_choices(name: str, content: bytes, max_bytes: int, cleared: frozenset[Kind]) -> Choices:
    """Refuse what must not be kept; the rest is read as it seems to be written, until the user says otherwise."""
    refuse_message(name, content)
    check_content(name, content, max_bytes)
    try:
        table = read_table(name, content)
    except ImportRefusedError:
        # What cannot be read is refused as patients where it holds some: that is journaled.
        refuse_patients(name, content, cleared)
        raise
    refuse_patient_data(table, cleared)
    refuse_beside(name, content, cleared)
    return Choices()


def _check_target(session: Session, access: LaboratoryAccess, catalogue_id: int | None, catalogue_name: str) -> None:
    if catalogue_id is None:
        if not catalogue_name.strip():
            raise InvalidInputError("Donnez un nom au nouveau catalogue.")
        return
    catalogue = session.get(Catalogue, catalogue_id)
    if catalogue is None or catalogue.laboratory_id != access.laboratory_id:
        raise NotFoundError("Ce catalogue n'existe pas dans ce laboratoire.")


def forget_old(session: Session, access: LaboratoryAccess, *, is_earlier_work: bool = False) -> None:
    """Make room for one more: what is too old goes, and the oldest of this person."""
    now = utc_now()
    old = draft_repository.older_than(session, now - PREPARED_FOR, now - CONFIRMED_FOR)
    own = draft_repository.drafts_of(
        session, access.user_id, access.laboratory_id, is_earlier_work=is_earlier_work
    )
    old.extend(draft.id for draft in own[MAX_DRAFTS - 1 :] if draft.id is not None)
    draft_repository.delete_drafts(session, old)


def find(
    session: Session, access: LaboratoryAccess, draft_id: int, *, is_earlier_work: bool = False
) -> UploadDraft:
    """An import that this person prepared, confirmed or not; raises NotFoundError."""
    draft = session.get(UploadDraft, draft_id)
    is_own = draft is not None and draft.user_id == access.user_id and draft.laboratory_id == access.laboratory_id
    if draft is None or not is_own or draft.is_earlier_work is not is_earlier_work:
        raise gone()
    return draft


def gone() -> NotFoundError:
    """What is said of an import that is no more, or of somebody else."""
    return NotFoundError("Cet import n'est plus en préparation. Recommencez l'envoi des fichiers.")


def find_unconfirmed(
    session: Session, access: LaboratoryAccess, draft_id: int, *, is_earlier_work: bool = False
) -> UploadDraft:
    """An import that this person prepares; raises NotFoundError or ConflictError."""
    draft = find(session, access, draft_id, is_earlier_work=is_earlier_work)
    if draft.is_confirmed:
        raise AlreadyConfirmedError(draft.catalogue_id)
    return draft


def incoming(stored: UploadDraftFile) -> IncomingFile:
    """The stored file as the import reads it."""
    return IncomingFile(stored.file_name, stored.content, Choices.from_json(stored.choices))


def understand(stored: UploadDraftFile, max_bytes: int) -> DraftFile:
    """Read a file as settled so far; what prevents it is kept for the page. Raises PatientDataError."""
    file = incoming(stored)
    try:
        read = read_file(file, max_bytes)
    except PatientDataError:
        raise
    except ImportRefusedError as error:
        dialect = file.choices.dialect or detect_dialect(file.content, file.name)
        return DraftFile(stored, None, list(error.problems), dialect)
    return DraftFile(stored, read, read.problems, read.table.dialect)


def open_draft(engine: Engine, draft: UploadDraft, max_bytes: int) -> Draft:
    """Read the files of an import again, as settled so far, and plan what they would write."""
    assert draft.id is not None
    with reading(engine) as session:
        stored = draft_repository.files_of(session, draft.id)
        held = held_by(session, draft.catalogue_id)
    forbid_open_transaction("read the files of an import")
    files = [understand(file, max_bytes) for file in stored]
    used = [file.read for file in files if file.read and not file.stored.is_ignored]
    plan = plan_into(held, used, may_update=True)
    if not used and all(file.stored.is_ignored for file in files):
        plan.problems.append(InputProblem("aucun", "gardez au moins un fichier."))
    return Draft(draft, files, plan)


@contextmanager
def patients_dropped(
    transactions: Transactions, access: LaboratoryAccess, draft: UploadDraft, door: str = "import"
) -> Iterator[None]:
    """Where patients are found only when kept files are read again, the files are forgotten before it is said."""
    try:
        with refusals_journaled(transactions, door, actor=access.user, laboratory_id=access.laboratory_id):
            yield
    except PatientDataError:
        with transactions.writing() as session:
            abandon(session, draft)
        raise


def is_as_settled(session: Session, draft_id: int, settled: Readings) -> bool:
    """Whether the files of a draft are still to be read as the user settled it: another tab may have changed that."""
    return draft_repository.readings_of(session, draft_id) == settled


def confirm(
    session: Session, access: LaboratoryAccess, draft_id: int, queue: JobQueue, digest: str = ""
) -> int:
    """Ask for the import of a draft without problems; returns the catalogue, created when it is a new one.

    With `digest` the files update the catalogue, as long as the differences are those that the user saw.
    A draft confirmed already, by a second click, is not confirmed again.
    """
    draft = find(session, access, draft_id)
    if draft.is_confirmed and draft.catalogue_id is not None:
        return draft.catalogue_id
    if draft.catalogue_id is None:
        catalogue = create_catalogue(session, access.laboratory_id, draft.catalogue_name, access.user)
        draft.catalogue_id = catalogue.id
    assert draft.catalogue_id is not None
    draft.is_confirmed = True
    session.add(draft)
    queue.enqueue(
        session,
        IMPORT_JOB,
        laboratory_id=access.laboratory_id,
        catalogue_id=draft.catalogue_id,
        created_by_id=access.user_id,
        payload={"draft_id": draft.id} | ({"digest": digest} if digest else {}),
    )
    return draft.catalogue_id


def abandon(session: Session, draft: UploadDraft) -> None:
    """Forget an import being prepared."""
    assert draft.id is not None
    draft_repository.delete_drafts(session, [draft.id])
