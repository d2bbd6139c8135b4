"""how an earlier statement stood in its file; files of earlier work whose reading a person settles before it is taken

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COUNTED = [
    "catalogue_id", "source_name", "verdict", "taken_as", "is_contradicted", "run_id", "local_test_id",
    "loinc_num", "id",
]  # fmt: skip


def upgrade() -> None:
    """Forward. What was compared before its status was read says none."""
    op.add_column("earlier_statement", sa.Column("status", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("upload_draft", sa.Column("is_earlier_work", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table, column in (("earlier_statement", "status"), ("upload_draft", "is_earlier_work")):
        with op.batch_alter_table(table) as altered:
            altered.alter_column(column, server_default=None)
    op.create_index("ix_earlier_statement_counts", "earlier_statement", _COUNTED)


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_earlier_statement_counts", "earlier_statement")
    for table, column in (("earlier_statement", "status"), ("upload_draft", "is_earlier_work")):
        with op.batch_alter_table(table) as altered:
            altered.drop_column(column)
