"""The jobs of a laboratory that leaves: its archive is prepared, then it is erased, all of it or nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError, NotAllowedError
from app.jobs.registry import register, register_sweep
from app.jobs.work import finish
from app.models import Job, StoredFile, User, utc_now
from app.platform import locks
from app.platform.database import Transactions, reading
from app.platform.integrity import refuse_damaged
from app.platform.progress import Progress
from app.platform.working_folders import look_now_and_then
from app.portability.closing import Closed, close_laboratory
from app.portability.departure import (
    ARCHIVE_KIND,
    CHANGED,
    CLOSING,
    CLOSING_KIND,
    archives_kept,
    closed_with,
    expired_archives,
    key_of,
    name_of,
    refuse_without_copy,
    under_way,
)
from app.portability.writing import Archive, make_archive
from app.settings import Settings
from app.storage import service
from app.text import counted, stamp_day

STEPS = 3
ASKED_WITHIN = timedelta(hours=1)
"""A closing that did not begin by then is asked for again: whoever asked had just proved who she is."""
_TOO_LATE = "Cette fermeture a été demandée il y a plus d’une heure : redemandez-la. Rien n’a été effacé."
_NOT_ANY_MORE = "La personne qui a demandé ce travail n’administre plus cette installation. Rien n’a été fait."


def _asked_by(session: Session, job_id: int) -> tuple[Job, User]:
    """The job, and who asked for it, who must still administer the installation."""
    job = session.get_one(Job, job_id)
    person = session.get(User, job.created_by_id) if job.created_by_id else None
    if person is None or not person.is_active or not person.is_administrator:
        raise NotAllowedError(_NOT_ANY_MORE)
    return job, person


def run_archive(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Write the archive, publish it and journal its fingerprint; a job that has published already does nothing."""
    laboratory_id = int(payload["laboratory_id"])
    key = key_of(laboratory_id, job_id)
    with reading(engine) as session:
        if service.published(session, key) is not None:
            return _ready(payload)
        _job, person = _asked_by(session, job_id)
        earlier = archives_kept(session, laboratory_id)
    service.expire(engine, settings)
    refuse_damaged(engine)
    progress(0, STEPS, "Lecture du laboratoire et écriture de l’archive")
    drafts: list[service.Draft] = []

    def deliver(path: Path, archive: Archive) -> None:
        progress(1, STEPS, "Mise en réserve de l’archive")
        stored = StoredFile(
            job_id=job_id, created_by_id=person.id, title=f"Archive de « {archive.laboratory} »"[:200],
            file_name=f"laboratoire_{laboratory_id}_{stamp_day(archive.stated_at)}.zip", media_type="application/zip",
            stated_at=archive.stated_at,
        )  # fmt: skip
        with path.open("rb") as file:
            drafts[:] = [service.write_draft(engine, stored, service.pieces_of(file))]
        progress(2, STEPS, "Inscription au journal")

    def publish(session: Session, _archive: Archive) -> None:
        stored = service.publish(session, drafts[0], key)
        stored.expires_at = utc_now() + timedelta(hours=settings.prepared_hours)
        session.add(stored)
        finish(progress, session, _ready(payload))

    try:
        make_archive(Transactions(engine), laboratory_id, deliver, person, publish)
    except service.AlreadyPublishedError:
        service.remove_draft(engine, drafts[0].id)
    except BaseException:
        for draft in drafts:
            service.remove_draft(engine, draft.id)
        raise
    for file in earlier:
        # One copy of a laboratory is kept: each may be as large as its database.
        service.remove_content(engine, file.id or 0)
    return _ready(payload)


def _ready(payload: dict[str, Any]) -> str:
    return f"L’archive de « {payload['name']} » est prête ; elle se télécharge depuis la page de son départ."


def run_closing(engine: Engine, _settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Write the archive once more, compare it with the one that was downloaded, then erase in one transaction.

    What was written since in any table, also one that no chain links, makes other bytes. Raises ConflictError then.
    """
    laboratory_id = int(payload["laboratory_id"])
    with reading(engine) as session:
        known = closed_with(session, laboratory_id)
        job, person = (None, None) if known is not None else _asked_by(session, job_id)
        if known is None:
            refuse_without_copy(session, int(payload["file_id"]))
    if known is not None:
        return _done(known.name, sum(known.rows.values()))
    assert job is not None
    assert person is not None
    if utc_now() - job.created_at > ASKED_WITHIN:
        raise ConflictError(_TOO_LATE)
    refuse_damaged(engine)
    progress(0, STEPS, "Relecture du laboratoire : rien ne doit avoir changé depuis l’archive")

    def compare(_path: Path, archive: Archive) -> None:
        if archive.sha256 != payload["sha256"]:
            raise ConflictError(CHANGED)
        progress(1, STEPS, "Effacement, d’un seul tenant : jusqu’à sa fin, rien n’est effacé")

    def end(session: Session, closed: Closed) -> None:
        refuse_without_copy(session, int(payload["file_id"]), is_held=True)
        finish(progress, session, _done(closed.archive.laboratory, closed.rows))

    closed = close_laboratory(
        Transactions(engine), laboratory_id, str(payload["name"]), person, compare, also=end
    )  # fmt: skip
    return _done(closed.archive.laboratory, closed.rows)


def _done(name: str, rows: int) -> str:
    return f"Laboratoire « {name} » fermé : {counted(rows, 'ligne effacée', 'lignes effacées')}."


def remove_copy(session: Session, laboratory_id: int, actor: User) -> list[int]:
    """Journal that the kept archive is removed; the numbers of the files whose content is to go.

    Raises ConflictError while the laboratory is being closed with it, NotFoundError for a number that never was one.
    """
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    name_of(session, laboratory_id)
    job = under_way(session, laboratory_id)
    if job is not None and job.kind == CLOSING_KIND and closed_with(session, laboratory_id) is None:
        raise ConflictError(CLOSING)
    files = archives_kept(session, laboratory_id)
    if files:
        record(
            session, "laboratory.remove_archive", actor=actor, object_type="laboratory", object_id=laboratory_id,
            sha256=files[0].sha256,
        )  # fmt: skip
    return [file.id or 0 for file in files]


def remove_expired(engine: Engine) -> bool:
    """Remove the archives that expired: the last copy of a laboratory that was closed must not wait for others."""
    with reading(engine) as session:
        found = expired_archives(session)
    for file_id in found:
        service.remove_content(engine, file_id)
    return bool(found)


def remove_left_behind(_engine: Engine) -> bool:
    """Remove what a killed process had written of a laboratory outside the database."""
    return look_now_and_then() > 0


register_sweep(remove_expired)
register_sweep(remove_left_behind)
register(ARCHIVE_KIND, run_archive, "Archive d’un laboratoire", asked_anew=True)
register(CLOSING_KIND, run_closing, "Fermeture d’un laboratoire", asked_anew=True)
