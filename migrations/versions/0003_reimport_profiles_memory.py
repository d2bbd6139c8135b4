"""re-import, profiles of reading, memory that names its local tests

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY_TABLES = ("catalogue_change", "mapping_withdrawal")
MEMORY_TEXTS = {
    "local_code": 120, "unit": 120, "specimen": 200, "relation": 40, "comment": 500, "source_sha256": 64
}  # fmt: skip


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "import_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_import_profile_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_import_profile_laboratory_id_laboratory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile")),
        sa.UniqueConstraint("laboratory_id", "name", name=op.f("uq_import_profile_laboratory_id_name")),
    )
    op.create_index(op.f("ix_import_profile_laboratory_id"), "import_profile", ["laboratory_id"], unique=False)
    op.create_table(
        "catalogue_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("source_file_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("field", sa.String(length=30), nullable=False),
        sa.Column("old", sa.String(length=2000), nullable=False),
        sa.Column("new", sa.String(length=2000), nullable=False),
        sa.Column("is_substantive", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_catalogue_change_author_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_catalogue_change_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_catalogue_change_local_test_id_local_test")
        ),
        sa.ForeignKeyConstraint(
            ["source_file_id"], ["source_file.id"], name=op.f("fk_catalogue_change_source_file_id_source_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_change")),
    )
    for column in ("catalogue_id", "local_test_id"):
        op.create_index(op.f(f"ix_catalogue_change_{column}"), "catalogue_change", [column], unique=False)
    op.add_column("local_test", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    for name, length in MEMORY_TEXTS.items():
        op.add_column(
            "memory_entry", sa.Column(name, sa.String(length=length), nullable=False, server_default=sa.text("''"))
        )
    op.add_column(
        "memory_entry",
        sa.Column("is_from_catalogue", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY_TABLES:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER tr_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY_TABLES:
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER IF EXISTS tr_{table}_no_{verb}")
    with op.batch_alter_table("memory_entry", schema=None) as batch_op:
        for name in (*MEMORY_TEXTS, "is_from_catalogue"):
            batch_op.drop_column(name)
    with op.batch_alter_table("local_test", schema=None) as batch_op:
        batch_op.drop_column("retired_at")
    op.drop_table("catalogue_change")
    op.drop_table("import_profile")
