"""The one place where an exception becomes the French sentence that ends a command."""

from collections.abc import Callable

from app.console.system_errors import database_reason, system_sentence
from app.errors import ImportRefusedError, WorkbenchError


def failure_sentence(error: Exception, database_url: Callable[[], str]) -> str | None:
    """What to say of an error that ends a command; None for a defect of the program, whose trace must be seen."""
    if isinstance(error, ImportRefusedError):
        return "fichier refusé, rien n'a été fait.\n" + "\n".join(f"- {item}" for item in error.problems)
    if isinstance(error, WorkbenchError):
        return error.message
    if isinstance(error, OSError):
        return system_sentence(error)
    if isinstance(error, MemoryError):
        return "il n'y a plus de mémoire."
    return _database_sentence(error, database_url)


def _database_sentence(error: Exception, database_url: Callable[[], str]) -> str | None:
    # Imported here: `propose` has no database, and an error is the only moment when this is needed.
    import sqlite3

    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

    if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | ProgrammingError):
        cause: BaseException | None = error.orig
    elif isinstance(error, sqlite3.DatabaseError):
        cause = error
    else:
        return None
    shown = make_url(database_url()).render_as_string(hide_password=True)
    return f"la base de données « {shown} » ne répond pas : {database_reason(cause)}."
