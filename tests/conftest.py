"""What every test of the application starts from: a fresh database, a small world, signed-in clients."""

import gc
import io
import json
import logging
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from fastapi.routing import _IncludedRouter
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlmodel import Session, SQLModel, create_engine
from starlette.routing import BaseRoute

from app.accounts import passwords
from app.double_reading import asking
from app.main import create_app
from app.models import Catalogue, Laboratory, Membership, Role, User
from app.platform import database, open_transactions
from app.platform import postgresql as server
from app.platform.database import make_engine, reading, transaction
from app.platform.identity import CatalogueAccess, LaboratoryAccess
from app.platform.logs import configure_logs
from app.platform.migrations import upgrade
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.proposals import engine_cache, engines
from app.proposals.engine_cache import EngineCache
from app.proposals.service import prepare_engine
from app.settings import Settings
from app.tallies.check import wrong_catalogues
from app.tallies.marks import marked
from app.upgrades.start import prepare
from tests import hypothesis_profiles, postgresql, scenes

# As the command line sets it; what is private whatever the umask has tests of its own.
os.umask(0o077)
# The tests start hundreds of processes: each would compile the whole application again, where the environment (as that
# of many containers) keeps Python from writing what it has compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
hypothesis_profiles.load()
open_transactions.be_strict()

TRANSCODER = "transcodeur@exemple.fr"
BIOLOGIST = "biologiste@exemple.fr"
READER = "lecteur@exemple.fr"
ADMINISTRATOR = "admin@exemple.fr"
OUTSIDER = "outsider@exemple.fr"

ROLES = {TRANSCODER: Role.TRANSCODER, BIOLOGIST: Role.BIOLOGIST, READER: Role.READER}
NAMES = {
    TRANSCODER: "Tania Transcodeuse",
    BIOLOGIST: "Béatrice Biologiste",
    READER: "Lucien Lecteur",
    ADMINISTRATOR: "Aline Admin",
    OUTSIDER: "Oscar Ailleurs",
}

REAL_HASHER = passwords._hasher
REAL_DRAW = asking.is_drawn
REAL_PAUSE = database.GIVE_WAY_SECONDS

ClientFor = Callable[[str], TestClient]


Members = tuple[Laboratory, Laboratory, dict[str, User]]


@dataclass
class World:
    """A laboratory with its three members, an administrator, and an outsider from another laboratory.

    `laboratory` has the transcoder, the biologist and the reader; `other_laboratory` has the outsider as
    transcoder; the administrator belongs to no laboratory. There is no catalogue until `add_catalogue`.
    """

    engine: Engine
    laboratory: Laboratory
    other_laboratory: Laboratory
    users: dict[str, User] = field(default_factory=dict)

    @property
    def laboratory_id(self) -> int:
        assert self.laboratory.id is not None
        return self.laboratory.id

    def user_id(self, email: str) -> int:
        user_id = self.users[email].id
        assert user_id is not None
        return user_id

    def add_catalogue(self, name: str = "Catalogue général", laboratory_id: int | None = None) -> Catalogue:
        """A new, empty catalogue of the laboratory."""
        with transaction(self.engine) as session:
            catalogue = Catalogue(laboratory_id=laboratory_id or self.laboratory_id, name=name)
            session.add(catalogue)
        return catalogue

    def access(self, email: str) -> LaboratoryAccess:
        """The rights of this member on the laboratory, as a route would receive them."""
        return LaboratoryAccess(self.users[email], self.laboratory, ROLES[email])

    def catalogue_access(self, email: str, catalogue: Catalogue) -> CatalogueAccess:
        """The rights of this member on a catalogue of the laboratory."""
        return CatalogueAccess(self.users[email], self.laboratory, ROLES[email], catalogue)


DATABASES = ("sqlite", "postgresql")

_compiled: dict[str, Any] = {}


def _hurry(connection: Any, _record: Any, _proxy: Any) -> None:
    """A throw-away database need not outlive the machine; servers started by tests write as in an installation."""
    connection.execute("PRAGMA synchronous=OFF")


