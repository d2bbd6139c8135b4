"""A second installation, on the other database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.platform.database import make_engine
from app.settings import Settings
from tests import postgresql
from tests.app.exports.conftest import decided, sample
from tests.app.portability.moving import Place
from tests.app.versions.conftest import approved, desk, signing

__all__ = ["approved", "decided", "desk", "sample", "signing"]


@pytest.fixture
def elsewhere(
    database_kind: str, request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> Iterator[Place]:
    """An empty installation on the other database: SQLite for PostgreSQL, PostgreSQL for SQLite."""
    folder = tmp_path / "ailleurs"
    folder.mkdir()
    if database_kind == "sqlite":
        reused: postgresql.Reused = request.getfixturevalue("empty_on_server")
        url = reused.fresh()
    else:
        path = folder / "base.sqlite3"
        shutil.copyfile(request.getfixturevalue("empty_database"), path)
        url = f"sqlite:///{path}"
    engine = make_engine(url)
    yield Place(engine, settings.model_copy(update={"data_dir": folder, "database_url": url}))
    engine.dispose()
