"""The background job that loads an uploaded release; delivered twice or killed half-way, it loads it once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine
from sqlmodel import Session

from app.errors import InvalidInputError
from app.jobs.registry import register
from app.jobs.work import Work
from app.models import StoredFile
from app.platform.apart import for_jobs
from app.platform.database import reading
from app.settings import Settings
from app.storage import service as storage
from app.terminology.repository import release_loaded_by
from app.terminology.schemas import LoadReport
from app.upgrades.service import load_release

JOB_KIND = "terminology.release"
GONE = "Cette archive n'est plus gardée : envoyez-la de nouveau."


def run_job(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], work: Work) -> str:
    """Load the archive, then remove the received copy; it stays only when the job can be started again.

    The job ends in the transaction that makes the release ready. The copy goes afterwards: an attempt that takes over
    must still find it, and one that is forgotten expires.
    """
    identity = f"travail-{job_id}"
    with reading(engine) as session:
        received = session.get(StoredFile, int(payload.get("file") or 0))
        done = release_loaded_by(session, identity)
    if received is None or received.id is None or received.removed_at is not None:
        if done is None:
            raise InvalidInputError(GONE)
        return f"LOINC {done.version} est chargée."

    def end(session: Session, report: LoadReport) -> None:
        work.finish(session, report.sentence())

    try:
        with _on_disk(engine, settings, job_id, received) as path:
            report = load_release(
                engine,
                path,
                work,
                version=str(payload.get("version", "")),
                source_name=str(payload.get("name", "")),
                actor_id=payload.get("actor_id"),
                loaded_by=identity,
                also=end,
                apart=for_jobs(engine),
            )
    except InvalidInputError as error:
        with work.writing() as session:
            work.refuse(session, error.message)
        storage.remove_content(engine, received.id)
        return error.message
    if not work.is_finished:
        # These contents were there already, or came from another work meanwhile.
        with work.writing() as session:
            end(session, report)
    storage.remove_content(engine, received.id)
    return report.sentence()


@contextmanager
def _on_disk(engine: Engine, settings: Settings, job_id: int, received: StoredFile) -> Iterator[Path]:
    """The archive as a file of this machine while it is being read; what a killed attempt left is removed."""
    folder = settings.data_dir / "depots"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob(f"travail-{job_id}-*.zip"):
        left.unlink(missing_ok=True)
    path = folder / f"travail-{job_id}-{uuid4().hex}.zip"
    try:
        with path.open("wb") as target:
            target.writelines(storage.read_pieces(engine, received))
        yield path
    finally:
        path.unlink(missing_ok=True)


register(JOB_KIND, run_job, "Chargement d'une version de LOINC")
