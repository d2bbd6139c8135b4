"""All SQL of the FHIR service."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import Catalogue, Decision, LocalTest, LoincRelease, SourceFile, ValueSet


def catalogues_of(session: Session, laboratory_id: int) -> list[Catalogue]:
    """The catalogues of a laboratory, oldest first."""
    shown = col(Catalogue.staged_for_job_id).is_(None)
    statement = select(Catalogue).where(Catalogue.laboratory_id == laboratory_id, shown).order_by(col(Catalogue.id))
    return list(session.exec(statement))


def latest_fact(session: Session, catalogue_id: int) -> tuple[int, datetime | None]:
    """The last decision of a catalogue: its identifier and its moment."""
    statement = (
        select(func.max(Decision.id))
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(LocalTest.catalogue_id == catalogue_id)
    )
    fact_id = session.exec(statement).one()
    fact = session.get(Decision, fact_id) if fact_id is not None else None
    return (fact_id or 0, fact.created_at if fact else None)


def latest_file(session: Session, catalogue_id: int) -> tuple[int, datetime | None]:
    """The last received file of a catalogue: its identifier and its moment."""
    statement = (
        select(SourceFile.id, SourceFile.imported_at)
        .where(SourceFile.catalogue_id == catalogue_id)
        .order_by(col(SourceFile.id).desc())
    )
    found = session.exec(statement).first()
    return (found[0] or 0, found[1]) if found else (0, None)


def release_loaded_at(session: Session, release_id: int) -> datetime | None:
    """When a release was loaded."""
    return session.exec(select(LoincRelease.loaded_at).where(LoincRelease.id == release_id)).first()


def current_value_sets(session: Session) -> tuple[int, ...]:
    """The value sets in service."""
    statement = select(ValueSet.id).where(col(ValueSet.is_current).is_(True)).order_by(col(ValueSet.id))
    return tuple(key for key in session.exec(statement) if key is not None)


