"""Scenes: what many tests begin with is written once a process, into a database of which each of them has a copy.

A fixture whose name is in BUILDERS is such a scene: the database of a test that asks for it already holds it, and
`scene.made` is what its builder returned, as it was then. Tests share nothing: the file (or the rows on the server)
and the objects are copied for each.
"""

import io
import pickle
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.platform.database import make_engine
from app.settings import Settings
from tests import postgresql

Builder = Callable[[Any, Settings], Any]
"""Writes the scene into the database of a World that holds nothing else; what it returns is pickled."""

BUILDERS: dict[str, Builder] = {}
"""By the name of the fixture; of two in one test, the later one holds the earlier one."""


def builder(name: str) -> Callable[[Builder], Builder]:
    """The function that makes the scene of the fixture of this name."""

    def keep(build: Builder) -> Builder:
        BUILDERS[name] = build
        return build

    return keep


def asked(names: Collection[str]) -> str:
    """The scene of a test with these fixtures; empty when it has none."""
    found = [name for name in BUILDERS if name in names]
    return found[-1] if found else ""


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> str | None:
        """The database and the settings are those of each test."""
        return "engine" if isinstance(obj, Engine) else "settings" if isinstance(obj, Settings) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, kept: bytes, engine: Engine, settings: Settings) -> None:
        super().__init__(io.BytesIO(kept))
        self._own = {"engine": engine, "settings": settings}

    def persistent_load(self, pid: Any) -> Any:
        return self._own[pid]


@dataclass(frozen=True, slots=True)
class Kept:
    """A scene to copy: on SQLite its file, on the server the database that tests use in turn."""

    pickled: bytes
    file: Path | None = None
    reused: postgresql.Reused | None = None

    def objects(self, engine: Engine, settings: Settings) -> tuple[Any, Any]:
        """The world and what the builder made, on this database."""
        world, made = _Unpickler(self.pickled, engine, settings).load()
        return world, made


def _build(name: str, settings: Settings, new_world: Callable[[Engine], Any]) -> bytes:
    engine = make_engine(settings.resolved_database_url)
    try:
        world = new_world(engine)
        made = BUILDERS[name](world, settings)
    finally:
        engine.dispose()
    stream = io.BytesIO()
    _Pickler(stream).dump((world, made))
    return stream.getvalue()


def in_a_file(name: str, settings: Settings, populated: Path, new_world: Callable[[Engine], Any]) -> Kept:
    """The scene in the SQLite file of these settings, whose folder is there."""
    file = make_engine(settings.resolved_database_url).url.database
    assert file is not None
    shutil.copyfile(populated, file)
    pickled = _build(name, settings, new_world)
    beside = [path.name for path in Path(file).parent.iterdir() if path.name.startswith(Path(file).name)]
    assert beside == [Path(file).name], "everything is in the file"
    return Kept(pickled, file=Path(file))


def on_the_server(
    name: str, settings: Settings, server: postgresql.Cluster, populated: str, new_world: Callable[[Engine], Any]
) -> Kept:
    """The scene in a copy of the populated database of the server."""
    database = server.create(populated)
    on_it = settings.model_copy(update={"database_url": server.url(database)})
    return Kept(_build(name, on_it, new_world), reused=postgresql.Reused(server, database))
