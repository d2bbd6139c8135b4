"""All SQL of the FHIR service."""

from sqlmodel import Session, col, select

from app.models import Catalogue


def catalogues_of(session: Session, laboratory_id: int) -> list[Catalogue]:
    """The catalogues of a laboratory, oldest first."""
    shown = col(Catalogue.staged_for_job_id).is_(None)
    statement = select(Catalogue).where(Catalogue.laboratory_id == laboratory_id, shown).order_by(col(Catalogue.id))
    return list(session.exec(statement))
