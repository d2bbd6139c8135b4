"""signatures of versions of a mapping, and their withdrawals

Revision: 0033
Follows: 0030
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, chained, public_identifiers

revision = "0033"
down_revision = "0030"
branch_labels = None
depends_on = None

_OURS = ("sign_off", "sign_off_withdrawal")


def _of_a_catalogue(table: str, *columns: sa.Column[object], people: str, unique: tuple[str, ...] = ()) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f(f"fk_{table}_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f(f"fk_{table}_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint([people], ["user_account.id"], name=op.f(f"fk_{table}_{people}_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(sa.UniqueConstraint(name, name=op.f(f"uq_{table}_{name}")) for name in ("public_id", *unique)),
    )
    for column in ("laboratory_id", "catalogue_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    """Forward: nothing was signed before."""
    _of_a_catalogue(
        "sign_off",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("completes", sa.Boolean(), nullable=False),
        sa.Column("chapters", sa.JSON(), nullable=False),
        sa.Column("carried", sa.JSON(), nullable=False),
        sa.Column("signer_id", sa.Integer(), nullable=False),
        sa.Column("signer_name", sa.String(length=120), nullable=False),
        sa.Column("rpps", sa.String(length=11), nullable=False),
        sa.Column("is_rpps_of_provider", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("finess_ej", sa.String(length=9), nullable=False),
        sa.Column("finess_et", sa.String(length=9), nullable=False),
        sa.Column("proof", sa.String(length=15), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_version", sa.String(length=40), nullable=False),
        sa.Column("coverage", sa.JSON(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("mapping_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("compressed_sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        people="signer_id",
    )
    op.create_index(op.f("ix_sign_off_signer_id"), "sign_off", ["signer_id"])
    _of_a_catalogue(
        "sign_off_withdrawal",
        sa.Column("sign_off_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sign_off_id"], ["sign_off.id"], name=op.f("fk_sign_off_withdrawal_sign_off_id_sign_off")
        ),
        people="author_id",
        unique=("sign_off_id",),
    )
    connection = op.get_bind()
    dialect = connection.dialect.name
    for table in _OURS:
        for statement in (
            *append_only.trigger_statements(table, dialect),
            *public_identifiers.trigger_statements(table, dialect),
            *chained.noting_statements(table, dialect),
        ):
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Back: signatures are forgotten."""
    for table in reversed(_OURS):
        op.drop_table(table)
