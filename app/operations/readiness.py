"""Whether the installation can serve: what is looked at, one check after the other. No table is written to."""

import tempfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.operations import repository
from app.platform.database import for_reading, reading
from app.platform.logs import error_code
from app.platform.migrations import current_revision, head_revision
from app.settings import Settings
from app.terminology.repository import current_release

Looked = TypeVar("Looked")

log = structlog.get_logger(__name__)


class Check(StrEnum):
    """What must hold, by the name that a program reads."""

    DATABASE = "database"
    MIGRATIONS = "migrations"
    DATA_FOLDER = "data_folder"
    TERMINOLOGY = "terminology"


LABELS = {
    Check.DATABASE: "base de données",
    Check.MIGRATIONS: "migrations",
    Check.DATA_FOLDER: "dossier de données",
    Check.TERMINOLOGY: "terminologie",
}


def failing_checks(engine: Engine, settings: Settings) -> list[Check]:
    """The checks that fail, in order; why is in the log. Without a database, what needs it is not looked at."""
    failing = list(_failing(_data_folder_takes_a_file, Check.DATA_FOLDER, settings.data_dir))
    without_database = list(_failing(_database_answers, Check.DATABASE, engine))
    failing += without_database
    if not without_database:
        failing += _failing(_is_migrated, Check.MIGRATIONS, engine)
        failing += _failing(_has_terminology, Check.TERMINOLOGY, engine)
    return sorted(failing, key=list(Check).index)


def _failing(test: Callable[[Looked], bool], check: Check, looked_at: Looked) -> Iterator[Check]:
    try:
        holds, error = test(looked_at), None
    except (OSError, SQLAlchemyError) as found:
        holds, error = False, found
    if not holds:
        cause = {"error": type(error).__qualname__, "error_code": error_code(error)} if error else {}
        log.warning("readiness.failed", check=str(check), **cause)
        yield check


def _data_folder_takes_a_file(folder: Path) -> bool:
    """A file without name, gone when it is closed: a full disk or a read-only one refuses the byte."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"\0")
        probe.flush()
    return True


def _database_answers(engine: Engine) -> bool:
    # SQLite would create a missing file, empty.
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
        return False
    with reading(engine) as session:
        repository.ask_anything(session)
    return True


@cache
def _expected_revision() -> str | None:
    """The latest migration of this process: its files do not change while it runs."""
    return head_revision()


def _is_migrated(engine: Engine) -> bool:
    # A read transaction: whoever asks never waits for whoever writes.
    return current_revision(for_reading(engine)) == _expected_revision()


def _has_terminology(engine: Engine) -> bool:
    with reading(engine) as session:
        return current_release(session) is not None
