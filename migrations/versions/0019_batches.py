"""batches: decisions on many rows in one act, and the rows that say the same

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, public_identifiers

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES = ("batch", "batch_row", "batch_answer")


def upgrade() -> None:
    """Forward. The groups of rows that say the same are found when entries are computed again."""
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("action", sa.String(length=15), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("lowest_band", sa.String(length=12), nullable=False),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("expected_least", sa.Float(), nullable=True),
        sa.Column("of_batch_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_batch_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(["of_batch_id"], ["batch.id"], name=op.f("fk_batch_of_batch_id_batch")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_batch_author_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("public_id", name=op.f("uq_batch_public_id")),
    )
    for column in ("catalogue_id", "of_batch_id", "author_id"):
        op.create_index(op.f(f"ix_batch_{column}"), "batch", [column])
    op.create_table(
        "batch_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("refusal", sa.String(length=500), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_row_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_batch_row_local_test_id_local_test")
        ),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_batch_row_proposal_id_proposal")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_batch_row_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_row")),
    )
    for column in ("batch_id", "local_test_id"):
        op.create_index(op.f(f"ix_batch_row_{column}"), "batch_row", [column])
    op.create_table(
        "batch_answer",
        sa.Column("batch_row_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_row_id"], ["batch_row.id"], name=op.f("fk_batch_answer_batch_row_id_batch_row")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_answer_batch_id_batch")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_batch_answer_decision_id_decision")),
        sa.PrimaryKeyConstraint("batch_row_id", name=op.f("pk_batch_answer")),
    )
    for column in ("batch_id", "decision_id"):
        op.create_index(op.f(f"ix_batch_answer_{column}"), "batch_answer", [column])
    dialect = op.get_bind().dialect.name
    for table in _TABLES:
        for statement in append_only.trigger_statements(table, dialect):
            op.get_bind().exec_driver_sql(statement)
    for statement in public_identifiers.trigger_statements("batch", dialect):
        op.get_bind().exec_driver_sql(statement)
    with op.batch_alter_table("worklist_entry") as entries:
        entries.add_column(sa.Column("group_key", sa.String(length=32), nullable=False, server_default=""))
    with op.batch_alter_table("worklist_entry") as entries:
        entries.alter_column("group_key", server_default=None)
    op.create_index("ix_worklist_entry_group", "worklist_entry", ["catalogue_id", "group_key", "position"])
    # Every catalogue is to be brought up: its rows get the key of their group.
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, false, 0, 0 FROM catalogue WHERE id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_worklist_entry_group", "worklist_entry")
    with op.batch_alter_table("worklist_entry") as entries:
        entries.drop_column("group_key")
    for table in reversed(_TABLES):
        op.drop_table(table)
