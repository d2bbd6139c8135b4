"""Which release of LOINC was in service at a past moment, as the audit trail tells it."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.models import AuditEvent, LoincRelease
from app.terminology import repository
from app.terminology.starter import STARTER

_LOADED, _SWITCHED = "terminology.load_release", "terminology.make_current"


def release_at(session: Session, moment: datetime) -> LoincRelease | None:
    """The release that was in service at this moment; None when none is known to have been.

    Each change of release is an event, but for the starter terminology, which comes into service by itself.
    """
    statement = select(AuditEvent).where(col(AuditEvent.action).in_((_LOADED, _SWITCHED))).order_by(col(AuditEvent.id))
    switches = [event for event in session.exec(statement) if _is_switch(event)]
    before = [event for event in switches if event.at <= moment]
    if before:
        return session.get(LoincRelease, int(before[-1].object_id))
    if not switches:
        return repository.current_release(session)
    releases = select(LoincRelease).order_by(col(LoincRelease.id).desc())
    previous = switches[0].details.get("previous")
    if previous:
        return session.exec(releases.where(LoincRelease.version == previous)).first()
    found = session.exec(releases.where(LoincRelease.kind == STARTER)).all()
    return next((release for release in found if release.loaded_at <= moment), None)


def _is_switch(event: AuditEvent) -> bool:
    return event.action == _SWITCHED or bool(event.details.get("is_used"))
