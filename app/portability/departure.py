"""A laboratory that leaves by its page: the archive that is kept for a download, what it is of, and what closing asks.

The archive and the jobs belong to the installation, and to no laboratory: a job of the laboratory would be at work in
it, and what proves that it left must outlive it. Administrators of the installation alone come here.
"""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.jobs.queue import JobQueue
from app.laboratories.service import get_laboratory
from app.models import AuditEvent, Catalogue, ClosedLaboratory, Job, JobStatus, Laboratory, StoredFile, User, utc_now
from app.platform import locks
from app.portability import repository
from app.portability.writing import AT_WORK
from app.transcoding.readers import any_hidden, blind_actor

ARCHIVE_KIND = "portability.archive"
CLOSING_KIND = "portability.close"
KINDS = (ARCHIVE_KIND, CLOSING_KIND)
CHANGED = (
    "Quelque chose a été écrit dans ce laboratoire, ou mis en service dans l’installation, depuis que cette archive a "
    "été préparée : elle n’en tient plus le dernier état. Préparez-en une autre. Rien n’a été effacé."
)
BLIND = (
    "Des lignes de ce laboratoire attendent une deuxième lecture, à l’aveugle, que vous pouvez faire ; l’archive dit "
    "ce qui y fut décidé. Lisez-les d’abord, ou qu’un autre administrateur la télécharge."
)
NO_ARCHIVE = "L’archive n’est plus gardée ici : préparez-en une autre."
NO_COPY_LEFT = (
    "L’archive avec laquelle cette fermeture a été demandée n’est plus gardée ici : préparez-en une autre. Rien n’a "
    "été effacé."
)
CLOSING = "La fermeture de ce laboratoire est en cours."
_OVER = tuple(status for status in JobStatus if status.is_over)


@dataclass(frozen=True, slots=True)
class Kept:
    """The last archive of a laboratory, with what the journal says of it."""

    file: StoredFile
    rows: int
    files: int
    """Members of the zip."""
    head: tuple[int, str]
    """Position and hash of the last link that it holds."""
    counts: dict[str, int]

    @property
    def is_here(self) -> bool:
        """Whether it can still be downloaded."""
        return _is_here(self.file)


def key_of(laboratory_id: int, job_id: int) -> str:
    """What the archive of a job is published under."""
    return f"laboratoire-{laboratory_id}-travail-{job_id}"


def archives_kept(session: Session, laboratory_id: int) -> list[StoredFile]:
    """The published archives of a laboratory whose content is here, the newest first."""
    asked = select(StoredFile).where(
        col(StoredFile.published_key).startswith(key_of(laboratory_id, 0)[:-1], autoescape=True),
        col(StoredFile.laboratory_id).is_(None),
        col(StoredFile.removed_at).is_(None),
    )
    return list(session.exec(asked.order_by(col(StoredFile.id).desc())))


def kept_archive(session: Session, laboratory_id: int) -> Kept | None:
    """The newest of them, with what it holds; None when there is none."""
    for file in archives_kept(session, laboratory_id)[:1]:
        said = _event_of(session, laboratory_id, file.sha256)
        if said is not None:
            kept = Kept(
                file, said["rows"], said["files"], (said["head_position"], said["head_hash"]), dict(said["counts"])
            )
            return kept if kept.is_here else None
    return None


def _event_of(session: Session, laboratory_id: int, sha256: str) -> dict[str, Any] | None:
    """What the journal of the installation says of an archive: it is chained, and outlives the laboratory."""
    asked = select(AuditEvent.details).where(
        AuditEvent.action == "laboratory.archive",
        AuditEvent.object_id == str(laboratory_id),
        col(AuditEvent.laboratory_id).is_(None),
    )
    for details in session.exec(asked.order_by(col(AuditEvent.id).desc())):
        if details.get("sha256") == sha256 and "counts" in details:
            return dict(details)
    return None


def jobs_of(session: Session, laboratory_id: int, kind: str) -> list[Job]:
    """The jobs of this kind that were asked for this laboratory, the newest first; a hundred at most are looked at."""
    asked = select(Job).where(Job.kind == kind, col(Job.laboratory_id).is_(None)).order_by(col(Job.id).desc())
    return [job for job in session.exec(asked.limit(100)) if job.payload.get("laboratory_id") == laboratory_id]


def last_job(session: Session, laboratory_id: int, kind: str) -> Job | None:
    """The newest of them."""
    return next(iter(jobs_of(session, laboratory_id, kind)), None)


def under_way(session: Session, laboratory_id: int) -> Job | None:
    """The archive or the closing of this laboratory that is not over."""
    found = (last_job(session, laboratory_id, kind) for kind in KINDS)
    return next((job for job in found if job is not None and job.status not in _OVER), None)


def closed_with(session: Session, laboratory_id: int) -> ClosedLaboratory | None:
    """What remains of a laboratory that was closed; None for any other number."""
    return session.exec(select(ClosedLaboratory).where(ClosedLaboratory.number == laboratory_id)).first()


