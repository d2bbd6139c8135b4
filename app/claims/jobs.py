"""The job that makes the evidence pack of a catalogue for one person."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.claims.pack import Pack, make_pack
from app.claims.versions import Asked, asked_version
from app.jobs.queue import JobQueue
from app.models import Job
from app.platform.database import Transactions, reading
from app.platform.identity import CatalogueAccess
from app.platform.progress import Progress
from app.settings import Settings
from app.storage import prepared, service

JOB_KIND = "claims.pack"
TITLE = "Dossier de preuve (zip)"
STEPS = 3


def ask_for_pack(session: Session, queue: JobQueue, access: CatalogueAccess, asked: Asked) -> Job:
    """Ask for a pack; a job makes it, however small the catalogue: it must not depend on who looks.

    Raises what `asked_version` does. The version is settled now: one that is signed meanwhile changes nothing.
    """
    version = asked_version(session, access.catalogue_id, asked)
    title = f"{TITLE}, version {version.number}" if version else f"{TITLE}, état du jour"
    number = version.number if version else None
    choices = {"version": number, "draft": version is None, "without_pdf": asked.without_pdf}
    return prepared.ask(session, queue, access, JOB_KIND, title, choices)


def run_job(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Make a pack, publish it and journal its fingerprint; a job that has published already does nothing."""
    with reading(engine) as session:
        done = service.published(session, prepared.key_of(job_id))
        order = prepared.read_order(session, job_id) if done is None else None
    if done is not None:
        return prepared.sentence(done)
    assert order is not None
    service.expire(engine, settings)
    progress(0, STEPS, "Lecture des faits et écriture du dossier")
    drafts: list[service.Draft] = []
    made: list[Pack] = []
    asked = Asked(payload.get("version"), bool(payload.get("draft")), bool(payload.get("without_pdf")))

    def deliver(path: Path, pack: Pack) -> None:
        made[:] = [pack]
        progress(1, STEPS, "Mise en réserve du dossier")
        with path.open("rb") as file:
            drafts[:] = [service.write_draft(engine, order.draft(), service.pieces_of(file))]
        progress(2, STEPS, "Inscription au journal")

    def publish(session: Session, pack: Pack) -> None:
        prepared.publish(
            session, settings, job_id, drafts[0], pack.name, "application/zip", pack.stated_at, progress
        )

    try:
        make_pack(
            Transactions(engine), settings, order.laboratory, order.catalogue, deliver, order.person,
            publish=publish, asked=asked,
        )  # fmt: skip
    except service.AlreadyPublishedError:
        service.remove_draft(engine, drafts[0].id)
    except BaseException:
        for draft in drafts:
            service.remove_draft(engine, draft.id)
        raise
    return " ".join([prepared.outcome(engine, job_id), *(pack.sentence for pack in made)])


prepared.register(JOB_KIND, run_job, "Préparation d'un dossier de preuve", for_contributors=True)
