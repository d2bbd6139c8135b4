"""groups of rows: what an exam, a chapter or reference values say of a row is part of its group

Revision: 0023
Follows: 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: every catalogue is brought up, its rows get the keys of their groups."""
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, false, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )
    op.execute("UPDATE catalogue_tally SET stage = 0, reached = 0")


def downgrade() -> None:
    """Back: the next version that computes groups marks catalogues itself."""
