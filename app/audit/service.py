"""Recording audit events: every write calls `record` in its own transaction."""

from typing import Any

from sqlmodel import Session

from app.models import AuditEvent, User


def record(
    session: Session,
    action: str,
    *,
    actor: User | None = None,
    actor_label: str = "",
    object_type: str = "",
    object_id: int | str | None = "",
    laboratory_id: int | None = None,
    **details: Any,
) -> AuditEvent:
    """Add one event to the trail, in the transaction of the write that it describes.

    `action` is `noun.verb` (`catalogue.import`, `decision.choose`); `details` must be JSON values.
    """
    audit_event = AuditEvent(
        actor_id=actor.id if actor else None,
        actor_label=actor_label or (actor.display_name if actor else "ligne de commande"),
        action=action,
        object_type=object_type,
        object_id="" if object_id is None else str(object_id),
        laboratory_id=laboratory_id,
        details=details,
    )
    session.add(audit_event)
    return audit_event
