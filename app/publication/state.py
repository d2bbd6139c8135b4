"""The state of a catalogue as it is published: one state has one version, whatever says it and however it is written.

JSON and XML, R4 and R5, the service and every file that states a version take it from here.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_, select

from app.models import (
    MARKS,
    AuditEvent,
    Catalogue,
    Decision,
    Laboratory,
    LocalTest,
    LoincRelease,
    ReadingRequest,
    ReviewState,
    SecondReading,
    SignOff,
    SignOffWithdrawal,
    SourceFile,
    Status,
    ValueSet,
)
from app.platform.scoped import ACROSS
from app.publication.repository import current_release
from app.terminology.grace import NO_LIMIT
from app.transcoding.readings import disagrees, joined

_TERMINOLOGY = ("terminology.make_current", "terminology.use_value_set")
"""What changes the codes that leave without any fact of the catalogue."""


@dataclass(frozen=True, slots=True)
class PublishedState:
    """What changes when anything published changes, and the moment of the last change."""

    stamp: tuple[object, ...]
    changed_at: datetime

    @property
    def fingerprint(self) -> str:
        """Eight characters that tell apart two states of one second."""
        return hashlib.sha256(repr(self.stamp).encode()).hexdigest()[:8]

    @property
    def version_id(self) -> str:
        """The version of a resource in this state, as `meta.versionId` and the ETag give it."""
        return f"{self.changed_at:%Y%m%d.%H%M%S}-{self.fingerprint}"


def state_of(session: Session, laboratory: Laboratory, catalogue: Catalogue) -> PublishedState:
    """The state of a catalogue, read by its marks and not by its rows."""
    assert catalogue.id is not None
    release = current_release(session)
    release_id = release.id if release else 0
    fact_id, facts, decided_at = _latest_fact(session, catalogue.id)
    file_id, received_at = _latest_file(session, catalogue.id)
    loaded_at = session.exec(select(LoincRelease.loaded_at).where(LoincRelease.id == release_id)).first()
    value_sets = session.exec(
        select(ValueSet.id).where(col(ValueSet.is_current).is_(True)).order_by(col(ValueSet.id))
    ).all()
    names = (laboratory.name, laboratory.finess, laboratory.canonical_url, str(laboratory.fhir_naming), catalogue.name)
    # The day that ends the grace of retired codes changes what leaves, with no fact of the catalogue.
    grace = release.grace if release else NO_LIMIT
    stamp: tuple[object, ...] = (fact_id, facts, file_id, release_id, repr(grace), tuple(value_sets), names)
    suspended, suspended_at = _suspended(session, catalogue.id)
    if suspended:
        stamp = (*stamp, suspended)
    signed, signed_at = _signed(session, catalogue.id)
    if signed:
        stamp = (*stamp, "signed", signed)
    marks = (decided_at, signed_at, suspended_at, received_at, loaded_at, grace.since, _last_event(session, laboratory))
    moments = (catalogue.created_at, *marks)
    return PublishedState(stamp, max(moment for moment in moments if moment is not None))


def _latest_fact(session: Session, catalogue_id: int) -> tuple[int, int, datetime | None]:
    """The last decision of a catalogue, how many there are, and the moment of the last.

    Identifiers are given before a transaction ends: of two people who decide at once, the one who ends last may have
    the lower one. No fact ever goes, so that their number tells.
    """
    statement = (
        select(func.max(Decision.id), func.count(col(Decision.id)))
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        # A flag or a candidate set aside changes nothing of what leaves.
        .where(LocalTest.catalogue_id == catalogue_id, col(Decision.action).not_in(MARKS))
    )
    fact_id, count = session.exec(statement).one()
    moment = session.exec(select(Decision.created_at).where(Decision.id == fact_id)).first() if fact_id else None
    return fact_id or 0, count, moment


def _suspended(session: Session, catalogue_id: int) -> tuple[tuple[int, ...], datetime | None]:
    """Second readings that differ of rows that are approved, and the moment of the last: no fact of the row says it."""
    statement = joined(
        select_columns(
            func.max(col(SecondReading.id)), func.count(), func.max(col(SecondReading.created_at))
        ).select_from(ReadingRequest)
    ).where(
        col(ReadingRequest.catalogue_id) == catalogue_id,
        disagrees(),
        col(ReviewState.status) == Status.APPROVED,
    )
    newest, count, moment = session.execute(statement).one()
    return ((newest, count) if count else ()), moment


def _signed(session: Session, catalogue_id: int) -> tuple[tuple[int, ...], datetime | None]:
    """The last signature of a version and the last withdrawal of one, which every document states; none: nothing."""
    found = [
        session.execute(
            select_columns(func.max(model.id), func.max(moment)).where(col(model.catalogue_id) == catalogue_id)
        ).one()
        for model, moment in ((SignOff, SignOff.signed_at), (SignOffWithdrawal, SignOffWithdrawal.created_at))
    ]
    moments = [moment for _, moment in found if moment is not None]
    return (tuple(number or 0 for number, _ in found) if moments else ()), max(moments, default=None)


def _latest_file(session: Session, catalogue_id: int) -> tuple[int, datetime | None]:
    """The last received file of a catalogue: its identifier and its moment."""
    statement = (
        select(SourceFile.id, SourceFile.imported_at)
        .where(SourceFile.catalogue_id == catalogue_id)
        .order_by(col(SourceFile.id).desc())
    )
    found = session.exec(statement).first()
    return (found[0] or 0, found[1]) if found else (0, None)


def _last_event(session: Session, laboratory: Laboratory) -> datetime | None:
    """When the names of the laboratory, the release or a value set in service last changed."""
    names = (AuditEvent.action == "laboratory.change") & (AuditEvent.laboratory_id == laboratory.id)
    terminology = col(AuditEvent.action).in_(_TERMINOLOGY) & col(AuditEvent.laboratory_id).is_(None)
    # The terminology is no laboratory's: a session that keeps to one would not see its events.
    statement = select(func.max(AuditEvent.at)).where(or_(names, terminology))
    return session.exec(statement, execution_options=ACROSS).one()
