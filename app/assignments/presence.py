"""Saying that a row is open on a screen, and that it no longer is. Never a lock, and no fact: nothing is audited."""

from sqlmodel import Session

from app.assignments import repository
from app.errors import NotFoundError
from app.models import utc_now
from app.platform.identity import CatalogueAccess
from app.worklist.claims import SILENCE, open_elsewhere


def announce(session: Session, access: CatalogueAccess, local_test_id: int) -> str:
    """Note that the person has this row open; the names of the others who have, empty when nobody."""
    _require_row(session, access, local_test_id)
    now = utc_now()
    repository.forget_claims(session, access.catalogue_id, now - SILENCE)
    repository.claim(
        session,
        {
            "local_test_id": local_test_id,
            "user_id": access.user_id,
            "catalogue_id": access.catalogue_id,
            "seen_at": now,
        },
    )
    return open_elsewhere(session, [local_test_id], access.user_id).get(local_test_id, "")


def leave(session: Session, access: CatalogueAccess, local_test_id: int) -> None:
    """The person closed the row, or went to another one."""
    _require_row(session, access, local_test_id)
    repository.forget_claim(session, local_test_id, access.user_id)


def _require_row(session: Session, access: CatalogueAccess, local_test_id: int) -> None:
    if not repository.has_row(session, access.catalogue_id, local_test_id):
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
