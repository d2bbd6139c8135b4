"""flags on rows, candidates set aside, and what a person decided, the newest first

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. No row had a flag before: the counts of the new facet say so of each."""
    op.create_index("ix_decision_author_id_id", "decision", ["author_id", "id"])
    with op.batch_alter_table("review_state") as states:
        states.add_column(sa.Column("flag_id", sa.Integer(), nullable=True))
        states.create_foreign_key("fk_review_state_flag_id_decision", "decision", ["flag_id"], ["id"])
    with op.batch_alter_table("worklist_entry") as entries:
        entries.add_column(sa.Column("flag", sa.String(length=1), nullable=False, server_default="0"))
    with op.batch_alter_table("worklist_entry") as entries:
        entries.alter_column("flag", server_default=None)
    # The key is a JSON list as `app.tallies.counting` writes it.
    op.execute(
        "INSERT INTO catalogue_count (catalogue_id, family, key, rows, rows_with_volume, volume) "
        "SELECT catalogue_id, 'facet', '[\"repere\", \"0\", \"' || status || '\"]', count(*), 0, 0 "
        "FROM worklist_entry GROUP BY catalogue_id, status"
    )


def downgrade() -> None:
    """Back."""
    op.execute("DELETE FROM catalogue_count WHERE family = 'facet' AND key LIKE '[\"repere\"%'")
    with op.batch_alter_table("worklist_entry") as entries:
        entries.drop_column("flag")
    with op.batch_alter_table("review_state") as states:
        states.drop_constraint("fk_review_state_flag_id_decision", type_="foreignkey")
        states.drop_column("flag_id")
    op.drop_index("ix_decision_author_id_id", "decision")
