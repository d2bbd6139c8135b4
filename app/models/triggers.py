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


def foreign_mechanisms(connection: Connection, statements: Iterable[str]) -> list[str]:
    """What acts on the rows of this database and is none of these CREATE TRIGGER statements, in French.

    A trigger may change a fact as it is written, before any link is over it; a rule, a policy, or a table that
    inherits, may show other rows than those that were written.
    """
    wanted = {_plain(sql) for sql in statements}
    if connection.dialect.name != "postgresql":
        found = connection.exec_driver_sql("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        others = [(str(name), str(table)) for name, table, sql in found if _plain(str(sql)) not in wanted]
        return sorted(f"déclencheur « {name} » sur {table}" for name, table in others)
    triggers = connection.exec_driver_sql(
        "SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid) FROM pg_trigger AS t "
        "JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = current_schema() AND NOT t.tgisinternal"
    )
    told = [f"déclencheur « {name} » sur {table}" for name, table, definition in triggers
            if _plain(_SCHEMA.sub("", definition)) not in wanted]  # fmt: skip
    told += connection.exec_driver_sql(_RULES).scalars()
    return sorted(told)


_RULES = """
SELECT 'règle « ' || r.rulename || ' » sur ' || c.relname FROM pg_rewrite AS r
JOIN pg_class AS c ON c.oid = r.ev_class WHERE c.relnamespace = current_schema()::regnamespace
UNION SELECT 'politique de lignes sur ' || c.relname FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relrowsecurity
UNION SELECT 'table « ' || i.inhrelid::regclass || ' », qui hérite de ' || c.relname FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhparent
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"""
