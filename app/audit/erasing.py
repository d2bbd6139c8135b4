"""Erasing texts for good: the one path that passes the triggers of facts, in the transaction that says it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import Session

from app.audit.came_from import Came
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import Erasure, SourceFile, User, metadata
from app.models.append_only import trigger_statements
from app.models.chained import BY_DIGEST, ERASABLE, fact_table
from app.platform.chain import read_facts
from app.platform.chain_digests import canonical, emptied, read_members

_salts, _links = metadata.tables["text_salt"], metadata.tables["chain_link"]
_ROWS = 500


@dataclass(frozen=True, slots=True)
class FactText:
    """A text of a fact."""

    table: str
    row: int
    column: str


def is_erasable(table_name: str, column: str) -> bool:
    """Whether a link commits to this column in a way that lets its content go."""
    return column in (*ERASABLE.get(table_name, ()), *BY_DIGEST.get(table_name, ()))


def refuse_erased(file: SourceFile) -> None:
    """Raise ConflictError for a received file whose content was erased: it can be neither given back nor completed."""
    if not file.content:
        raise ConflictError(
            f"Le contenu de « {file.file_name or 'ce fichier'} » a été effacé par un administrateur : le journal dit "
            "pourquoi. Les autres formats d’export restent possibles."
        )


def erase(session: Session, table_name: str, row_id: int, column: str, *, reason: str, actor: User | None) -> Erasure:
    """Destroy one text of a fact and its salt; see `erase_all`."""
    return erase_all(session, [FactText(table_name, row_id, column)], reason=reason, actor=actor)[0]


def erase_all(
    session: Session, texts: Sequence[FactText], *, reason: str, actor: User | None
) -> list[Erasure]:
    """Destroy texts of facts and their salts, and add for each a fact that says so, without what the text was.

    The commitment stays in its link, and says nothing of a text whose salt is gone. Raises InvalidInputError for a
    column that is not erasable, NotFoundError for a row that is not there. Copies of the texts in other tables,
    drafts and backups are not looked for here.
    """
    if not all(is_erasable(item.table, item.column) for item in texts):
        raise InvalidInputError("Ce texte n'est pas de ceux qui s'effacent.")
    connection = session.connection()
    facts = []
    came = Came(connection)
    for table in dict.fromkeys(item.table for item in texts):
        columns: dict[int, list[str]] = {}
        for item in texts:
            if item.table == table:
                columns.setdefault(item.row, []).append(item.column)
        chains = _empty(connection, table, columns)
        for chain in sorted(set(chains.values())):
            mine = {row: columns[row] for row, of in chains.items() if of == chain}
            _destroy_salts(connection, chain, table, mine)
            for before in came.of_laboratory(chain):
                # The chain that it came with commits to the same text, with a salt of its own.
                named = {came.there(before, table, row): names for row, names in mine.items()}
                _destroy_salts(
                    connection, before, table, {row: names for row, names in named.items() if row is not None}
                )
        facts += [
            Erasure(
                laboratory_id=chains[row] or None, table_name=table, row_id=row, column_name=column, reason=reason,
                author_id=actor.id if actor else None,
            )
            for row, names in columns.items() for column in names
        ]  # fmt: skip
    session.add_all(facts)
    session.flush()
    return facts


def _empty(connection: Connection, table_name: str, columns: dict[int, list[str]]) -> dict[int, int]:
    """Empty these columns of these rows; row -> its chain."""
    facts, table = fact_table(table_name), metadata.tables[table_name]
    chains: dict[int, int] = {}
    with Unprotected(connection, table_name):
        for part in _parts(sorted(columns)):
            rows = {row[facts.key.name]: row for row in read_facts(connection, facts, part)}
            for key in part:
                if key not in rows:
                    raise NotFoundError("Cette ligne n'existe pas.")
                by_digest = BY_DIGEST.get(table_name, {})
                values = {
                    name: b"" if name in by_digest else emptied(rows[key][name]) for name in columns[key]
                }
                connection.execute(update(table).where(facts.key == bindparam("of_row")), {"of_row": key, **values})
                chains[key] = rows[key].get("chain_of_row", 0)
    return chains


def _destroy_salts(connection: Connection, chain: int, table_name: str, columns: dict[int, list[str]]) -> None:
    wanted = {row: [name for name in names if name in ERASABLE.get(table_name, ())] for row, names in columns.items()}
    of_table = (_links.c.chain == chain) & (_links.c.table_name == table_name)
    positions = [
        position
        for position, members in connection.execute(select(_links.c.position, _links.c.members).where(of_table))
        if any(member.key in wanted for member in read_members(members))
    ]
    with Unprotected(connection, _salts.name):
        for position in positions:
            here = (_salts.c.chain == chain) & (_salts.c.position == position)
            stored = connection.execute(select(_salts.c.salts).where(here)).scalar()
            salts: dict[str, dict[str, str]] = json.loads(stored or "{}")
            for row, names in wanted.items():
                for name in names:
                    salts.get(str(row), {}).pop(name, None)
            connection.execute(update(_salts).where(here).values(salts=canonical(salts)))


def _parts(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[start : start + _ROWS] for start in range(0, len(keys), _ROWS))


class Unprotected:
    """Within its block, and this transaction alone, rows of a table may be changed (or deleted, when `verb` is delete);
    nobody else ever sees it so."""

    def __init__(self, connection: Connection, table: str, verb: str = "update") -> None:
        self._connection, self._table = connection, table
        self._name = f"tr_{table}_no_{verb}"

    def __enter__(self) -> None:
        on = f" ON {self._table}" if self._connection.dialect.name == "postgresql" else ""
        self._connection.exec_driver_sql(f"DROP TRIGGER {self._name}{on}")

    def __exit__(self, *_raised: Any) -> None:
        if _raised[0] is None:
            for statement in trigger_statements(self._table, self._connection.dialect.name):
                if "CREATE OR REPLACE" in statement or f"TRIGGER {self._name} " in statement:
                    self._connection.exec_driver_sql(statement)
