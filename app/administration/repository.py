"""SQL of the administration pages that no other room has."""

from sqlmodel import Session, col, select

from app.models import AuditEvent, Laboratory, Membership, User


def all_roles(session: Session) -> list[tuple[Membership, User, Laboratory]]:
    """Every role of everybody, by person then laboratory."""
    statement = (
        select(Membership, User, Laboratory)
        .join(User, col(User.id) == col(Membership.user_id))
        .join(Laboratory, col(Laboratory.id) == col(Membership.laboratory_id))
        .order_by(col(User.display_name), col(Laboratory.name))
    )
    return list(session.exec(statement).all())


def list_events(session: Session, before: int | None, limit: int) -> list[tuple[AuditEvent, str]]:
    """The latest events of the trail, older than an event when it is given, with the laboratory's name."""
    statement = (
        select(AuditEvent, col(Laboratory.name))
        .join(Laboratory, col(Laboratory.id) == col(AuditEvent.laboratory_id), isouter=True)
        .order_by(col(AuditEvent.id).desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(col(AuditEvent.id) < before)
    return [(audit_event, name or "") for audit_event, name in session.exec(statement)]
