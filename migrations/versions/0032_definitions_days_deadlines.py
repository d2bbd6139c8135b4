"""composed definitions of coverage, the days kept of each catalogue, the deadlines of laboratories

Revision: 0032
Follows: 0030
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, chained, public_identifiers

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

_FACTS = ("coverage_definition", "laboratory_deadline")


def upgrade() -> None:
    """Forward: nothing is composed nor entered; idle workers compute the days from the facts."""
    op.create_table(
        "coverage_definition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("withdraws_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
        sa.Column("exam_rule", sa.String(length=15), nullable=False),
        sa.Column("with_subcontracted", sa.Boolean(), nullable=False),
        sa.Column("with_retired", sa.Boolean(), nullable=False),
        sa.Column("circuit_only", sa.Boolean(), nullable=False),
        sa.Column("out_of_scope_leaves", sa.Boolean(), nullable=False),
        sa.Column("no_code_leaves", sa.Boolean(), nullable=False),
        sa.Column("statuses", sa.String(length=10), nullable=False),
        sa.Column("releases", sa.String(length=15), nullable=False),
        sa.Column("deprecated", sa.String(length=15), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["withdraws_id"], ["coverage_definition.id"],
            name=op.f("fk_coverage_definition_withdraws_id_coverage_definition"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_coverage_definition_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_definition")),
        sa.UniqueConstraint("public_id", name=op.f("uq_coverage_definition_public_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_coverage_definition_withdraws_id"), "coverage_definition", ["withdraws_id"])
    op.create_table(
        "coverage_day",
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("numerator", sa.Integer(), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=False),
        sa.Column("volume_numerator", sa.BigInteger(), nullable=False),
        sa.Column("volume_denominator", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_id"], ["catalogue.id"], name=op.f("fk_coverage_day_catalogue_id_catalogue")
        ),
        sa.PrimaryKeyConstraint("catalogue_id", "day", name=op.f("pk_coverage_day")),
    )
    op.create_table(
        "laboratory_deadline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f("fk_laboratory_deadline_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_laboratory_deadline_author_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_laboratory_deadline")),
        sa.UniqueConstraint("public_id", name=op.f("uq_laboratory_deadline_public_id")),
    )
    op.create_index("ix_laboratory_deadline_laboratory_id_id", "laboratory_deadline", ["laboratory_id", "id"])
    connection = op.get_bind()
    dialect = connection.dialect.name
    for table in _FACTS:
        for statements in (public_identifiers.trigger_statements, append_only.trigger_statements,
                           chained.noting_statements):  # fmt: skip
            for statement in statements(table, dialect):
                connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Back: what was composed and entered is lost."""
    for table in ("laboratory_deadline", "coverage_day", "coverage_definition"):
        op.drop_table(table)
