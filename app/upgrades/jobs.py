"""The background job that loads an uploaded release."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.errors import InvalidInputError
from app.jobs.registry import register
from app.platform.progress import Progress
from app.settings import Settings
from app.upgrades.service import load_release

JOB_KIND = "terminology.release"


def run_job(engine: Engine, _settings: Settings, _job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Load the archive, then delete the uploaded copy; it stays only when the job can be started again."""
    path = Path(str(payload["path"]))
    try:
        report = load_release(
            engine,
            path,
            progress,
            version=str(payload.get("version", "")),
            source_name=str(payload.get("name", "")),
            actor_id=payload.get("actor_id"),
        )
    except InvalidInputError:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)
    return report.sentence()


register(JOB_KIND, run_job, "Chargement d'une version de LOINC")
