"""what is odd among the codes of a catalogue: marks of the rows that have one, and what people answered

Revision: 0022
Follows: 0021
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, public_identifiers

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_MARKS = ("name_mark", "twin_mark")
_INDEXES = {
    "ix_worklist_entry_of_code": (
        "catalogue_id", "level", "loinc_num", "name_mark", "opposed", "local_test_id", "volume",
    ),
    "ix_worklist_entry_twins": ("catalogue_id", "level", "twin_mark", "loinc_num", "volume"),
    "ix_worklist_entry_of_local_code": ("catalogue_id", "level", "code", "loinc_num", "volume"),
}  # fmt: skip


def upgrade() -> None:
    """Forward: the next start brings the entries of every catalogue up."""
    with op.batch_alter_table("worklist_entry") as entries:
        for column in _MARKS:
            entries.add_column(sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
        entries.add_column(sa.Column("opposed", sa.String(length=5), nullable=False, server_default=""))
    with op.batch_alter_table("worklist_entry") as entries:
        for column in (*_MARKS, "opposed"):
            entries.alter_column(column, server_default=None)
    coded = sa.text("loinc_num != ''")
    for name, columns in _INDEXES.items():
        op.create_index(name, "worklist_entry", list(columns), sqlite_where=coded, postgresql_where=coded)
    op.create_table(
        "consistency_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("subject", sa.String(length=150), nullable=False),
        sa.Column("seen", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_role", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_consistency_answer_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_consistency_answer_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consistency_answer")),
        sa.UniqueConstraint("public_id", name=op.f("uq_consistency_answer_public_id")),
    )
    op.create_index(
        "ix_consistency_answer_catalogue_id_kind_subject", "consistency_answer", ["catalogue_id", "kind", "subject"]
    )
    dialect = op.get_bind().dialect.name
    for module in (append_only, public_identifiers):
        for statement in module.trigger_statements("consistency_answer", dialect):
            op.get_bind().exec_driver_sql(statement)
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, true, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )
    op.execute("UPDATE catalogue_tally SET is_about_figures = true, stage = 0, reached = 0")


def downgrade() -> None:
    """Back."""
    op.drop_table("consistency_answer")
    for name in _INDEXES:
        op.drop_index(name, "worklist_entry")
    with op.batch_alter_table("worklist_entry") as entries:
        for column in (*_MARKS, "opposed"):
            entries.drop_column(column)
