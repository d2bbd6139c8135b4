"""requests of LOINC codes: their steps, and the codes d'attente of a laboratory

Revision: 0038
Follows: 0037
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, chained, public_identifiers

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_OURS = ("code_request_step", "waiting_code_rule")


def _table(name: str, references: dict[str, str], *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        *(sa.Column(column, sa.Integer(), nullable=False) for column in references),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}"))
            for column, table in references.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{name}_public_id")),
    )


def upgrade() -> None:
    """Forward: nothing was asked for before."""
    _table(
        "code_request_step",
        {
            "laboratory_id": "laboratory", "catalogue_id": "catalogue", "local_test_id": "local_test",
            "author_id": "user_account",
        },
        sa.Column("action", sa.String(length=15), nullable=False),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("loinc_num", sa.String(length=10), nullable=False),
        sa.Column("waiting_system", sa.String(length=64), nullable=False),
        sa.Column("waiting_code", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_role", sa.String(length=20), nullable=False),
    )  # fmt: skip
    for column in ("laboratory_id", "catalogue_id"):
        op.create_index(op.f(f"ix_code_request_step_{column}"), "code_request_step", [column])
    op.create_index("ix_code_request_step_local_test_id_id", "code_request_step", ["local_test_id", "id"])
    _table(
        "waiting_code_rule",
        {"laboratory_id": "laboratory", "author_id": "user_account"},
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
    )
    op.create_index("ix_waiting_code_rule_laboratory_id_id", "waiting_code_rule", ["laboratory_id", "id"])
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
    """Back: what was asked for is forgotten."""
    for table in reversed(_OURS):
        op.drop_table(table)
