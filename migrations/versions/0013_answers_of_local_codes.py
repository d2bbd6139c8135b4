"""where rows stand is judged anew: a code and « no LOINC code » are two answers; exams without analysis in scope

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: the next start brings the entries of every catalogue up."""
    with op.batch_alter_table("worklist_entry") as entries:
        entries.add_column(sa.Column("is_emptied", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("worklist_entry") as entries:
        entries.alter_column("is_emptied", server_default=None)
    emptied = sa.text("is_emptied")
    op.create_index(
        "ix_worklist_entry_emptied",
        "worklist_entry",
        ["catalogue_id", "position", "local_test_id"],
        sqlite_where=emptied,
        postgresql_where=emptied,
    )
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, true, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )
    op.execute("UPDATE catalogue_tally SET is_about_figures = true, stage = 0, reached = 0")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_worklist_entry_emptied", "worklist_entry")
    with op.batch_alter_table("worklist_entry") as entries:
        entries.drop_column("is_emptied")
