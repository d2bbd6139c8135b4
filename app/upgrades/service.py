"""A new release comes in: loaded, put in service, and the decisions that it changes sent back to be looked at."""

from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from app.models import LoincRelease, User
from app.platform.apart import Apart
from app.platform.database import Transactions
from app.platform.progress import Progress, untold
from app.terminology import loading, starter
from app.terminology import service as terminology
from app.terminology.schemas import AlsoWritten, LoadReport, nothing_more
from app.upgrades.opening import open_tasks_after, prepare_tasks


def load_release(
    engine: Engine,
    path: Path,
    progress: Progress = untold,
    *,
    version: str = "",
    source_name: str = "",
    actor_id: int | None = None,
    loaded_by: str = "",
    also: AlsoWritten = nothing_more,
    apart: Apart | None = None,
) -> LoadReport:
    """Load an official release, see `app.terminology.loading.load_release`."""
    return loading.load_release(
        engine,
        path,
        progress,
        version=version,
        source_name=source_name,
        actor_id=actor_id,
        loaded_by=loaded_by,
        also=also,
        apart=apart,
    )


def remove_unfinished(engine: Engine) -> int:
    """Remove what loads that were killed left behind, see `app.terminology.loading.remove_unfinished`."""
    return loading.remove_unfinished(engine)


def load_starter(session: Session) -> LoincRelease:
    """Load the starter terminology if it is not there yet; opens tasks when it replaces an older one in service."""
    return starter.load_starter(session, open_tasks_after)


def make_current(
    transactions: Transactions, release_id: int, actor: User | None = None, may_be_cut: bool = False
) -> LoincRelease:
    """Use a release from now on; the decisions whose code it changes get a task in the review queue."""
    return terminology.make_current(transactions, release_id, actor, prepare_tasks, may_be_cut)