def share_compiled_statements() -> None:
    """Statements are compiled once a process of tests, not once a test: every test has engines of its own.

    A dialect is compared by its class: those of two engines made with the same options compile alike.
    """

    def make(*args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, query_cache_size=5_000, **options)
        engine._compiled_cache = _compiled.setdefault(engine.dialect.name, engine._compiled_cache)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "checkout", _hurry)
        return engine

    for dialect in (SQLiteDialect, PGDialect):
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    database.create_engine = make  # type: ignore[attr-defined]
    server.create_engine = make  # type: ignore[attr-defined]


share_compiled_statements()


def share_routes() -> None:
    """What FastAPI works out of a route is worked out once a process of tests, not once an application.

    Every test has an application of its own, whose first request reads the signatures of all routes: that takes longer
    than the rest of most tests. Of what a route is included with, only the application itself is not looked at: it
    would be asked for replaced dependencies, and no test replaces any.
    """
    build: Any = _IncludedRouter._build_effective_context
    known: dict[int, list[tuple[BaseRoute, Any, Any]]] = {}

    def shared(self: _IncludedRouter, route: BaseRoute) -> Any:
        given = replace(self.include_context, dependency_overrides_provider=None)
        # The route is kept too: its number is then never that of another.
        same = known.setdefault(id(route), [])
        for _route, included, found in same:
            if included == given:
                return found
        same.append((route, given, build(_IncludedRouter(self.original_router, given), route)))
        return same[-1][-1]

    _IncludedRouter._build_effective_context = shared  # type: ignore[method-assign]


share_routes()


# Collecting makes most of a million objects that stay until the end: the collector need not walk through them, neither
# while they are made nor each time that a test has left enough behind.
gc.disable()


FIRST = (
    "tests/chaos/",
    "tests/browser/",
    "tests/app/web/test_access_matrix.py",
    "tests/app/web/test_statements.py",
    "tests/security/",
    "tests/app/demonstration/",
    "tests/app/coverage/",
)
"""Where single tests last for many seconds: begun first, none of them is what everybody waits for at the end."""


def spared(items: Sequence[pytest.Item]) -> set[pytest.Item]:
    """The cases of tests marked `same_sql` that PostgreSQL does without: all but the first and the last of each.

    `@pytest.mark.same_sql("why")`: the cases differ in what is received (a file, a form, a header, an address) and in
    how it is read, which no database sees; SQLite has them all. A test whose cases the database meets otherwise is
    never marked so: texts that are stored, numbers or lengths that a column does not hold, the character zero, locks,
    the chain, searches, orders, counts, migrations.
    """
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("same_sql")
        if mark is not None and item.callspec.params["database_kind"] == "postgresql":  # type: ignore[attr-defined]
            assert mark.args[0], "same_sql(reason)"
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return {item for found in cases.values() for item in found[1:-1]}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long tests come first; the others stay in their order, without the cases that are spared."""
    left_out = set() if config.getoption("--every-case") else spared(items)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    ranks = {place: rank for rank, place in enumerate(FIRST)}

    def rank(item: pytest.Item) -> int:
        return next((ranks[place] for place in FIRST if item.nodeid.startswith(place)), len(FIRST))

    items.sort(key=rank)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected is set aside, and the collector of this process begins."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)
    gc.enable()


class SeveralEngines(EngineCache):
    """The engines of a process of tests, whatever a test's settings say: it meets the same few releases all along.

    To build the engine of ten terms takes two seconds, most of them for the lexicon; a small one takes 35 MB.
    """

    @property
    def most(self) -> int:
        """How many are kept."""
        return 6

    @most.setter
    def most(self, _asked: int) -> None:
        pass


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--databases sqlite`: leave out one of the two databases."""
    parser.addoption("--databases", choices=DATABASES, help="run the tests on this database only")
    parser.addoption("--every-case", action="store_true", help="on PostgreSQL too, every case of what reads alike")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that has a database runs on both, but for those that say that they are about one.

    `@pytest.mark.only("sqlite", "why")`: the reason is part of the mark.
    """
    if "database_kind" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("only")
    kinds = (mark.args[0],) if mark else DATABASES
    assert mark is None or (mark.args[0] in DATABASES and mark.args[1]), "only(database, reason)"
    chosen = metafunc.config.getoption("--databases")
    kept = [kind for kind in kinds if chosen in (None, kind)]
    metafunc.parametrize("database_kind", kept, indirect=True)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """The database of this test: sqlite or postgresql."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgresql.Cluster]:
    """The PostgreSQL server of this process of tests, started by the first test that needs it."""
    with postgresql.cluster() as server:
        yield server


