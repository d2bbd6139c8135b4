"""the audit chain: links over every fact, those of before sealed; more tables that cannot be rewritten, nor replaced

Revision: 0027
Follows: 0026
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, chained, public_identifiers
from app.platform import chain

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_CHAINED = (
    "decision", "audit_event", "source_row", "catalogue_change", "mapping_withdrawal", "grace_date", "method_rule",
    "reading_share", "reading_request", "second_reading", "reading_reconciliation",
    "batch", "batch_row", "batch_answer", "consistency_answer", "assignment", "assigned_row",
    "source_file", "proposal_run", "review_task", "export_record", "erasure",
)  # fmt: skip
"""As of this migration: a table that comes later is created with its triggers."""
_OURS = ("chain_link", "text_salt")
_NEWLY_PROTECTED = ("source_file", "proposal_run", "review_task", "export_record", "chain_link", "text_salt", "erasure")


def upgrade() -> None:
    """Forward: the facts that are there are sealed by the first links of each chain."""
    op.create_table(
        "chain_link",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("column_names", sa.String(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "position", name=op.f("pk_chain_link")),
    )
    op.create_table(
        "text_salt",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain", "position"], ["chain_link.chain", "chain_link.position"],
            name=op.f("fk_text_salt_chain_position_chain_link"),
        ),
        sa.PrimaryKeyConstraint("chain", "position", name=op.f("pk_text_salt")),
    )  # fmt: skip
    op.create_table(
        "chain_head",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_chain_head")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=True),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["laboratory_id"], ["laboratory.id"], name=op.f("fk_erasure_laboratory_id_laboratory")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_erasure_author_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasure_public_id")),
    )
    op.create_index("ix_erasure_laboratory_id", "erasure", ["laboratory_id"])
    connection = op.get_bind()
    is_server = connection.dialect.name == "postgresql"
    if not is_server:
        connection.exec_driver_sql(chained.CREATE_PENDING)
    for statement in public_identifiers.trigger_statements("erasure", connection.dialect.name):
        connection.exec_driver_sql(statement)
    chain.seal(connection, [name for name in _CHAINED if name != "erasure"])
    for table in (*_CHAINED, *_OURS):
        _drop_triggers(connection, table, append_only.trigger_names(table, connection.dialect.name))
        for statement in append_only.trigger_statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)
    for table in _CHAINED:
        for statement in chained.noting_statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)


def _drop_triggers(connection: sa.Connection, table: str, names: set[str]) -> None:
    on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    for name in sorted(names):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")


def downgrade() -> None:
    """Back."""
    connection = op.get_bind()
    for table in _CHAINED:
        names = {f"tr_{table}_noted"}
        if table in _NEWLY_PROTECTED:
            names |= append_only.trigger_names(table, connection.dialect.name)
        elif connection.dialect.name != "postgresql":
            names |= {f"tr_{table}_no_replace"}
        _drop_triggers(connection, table, names)
    for table in ("text_salt", "chain_link", "chain_head", "erasure"):
        op.drop_table(table)
    if connection.dialect.name == "postgresql":
        for function in (chained.NOTING_FUNCTION, *(f"keep_{table}" for table in append_only.MOVABLE)):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {function}()")
    else:
        connection.exec_driver_sql(f"DROP TABLE {chained.PENDING_TABLE}")