def refuse_without_copy(session: Session, file_id: int, *, is_held: bool = False) -> None:
    """Raise ConflictError when the archive that a closing was asked with cannot be downloaded any more.

    With `is_held` its row is, until the transaction ends: nobody removes the last copy of what is being erased.
    """
    file = session.get(StoredFile, file_id, with_for_update=is_held, populate_existing=True)
    if file is None or not _is_here(file):
        raise ConflictError(NO_COPY_LEFT)


def _is_here(file: StoredFile) -> bool:
    return file.removed_at is None and (file.expires_at is None or file.expires_at > utc_now())


def name_of(session: Session, laboratory_id: int) -> str:
    """The name of a laboratory of here, or of one that was closed; NotFoundError for a number that never was."""
    closed = closed_with(session, laboratory_id)
    return closed.name if closed is not None else get_laboratory(session, laboratory_id).name


def has_changed(session: Session, laboratory_id: int, kept: Kept) -> bool:
    """Whether a fact was added since: the closing itself compares everything, byte by byte."""
    head = repository.head(session, laboratory_id)
    return head is None or (head.position, head.hash) != kept.head


def ask_for_archive(session: Session, queue: JobQueue, laboratory_id: int, actor: User) -> Job:
    """Have the archive prepared; the job under way when there is one. Raises ConflictError while one closes it."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    laboratory = get_laboratory(session, laboratory_id)
    job = under_way(session, laboratory_id)
    if job is not None:
        if job.kind == CLOSING_KIND:
            raise ConflictError(CLOSING)
        return job
    if repository.is_at_work(session, laboratory_id):
        raise ConflictError(AT_WORK)
    return _enqueue(session, queue, ARCHIVE_KIND, laboratory, actor)


def ask_to_close(
    session: Session, queue: JobQueue, laboratory_id: int, typed_name: str, typed_sha256: str, actor: User
) -> Job:
    """Have the laboratory closed with the archive that is kept; the job under way when one closes it already.

    Raises InvalidInputError for another name or fingerprint, ConflictError when the archive is gone, or not of the
    present state, or when a job is at work.
    """
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    laboratory = get_laboratory(session, laboratory_id)
    job = under_way(session, laboratory_id)
    if job is not None:
        if job.kind == ARCHIVE_KIND:
            raise ConflictError("Une archive est en préparation : attendez-la, la fermeture se fait avec elle.")
        return job
    kept = kept_archive(session, laboratory_id)
    if kept is None:
        raise ConflictError(NO_ARCHIVE)
    if typed_name.strip() != laboratory.name:
        raise InvalidInputError(
            f"Pour fermer ce laboratoire, écrivez son nom exactement : « {laboratory.name} ». Rien n’a été effacé."
        )
    if "".join(typed_sha256.split()).lower() != kept.file.sha256:
        raise InvalidInputError(
            "Cette empreinte n’est pas celle de l’archive préparée : calculez-la sur le fichier que vous avez "
            "téléchargé. Rien n’a été effacé."
        )
    if has_changed(session, laboratory_id, kept):
        raise ConflictError(CHANGED)
    if repository.is_at_work(session, laboratory_id):
        raise ConflictError(AT_WORK)
    return _enqueue(session, queue, CLOSING_KIND, laboratory, actor, sha256=kept.file.sha256, file_id=kept.file.id)


def _enqueue(
    session: Session, queue: JobQueue, kind: str, laboratory: Laboratory, actor: User, **more: Any
) -> Job:
    payload = {"laboratory_id": laboratory.id, "name": laboratory.name, **more}
    return queue.enqueue(session, kind, created_by_id=actor.id, payload=payload)


def open_archive(session: Session, laboratory_id: int, person: User) -> StoredFile:
    """The archive that is kept, ready to be read; NotFoundError when there is none.

    Raises ConflictError for a person who could still read a row of it a second time: every decision is in it.
    """
    kept = kept_archive(session, laboratory_id)
    if kept is None:
        raise NotFoundError(NO_ARCHIVE)
    laboratory = session.get(Laboratory, laboratory_id)
    blind = blind_actor(session, laboratory, person) if laboratory is not None else None
    catalogues = select(Catalogue.id).where(Catalogue.laboratory_id == laboratory_id)
    if blind is not None and any(any_hidden(session, blind, number or 0) for number in session.exec(catalogues)):
        raise ConflictError(BLIND)
    return kept.file


def expired_archives(session: Session) -> list[int]:
    """The numbers of the archives that may no longer be downloaded and whose content is still here."""
    asked = select(StoredFile.id).where(
        col(StoredFile.laboratory_id).is_(None),
        col(StoredFile.published_key).startswith("laboratoire-", autoescape=True),
        col(StoredFile.removed_at).is_(None),
        col(StoredFile.expires_at) <= utc_now(),
    )
    return [number for number in session.exec(asked) if number is not None]
