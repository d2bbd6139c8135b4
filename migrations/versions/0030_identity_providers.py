"""signing in through a provider of identities: who a person is there, answers used, what opened a session

Revision: 0030
Follows: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: nobody is linked, and the present sessions were opened with a password."""
    op.create_table(
        "provider_identity",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("identifier", sa.String(length=255), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_provider_identity_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_provider_identity")),
        sa.UniqueConstraint("issuer", "identifier", name=op.f("uq_provider_identity_issuer_identifier")),
    )
    op.create_table(
        "provider_answer",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_answer")),
    )
    op.create_index(op.f("ix_provider_answer_at"), "provider_answer", ["at"])
    op.add_column("user_session", sa.Column("provider", sa.String(length=300), nullable=True))
    op.add_column("user_session", sa.Column("acr", sa.String(length=100), nullable=True))


def downgrade() -> None:
    """Back: nobody is linked any longer; sessions stay open."""
    op.drop_column("user_session", "acr")
    op.drop_column("user_session", "provider")
    op.drop_table("provider_answer")
    op.drop_table("provider_identity")
