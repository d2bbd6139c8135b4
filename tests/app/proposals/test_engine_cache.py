"""Engines are known by what they were built from, built once, and freed."""

import gc
import threading
import time
import weakref
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from app.errors import WorkbenchError
from app.models import LoincRelease
from app.platform.database import make_engine, reading, transaction
from app.proposals import readiness
from app.proposals.engine_cache import EngineCache
from app.proposals.service import prepare_engine
from app.settings import Settings
from app.terminology.terms_hash import hash_of, is_known, known_hash, stored_values
from app.upgrades.start import prepare
from matcher import Engine
from tests.conftest import Logs


def _engine(name: str) -> Engine:
    return cast(Engine, f"engine {name}")


def _no_engine() -> Engine:
    raise AssertionError("it is built already")


def test_the_least_recently_used_engine_leaves() -> None:
    cache = EngineCache(most=2)
    for name in ("a", "b", "a", "c"):
        cache.get(name, lambda name=name: _engine(name))  # type: ignore[misc]
    assert cache.keys() == ["a", "c"]
    assert cache.get("a", _no_engine) == _engine("a")


def test_the_old_engine_is_freed_before_the_next_is_built() -> None:
    cache = EngineCache()
    seen: list[list[str]] = []

    def build() -> Engine:
        seen.append(cache.keys())
        return _engine("b")

    cache.get("a", lambda: _engine("a"))
    cache.get("b", build)
    assert seen == [[]]
    assert cache.keys() == ["b"]


def test_threads_that_want_the_same_engine_build_it_once() -> None:
    cache, built = EngineCache(), []

    def build() -> Engine:
        built.append(threading.get_ident())
        time.sleep(0.05)
        return _engine("a")

    threads = [threading.Thread(target=cache.get, args=("a", build)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_a_build_that_fails_is_tried_again() -> None:
    cache = EngineCache()

    def fail() -> Engine:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        cache.get("a", fail)
    assert cache.get("a", lambda: _engine("a")) == _engine("a")


def test_an_edited_term_makes_another_engine_and_all_processes_agree(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    database = prepare(settings)
    with reading(database) as session:
        release = session.exec(select(LoincRelease)).one()
        assert release.id is not None
        assert release.terms_hash == hash_of(stored_values(session, release.id)), "kept at load, as computed"
    before = prepare_engine(database, settings)
    assert before is not None
    assert prepare_engine(database, settings) is before
    with transaction(database) as session:
        session.connection().execute(text("UPDATE loinc_term SET component = 'Edited' WHERE loinc_num = '2951-2'"))
    with reading(database) as session:
        edited = session.exec(select(LoincRelease)).one()
    assert not is_known(edited.terms_hash)
    after = prepare_engine(database, settings)
    assert after is not None
    assert after is not before
    assert after.index.terms[after.index.number_of["2951-2"]].component == "Edited"
    with reading(database) as session:
        kept = session.exec(select(LoincRelease)).one()
    assert is_known(kept.terms_hash)
    assert kept.terms_hash != release.terms_hash
    assert kept.terms_hash == known_hash(database, release.id)
    database.dispose()


@pytest.mark.parametrize("error", [WorkbenchError("panne"), OSError("panne"), OperationalError("", None, OSError())])
def test_a_server_opens_even_when_its_engine_is_not_to_be_had(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, error: Exception, logs: Logs
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(readiness, "prepare_engine", refuse)
    readiness.warm_up(make_engine("sqlite://"), settings)
    assert [event["error"] for event in logs.events("engine.not_ready")] == [type(error).__qualname__]


@pytest.mark.usefixtures("real_collector")
def test_the_collector_walks_through_no_engine_that_is_kept() -> None:
    class Heavy:
        """A cycle, as engines have: only the collector would free it."""

        def __init__(self) -> None:
            self.itself = self

    def is_walked(engine: Any) -> bool:
        return any(found is engine for found in gc.get_objects())

    cache = EngineCache(most=1)
    kept = cache.get("one", Heavy)  # type: ignore[arg-type, return-value]
    try:
        assert not is_walked(kept)
        left = weakref.ref(kept)
        del kept

        def build() -> Any:
            assert left() is None, "the engine that leaves is freed first"
            return Heavy()

        cache.get("two", build)
    finally:
        gc.unfreeze()
