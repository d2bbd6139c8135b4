"""the habits that the decisions of a catalogue show, and those that the proposals of a run follow

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What was decided before is counted, so that it is learned from without waiting for more."""
    op.create_table(
        "catalogue_habits",
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.Column("is_used", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("habits", sa.JSON(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_catalogue_habits_catalogue_id_catalogue")
        ),
        sa.PrimaryKeyConstraint("catalogue_id", name=op.f("pk_catalogue_habits")),
    )
    op.add_column("proposal_run", sa.Column("habits", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.execute(
        "INSERT INTO catalogue_habits (catalogue_id, changes, is_due, is_used, habits, decisions) "
        "SELECT local_test.catalogue_id, count(*), false, true, '[]', 0 "
        "FROM review_state JOIN local_test ON local_test.id = review_state.local_test_id "
        "WHERE review_state.outcome = 'code' AND review_state.status IN ('decided', 'approved') "
        "GROUP BY local_test.catalogue_id"
    )


def downgrade() -> None:
    """Back."""
    op.drop_column("proposal_run", "habits")
    op.drop_table("catalogue_habits")
