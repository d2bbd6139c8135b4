"""until when codes that LOINC retired count, by which rule what is kept was counted, releases that may be cut

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, public_identifiers

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "grace_date",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_grace_date_author_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grace_date")),
        sa.UniqueConstraint("public_id", name=op.f("uq_grace_date_public_id")),
    )
    op.create_table(
        "tally_rule",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaves_out_deprecated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_rule")),
    )
    op.add_column("loinc_release", sa.Column("doubt", sa.String(length=255), nullable=False, server_default=""))
    dialect = op.get_bind().dialect.name
    for module in (append_only, public_identifiers):
        for statement in module.trigger_statements("grace_date", dialect):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Back."""
    op.drop_column("loinc_release", "doubt")
    op.drop_table("tally_rule")
    op.drop_table("grace_date")
