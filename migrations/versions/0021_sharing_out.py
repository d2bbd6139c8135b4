"""who works on which rows, who has one open, the new filters and the order of the lists, the pace of work

Revision: 0021
Follows: 0020
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, public_identifiers

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_COLUMNS = {"assignee": 20, "margin": 10, "volume_band": 10}
_FACETS = {"assignee": "attribuee", "margin": "ecart", "volume_band": "volume-annuel"}


def upgrade() -> None:
    """Forward. Lists are brought up afterwards; until then their new columns are empty, and counted as such."""
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=500), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_assignment_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["user_account.id"], name=op.f("fk_assignment_assignee_id_user_account")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_assignment_author_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_assignment_public_id")),
    )
    op.create_index(op.f("ix_assignment_catalogue_id"), "assignment", ["catalogue_id"])
    op.create_table(
        "assigned_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_assigned_row_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_assigned_row_local_test_id_local_test")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assigned_row")),
    )
    op.create_index(op.f("ix_assigned_row_assignment_id"), "assigned_row", ["assignment_id"])
    op.create_index("ix_assigned_row_local_test_id_id", "assigned_row", ["local_test_id", "id"])
    op.create_table(
        "case_claim",
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["local_test_id"], ["local_test.id"], name=op.f("fk_case_claim_local_test_id_local_test")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_case_claim_user_id_user_account")),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_case_claim_catalogue_id_catalogue")),
        sa.PrimaryKeyConstraint("local_test_id", "user_id", name=op.f("pk_case_claim")),
    )
    op.create_index("ix_case_claim_catalogue_id_seen_at", "case_claim", ["catalogue_id", "seen_at"])
    op.create_index("ix_decision_author_id_created_at", "decision", ["author_id", "created_at"])
    for name, length in _COLUMNS.items():
        op.add_column("worklist_entry", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
        op.execute(
            "INSERT INTO catalogue_count (catalogue_id, family, key, rows, rows_with_volume, volume) "
            f"SELECT catalogue_id, 'facet', '[\"{_FACETS[name]}\", \"\", \"' || status || '\"]', count(*), 0, 0 "
            "FROM worklist_entry GROUP BY catalogue_id, status"
        )
    op.create_index(
        "ix_worklist_entry_of_assignee",
        "worklist_entry",
        ["catalogue_id", "assignee", sa.text("priority DESC"), "position", "local_test_id"],
    )
    op.execute("UPDATE catalogue_tally SET stage = 0, reached = 0")
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, false, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )
    connection = op.get_bind()
    for table in ("assignment", "assigned_row"):
        for statement in append_only.trigger_statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)
    for statement in public_identifiers.trigger_statements("assignment", connection.dialect.name):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_worklist_entry_of_assignee", "worklist_entry")
    for name in _COLUMNS:
        op.execute(f"DELETE FROM catalogue_count WHERE family = 'facet' AND key LIKE '[\"{_FACETS[name]}\",%'")
        op.drop_column("worklist_entry", name)
    op.drop_index("ix_decision_author_id_created_at", "decision")
    op.drop_table("case_claim")
    op.drop_table("assigned_row")
    op.drop_table("assignment")
