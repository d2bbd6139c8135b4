"""Who has which rows open at this moment: a sign to others, which forbids nothing."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, bindparam
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


def claimed_by_others() -> Select[Any]:
    """The rows of a catalogue that other people have open, for a statement that is given `claim_values`."""
    return select(col(CaseClaim.local_test_id)).where(
        col(CaseClaim.catalogue_id) == bindparam("claim_catalogue"),
        col(CaseClaim.user_id) != bindparam("claim_user"),
        col(CaseClaim.seen_at) >= bindparam("claim_since"),
    )


def claim_values(catalogue_id: int, user_id: int) -> dict[str, Any]:
    """What `claimed_by_others` is given."""
    return {"claim_catalogue": catalogue_id, "claim_user": user_id, "claim_since": utc_now() - SILENCE}
