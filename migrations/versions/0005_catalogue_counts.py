"""counts kept per catalogue and indexes

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SORTED = ("code", "label_key", "specimen", "unit", "best_loinc", "confidence", "status_rank", "volume", "priority")
SORTED_DOWN = ("confidence", "status_rank", "volume", "priority")
FILTERED = ("status", "level", "chapter", "author", "band")
END = ["position", "local_test_id"]


def upgrade() -> None:
    """Forward. The tables are filled from the facts when the application starts."""
    op.create_table(
        "worklist_entry",
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label_key", sa.String(), nullable=False),
        sa.Column("specimen", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("chapter", sa.String(), nullable=False),
        sa.Column("subcontracted", sa.String(length=1), nullable=False),
        sa.Column("retired", sa.String(length=1), nullable=False),
        sa.Column("task", sa.String(length=1), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_rank", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=15), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("comment", sa.String(length=1), nullable=False),
        sa.Column("author", sa.String(length=20), nullable=False),
        sa.Column("best_loinc", sa.String(length=10), nullable=False),
        sa.Column("band", sa.String(length=12), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("contradiction", sa.String(length=1), nullable=False),
        sa.Column("has_proposal", sa.String(length=1), nullable=False),
        sa.Column("nontest", sa.String(length=1), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("searched", sa.String(), nullable=False),
        sa.Column("local_key", sa.String(), nullable=False),
        sa.Column("counted_chapter", sa.String(), nullable=False),
        sa.Column("standing", sa.String(length=15), nullable=False),
        sa.Column("all_analyses", sa.Boolean(), nullable=False),
        sa.Column("lost_links", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.String(length=15), nullable=False),
        sa.Column("blocking", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("producer", sa.String(length=255), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_worklist_entry_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_worklist_entry_local_test_id_local_test")
        ),
        sa.PrimaryKeyConstraint("local_test_id", name=op.f("pk_worklist_entry")),
    )
    op.create_table(
        "catalogue_count",
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rows_with_volume", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_catalogue_count_catalogue_id_catalogue")
        ),
        sa.PrimaryKeyConstraint("catalogue_id", "family", "key", name=op.f("pk_catalogue_count")),
    )
    for name in SORTED:
        op.create_index(f"ix_worklist_entry_by_{name}", "worklist_entry", ["catalogue_id", name, *END])
    for name in SORTED_DOWN:
        columns = ["catalogue_id", sa.text(f"{name} DESC"), *END]
        op.create_index(f"ix_worklist_entry_by_{name}_down", "worklist_entry", columns)
    op.create_index("ix_worklist_entry_by_position", "worklist_entry", ["catalogue_id", *END])
    for name in FILTERED:
        columns = ["catalogue_id", name, sa.text("priority DESC"), *END]
        op.create_index(f"ix_worklist_entry_of_{name}", "worklist_entry", columns)
    op.create_index("ix_worklist_entry_local_key", "worklist_entry", ["catalogue_id", "local_key"])
    op.create_index("ix_worklist_entry_loinc_num", "worklist_entry", ["catalogue_id", "loinc_num", "level"])
    for name in ("counted_chapter", "standing", "leaves"):
        op.create_index(f"ix_worklist_entry_{name}", "worklist_entry", ["catalogue_id", name, "level", *END])
    for name in ("blocking", "warnings"):
        some = sa.text(f"{name} > 0")
        op.create_index(
            f"ix_worklist_entry_{name}", "worklist_entry", ["catalogue_id", "level", *END],
            sqlite_where=some, postgresql_where=some,
        )  # fmt: skip
    op.create_index(
        "ix_worklist_entry_approver", "worklist_entry", ["catalogue_id", "approved_by_id", "approved_at"]
    )
    op.create_index("ix_catalogue_count_rows", "catalogue_count", ["catalogue_id", "family", "rows"])
    op.create_index(op.f("ix_decision_undoes_id"), "decision", ["undoes_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index(op.f("ix_decision_undoes_id"), "decision")
    op.drop_table("catalogue_count")
    op.drop_table("worklist_entry")
