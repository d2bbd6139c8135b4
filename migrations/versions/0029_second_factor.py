"""second factor of accounts, and what a session knows of its device and of its proofs

Revision: 0029
Follows: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_OF_A_SESSION = {"address": 64, "device": 200, "challenge": 100}


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _owned(table: str, *columns: sa.Column[object], unique: str = "") -> None:
    constraints = [sa.UniqueConstraint(unique, name=op.f(f"uq_{table}_{unique}"))] if unique else []
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f(f"fk_{table}_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *constraints,
    )
    op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"])


def upgrade() -> None:
    """Forward: a session of before has one factor, proved when it was opened."""
    _owned(
        "totp_secret",
        sa.Column("encrypted", sa.String(length=200), nullable=False),
        _moment("created_at"),
        _moment("confirmed_at", nullable=True),
        sa.Column("last_counter", sa.Integer(), nullable=False),
    )
    _owned(
        "recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        _moment("created_at"),
        _moment("used_at", nullable=True),
        unique="code_hash",
    )
    _owned(
        "security_key",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.String(length=2000), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _moment("last_used_at", nullable=True),
        unique="credential_id",
    )
    for name in ("has_second_factor", "is_demonstration"):
        op.add_column("user_account", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    for name, length in _OF_A_SESSION.items():
        op.add_column("user_session", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column("user_session", _moment("second_factor_at", nullable=True))
    op.add_column("user_session", _moment("authenticated_at", nullable=True))
    op.execute("UPDATE user_session SET authenticated_at = created_at")
    with op.batch_alter_table("user_session") as batch:
        batch.alter_column("authenticated_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    """Back: second factors are forgotten."""
    for name in ("authenticated_at", "second_factor_at", *reversed(_OF_A_SESSION)):
        op.drop_column("user_session", name)
    for name in ("is_demonstration", "has_second_factor"):
        op.drop_column("user_account", name)
    for table in ("security_key", "recovery_code", "totp_secret"):
        op.drop_table(table)