@lru_cache(maxsize=1)
def _settings_of_tests() -> Settings:
    """Read once: to look every setting up in the environment takes longer than a request."""
    return Settings(data_dir=Path("var"), run_jobs_in_server=False, jobs_immediate=True)


@pytest.fixture
def settings(
    tmp_path: Path, database_kind: str, kept_scenes: "KeptScenes", request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """Settings of a throw-away installation; jobs run at once, in the thread of the request.

    The database has all tables, and the small world or the scene when the test asks for one; on SQLite its file is
    only there once `engine` is asked for.
    """
    settings = _settings_of_tests().model_copy(update={"data_dir": tmp_path / "var"})
    if database_kind == "sqlite":
        yield settings
        return
    kept = kept_scenes.of(request, database_kind)
    if kept is not None and kept.reused is not None:
        yield settings.model_copy(update={"database_url": kept.reused.fresh()})
        return
    name = "populated_on_server" if "world" in request.fixturenames else "empty_on_server"
    reused: postgresql.Reused = request.getfixturevalue(name)
    yield settings.model_copy(update={"database_url": reused.fresh()})


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[pytest.MonkeyPatch]:
    """Argon2 with hardly any work: hashing is slow on purpose, and its cost has a test of its own."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: hasher)
        yield patch


@pytest.fixture(scope="session", autouse=True)
def several_engines() -> Iterator[None]:
    """Engines stay from one test to the next; how many an installation keeps has tests of its own.

    One that leaves is freed without the collector, as nothing in it refers back to it: to walk through all that a
    process of tests has collected takes up to ten seconds each time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "_engines", SeveralEngines())
        collector = SimpleNamespace(freeze=gc.freeze, collect=gc.collect, unfreeze=lambda: None)
        patch.setattr(engine_cache, "gc", collector)
        yield


@pytest.fixture
def real_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Engines that leave are freed as in an installation."""
    monkeypatch.setattr(engine_cache, "gc", gc)
    yield
    # The test may have given back to the collector what was set aside once collected.
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_second_reading_by_chance() -> Iterator[None]:
    """No decision is drawn for a second reading: each would change pages and counts by chance.

    The tests of the double reading ask for what they read, and those of the draw put it back (`real_draw`).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "is_drawn", lambda _public_id, _percent: False)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_waits_for_the_writer() -> Iterator[None]:
    """Long work gives way without a pause: in most tests nobody else writes; servers started by tests pause."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "GIVE_WAY_SECONDS", 0.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_loop() -> Iterator[None]:
    """Requests of browsers nobody opened with `with` are answered in one loop, whose threads stay.

    The client would start a loop, its thread and those of the routes for each request, and end them all.
    """

    @contextmanager
    def shared(client: TestClient) -> Iterator[BlockingPortal]:
        yield client.portal or portal

    with start_blocking_portal("asyncio") as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestClient, "_portal_factory", shared)
        yield


@pytest.fixture
def real_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions drawn as in an installation."""
    monkeypatch.setattr(asking, "is_drawn", REAL_DRAW)


