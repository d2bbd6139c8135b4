"""what emitted reports carry: kept runs, their counts and clusters, and the runs that were taken back

Revision: 0036
Follows: 0035
"""

import sqlalchemy as sa
from alembic import op

from app.models import append_only, chained, public_identifiers

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_IDENTIFIED = ("effective_run", "effective_withdrawal")
_SUMS = (
    "deleted_reports", "damaged", "results", "effective", "by_loinc_alone", "local_codes", "effective_local_codes",
)  # fmt: skip
_COUNTED = ("effective_count", "effective_cluster")


def _of_a_catalogue(table: str, *columns: sa.schema.SchemaItem, author_is_known: bool) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("laboratory_id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        *columns,
        sa.Column("author_id", sa.Integer(), nullable=not author_is_known),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["laboratory.id"], name=op.f(f"fk_{table}_laboratory_id_laboratory")
        ),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f(f"fk_{table}_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f(f"fk_{table}_author_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    )
    for column in ("laboratory_id", "catalogue_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _of_a_run(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["run_id"], ["effective_run.id"], name=op.f(f"fk_{table}_run_id_effective_run")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_run_id"), table, ["run_id"])


def upgrade() -> None:
    """Forward: nothing was kept before."""
    _of_a_catalogue(
        "effective_run",
        sa.Column("release_version", sa.String(length=40), nullable=False),
        sa.Column("release_hash", sa.String(length=64), nullable=False),
        sa.Column("has_circuit", sa.Boolean(), nullable=False),
        sa.Column("circuit_version", sa.String(length=60), nullable=False),
        sa.Column("circuit_hash", sa.String(length=64), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_to", sa.Date(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("level1_reports", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _SUMS),
        author_is_known=False,
    )
    _of_a_run(
        "effective_count",
        sa.Column("local_code", sa.String(length=120), nullable=False),
        sa.Column("loinc_codes", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("section", sa.String(length=10), nullable=False),
        sa.Column("chapter", sa.String(length=500), nullable=False),
        sa.Column("approved_codes", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("repair", sa.String(length=20), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
    )
    _of_a_run(
        "effective_cluster",
        sa.Column("domain", sa.String(length=500), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
    )
    _of_a_catalogue(
        "effective_withdrawal",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["effective_run.id"], name=op.f("fk_effective_withdrawal_run_id_effective_run")
        ),
        sa.UniqueConstraint("run_id", name=op.f("uq_effective_withdrawal_run_id")),
        author_is_known=True,
    )
    connection = op.get_bind()
    dialect = connection.dialect.name
    for table in (*_IDENTIFIED, *_COUNTED):
        for statement in (
            *(public_identifiers.trigger_statements(table, dialect) if table in _IDENTIFIED else ()),
            # After it: the database fires the newest first, and says that the table is append-only.
            *append_only.trigger_statements(table, dialect),
            *chained.noting_statements(table, dialect),
        ):
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Back: the runs are forgotten."""
    for table in ("effective_withdrawal", *reversed(_COUNTED), "effective_run"):
        op.drop_table(table)
