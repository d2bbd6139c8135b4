"""public identifiers of facts, hash of the terms of a release

Revision: 0006
Follows: 0005
"""

import secrets
import time
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "api_token", "audit_event", "catalogue", "catalogue_change", "decision", "export_record", "import_profile",
    "laboratory", "local_test", "loinc_release", "mapping_withdrawal", "memory_entry", "proposal_run", "review_task",
    "source_file", "user_account", "value_set",
)  # fmt: skip
CHUNK = 5_000
"""Rows filled by one batch of updates: what is kept in memory at once."""


def _identifier() -> str:
    """A UUID of version 7; the order of the rows is kept within the fraction of a millisecond."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    value = milliseconds << 80 | 7 << 76 | (nanoseconds << 12) // 1_000_000 << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def upgrade() -> None:
    """Forward."""
    for table in TABLES:
        triggers = _take_triggers(table)
        op.add_column(table, sa.Column("public_id", sa.String(length=36), nullable=True))
        _fill(table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("public_id", existing_type=sa.String(length=36), nullable=False)
            batch_op.create_unique_constraint(op.f(f"uq_{table}_public_id"), ["public_id"])
        for statement in triggers:
            op.execute(sa.text(statement.replace(":", r"\:")))
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER tr_{table}_public_id BEFORE UPDATE OF public_id ON {table} "
                f"WHEN NEW.public_id IS NOT OLD.public_id "
                f"BEGIN SELECT RAISE(ABORT, '{table}.public_id never changes'); END"
            )
    op.add_column(
        "loinc_release", sa.Column("terms_hash", sa.String(length=64), nullable=False, server_default=sa.text("''"))
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        op.execute(
            "CREATE TRIGGER tr_loinc_term_edited AFTER UPDATE ON loinc_term BEGIN "
            "UPDATE loinc_release SET terms_hash = 'edited-' || hex(randomblob(16)) WHERE id = NEW.release_id; END"
        )


def _take_triggers(table: str) -> list[str]:
    """Drop the triggers of a table on SQLite; the statements that make them again."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return []
    found = bind.execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"), {"name": table}
    ).all()
    for name, _sql in found:
        op.execute(f"DROP TRIGGER {name}")
    return [sql for _name, sql in found]


def _fill(table: str) -> None:
    bind = op.get_bind()
    rows = sa.table(table, sa.column("id", sa.Integer), sa.column("public_id", sa.String))
    update = rows.update().where(rows.c.id == sa.bindparam("row")).values(public_id=sa.bindparam("identifier"))
    last = None
    while True:
        query = sa.select(rows.c.id).order_by(rows.c.id).limit(CHUNK)
        ids = bind.scalars(query if last is None else query.where(rows.c.id > last)).all()
        if not ids:
            return
        bind.execute(update, [{"row": row, "identifier": _identifier()} for row in ids])
        last = ids[-1]


def _guard_on_postgresql() -> None:
    # The columns are compared in the functions: triggers that name them would forbid to give them a collation.
    op.execute(
        "CREATE FUNCTION public_id_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.public_id IS DISTINCT FROM OLD.public_id THEN RAISE EXCEPTION USING "
        "MESSAGE = TG_TABLE_NAME || '.public_id never changes', ERRCODE = 'integrity_constraint_violation'; END IF; "
        "RETURN NEW; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER tr_{table}_public_id BEFORE UPDATE ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION public_id_never_changes()"
        )
    op.execute(
        "CREATE FUNCTION loinc_term_edited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE loinc_release SET terms_hash = 'edited-' || md5(random()::text) WHERE id = NEW.release_id; "
        "RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER tr_loinc_term_edited AFTER UPDATE ON loinc_term FOR EACH ROW "
        "EXECUTE FUNCTION loinc_term_edited()"
    )


def downgrade() -> None:
    """Back."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(f"DROP TRIGGER tr_loinc_term_edited{' ON loinc_term' if is_postgresql else ''}")
    if is_postgresql:
        op.execute("DROP FUNCTION loinc_term_edited()")
    for table in TABLES:
        triggers = [sql for sql in _take_triggers(table) if "public_id" not in sql]
        if is_postgresql:
            op.execute(f"DROP TRIGGER tr_{table}_public_id ON {table}")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"uq_{table}_public_id"), type_="unique")
            batch_op.drop_column("public_id")
            if table == "loinc_release":
                batch_op.drop_column("terms_hash")
        for statement in triggers:
            op.execute(sa.text(statement.replace(":", r"\:")))
    if is_postgresql:
        op.execute("DROP FUNCTION public_id_never_changes()")
