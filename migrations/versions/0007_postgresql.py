"""PostgreSQL: facts that nobody rewrites, the index of the search, and texts compared without accents

On SQLite the first migrations made the triggers and the full-text table.

Revision: 0007
Follows: 0006
"""

from alembic import op

from app.models.append_only import REFUSING_FUNCTION, trigger_statements
from app.platform import folding
from app.terminology import search_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY_TABLES = ("decision", "audit_event", "source_row", "catalogue_change", "mapping_withdrawal")


def upgrade() -> None:
    """Forward."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for table in APPEND_ONLY_TABLES:
        for statement in trigger_statements(table, "postgresql"):
            op.execute(statement)
    folding.create_function(connection)
    search_index.create_search_table(connection)


def downgrade() -> None:
    """Back."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    search_index.drop_search_table(connection)
    op.execute(f"DROP FUNCTION IF EXISTS {folding.FUNCTION}(text)")
    for table in APPEND_ONLY_TABLES:
        for verb in ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS tr_{table}_no_{verb} ON {table}")
    op.execute(f"DROP FUNCTION IF EXISTS {REFUSING_FUNCTION}()")
