"""catalogues whose entries are being brought up to their facts, and the signatures of approved codes

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "catalogue_tally",
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("is_about_figures", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_catalogue_tally_catalogue_id_catalogue")
        ),
        sa.PrimaryKeyConstraint("catalogue_id", name=op.f("pk_catalogue_tally")),
    )
    with op.batch_alter_table("worklist_entry") as entries:
        entries.add_column(sa.Column("signature", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("worklist_entry") as entries:
        entries.alter_column("signature", server_default=None)
    some = sa.text("signature != ''")
    op.create_index(
        "ix_worklist_entry_signature", "worklist_entry", ["signature"], sqlite_where=some, postgresql_where=some
    )
    op.drop_index("ix_decision_undoes_id", "decision")
    undoing = sa.text("undoes_id IS NOT NULL")
    op.create_index(
        "ix_decision_undoes_id", "decision", ["undoes_id"], sqlite_where=undoing, postgresql_where=undoing
    )
    # The next start writes the signatures of the codes approved so far.
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, false, 0, 0 FROM catalogue"
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_decision_undoes_id", "decision")
    op.create_index("ix_decision_undoes_id", "decision", ["undoes_id"])
    op.drop_index("ix_worklist_entry_signature", "worklist_entry")
    with op.batch_alter_table("worklist_entry") as entries:
        entries.drop_column("signature")
    op.drop_table("catalogue_tally")
