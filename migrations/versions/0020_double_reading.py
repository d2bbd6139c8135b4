"""double reading: shares, requests, second readings, reconciliations

Revision: 0020
Follows: 0019
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, public_identifiers

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TABLES = ("reading_share", "reading_request", "second_reading", "reading_reconciliation")


def _start() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
    ]


def _end(table: str, **references: str) -> list[sa.schema.SchemaItem]:
    keys: list[sa.schema.SchemaItem] = [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column, target in references.items()
    ]
    return [
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *keys,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    ]


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def upgrade() -> None:
    """Forward. Decisions made before are not drawn: what a reader knows of them by now is no blind reading."""
    op.create_table(
        "reading_share",
        *_start(),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("discipline", sa.String(length=40), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        *_end("reading_share", laboratory_id="laboratory", author_id="user_account"),
    )
    op.create_index("ix_reading_share_laboratory_id_id", "reading_share", ["laboratory_id", "id"])
    op.create_table(
        "reading_request",
        *_start(),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("local_test_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("discipline", sa.String(length=40), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("batch_public_id", sa.String(length=36), nullable=False),
        *_end("reading_request", catalogue_id="catalogue", local_test_id="local_test", decision_id="decision"),
        _unique("reading_request", "decision_id"),
    )
    op.create_index(
        "ix_reading_request_catalogue_id_local_test_id", "reading_request", ["catalogue_id", "local_test_id"]
    )
    op.create_index("ix_reading_request_local_test_id", "reading_request", ["local_test_id"])
    op.create_index("ix_reading_request_batch_public_id", "reading_request", ["batch_public_id"])
    op.create_table(
        "second_reading",
        *_start(),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=15), nullable=False),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("justification", sa.String(length=2000), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("is_agreement", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_role", sa.String(length=20), nullable=False),
        *_end(
            "second_reading",
            request_id="reading_request",
            release_id="loinc_release",
            proposal_id="proposal",
            author_id="user_account",
        ),
        _unique("second_reading", "request_id"),
    )
    op.create_table(
        "reading_reconciliation",
        *_start(),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_role", sa.String(length=20), nullable=False),
        *_end("reading_reconciliation", reading_id="second_reading", decision_id="decision", author_id="user_account"),
        _unique("reading_reconciliation", "decision_id"),
    )
    op.create_index("ix_reading_reconciliation_reading_id", "reading_reconciliation", ["reading_id"])
    dialect = op.get_bind().dialect.name
    for module in (append_only, public_identifiers):
        for table in _TABLES:
            for statement in module.trigger_statements(table, dialect):
                op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
