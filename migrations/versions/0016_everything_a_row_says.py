"""reference values, results and exams of the rows; the rule of laboratories on techniques, and that of each search

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, public_identifiers

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TEXTS = ("reference_range", "results", "exam")
_OF_RUNS = ("label_width", "method_rules")


def upgrade() -> None:
    """Forward. Of tests that came in before, it is not known what these columns said: NULL, which is not empty."""
    for column in _TEXTS:
        op.add_column("local_test", sa.Column(column, sa.Text(), nullable=True))
    op.add_column("proposal_run", sa.Column("label_width", sa.Integer(), nullable=True))
    op.add_column("proposal_run", sa.Column("method_rules", sa.JSON(), nullable=True))
    op.create_table(
        "method_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("discipline", sa.String(length=40), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_method_rule_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_method_rule_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_rule")),
        sa.UniqueConstraint("public_id", name=op.f("uq_method_rule_public_id")),
    )
    op.create_index("ix_method_rule_laboratory_id_id", "method_rule", ["laboratory_id", "id"])
    dialect = op.get_bind().dialect.name
    for module in (append_only, public_identifiers):
        for statement in module.trigger_statements("method_rule", dialect):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Back."""
    op.drop_table("method_rule")
    for table, columns in (("proposal_run", _OF_RUNS), ("local_test", _TEXTS)):
        for column in columns:
            op.drop_column(table, column)
