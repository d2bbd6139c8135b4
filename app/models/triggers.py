"""The triggers that a database has now, as it writes them: to compare with those that it should have."""

import re
from collections.abc import Iterable

from sqlalchemy import Connection

_BODY = re.compile(r"AS \$\$(.*)\$\$", re.DOTALL)
_SCHEMA = re.compile(r"\b[a-z_]\w*\.(?=[a-z_]\w*\b)")


def _plain(sql: str) -> str:
    return " ".join(sql.split())


def intact_triggers(connection: Connection, statements: Iterable[str]) -> set[str]:
    """Those of these CREATE TRIGGER statements whose trigger is there and does what it says, to the letter.

    A trigger that was switched off, that got a condition, or whose function was replaced is not; nor is any of a table
    that has a rule, which could take its place. The statements hold those that create the functions, too.
    """
    wanted = list(statements)
    if connection.dialect.name != "postgresql":
        found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars()
        present = {_plain(str(sql)) for sql in found}
        return {sql for sql in wanted if _plain(sql) in present}
    bodies = {_plain(body[1]) for sql in wanted if (body := _BODY.search(sql))}
    rows = connection.exec_driver_sql(
        "SELECT pg_get_triggerdef(t.oid), p.prosrc FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid "
        "JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = current_schema() AND t.tgenabled IN ('O', 'A') "
        "AND NOT EXISTS (SELECT 1 FROM pg_rewrite AS r WHERE r.ev_class = c.oid)"
    )
    present = {_plain(_SCHEMA.sub("", definition)) for definition, body in rows if _plain(body) in bodies}
    return {sql for sql in wanted if _plain(sql) in present}
