"""indexes of the columns by which many rows refer to many others: a row goes without a table being read whole

Revision: 0039
Follows: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_COLUMNS = {
    "decision": ("proposal_id", "supersedes_id"),
    "review_state": ("decision_id", "approval_id", "flag_id"),
    "batch_row": ("proposal_id", "decision_id"),
    "second_reading": ("proposal_id",),
    "local_test": ("source_row_id",),
    "consistency_finding": ("answer_id",),
}


def upgrade() -> None:
    """Forward: rows without a reference are left out."""
    for table, columns in _COLUMNS.items():
        for name in columns:
            given = sa.text(f"{name} IS NOT NULL")
            op.create_index(f"ix_{table}_{name}", table, [name], sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    """Back: a row that goes has tables read whole again."""
    for table, columns in _COLUMNS.items():
        for name in columns:
            op.drop_index(f"ix_{table}_{name}", table)
