"""warnings of consistency kept with the decisions; what a proposal left unread, as a word of its own

Revision: 0024
Follows: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ORDERS = {
    "weight": ("weight", "volume DESC", "subject"),
    "rows": ("rows DESC", "volume DESC", "weight", "subject"),
    "volume": ("volume DESC", "rows DESC", "weight", "subject"),
    "subject": ("subject", "weight"),
}


def upgrade() -> None:
    """Forward: the next start finds the warnings of every catalogue; what older proposals left unread stays unknown."""
    op.create_table(
        "consistency_finding",
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("local_code", sa.String(), nullable=False),
        sa.Column("twin_mark", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("variants", sa.Integer(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.String(length=80), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("is_answered", sa.Boolean(), nullable=False),
        sa.Column("examples", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_consistency_finding_catalogue_id_catalogue")
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["consistency_answer.id"], name=op.f("fk_consistency_finding_answer_id_consistency_answer")
        ),
        sa.PrimaryKeyConstraint("catalogue_id", "kind", "subject", name=op.f("pk_consistency_finding")),
    )
    for name, columns in _ORDERS.items():
        op.create_index(
            f"ix_consistency_finding_by_{name}",
            "consistency_finding",
            ["catalogue_id", "is_answered", *(sa.text(column) for column in columns)],
        )
    op.add_column("proposal", sa.Column("unread", sa.String(length=30), nullable=True))
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        "SELECT id, false, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )
    op.execute("UPDATE catalogue_tally SET stage = 0, reached = 0")


def downgrade() -> None:
    """Back."""
    # In place: decisions name proposals, so that the table cannot be made again.
    op.drop_column("proposal", "unread")
    op.drop_table("consistency_finding")
    op.execute("DELETE FROM catalogue_count WHERE family = 'finding'")
