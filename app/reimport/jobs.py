"""The background job that writes confirmed files: a first import, or a newer export; then proposals are asked for."""

from typing import Any

from sqlalchemy import Engine

from app.catalogues import draft_repository
from app.catalogues.drafts import incoming
from app.catalogues.schemas import ImportReport
from app.catalogues.service import IMPORT_JOB, MAY_IMPORT, held_by, plan_import, plan_into, read_files, write_plan
from app.errors import NotFoundError
from app.files.reading import refuse_if
from app.jobs.queue import JobQueue
from app.jobs.registry import register
from app.models import Catalogue, UploadDraft, User
from app.platform import locks
from app.platform.database import reading, transaction
from app.platform.identity import catalogue_access
from app.platform.open_transactions import forbid_open_transaction
from app.platform.progress import Progress
from app.proposals.service import ask_for_proposals
from app.reimport.service import UpdateReport, apply_update
from app.settings import Settings


def run_import(engine: Engine, settings: Settings, _job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Import the files of a confirmed draft, then forget the draft, in one transaction."""
    draft_id = int(payload["draft_id"])
    with reading(engine) as session:
        draft = session.get(UploadDraft, draft_id)
        if draft is None:
            raise NotFoundError("Les fichiers de cet import ne sont plus là. Recommencez l'envoi des fichiers.")
        held = held_by(session, draft.catalogue_id)
        files = [incoming(stored) for stored in draft_repository.files_of(session, draft_id) if not stored.is_ignored]
    # Progress is written in transactions of its own: none may be open while it is.
    forbid_open_transaction("read the files of an import")
    read = read_files(files, settings.max_upload_bytes, progress)
    progress(len(files), len(files) + 1, "Enregistrement du catalogue")
    digest = str(payload.get("digest", ""))
    plan = plan_into(held, read, may_update=bool(digest))
    refuse_if(plan.problems)
    with transaction(engine) as session:
        locks.lock_laboratory(session, draft.laboratory_id)
        if draft.catalogue_id is not None:
            locks.lock_catalogue(session, draft.catalogue_id)
        if held_by(session, draft.catalogue_id) != held:
            # Another import came first: what the files bring is judged again, on what the catalogue holds now.
            plan = plan_import(session, read, draft.catalogue_id, may_update=bool(digest))
            refuse_if(plan.problems)
        actor = session.get(User, draft.user_id)
        queue = JobQueue(settings, engine)
        report: ImportReport | UpdateReport
        if digest:
            # Her rights are those that she has now: she may have left the laboratory since.
            access = catalogue_access(session, session.get_one(User, draft.user_id), draft.catalogue_id or 0)
            access.require(*MAY_IMPORT)
            report = apply_update(session, access, plan, digest, queue)
        else:
            report = write_plan(session, draft.laboratory_id, plan, draft.catalogue_id, draft.catalogue_name, actor)
            if plan.tests:
                catalogue = session.get_one(Catalogue, report.catalogue_id)
                ask_for_proposals(session, queue, catalogue, actor.id if actor else None)
        draft_repository.delete_drafts(session, [draft_id])
    progress(len(files) + 1, len(files) + 1, "Terminé")
    return " ".join([report.sentence, *report.warnings])


register(IMPORT_JOB, run_import, "Import d'un catalogue")
