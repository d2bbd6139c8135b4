"""Hands down to coverage what its documents say of the version that they carry."""

from sqlmodel import Session

from app.coverage.versions_told import tell_versions_with
from app.versions.service import version_of


def label_of(session: Session, catalogue_id: int) -> str:
    """The version of a catalogue, in French."""
    return version_of(session, catalogue_id).label


tell_versions_with(label_of)
