"""what happened to an account is told to its owner: a count in her session, an index of the trail by account

Revision: 0031
Follows: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_OF_ACCOUNTS = sa.text("object_type = 'user'")


def upgrade() -> None:
    """Forward: sessions open now have nothing to tell."""
    op.add_column("user_session", sa.Column("news", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_audit_event_of_account", "audit_event", ["object_id", "id"],
        sqlite_where=_OF_ACCOUNTS, postgresql_where=_OF_ACCOUNTS,
    )  # fmt: skip


def downgrade() -> None:
    """Back: nothing is lost but what was not told yet; the trail keeps it."""
    op.drop_index("ix_audit_event_of_account", "audit_event")
    op.drop_column("user_session", "news")
