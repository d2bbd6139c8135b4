"""Files that a job prepares for one person: asked for once, published once, hers to download until they expire."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.errors import NotAllowedError, NotFoundError
from app.jobs import registry, work
from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS, Catalogue, Job, JobStatus, Laboratory, LocalTest, StoredFile, User, utc_now
from app.platform.database import reading, transaction
from app.platform.identity import CatalogueAccess, role_in
from app.platform.progress import Progress
from app.settings import Settings
from app.storage import repository, service

PAGE_NAME = "Fichiers préparés"
OVER = tuple(status for status in JobStatus if status.is_over)
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Preparation:
    """A kind of job that prepares files."""

    kind: str
    for_contributors: bool


_kinds: dict[str, Preparation] = {}


def register(kind: str, function: registry.JobFunction, label: str, *, for_contributors: bool) -> None:
    """Declare a kind of job that prepares files; called by each room when it is imported."""
    registry.register(kind, function, label)
    _kinds[kind] = Preparation(kind, for_contributors)


def is_large(session: Session, settings: Settings, catalogue_id: int) -> bool:
    """Whether a catalogue has so many rows that its files are prepared by jobs; it counts no further."""
    statement = select(LocalTest.id).where(LocalTest.catalogue_id == catalogue_id)
    return session.exec(statement.offset(settings.prepared_above_rows).limit(1)).first() is not None


def ask(
    session: Session, queue: JobQueue, access: CatalogueAccess, kind: str, title: str, choices: dict[str, Any]
) -> Job:
    """Ask for a file; the job that already prepares the very same one for this person, if one does."""
    payload = {"title": title, **choices}
    statement = select(Job).where(
        Job.kind == kind,
        Job.catalogue_id == access.catalogue_id,
        Job.created_by_id == access.user.id,
        col(Job.status).not_in(OVER),
    )
    for job in session.exec(statement):
        if job.payload == payload:
            return job
    return queue.enqueue(
        session,
        kind,
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        created_by_id=access.user.id,
        payload=payload,
    )


def key_of(job_id: int) -> str:
    """What the file of a job is published under."""
    return f"travail-{job_id}"


@dataclass(frozen=True, slots=True)
class Order:
    """What a job of preparation is to make, for whom, on which catalogue."""

    job_id: int
    kind: str
    title: str
    laboratory: Laboratory
    catalogue: Catalogue
    person: User
    for_contributors: bool

    def draft(self) -> StoredFile:
        """The file to write, before its content."""
        return StoredFile(
            job_id=self.job_id,
            laboratory_id=self.laboratory.id,
            catalogue_id=self.catalogue.id,
            created_by_id=self.person.id,
            title=self.title[:200],
            for_contributors=self.for_contributors,
        )


def read_order(session: Session, job_id: int) -> Order:
    """The order behind a job. The rights of the person are read again: she may have left the laboratory."""
    job = session.get_one(Job, job_id)
    catalogue = session.get(Catalogue, job.catalogue_id) if job.catalogue_id else None
    person = session.get(User, job.created_by_id) if job.created_by_id else None
    if catalogue is None or person is None:
        raise NotFoundError("Ce catalogue n'existe plus.")
    preparation = _kinds[job.kind]
    role = role_in(session, person.id, catalogue.laboratory_id)
    if role is None or (preparation.for_contributors and role not in CONTRIBUTORS):
        raise NotAllowedError("La personne qui a demandé ce fichier n'a plus le droit de l'obtenir.")
    laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
    title = str(job.payload.get("title", ""))
    return Order(job_id, job.kind, title, laboratory, catalogue, person, preparation.for_contributors)


def publish(
    session: Session, settings: Settings, job_id: int, draft: service.Draft, name: str, media_type: str,
    stated_at: datetime, progress: Progress,
) -> StoredFile:  # fmt: skip
    """Give a written file to its person and end its job, in the transaction that records it; see `service.publish`.

    Raises LostLeaseError when somebody else has the job now.
    """
    stored = service.publish(session, draft, key_of(job_id))
    stored.file_name, stored.media_type, stored.stated_at = name, media_type, stated_at
    stored.expires_at = utc_now() + timedelta(hours=settings.prepared_hours)
    session.add(stored)
    # The file is there and its job is done, or neither.
    work.finish(progress, session, sentence(stored))
    return stored


def sentence(file: StoredFile) -> str:
    """The outcome of a job of preparation, in French."""
    if file.removed_at is not None:
        return f"« {file.file_name} » avait été préparé ; il a expiré depuis."
    return f"« {file.file_name} » est prêt ; il se télécharge depuis la page « {PAGE_NAME} » du catalogue."


def prepare(
    engine: Engine,
    settings: Settings,
    job_id: int,
    progress: Progress,
    make: Callable[[Order], tuple[str, str, Iterable[bytes], datetime]],
    note: Callable[[Session, Order], None] | None = None,
) -> str:
    """Do a job of preparation; returns the sentence of its outcome.

    `make` gives the name, the media type, the content in pieces and the moment that it states. `note` records what
    else is to be known of the file, in the transaction that publishes it. A job that has published already does
    nothing.
    """
    with reading(engine) as session:
        done = service.published(session, key_of(job_id))
        order = read_order(session, job_id) if done is None else None
    if done is not None:
        return sentence(done)
    assert order is not None
    service.expire(engine, settings)
    name, media_type, content, stated_at = make(order)
    draft = service.write_draft(engine, order.draft(), content)
    try:
        with transaction(engine) as session:
            publish(session, settings, job_id, draft, name, media_type, stated_at, progress)
            if note is not None:
                note(session, order)
    except service.AlreadyPublishedError:
        service.remove_draft(engine, draft.id)
    except BaseException:
        service.remove_draft(engine, draft.id)
        raise
    return outcome(engine, job_id)


def outcome(engine: Engine, job_id: int) -> str:
    """The sentence of a job that has published, be it in another attempt."""
    with reading(engine) as session:
        stored = service.published(session, key_of(job_id))
    assert stored is not None
    return sentence(stored)


def open_file(session: Session, access: CatalogueAccess, file_id: int) -> StoredFile:
    """A file that this person asked for on this catalogue, ready to be read; NotFoundError for any other."""
    file = session.get(StoredFile, file_id)
    is_hers = (
        file is not None
        and file.published_key is not None
        and file.catalogue_id == access.catalogue_id
        and file.created_by_id == access.user.id
    )
    if file is None or not is_hers:
        raise NotFoundError("Ce fichier n'existe pas ou ne vous est pas ouvert.")
    if file.for_contributors:
        access.require(*CONTRIBUTORS)
    if file.removed_at is not None or (file.expires_at is not None and file.expires_at <= utc_now()):
        raise NotFoundError("Ce fichier a expiré : demandez-le de nouveau, il sera préparé à l'état du moment.")
    return file


def orders_of(session: Session, access: CatalogueAccess) -> tuple[list[Job], list[StoredFile]]:
    """The jobs of preparation of this person that gave no file on this catalogue, and her files; newest first."""
    may_all = access.role in CONTRIBUTORS
    kinds = [item.kind for item in _kinds.values() if may_all or not item.for_contributors]
    statement = select(Job).where(
        Job.catalogue_id == access.catalogue_id,
        Job.created_by_id == access.user.id,
        col(Job.kind).in_(kinds),
        Job.status != JobStatus.DONE,
    )
    jobs = session.exec(statement.order_by(col(Job.id).desc()).limit(SHOWN))
    assert access.user.id is not None
    files = repository.files_of(session, access.catalogue_id, access.user.id, SHOWN)
    return list(jobs), [file for file in files if may_all or not file.for_contributors]
