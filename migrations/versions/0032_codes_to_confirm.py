"""queue: a row whose decided code is not in the release in use has a value of its own in the filters

Revision: 0032
Follows: 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_CONCERNED = (
    "SELECT local_test.catalogue_id FROM review_state JOIN local_test ON local_test.id = review_state.local_test_id "
    "WHERE review_state.outcome = 'code' AND review_state.loinc_num <> '' AND NOT EXISTS ("
    "SELECT 1 FROM loinc_term JOIN loinc_release ON loinc_release.id = loinc_term.release_id "
    "WHERE loinc_release.is_current AND loinc_term.loinc_num = review_state.loinc_num)"
)
"""Catalogues with a decided code that the release in use does not hold."""


def upgrade() -> None:
    """Forward: the catalogues concerned are brought up; their figures stay what they are."""
    op.execute(f"UPDATE catalogue_tally SET stage = 0, reached = 0 WHERE catalogue_id IN ({_CONCERNED})")
    op.execute(
        "INSERT INTO catalogue_tally (catalogue_id, is_about_figures, stage, reached) "
        f"SELECT id, false, 0, 0 FROM catalogue WHERE staged_for_job_id IS NULL AND id IN ({_CONCERNED}) "
        "AND id NOT IN (SELECT catalogue_id FROM catalogue_tally)"
    )


def downgrade() -> None:
    """Back: the version before knew no such value; it brings them up by itself."""
    upgrade()
