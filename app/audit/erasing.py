"""Erasing a text for good: the one path that passes the triggers of facts, in the transaction that says it."""

import json
from typing import Any

from sqlalchemy import Connection, select, update
from sqlmodel import Session

from app.errors import InvalidInputError, NotFoundError
from app.models import Erasure, User, metadata
from app.models.append_only import trigger_statements
from app.models.chained import BY_DIGEST, ERASABLE, fact_table
from app.platform.chain_digests import canonical, emptied, read_members

_salts, _links = metadata.tables["text_salt"], metadata.tables["chain_link"]


def erase(session: Session, table_name: str, row_id: int, column: str, *, reason: str, actor: User | None) -> Erasure:
    """Destroy one text of a fact and its salt, and add the fact that says so, without what the text was.

    The commitment stays in its link, and says nothing of a text whose salt is gone. Raises InvalidInputError for a
    column that is not erasable, NotFoundError for a row that is not there. Copies of the text in other tables, drafts
    and backups are not looked for.
    """
    if column not in (*ERASABLE.get(table_name, ()), *BY_DIGEST.get(table_name, ())):
        raise InvalidInputError("Ce texte n'est pas de ceux qui s'effacent.")
    connection = session.connection()
    table = metadata.tables[table_name]
    facts = fact_table(table_name)
    row = connection.execute(facts.by_key, {"keys": [row_id]}).mappings().first()
    if row is None:
        raise NotFoundError("Cette ligne n'existe pas.")
    value = b"" if column in BY_DIGEST.get(table_name, {}) else emptied(row[column])
    with _Unprotected(connection, table_name):
        connection.execute(update(table).where(facts.key == row_id).values({column: value}))
    chain = row.get("chain_of_row", 0)
    if column in ERASABLE.get(table_name, ()):
        _destroy_salt(connection, chain, table_name, row_id, column)
    fact = Erasure(
        laboratory_id=chain or None,
        table_name=table_name,
        row_id=row_id,
        column_name=column,
        reason=reason,
        author_id=actor.id if actor else None,
    )
    session.add(fact)
    session.flush()
    return fact


def _destroy_salt(connection: Connection, chain: int, table_name: str, row_id: int, column: str) -> None:
    asked = select(_links.c.position, _links.c.members).where(
        _links.c.chain == chain, _links.c.table_name == table_name
    )
    for position, members in connection.execute(asked):
        if f"[{row_id}," not in members or all(member.key != row_id for member in read_members(members)):
            continue
        here = (_salts.c.chain == chain) & (_salts.c.position == position)
        stored = connection.execute(select(_salts.c.salts).where(here)).scalar()
        salts: dict[str, dict[str, str]] = json.loads(stored or "{}")
        salts.get(str(row_id), {}).pop(column, None)
        with _Unprotected(connection, _salts.name):
            connection.execute(update(_salts).where(here).values(salts=canonical(salts)))
        return


class _Unprotected:
    """Within its block, and this transaction alone, rows of a table may be changed; nobody else ever sees it so."""

    def __init__(self, connection: Connection, table: str) -> None:
        self._connection, self._table = connection, table
        self._name = f"tr_{table}_no_update"

    def __enter__(self) -> None:
        on = f" ON {self._table}" if self._connection.dialect.name == "postgresql" else ""
        self._connection.exec_driver_sql(f"DROP TRIGGER {self._name}{on}")

    def __exit__(self, *_raised: Any) -> None:
        if _raised[0] is None:
            for statement in trigger_statements(self._table, self._connection.dialect.name):
                if "CREATE OR REPLACE" in statement or f"TRIGGER {self._name} " in statement:
                    self._connection.exec_driver_sql(statement)
