"""Which release of LOINC and which list were in service at a past moment, as the audit trail tells it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.models import AuditEvent, Laboratory, LoincRelease, ValueSet, ValueSetKind
from app.platform.scoped import ACROSS
from app.terminology import repository
from app.terminology.carried import told_before
from app.terminology.starter import STARTER
from app.terminology.value_sets import current_value_set

_LOADED, _SWITCHED = "terminology.load_release", "terminology.make_current"
_USED = "terminology.use_value_set"


def release_at(session: Session, moment: datetime, laboratory: Laboratory | None = None) -> LoincRelease | None:
    """The release that was in service at this moment; None when none is known to have been.

    Where the laboratory then was: one that came from elsewhere has the past of there. Each change of release is an
    event, but for the starter terminology, which comes into service by itself.
    """
    told = told_before(session, laboratory, moment)
    if told is not None:
        return told.release_at(session, moment)
    switches = [event for event in _events(session, (_LOADED, _SWITCHED)) if _is_switch(event)]
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


def value_set_at(
    session: Session, kind: ValueSetKind, moment: datetime, laboratory: Laboratory | None = None
) -> ValueSet | None:
    """The list of a kind that was in use at this moment (where the laboratory then was); None when none is known."""
    told = told_before(session, laboratory, moment)
    if told is not None:
        return told.value_set_at(session, kind, moment)
    uses = [event for event in _events(session, (_USED,)) if event.details.get("kind") == kind]
    before = [event for event in uses if event.at <= moment]
    if before:
        return session.get(ValueSet, int(before[-1].object_id))
    current = current_value_set(session, kind) if not uses else None
    return current if current is not None and current.loaded_at <= moment else None


def _events(session: Session, actions: Sequence[str]) -> Iterator[AuditEvent]:
    """What was done to the terminology, the oldest first: it is the same for every laboratory."""
    statement = select(AuditEvent).where(
        col(AuditEvent.action).in_(actions), col(AuditEvent.laboratory_id).is_(None)
    )
    yield from session.exec(statement.order_by(col(AuditEvent.id)), execution_options=ACROSS)


def _is_switch(event: AuditEvent) -> bool:
    return event.action == _SWITCHED or bool(event.details.get("is_used"))
