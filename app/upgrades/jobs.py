"""The background job that loads an uploaded release."""

from typing import Any

from sqlalchemy import Engine

from app.errors import InvalidInputError
from app.jobs.registry import register
from app.platform import kept_files
from app.platform.progress import Progress
from app.settings import Settings
from app.upgrades.service import load_release

JOB_KIND = "terminology.release"


def run_job(engine: Engine, _settings: Settings, _job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Load the archive, then delete the uploaded copy; it stays only when the job can be started again."""
    kept = str(payload["path"])
    try:
        with kept_files.as_file(engine, kept, ".zip") as path:
            report = load_release(
                engine,
                path,
                progress,
                version=str(payload.get("version", "")),
                source_name=str(payload.get("name", "")),
                actor_id=payload.get("actor_id"),
            )
    except InvalidInputError:
        kept_files.forget(engine, kept)
        raise
    kept_files.forget(engine, kept)
    return report.sentence()


register(JOB_KIND, run_job, "Chargement d'une version de LOINC")
