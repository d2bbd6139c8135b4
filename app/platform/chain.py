"""Links of the audit chain, added to each transaction that wrote facts, just before it is committed (decision 22).

Nobody calls this module to link a fact: the database notes every row that is added to a table of facts, by a trigger
(`app.models.chained`), and every engine of ours links what its transaction noted, whatever wrote it.
"""

import re
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, bindparam, event, func, insert, inspect, select, text, update

from app.models.base import metadata
from app.models.chain import LinkKind
from app.models.chained import CHAINED_TABLES, NOTED_SETTING, PENDING_TABLE, FactTable, fact_table
from app.platform.chain_digests import (
    BEGINNING,
    SALT_BYTES,
    LinkContent,
    Member,
    canonical,
    commitment,
    is_empty,
    row_digest,
    write_members,
)

AS_IT_IS = "copies_chain"
"""Execution option of a connection that copies facts with their links: nothing is linked again."""
MEMBERS = 1_000
"""Most facts in a link, and in a statement that reads them."""
_BEFORE = "chain pending before"
_ADDS_NOTHING = re.compile(r"\s*(SELECT|UPDATE|DELETE|PRAGMA|SAVEPOINT|RELEASE|ROLLBACK|SET|LOCK)\b", re.IGNORECASE)

_links, _salts, _heads = (metadata.tables[name] for name in ("chain_link", "text_salt", "chain_head"))


def copying(engine: Engine) -> Engine:
    """The same engine, for copying facts with the links that they have."""
    return engine.execution_options(**{AS_IT_IS: True})


def watch(engine: Engine) -> None:
    """Link what each transaction of this engine writes."""

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.info.pop(_BEFORE, None)

    @event.listens_for(engine, "before_cursor_execute")
    def _about_to_write(
        connection: Connection, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
    ) -> None:
        if _BEFORE not in connection.info and not _ADDS_NOTHING.match(statement):
            connection.info[_BEFORE] = _last_pending(connection)

    @event.listens_for(engine, "commit")
    def _committing(connection: Connection) -> None:
        if _BEFORE in connection.info:
            link_noted(connection)
            connection.info.pop(_BEFORE, None)


def _last_pending(connection: Connection) -> int:
    """What another program wrote and nobody linked is not taken for ours: -1 when the database notes nothing yet."""
    if connection.dialect.name == "postgresql":
        return 0
    found = _pending(connection, f"SELECT coalesce(max(id), 0) FROM {PENDING_TABLE}")
    return int(found[0][0]) if found else -1


def _pending(connection: Connection, statement: str) -> list[Any]:
    """Rows of the table of what is pending; none when a database of another version has no such table."""
    driver: Any = connection.connection.dbapi_connection
    try:
        return list(driver.execute(statement))
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return []


def _noted(connection: Connection) -> dict[str, list[int]]:
    """Table -> keys of the rows that this transaction added and that have no link yet; they are noted no more."""
    found: dict[str, list[int]] = {}
    if connection.dialect.name == "postgresql":
        value = connection.execute(_READ_SETTING).scalar()
        if not value:
            return {}
        connection.execute(_CLEAR_SETTING)
        for part in filter(None, str(value).split(";")):
            name, _, keys = part.partition(":")
            found.setdefault(name, []).extend(map(int, keys.split(",")))
        return found
    before = connection.info.get(_BEFORE, -1)
    if before < 0:
        return {}
    rows = _pending(connection, f"SELECT table_name, row_id FROM {PENDING_TABLE} WHERE id > {before} ORDER BY id")
    for name, key in rows:
        found.setdefault(name, []).append(key)
    if found:
        connection.execute(_CLEAR_PENDING, {"before": before})
    return found


_READ_SETTING = text(f"SELECT current_setting('{NOTED_SETTING}', true)")
_CLEAR_SETTING = text(f"SELECT set_config('{NOTED_SETTING}', '', true)")
_CLEAR_PENDING = text(f"DELETE FROM {PENDING_TABLE} WHERE id > :before")


def link_noted(connection: Connection) -> None:
    """Link what this transaction wrote so far and has not linked yet."""
    noted = _noted(connection)
    if not noted or connection.get_execution_options().get(AS_IT_IS):
        return
    rows: dict[int, dict[str, list[RowMapping]]] = {}
    for name in sorted(noted):
        facts = fact_table(name)
        for row in read_facts(connection, facts, noted[name]):
            rows.setdefault(row.get("chain_of_row", 0), {}).setdefault(name, []).append(row)
    # Always in the same order: two writers never wait for each other.
    for chain in sorted(rows):
        adding = Adding(connection, chain)
        for name, found in rows[chain].items():
            adding.add(LinkKind.FACTS, fact_table(name), found)
        adding.store()


def forget_noted(connection: Connection) -> None:
    """Take for linked what this transaction wrote so far: it copies facts with their links."""
    _noted(connection)


