"""Which facts the audit chain holds, column by column, and how the database notes those that a transaction wrote."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Select, Table, bindparam, event, func, select

from app.models.append_only import APPEND_ONLY_TABLES, MOVABLE
from app.models.base import metadata
from app.models.chain import INSTALLATION
from app.models.triggers import intact_triggers

UNCHAINED = {
    "chain_link": "the chain itself",
    "text_salt": "the salts of a link: a commitment tells a salt that was replaced",
}
"""Append-only tables whose rows have no link."""
CHAINED_TABLES = tuple(name for name in APPEND_ONLY_TABLES if name not in UNCHAINED)
ERASABLE: dict[str, tuple[str, ...]] = {
    "assignment": ("scope",),
    "audit_event": ("details",),
    "batch": ("title", "reason", "comment"),
    "batch_answer": ("message",),
    "batch_row": ("refusal",),
    "catalogue_change": ("old", "new"),
    "code_request_step": ("recipient", "reference", "reason"),
    "consistency_answer": ("subject", "reason", "summary"),
    "coverage_definition": ("title",),
    "decision": ("reason", "comment", "justification"),
    "effective_cluster": ("domain",),
    "effective_count": ("local_code", "chapter"),
    "effective_withdrawal": ("reason",),
    "export_record": ("file_name",),
    "mapping_withdrawal": ("signature", "label", "reason"),
    "proposal_run": ("habits",),
    "reading_reconciliation": ("reason",),
    "second_reading": ("reason", "comment", "justification"),
    "sign_off": ("chapters", "carried", "signer_name", "title", "sentence"),
    "sign_off_withdrawal": ("reason",),
    "source_file": ("file_name", "columns"),
    "source_row": ("cells",),
    "waiting_code_rule": ("codes",),
}
"""Free texts, that a person or a file brought: a link commits to each with a salt, so that one can be erased."""
BY_DIGEST = {"source_file": {"content": "sha256"}, "sign_off": {"content": "compressed_sha256"}}
"""Contents that a column of the same row is the SHA-256 of: the link is over that column."""

PENDING_TABLE = "chain_pending"
"""On SQLite, what a transaction wrote and has not linked yet; empty between transactions. A server keeps that in a
setting of the transaction (`NOTED_SETTING`)."""
NOTED_SETTING = "transcodeur.noted"
CREATE_PENDING = (
    f"CREATE TABLE IF NOT EXISTS {PENDING_TABLE} "
    "(id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, row_id INTEGER NOT NULL)"
)
NOTING_FUNCTION = "note_facts"
_CREATE_NOTING_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NOTING_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE keys text;
BEGIN
  EXECUTE 'SELECT string_agg(' || quote_ident(TG_ARGV[0]) || '::text, '','') FROM added' INTO keys;
  IF keys IS NOT NULL THEN
    PERFORM set_config('{NOTED_SETTING}',
      coalesce(current_setting('{NOTED_SETTING}', true), '') || TG_TABLE_NAME || ':' || keys || ';', true);
  END IF;
  RETURN NULL;
END $$"""


def noting_statements(table: str, dialect: str = "sqlite") -> list[str]:
    """What makes this database note each row that is added to a table, whoever adds it and how."""
    (key,) = (column.name for column in metadata.tables[table].primary_key.columns)
    if dialect == "postgresql":
        return [
            _CREATE_NOTING_FUNCTION,
            f"CREATE TRIGGER tr_{table}_noted AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {NOTING_FUNCTION}('{key}')",
        ]
    return [
        f"CREATE TRIGGER tr_{table}_noted AFTER INSERT ON {table} BEGIN "
        f"INSERT INTO {PENDING_TABLE} (table_name, row_id) VALUES ('{table}', NEW.{key}); END"
    ]


def unnoted_tables(connection: Connection) -> list[str]:
    """The tables whose new rows this database would not note now."""
    dialect = connection.dialect.name
    wanted = {table: noting_statements(table, dialect)[-1] for table in CHAINED_TABLES}
    intact = intact_triggers(connection, (sql for name in wanted for sql in noting_statements(name, dialect)))
    return [table for table, statement in wanted.items() if statement not in intact]


_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table as the chain reads it."""

    name: str
    key: Column[Any]
    fixed: tuple[str, ...]
    texts: tuple[str, ...]
    by_key: Select[Any]
    """The rows of the keys bound to `keys`, in their order: fixed columns, texts, and `chain_of_row`."""
    all_rows: Select[Any]

    @property
    def column_names(self) -> str:
        """As a link stores them."""
        return f"{','.join(self.fixed)}|{','.join(self.texts)}"


def fact_table(name: str, present: frozenset[str] | None = None) -> FactTable:
    """How the chain reads a table; `present`: the columns that the database has, when it is of an older version."""
    return _fact_table(name, present)


@cache
def _fact_table(name: str, present: frozenset[str] | None) -> FactTable:
    table = metadata.tables[name]
    (key,) = table.primary_key.columns
    texts = ERASABLE.get(name, ())
    left_out = {*texts, *MOVABLE.get(name, ()), *BY_DIGEST.get(name, {})}
    known = [column.name for column in table.columns if present is None or column.name in present]
    fixed = tuple(column for column in known if column not in left_out)
    texts = tuple(column for column in texts if column in known)
    path = path_to_laboratory(table)
    source: Any = table
    holder: Any = table
    for column in path[:-1]:
        (foreign,) = column.foreign_keys
        holder = foreign.column.table
        source = source.outerjoin(holder, foreign.column == column)
    chain = func.coalesce(holder.c.laboratory_id, INSTALLATION) if path else None
    columns = [table.c[column] for column in (*fixed, *texts)]
    rows = select(*columns, *([chain.label("chain_of_row")] if chain is not None else [])).select_from(source)
    return FactTable(name, key, fixed, texts, rows.where(key.in_(_KEYS)).order_by(key), rows)


def path_to_laboratory(table: Table) -> list[Column[Any]]:
    """The columns that lead from a row to its laboratory, the shortest way; none: it is of the installation."""
    if "laboratory_id" in table.columns:
        return [table.c.laboratory_id]
    ways = []
    for column in table.columns:
        for foreign in column.foreign_keys:
            parent = foreign.column.table
            if not column.nullable and parent is not table and parent.name != "user_account":
                further = path_to_laboratory(parent)
                if further:
                    ways.append([column, *further])
    return min(ways, key=len, default=[])


def create_noting(connection: Connection) -> None:
    """Make this database note facts, from now on."""
    dialect = connection.dialect.name
    if dialect != "postgresql":
        connection.exec_driver_sql(CREATE_PENDING)
    for table in CHAINED_TABLES:
        for statement in noting_statements(table, dialect):
            connection.exec_driver_sql(statement)


def _create_triggers(table: Table, connection: Connection, **_options: Any) -> None:
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(CREATE_PENDING)
    for statement in noting_statements(table.name, connection.dialect.name):
        connection.exec_driver_sql(statement)


def install() -> None:
    """Make `create_all` create the triggers too, so that tests run under the same rule as installations."""
    for name in CHAINED_TABLES:
        event.listen(metadata.tables[name], "after_create", _create_triggers)
