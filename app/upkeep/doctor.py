"""The examination of an installation: what `transcodeur doctor` says, line by line. It never writes."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from app.console.system_errors import database_reason, system_reason
from app.models.base import utc_now
from app.platform import folding
from app.platform.database import for_reading, make_engine
from app.settings import Settings
from app.upkeep import database_checks, surroundings
from app.upkeep.audit_check import chain_check
from app.upkeep.embedded import embedded_file, read_only_address
from app.upkeep.health import Check


def examine(settings: Settings) -> Iterator[Check]:
    """Every check, in order; a check that cannot be made is one that is not well."""
    database = embedded_file(settings)
    yield surroundings.versions()
    yield surroundings.folder(settings.data_dir)
    if settings.data_dir.is_dir():
        yield surroundings.files(settings.data_dir)
        yield surroundings.disk(settings.data_dir, database)
    if settings.redis_url:
        yield surroundings.redis(settings.redis_url)
    if database is not None:
        try:
            with database.open("rb"):
                pass
        except OSError as error:
            yield Check("base de données", False, f"« {database} » : {system_reason(error)}")
            return
    with examined_engine(settings) as engine:
        yield from _of_database(engine, settings)


@contextmanager
def examined_engine(settings: Settings) -> Iterator[Engine]:
    """An engine that cannot write to the embedded database."""
    database = embedded_file(settings)
    if database is None:
        engine = make_engine(settings.resolved_database_url)
    else:
        address = read_only_address(database)

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(address, uri=True, timeout=30)
            folding.register(connection)
            return connection

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def _of_database(engine: Engine, settings: Settings) -> Iterator[Check]:
    shown = engine.url.render_as_string(hide_password=True) if engine.dialect.name != "sqlite" else "embarquée"
    reached = _tried("base de données", lambda: _reach(engine, shown))
    yield reached
    if not reached.is_well:
        return
    with Session(for_reading(engine)) as session:
        connection = session.connection()
        if engine.dialect.name == "sqlite":
            yield _tried("intégrité", lambda: database_checks.integrity(connection))
            yield _tried("liens entre tables", lambda: database_checks.references(connection))
        else:
            yield _tried("serveur", lambda: database_checks.server(connection))
            yield _tried("ordre des textes", lambda: database_checks.order_of_texts(connection))
        yield _tried("faits protégés", lambda: database_checks.append_only(connection))
        yield _tried("chaîne d'audit", lambda: chain_check(session))
        yield _tried("migrations", lambda: database_checks.migrations(connection))
        yield _tried("terminologie", lambda: database_checks.terminology(session))
        yield _tried("chargements", lambda: database_checks.unfinished_releases(session, settings))
        yield _tried("index de recherche", lambda: database_checks.search_index(session))
        yield _tried("comptes tenus", lambda: database_checks.tallies(session))
        yield _tried("jours de couverture", lambda: database_checks.coverage_days(session))
        yield _tried("travaux de fond", lambda: database_checks.queue(session, utc_now()))


def _reach(engine: Engine, shown: str) -> Check:
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one()
    return Check("base de données", True, f"{shown}, elle répond")


def _tried(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DatabaseError as error:
        return Check(name, False, database_reason(error.orig))