@pytest.fixture
def real_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long work pauses between two transactions on SQLite as in an installation."""
    monkeypatch.setattr(database, "GIVE_WAY_SECONDS", REAL_PAUSE)


@pytest.fixture
def real_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed as in an installation."""
    monkeypatch.setattr(passwords, "_hasher", REAL_HASHER)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no row; to copy it is a hundred times quicker than to make it."""
    path = tmp_path_factory.mktemp("empty") / "empty.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert [file.name for file in path.parent.iterdir()] == [path.name], "everything is in the file"
    return path


@pytest.fixture(scope="session")
def populated_database(empty_database: Path) -> tuple[Path, bytes]:
    """A database file that holds the small world and nothing else, and its people as they were stored, pickled."""
    path = empty_database.with_name("populated.sqlite3")
    shutil.copyfile(empty_database, path)
    engine = make_engine(f"sqlite:///{path}")
    members = add_members(engine)
    engine.dispose()
    return path, pickle.dumps(members)


@pytest.fixture(scope="session")
def server_templates(cluster: postgresql.Cluster) -> tuple[str, str, bytes]:
    """The names of an empty and of a populated database to copy on the server, and the people of the second, pickled.

    The migrations made them, as in an installation; but like the others they do not say which.
    """
    empty = cluster.create()
    engine = make_engine(cluster.url(empty))
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    engine.dispose()
    populated = cluster.create(empty)
    engine = make_engine(cluster.url(populated))
    members = add_members(engine)
    engine.dispose()
    return empty, populated, pickle.dumps(members)


@pytest.fixture(scope="session")
def empty_on_server(
    cluster: postgresql.Cluster, server_templates: tuple[str, str, bytes]
) -> Iterator[postgresql.Reused]:
    """The database of the server that tests use in turn: all tables and no row."""
    reused = postgresql.Reused(cluster, server_templates[0])
    yield reused
    reused.close()


@pytest.fixture(scope="session")
def populated_on_server(
    cluster: postgresql.Cluster, server_templates: tuple[str, str, bytes]
) -> Iterator[postgresql.Reused]:
    """The same with the small world."""
    reused = postgresql.Reused(cluster, server_templates[1])
    yield reused
    reused.close()


class KeptScenes:
    """The scenes of a process of tests; one that could not be made fails the tests that ask for it, and no other."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], scenes.Kept | Exception] = {}

    def of(self, request: pytest.FixtureRequest, kind: str) -> scenes.Kept | None:
        """That of the test that asks; None when it begins with no scene."""
        found = self.made.get((scenes.asked(request.fixturenames), kind))
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(scope="session")
def kept_scenes(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    cheap_passwords: pytest.MonkeyPatch,
    several_engines: None,
    no_second_reading_by_chance: None,
) -> Iterator[KeptScenes]:
    """The scenes that the collected tests ask for, made before any of them has changed anything of the process."""
    kept = KeptScenes()
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked = {
        (scenes.asked(item.fixturenames), str(item.callspec.params["database_kind"]))
        for item in items
        if scenes.asked(item.fixturenames) and "database_kind" in item.fixturenames
    }
    for name, kind in sorted(asked):
        settings = _settings_of_tests().model_copy(update={"data_dir": tmp_path_factory.mktemp(name)})
        source = request.getfixturevalue("populated_database" if kind == "sqlite" else "server_templates")

        def new_world(engine: Engine, members: bytes = source[-1]) -> World:
            return World(engine, *pickle.loads(members))

        try:
            if kind == "sqlite":
                kept.made[name, kind] = scenes.in_a_file(name, settings, source[0], new_world)
            else:
                server = request.getfixturevalue("cluster")
                kept.made[name, kind] = scenes.on_the_server(name, settings, server, source[1], new_world)
        except Exception as error:
            kept.made[name, kind] = error
    yield kept
    for scene in kept.made.values():
        if isinstance(scene, scenes.Kept) and scene.reused is not None:
            scene.reused.close()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation after its first start: migrated, with the starter terminology. To copy.

    Its engine is there, to be read by the processes that tests start: each would take two seconds to build it.
    """
    settings = Settings(data_dir=tmp_path_factory.mktemp("installation") / "var", run_jobs_in_server=False)
    database = prepare(settings)
    with pytest.MonkeyPatch.context() as patch:
        # Not that of this process, which may have it without a file.
        patch.setattr(engines, "_engines", EngineCache())
        prepare_engine(database, settings)
    database.dispose()
    assert list(settings.matcher_cache_dir.glob("engine-*.bin"))
    return settings.data_dir


@pytest.fixture
def engine(
    settings: Settings, database_kind: str, kept_scenes: KeptScenes, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    """A database of the test's own: all tables, and the small world or the scene when the test asks for one."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.resolved_database_url)
    if database_kind == "sqlite":
        kept = kept_scenes.of(request, database_kind)
        if kept is not None and kept.file is not None:
            source = kept.file
        elif "world" in request.fixturenames:
            source, _ = request.getfixturevalue("populated_database")
        else:
            source = request.getfixturevalue("empty_database")
        assert engine.url.database is not None
        shutil.copyfile(source, engine.url.database)
    yield engine
    with reading(engine) as session:
        assert marked(session) == [], "a catalogue was left before it was brought up to its facts"
        assert wrong_catalogues(session) == {}, "what is kept of a catalogue differs from its facts"
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session, committed when the test ends well."""
    with transaction(engine) as session:
        yield session


def add_members(engine: Engine) -> Members:
    """Write the small world into an empty database; the two laboratories, and the people by address."""
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire du Parc", finess="750000001", sgl_name="SGL de test")
        other = Laboratory(name="Laboratoire de la Gare")
        session.add_all([laboratory, other])
        session.flush()
        users = {
            email: User(email=email, display_name=name, password_hash="!", is_administrator=email == ADMINISTRATOR)
            for email, name in NAMES.items()
        }
        session.add_all(users.values())
        session.flush()
        members = [(email, laboratory, role) for email, role in ROLES.items()]
        for email, place, role in (*members, (OUTSIDER, other, Role.TRANSCODER)):
            session.add(Membership(user_id=users[email].id, laboratory_id=place.id, role=role))
    return laboratory, other, users


@dataclass(frozen=True, slots=True)
class Scene:
    """What a test begins with."""

    world: World
    made: Any = None
    """What the builder of its scene returned (see `tests.scenes`); None when it asks for none."""
    name: str = ""


@pytest.fixture
def scene_at_start(
    engine: Engine,
    settings: Settings,
    database_kind: str,
    kept_scenes: KeptScenes,
    request: pytest.FixtureRequest,
) -> Scene:
    """The small world, and the scene when the test asks for one; `engine` put them in the database."""
    kept = kept_scenes.of(request, database_kind)
    if kept is not None:
        return Scene(*kept.objects(engine, settings), scenes.asked(request.fixturenames))
    source = "populated_database" if database_kind == "sqlite" else "server_templates"
    return Scene(World(engine, *pickle.loads(request.getfixturevalue(source)[-1])))


@pytest.fixture
def world(scene_at_start: Scene) -> World:
    """The small world most tests need (see `World`)."""
    return scene_at_start.world


@pytest.fixture
def application(settings: Settings, engine: Engine) -> FastAPI:
    """The application on the test's database."""
    return create_app(settings, engine)


@pytest.fixture
def anonymous(application: FastAPI) -> Iterator[TestClient]:
    """A browser nobody signed in with; redirects are not followed."""
    with TestClient(application, follow_redirects=False) as client:
        yield client


@pytest.fixture
def client_for(application: FastAPI, world: World, settings: Settings) -> Iterator[ClientFor]:
    """`client_for(email)`: a browser signed in as this person; redirects are not followed."""
    clients: list[TestClient] = []

    def make(email: str) -> TestClient:
        with transaction(world.engine) as session:
            token = open_session(session, world.users[email], settings)
        client = TestClient(application, follow_redirects=False)
        client.cookies.set(SESSION_COOKIE, token)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


class Logs:
    """What was logged since the test began, as an installation writes it."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """The lines, or those of one event, in order; each must be a JSON object."""
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if name in ("", line["event"])]


@pytest.fixture
def logs() -> Iterator[Logs]:
    """The logs of this process, configured as by the command line."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logs("info", stream)
    yield Logs(stream)
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
