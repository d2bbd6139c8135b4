"""Whether the embedded database is whole: a damaged one must not give figures."""

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from app.console.system_errors import SQLITE_REASONS, database_reason
from app.errors import WorkbenchError


class DamagedDatabaseError(WorkbenchError):
    """The file of the database is damaged."""

    status_code = 503


def refuse_damaged(engine: Engine) -> None:
    """Read every page of the embedded database; raises DamagedDatabaseError at the first that is wrong.

    It takes the time to read the file once. Databases on a server look after themselves.
    """
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    except DatabaseError as error:
        reason = database_reason(error.orig)
        raise DamagedDatabaseError(f"La base de données ne peut être ouverte : {reason}.") from error
    if verdict != "ok":
        raise DamagedDatabaseError(
            f"la base de données « {engine.url.database} » est refusée : {SQLITE_REASONS['SQLITE_CORRUPT']}."
        )
