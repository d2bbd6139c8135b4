"""The saved readings as the import page lists them."""

from sqlmodel import Session

from app.catalogues import profile_repository
from app.catalogues.pages import ProfileLine
from app.catalogues.service import KIND_LABELS
from app.files.choices import Choices
from app.files.description import written_as
from app.files.records import Dialect


def profile_lines(session: Session, laboratory_id: int) -> list[ProfileLine]:
    """The profiles of a laboratory, by name."""
    lines = []
    for profile, saved_by in profile_repository.lines_of(session, laboratory_id):
        choices = Choices.from_json(profile.choices)
        lines.append(
            ProfileLine(
                id=profile.id,
                name=profile.name,
                kind_label=KIND_LABELS[choices.kind] if choices.kind else "",
                written=written_as(choices.dialect or Dialect()),
                headings=len(profile.headings),
                saved_by=saved_by or "",
                saved_at=profile.created_at,
            )
        )
    return lines
