"""Text compared without case or accents inside SQL: `folded(column)`."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from matcher.normalise.text import fold

SQLITE_FUNCTION = "fold_text"
_ACCENTED = "àâäáãåçéèêëíìîïñóòôöõúùûüýÿ"
_PLAIN = "aaaaaaceeeeiiiinooooouuuuyy"


class folded(GenericFunction[str]):  # noqa: N801 - read as an SQL function
    """A text in lower case without accents, on the database's side."""

    type = String()
    inherit_cache = True


@compiles(folded)
def _folded(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"translate(lower({compiler.process(element.clauses, **options)}), '{_ACCENTED}', '{_PLAIN}')"


@compiles(folded, "sqlite")
def _folded_sqlite(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"{SQLITE_FUNCTION}({compiler.process(element.clauses, **options)})"


def register(connection: Any) -> None:
    """Give a new SQLite connection the function that `folded` calls."""
    connection.create_function(SQLITE_FUNCTION, 1, lambda text: fold(text or ""), deterministic=True)
