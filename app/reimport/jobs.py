"""The background job that writes confirmed files: a first import, or a newer export; then proposals are asked for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.catalogues import draft_repository, staging
from app.catalogues.drafts import incoming
from app.catalogues.plan import ImportPlan
from app.catalogues.schemas import ImportReport
from app.catalogues.service import (
    IMPORT_JOB,
    MAY_IMPORT,
    NOTHING_HELD,
    Held,
    held_by,
    plan_into,
    read_files,
    write_plan,
)
from app.errors import ConflictError, NotFoundError, TooBusyError
from app.files.choices import IncomingFile
from app.files.reading import ReadFile, read_file, refuse_if
from app.jobs.queue import JobQueue
from app.jobs.registry import register
from app.jobs.work import Work
from app.models import Catalogue, UploadDraft, User
from app.platform import locks
from app.platform.apart import for_jobs
from app.platform.database import Transactions, reading
from app.platform.identity import catalogue_access, laboratory_access
from app.platform.open_transactions import forbid_open_transaction
from app.proposals.service import ask_for_proposals
from app.reimport.service import MovedCatalogueError, UpdateReport, apply_update, compared
from app.settings import Settings

COMPARISONS = 3
"""How often files are compared again with a catalogue that others go on writing to."""


def run_import(engine: Engine, settings: Settings, _job_id: int, payload: dict[str, Any], work: Work) -> str:
    """Import the files of a confirmed draft, then forget it. All is shown in one transaction, with the outcome."""
    draft_id = int(payload["draft_id"])
    with reading(engine) as session:
        draft = session.get(UploadDraft, draft_id)
        stored_files = draft_repository.files_of(session, draft_id)
        if draft is None or not stored_files:
            raise NotFoundError("Les fichiers de cet import ne sont plus là. Recommencez l'envoi des fichiers.")
        held = held_by(session, draft.catalogue_id)
        files = [incoming(stored) for stored in stored_files if not stored.is_ignored]
    # Progress is written in transactions of its own: none may be open while it is.
    forbid_open_transaction("read the files of an import")
    read = _read_beside(engine, files, settings.max_upload_bytes, work)
    digest = str(payload.get("digest", ""))
    if digest:
        plan = plan_into(held, read, may_update=True)
        refuse_if(plan.refusals)
        return _update(engine, settings, draft, plan, digest, work)
    for _ in range(COMPARISONS):
        plan = plan_into(held, read)
        refuse_if(plan.refusals)
        sentence = _store(engine, settings, draft, held, plan, work)
        if sentence is not None:
            return sentence
        # Another import came first: what the files bring is judged again, on what the catalogue holds now.
        with reading(engine) as session:
            held = held_by(session, draft.catalogue_id)
    raise ConflictError("D'autres imports écrivent dans ce catalogue : recommencez quand ils seront finis.")


def _read_one(_engine: Engine, file: IncomingFile, max_bytes: int) -> ReadFile:
    return read_file(file, max_bytes)


def _read_beside(engine: Engine, files: Sequence[IncomingFile], max_bytes: int, work: Work) -> list[ReadFile]:
    """Read the files where what drowns their reader takes no worker with it."""
    apart = for_jobs(engine)
    try:
        return read_files(files, max_bytes, work, lambda file, most: apart.run(_read_one, file, most))
    except TooBusyError:
        # Ended because this process stops: the next one begins again.
        work(0, 0, "Lecture interrompue")
        raise


def _store(
    engine: Engine, settings: Settings, draft: UploadDraft, held: Held, plan: ImportPlan, work: Work
) -> str | None:
    """Store a plan where nobody sees it, then show it; None, with nothing shown, when the catalogue moved meanwhile."""
    assert draft.id is not None
    stage = staging.begin(engine, work, draft.laboratory_id)
    staged = stage.store_files(plan.files, draft.catalogue_id, draft.user_id)
    staged = stage.store_plan(plan, staged, draft.catalogue_id, is_new=held == NOTHING_HELD)
    with work.writing() as session:
        locks.lock_laboratory(session, draft.laboratory_id)
        if draft.catalogue_id is not None:
            locks.lock_catalogue(session, draft.catalogue_id)
        actor = session.get_one(User, draft.user_id)
        # Her rights are those that she has now: she may have left the laboratory since.
        laboratory_access(session, actor, draft.laboratory_id).require(*MAY_IMPORT)
        if held_by(session, draft.catalogue_id) != held or not staged.still_holds(session, draft.catalogue_id):
            return None
        report = write_plan(
            session, draft.laboratory_id, plan, draft.catalogue_id, draft.catalogue_name, actor, staged
        )
        if plan.tests:
            catalogue = session.get_one(Catalogue, report.catalogue_id)
            ask_for_proposals(session, JobQueue(settings, engine), catalogue, actor.id)
        return _done(session, draft.id, report, work)


def _update(
    engine: Engine, settings: Settings, draft: UploadDraft, plan: ImportPlan, digest: str, work: Work
) -> str:
    """Compare with no transaction open, then write, as long as nobody wrote in between."""
    assert draft.id is not None
    catalogue_id = draft.catalogue_id or 0
    for attempt in range(COMPARISONS):
        comparison = compared(Transactions(engine), catalogue_id, plan)
        stage = staging.begin(engine, work, draft.laboratory_id)
        staged = stage.store_files(plan.files, catalogue_id, draft.user_id)
        try:
            with work.writing() as session:
                access = catalogue_access(session, session.get_one(User, draft.user_id), catalogue_id)
                access.require(*MAY_IMPORT)
                report = apply_update(
                    session, access, plan, digest, comparison, JobQueue(settings, engine), staged=staged
                )
                return _done(session, draft.id, report, work)
        except MovedCatalogueError:
            if attempt == COMPARISONS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _done(session: Session, draft_id: int, report: ImportReport | UpdateReport, work: Work) -> str:
    # That it was confirmed stays known for some days, for whoever clicks once more.
    draft_repository.delete_files(session, [draft_id])
    sentence = " ".join([report.sentence, *report.warnings])
    # In this very transaction: taken over after it, the job would look for files that are gone.
    work.finish(session, sentence)
    return sentence


register(IMPORT_JOB, run_import, "Import d'un catalogue", clean=staging.clean)
