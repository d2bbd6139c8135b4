"""catalogues whose entries are being brought up to their facts

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "catalogue_tally",
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("is_about_figures", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_catalogue_tally_catalogue_id_catalogue")
        ),
        sa.PrimaryKeyConstraint("catalogue_id", name=op.f("pk_catalogue_tally")),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("catalogue_tally")