def read_facts(connection: Connection, facts: FactTable, keys: Iterable[int]) -> Iterable[RowMapping]:
    """The facts of these keys, in their order."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), MEMBERS):
        part = wanted[start : start + MEMBERS]
        yield from connection.execute(facts.by_key, {"keys": part}).mappings()


class Adding:
    """Links to be added to one chain, whose head is held until the transaction ends."""

    def __init__(self, connection: Connection, chain: int) -> None:
        self._connection, self._chain = connection, chain
        self._position, self._hash = _held_head(connection, chain)
        self._added: list[dict[str, Any]] = []
        self._salted: list[dict[str, Any]] = []

    def add(self, kind: str, facts: FactTable, rows: Sequence[RowMapping]) -> None:
        """Add links over these facts of one table, given in the order of their keys."""
        for start in range(0, len(rows), MEMBERS):
            salts: dict[str, dict[str, str]] = {}
            members = [_member(facts, row, salts) for row in rows[start : start + MEMBERS]]
            self.add_link(kind, facts.name, facts.column_names, write_members(members))
            if salts:
                place = {"chain": self._chain, "position": self._position}
                self._salted.append({**place, "salts": canonical(salts)})

    def add_link(self, kind: str, table_name: str, column_names: str, members: str) -> None:
        """Add a link with what it holds."""
        # The clock itself, also where a demonstration tells past days: a link is made when it is made.
        moment = datetime.now(UTC)
        content = LinkContent(
            self._chain, self._position + 1, kind, table_name, column_names, members, moment, self._hash
        )
        self._position, self._hash = content.position, content.hash
        values = {name: getattr(content, name) for name in content.__slots__}
        self._added.append({**values, "hash": content.hash})

    def store(self) -> None:
        """Write the links, the salts beside them, and the head."""
        if not self._added:
            return
        self._connection.execute(insert(_links), self._added)
        if self._salted:
            self._connection.execute(insert(_salts), self._salted)
        head = {"position": self._position, "hash": self._hash}
        if self._added[0]["position"] == 1:
            self._connection.execute(insert(_heads), {"chain": self._chain, **head})
        else:
            self._connection.execute(_MOVE_HEAD, {**head, "of_chain": self._chain})
        self._added, self._salted = [], []


def _member(facts: FactTable, row: RowMapping, salts: dict[str, dict[str, str]]) -> Member:
    key = int(row[facts.key.name])
    given = {name: secrets.token_hex(SALT_BYTES) for name in facts.texts if not is_empty(row[name])}
    commitments = {name: commitment(salt, row[name]) for name, salt in given.items()}
    if given:
        salts[str(key)] = given
    return Member(key, row_digest(facts.name, {name: row[name] for name in facts.fixed}, commitments), commitments)


_CHAIN_LOCK = 0x63686E
"""Held on a server, with the number of the chain, while its first link is added: there is no head to lock yet."""


def _held_head(connection: Connection, chain: int) -> tuple[int, str]:
    found = connection.execute(_HELD_HEAD, {"chain": chain}).first()
    if found is None and connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock, :chain)"), {"lock": _CHAIN_LOCK, "chain": chain})
        found = connection.execute(_HELD_HEAD, {"chain": chain}).first()
    return (0, BEGINNING) if found is None else (found.position, found.hash)


_MOVE_HEAD = update(_heads).where(_heads.c.chain == bindparam("of_chain"))
_HELD_HEAD = select(_heads.c.position, _heads.c.hash).where(_heads.c.chain == bindparam("chain")).with_for_update()


def seal(connection: Connection, tables: Iterable[str] = CHAINED_TABLES) -> dict[str, int]:
    """Link the facts that are older than the chain, as they are found; how many of each table.

    The first link of each chain says that its facts were sealed so, and how many of each table; the next ones are
    over them. The chain must be empty. Columns that the database has not yet are left out.
    """
    inspector = inspect(connection)
    readers = [
        fact_table(name, frozenset(column["name"] for column in inspector.get_columns(name))) for name in tables
    ]
    counts: dict[int, dict[str, int]] = {}
    for facts in readers:
        for chain, count in _counts_by_chain(connection, facts):
            counts.setdefault(chain, {})[facts.name] = count
    chains = {chain: Adding(connection, chain) for chain in sorted(counts)}
    for chain, adding in chains.items():
        adding.add_link(LinkKind.SEAL, "", "|", canonical(counts[chain]))
        adding.store()
    for facts in readers:
        for rows in _pages(connection, facts):
            by_chain: dict[int, list[RowMapping]] = {}
            for row in rows:
                by_chain.setdefault(row.get("chain_of_row", 0), []).append(row)
            for chain, found in by_chain.items():
                chains[chain].add(LinkKind.SEALED, facts, found)
                chains[chain].store()
    total: dict[str, int] = {}
    for of_chain in counts.values():
        for name, count in of_chain.items():
            total[name] = total.get(name, 0) + count
    return total


def _counts_by_chain(connection: Connection, facts: FactTable) -> list[tuple[int, int]]:
    rows = facts.all_rows.subquery()
    chain: Any = rows.c.get("chain_of_row")
    if chain is None:
        count = connection.execute(select(func.count()).select_from(rows)).scalar_one()
        return [(0, count)] if count else []
    found = connection.execute(select(chain, func.count()).group_by(chain))
    return [(row[0], row[1]) for row in found]


def _pages(connection: Connection, facts: FactTable) -> Iterable[Sequence[RowMapping]]:
    last: Any = None
    while True:
        statement = facts.all_rows.order_by(facts.key).limit(MEMBERS)
        if last is not None:
            statement = statement.where(facts.key > last)
        rows = connection.execute(statement).mappings().all()
        if not rows:
            return
        yield rows
        last = rows[-1][facts.key.name]
