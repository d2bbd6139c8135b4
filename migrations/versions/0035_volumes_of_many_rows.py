"""counts: the volume of many rows together may be more than a number of 32 bits holds

Revision: 0035
Follows: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: no number changes."""
    with op.batch_alter_table("catalogue_count") as counts:
        counts.alter_column("volume", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)


def downgrade() -> None:
    """Back: on a server this fails where a volume is larger than that column can hold."""
    with op.batch_alter_table("catalogue_count") as counts:
        counts.alter_column("volume", existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False)
