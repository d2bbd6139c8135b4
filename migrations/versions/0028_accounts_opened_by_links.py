"""accounts: one-time links, devices that are known, passwords and tokens that end, scope of tokens

Revision: 0028
Follows: 0027
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

LONGEST_TOKEN = timedelta(days=365)
LONGEST_PASSWORD = timedelta(hours=72)


def upgrade() -> None:
    """Forward: tokens without an end, or too far, last for a year more, provisional passwords for three days."""
    op.create_table(
        "one_time_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_one_time_link_user_id_user_account")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_one_time_link_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_link")),
    )
    op.create_index(op.f("ix_one_time_link_user_id"), "one_time_link", ["user_id"])
    op.create_table(
        "known_device",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_known_device_user_id_user_account")),
        sa.PrimaryKeyConstraint("token_hash", "user_id", name=op.f("pk_known_device")),
    )
    op.create_index(op.f("ix_known_device_user_id"), "known_device", ["user_id"])
    op.add_column("sign_in_attempt", sa.Column("device_hash", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("user_account", sa.Column("password_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_token", sa.Column("scope", sa.String(length=20), nullable=False, server_default="read"))
    now = datetime.now(UTC)
    token = sa.table(
        "api_token",
        sa.column("expires_at", sa.DateTime(timezone=True)),
        sa.column("revoked_at", sa.DateTime(timezone=True)),
    )
    latest = now + LONGEST_TOKEN
    op.execute(
        token.update()
        .where(token.c.revoked_at.is_(None), sa.or_(token.c.expires_at.is_(None), token.c.expires_at > latest))
        .values(expires_at=latest)
    )
    account = sa.table(
        "user_account",
        sa.column("must_change_password", sa.Boolean()),
        sa.column("password_expires_at", sa.DateTime(timezone=True)),
    )
    op.execute(
        account.update().where(account.c.must_change_password).values(password_expires_at=now + LONGEST_PASSWORD)
    )


def downgrade() -> None:
    """Back: tokens keep the end that they were given."""
    op.drop_column("api_token", "scope")
    op.drop_column("user_account", "password_expires_at")
    op.drop_column("sign_in_attempt", "device_hash")
    op.drop_index(op.f("ix_known_device_user_id"), table_name="known_device")
    op.drop_table("known_device")
    op.drop_index(op.f("ix_one_time_link_user_id"), table_name="one_time_link")
    op.drop_table("one_time_link")
