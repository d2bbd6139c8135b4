"""where an import stores what nobody sees yet

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("catalogue", sa.Column("staged_for_job_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_catalogue_staged_for_job_id"), "catalogue", ["staged_for_job_id"], unique=True)


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_catalogue_staged_for_job_id"), table_name="catalogue")
    op.drop_column("catalogue", "staged_for_job_id")
