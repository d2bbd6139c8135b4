"""archives that laboratories came in, laboratories that were closed, people of other installations

Revision: 0037
Follows: 0036
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, chained, public_identifiers

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_MOVED = ("moved_decisions", "moved_rows", "moved_changes")
_OURS = ("imported_archive", "closed_laboratory")


def upgrade() -> None:
    """Forward: nobody came from elsewhere before."""
    op.add_column("user_account", sa.Column("is_foreign", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("user_account", sa.Column("foreign_email", sa.String(length=254), server_default="", nullable=False))
    op.add_column("laboratory", sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("laboratory", sa.Column("awaits", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    for table in ("laboratory", "catalogue"):
        op.add_column(table, sa.Column("named_as", sa.Integer(), nullable=True))
    for name in _MOVED:
        op.add_column("catalogue", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "imported_archive",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False),
        sa.Column("origin_chain", sa.Integer(), nullable=False),
        sa.Column("head_position", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_imported_archive_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_imported_archive_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_archive")),
        sa.UniqueConstraint("public_id", name=op.f("uq_imported_archive_public_id")),
    )
    op.create_index(op.f("ix_imported_archive_laboratory_id"), "imported_archive", ["laboratory_id"])
    op.create_table(
        "closed_laboratory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("laboratory_public_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False),
        sa.Column("head_position", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_closed_laboratory_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_laboratory")),
        sa.UniqueConstraint("public_id", name=op.f("uq_closed_laboratory_public_id")),
        sa.UniqueConstraint("number", name=op.f("uq_closed_laboratory_number")),
    )
    op.create_index(
        op.f("ix_closed_laboratory_laboratory_public_id"), "closed_laboratory", ["laboratory_public_id"]
    )
    connection = op.get_bind()
    dialect = connection.dialect.name
    for table in _OURS:
        for statement in (
            *public_identifiers.trigger_statements(table, dialect),
            # After it: the database fires the newest first, and says that the table is append-only.
            *append_only.trigger_statements(table, dialect),
            *chained.noting_statements(table, dialect),
        ):
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Back: people of other installations stay, as accounts that nothing opens."""
    for table in reversed(_OURS):
        op.drop_table(table)
    # In place on SQLite too: the triggers of the table stay.
    for name in reversed(_MOVED):
        op.drop_column("catalogue", name)
    for table in ("catalogue", "laboratory"):
        op.drop_column(table, "named_as")
    op.drop_column("laboratory", "awaits")
    op.drop_column("laboratory", "imported_at")
    op.drop_column("user_account", "foreign_email")
    op.drop_column("user_account", "is_foreign")
