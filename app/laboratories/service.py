"""Laboratories: their creation, their names and their members."""

import re

from sqlmodel import Session, select

from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.laboratories import repository
from app.laboratories.numbers import next_number
from app.models import ClosedLaboratory, FhirNaming, Laboratory, User
from app.platform import locks
from app.text import paris_day

_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}")


def get_laboratory(session: Session, laboratory_id: int) -> Laboratory:
    """The laboratory of this identifier, or NotFoundError."""
    laboratory = session.get(Laboratory, laboratory_id)
    if laboratory is None:
        closed = session.exec(select(ClosedLaboratory).where(ClosedLaboratory.number == laboratory_id)).first()
        if closed is not None:
            raise NotFoundError(
                f"Le laboratoire « {closed.name} » a été fermé le {paris_day(closed.closed_at)}, archivé, puis effacé."
            )
        raise NotFoundError("Ce laboratoire n'existe pas.")
    return laboratory


def get_laboratory_by_name(session: Session, name: str) -> Laboratory:
    """The laboratory of this name, or NotFoundError."""
    laboratory = repository.find_by_name(session, name.strip())
    if laboratory is None:
        raise NotFoundError(f"Aucun laboratoire ne s'appelle « {name.strip()} ».")
    return laboratory


def _checked(name: str, finess: str, sgl_name: str, canonical_url: str) -> tuple[str, str, str, str]:
    name = " ".join(name.split())
    sgl_name = " ".join(sgl_name.split())
    finess = re.sub(r"\s", "", finess).upper()
    canonical_url = canonical_url.strip().rstrip("/")
    if not 1 <= len(name) <= 200:
        raise InvalidInputError("Le nom du laboratoire doit compter de 1 à 200 caractères.")
    if finess and not _FINESS.fullmatch(finess):
        raise InvalidInputError("Le numéro FINESS compte neuf chiffres (2A ou 2B pour la Corse).")
    if len(sgl_name) > 120:
        raise InvalidInputError("Le nom du SGL ne peut dépasser 120 caractères.")
    if canonical_url and not re.fullmatch(r"https?://[^\s<>\"|]{1,240}", canonical_url):
        raise InvalidInputError("L'adresse de référence FHIR doit commencer par http:// ou https://.")
    return name, finess, sgl_name, canonical_url


def _checked_naming(naming: str, finess: str) -> str:
    if naming not in list(FhirNaming):
        raise InvalidInputError(f"La façon « {naming} » de nommer les ressources FHIR est inconnue.")
    if naming == FhirNaming.ANS and not finess:
        raise InvalidInputError("Les noms de l'ANS contiennent le numéro FINESS : donnez-le d'abord.")
    return naming


def create_laboratory(
    session: Session,
    *,
    name: str,
    finess: str = "",
    sgl_name: str = "",
    canonical_url: str = "",
    actor: User | None = None,
) -> Laboratory:
    """Open a laboratory; nobody sees it before receiving a role in it."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    name, finess, sgl_name, canonical_url = _checked(name, finess, sgl_name, canonical_url)
    if repository.find_by_name(session, name) is not None:
        raise ConflictError(f"Un laboratoire s'appelle déjà « {name} ».")
    number = next_number(session)
    laboratory = Laboratory(id=number, name=name, finess=finess, sgl_name=sgl_name, canonical_url=canonical_url)
    session.add(laboratory)
    session.flush()
    record(
        session, "laboratory.create", actor=actor, object_type="laboratory", object_id=laboratory.id,
        laboratory_id=laboratory.id, name=name, finess=finess, sgl_name=sgl_name,
    )  # fmt: skip
    return laboratory


def change_laboratory(
    session: Session,
    laboratory: Laboratory,
    *,
    name: str,
    finess: str,
    sgl_name: str,
    canonical_url: str,
    fhir_naming: str | None = None,
    actor: User | None = None,
) -> None:
    """Correct what is known of a laboratory; its FHIR names stay as they are unless they are given."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    name, finess, sgl_name, canonical_url = _checked(name, finess, sgl_name, canonical_url)
    fhir_naming = _checked_naming(laboratory.fhir_naming if fhir_naming is None else fhir_naming, finess)
    other = repository.find_by_name(session, name)
    if other is not None and other.id != laboratory.id:
        raise ConflictError(f"Un autre laboratoire s'appelle déjà « {name} ».")
    before = laboratory.model_dump(include={"name", "finess", "sgl_name", "canonical_url", "fhir_naming"})
    laboratory.name, laboratory.finess = name, finess
    laboratory.sgl_name, laboratory.canonical_url = sgl_name, canonical_url
    laboratory.fhir_naming = fhir_naming
    after = laboratory.model_dump(include=set(before))
    if before == after:
        return
    session.add(laboratory)
    record(
        session, "laboratory.change", actor=actor, object_type="laboratory", object_id=laboratory.id,
        laboratory_id=laboratory.id, before=before, after=after,
    )  # fmt: skip
