"""Who has which rows open at this moment: a sign to others, which forbids nothing."""

from collections.abc import Collection
from datetime import timedelta

from sqlmodel import Session, col, select

from app.models import CaseClaim, User, utc_now

SILENCE = timedelta(minutes=3)
"""After so long without news of a page, its row is no longer said to be open."""


def open_elsewhere(session: Session, local_test_ids: Collection[int], user_id: int) -> dict[int, str]:
    """The names of the other people who have each of these rows open; one statement."""
    if not local_test_ids:
        return {}
    statement = (
        select(CaseClaim.local_test_id, User.display_name)
        .join(User, col(User.id) == col(CaseClaim.user_id))
        .where(
            col(CaseClaim.local_test_id).in_(local_test_ids),
            col(CaseClaim.user_id) != user_id,
            col(CaseClaim.seen_at) >= utc_now() - SILENCE,
        )
        .order_by(col(User.display_name))
    )
    found: dict[int, list[str]] = {}
    for row_id, name in session.exec(statement):
        found.setdefault(row_id, []).append(name)
    return {row_id: ", ".join(names) for row_id, names in found.items()}
