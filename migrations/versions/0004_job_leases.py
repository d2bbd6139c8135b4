"""jobs: owner, lease, attempts, chunks

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
EMPTY, ZERO = sa.text("''"), sa.text("0")
FIRST_ATTEMPTS = sa.text("3")
INTERRUPTED = "La recherche de propositions a été interrompue par l'arrêt du serveur."


def lease_columns() -> list[sa.Column[object]]:
    """What a job and a chunk have in common."""
    return [
        sa.Column("owner", sa.String(length=160), nullable=False, server_default=EMPTY),
        sa.Column("lease_expires_at", MOMENT, nullable=True),
        sa.Column("heartbeat_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("max_attempts", sa.Integer(), nullable=False, server_default=FIRST_ATTEMPTS),
        sa.Column("not_before", MOMENT, nullable=True),
    ]


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("job") as job:
        for column in lease_columns():
            job.add_column(column)
        job.add_column(sa.Column("lost_leases", sa.Integer(), nullable=False, server_default=ZERO))
        job.add_column(sa.Column("cancel_requested_at", MOMENT, nullable=True))
        job.add_column(sa.Column("cancel_requested_by_id", sa.Integer(), nullable=True))
        job.add_column(sa.Column("last_error", sa.String(length=200), nullable=False, server_default=EMPTY))
        job.add_column(sa.Column("must_clean", sa.Boolean(), nullable=False, server_default=sa.false()))
        job.create_foreign_key(
            op.f("fk_job_cancel_requested_by_id_user_account"), "user_account", ["cancel_requested_by_id"], ["id"]
        )
        job.create_index("ix_job_status", ["status"])
    op.create_table(
        "job_plan",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_plan_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_plan")),
    )
    op.create_table(
        "job_chunk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        *lease_columns(),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_chunk_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_chunk")),
        sa.UniqueConstraint("job_id", "number", name=op.f("uq_job_chunk_job_id_number")),
    )
    op.create_index("ix_job_chunk_status", "job_chunk", ["status"])
    op.create_table(
        "job_turn",
        sa.Column("laboratory_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("laboratory_id", name=op.f("pk_job_turn")),
    )
    with op.batch_alter_table("proposal_run") as run:
        run.add_column(sa.Column("job_id", sa.Integer(), nullable=True))
        run.create_foreign_key(op.f("fk_proposal_run_job_id_job"), "job", ["job_id"], ["id"])
        run.create_index(op.f("ix_proposal_run_job_id"), ["job_id"])
    # Nothing runs while the application is upgraded: what still says so was left by a process that stopped.
    op.execute("UPDATE job SET status = 'waiting', done = 0, total = 0, started_at = NULL WHERE status = 'running'")
    run_table = sa.table(
        "proposal_run", sa.column("status", sa.String), sa.column("message", sa.String),
        sa.column("started_at", MOMENT), sa.column("finished_at", MOMENT),
    )  # fmt: skip
    op.execute(
        run_table.update()
        .where(run_table.c.status == "running")
        .values(status="failed", message=INTERRUPTED, finished_at=run_table.c.started_at)
    )


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("proposal_run") as run:
        run.drop_index(op.f("ix_proposal_run_job_id"))
        run.drop_constraint(op.f("fk_proposal_run_job_id_job"), type_="foreignkey")
        run.drop_column("job_id")
    for table in ("job_turn", "job_chunk", "job_plan"):
        op.drop_table(table)
    op.execute("UPDATE job SET status = 'failed' WHERE status = 'cancelled'")
    with op.batch_alter_table("job") as job:
        job.drop_index("ix_job_status")
        job.drop_constraint(op.f("fk_job_cancel_requested_by_id_user_account"), type_="foreignkey")
        for column in lease_columns():
            job.drop_column(column.name)
        for name in ("lost_leases", "cancel_requested_at", "cancel_requested_by_id", "last_error", "must_clean"):
            job.drop_column(name)
