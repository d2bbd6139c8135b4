"""Any history, moved: every figure of every day, every export and every version is the same."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlmodel import select

from app.models import GraceDate, Laboratory, User
from app.platform.database import make_engine, transaction
from app.settings import Settings
from tests import postgresql
from tests.app.claims.histories import History, histories, write
from tests.app.portability.moving import (
    anomalies,
    archived,
    arrived,
    exports,
    figures,
    load_terminology,
    name_contents,
    versions,
)
from tests.conftest import World, add_members
from tests.hypothesis_profiles import costly


@pytest.fixture
def fresh_places(
    request: pytest.FixtureRequest, empty_database: Path, empty_on_server: postgresql.Reused, tmp_path: Path
) -> object:
    """`fresh_places()`: the addresses of an empty SQLite installation and of an empty one on a server."""

    def make() -> tuple[str, str]:
        path = tmp_path / "base.sqlite3"
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        shutil.copyfile(empty_database, path)
        return f"sqlite:///{path}", empty_on_server.fresh()

    return make


@pytest.mark.only("sqlite", "each example takes both databases, one after the other")
@costly(16, HealthCheck.function_scoped_fixture)
@given(history=histories(), is_from_server=st.booleans())
def test_any_history_moves_as_it_is(
    history: History, is_from_server: bool, world: World, fresh_places: object, settings: Settings, tmp_path: Path
) -> None:
    file_url, server_url = fresh_places()  # type: ignore[operator]
    here, there = (server_url, file_url) if is_from_server else (file_url, server_url)
    source, target = make_engine(here), make_engine(there)
    try:
        laboratory, other, users = add_members(source)
        with transaction(source) as session:
            write(session, World(source, laboratory, other, users), history)
        name_contents(source)
        add_members(target)
        with transaction(target) as session:
            for known in session.exec(select(Laboratory)):
                known.name = f"{known.name} (ici)"
                session.add(known)
        load_terminology(source, target)
        if history.grace:
            # The administrators of both decided the same, at other moments: the past is that of there all the same.
            with transaction(target) as session:
                author = session.exec(select(User.id)).first()
                session.add(GraceDate(last_day=history.grace[-1][1], author_id=author or 0))
        path = tmp_path / "archive.zip"
        archived(source, laboratory.id or 0, path)
        arrived(target, path)
        assert figures(target, laboratory.name, history.days) == figures(source, laboratory.name, history.days)
        assert versions(target, laboratory.name) == versions(source, laboratory.name)
        mine, theirs = exports(source, settings, laboratory.name), exports(target, settings, laboratory.name)
        assert {key for key in mine if mine[key] != theirs[key]} == set()
        assert [said for said in anomalies(target) if "sha256" in said] == []
    finally:
        source.dispose()
        target.dispose()
