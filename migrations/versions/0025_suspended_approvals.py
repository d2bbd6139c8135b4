"""counts: an approved row whose two readings differ counts as decided until they are reconciled

Revision: 0025
Follows: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_CONCERNED = (
    "SELECT reading_request.catalogue_id FROM reading_request "
    "JOIN second_reading ON second_reading.request_id = reading_request.id WHERE NOT second_reading.is_agreement"
)
"""Catalogues of which two readings differ, or differed."""


def upgrade() -> None:
    """Forward: the catalogues concerned are brought up."""
    op.execute(
        "UPDATE catalogue_tally SET is_about_figures = true, stage = 0, reached = 0 "
        f"WHERE catalogue_id IN ({_CONCERNED})"
    )
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        f"SELECT id, true, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL AND id IN ({_CONCERNED}) "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )


def downgrade() -> None:
    """Back: the version before counted those rows as approved; they are brought up by it."""
    upgrade()
