"""The background job that searches proposals for a catalogue."""

from typing import Any

from sqlalchemy import Engine

from app.jobs.registry import register
from app.platform.progress import Progress
from app.proposals.service import JOB_KIND, run_proposals
from app.settings import Settings


def run_job(engine: Engine, settings: Settings, _job_id: int, payload: dict[str, Any], progress: Progress) -> None:
    """Search for the whole catalogue, or for the rows that the payload names under `only`."""
    run_proposals(engine, settings, int(payload["catalogue_id"]), progress, payload.get("only"))


register(JOB_KIND, run_job, "Recherche de propositions")
