"""what earlier work says of the rows of a catalogue

Revision: 0012
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "earlier_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=True),
        sa.Column("source_file_id", sa.Integer(), nullable=True),
        sa.Column("source_name", sa.String(length=255), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=True),
        sa.Column("local_code", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("written", sa.String(length=200), nullable=False),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("repair", sa.String(length=10), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("relation", sa.String(length=60), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("dated", sa.String(length=60), nullable=False),
        sa.Column("taken_as", sa.String(length=12), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=14), nullable=False),
        sa.Column("is_contradicted", sa.Boolean(), nullable=False),
        sa.Column("contradictions", sa.JSON(), nullable=False),
        sa.Column("differing", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_earlier_statement_{column}_{table}"))
            for column, table in (
                ("catalogue_id", "catalogue"),
                ("local_test_id", "local_test"),
                ("source_file_id", "source_file"),
                ("taken_by_id", "user_account"),
                ("run_id", "proposal_run"),
                ("created_by_id", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earlier_statement")),
    )
    for column in ("id", "verdict", "taken_as"):
        op.create_index(
            op.f(f"ix_earlier_statement_catalogue_id_{column}"), "earlier_statement", ["catalogue_id", column]
        )
    op.create_index(op.f("ix_earlier_statement_local_test_id"), "earlier_statement", ["local_test_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("earlier_statement")
