"""Work that a new LOINC release leaves behind: decisions to look at again. Approved history is never rewritten."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class TaskKind(StrEnum):
    """What the new release changed in the code of a decision, the gravest first."""

    ABSENT = "absent"
    DEPRECATED = "deprecated"
    DISCOURAGED = "discouraged"
    AXES_CHANGED = "axes_changed"
    NAME_CHANGED = "name_changed"
    CODE_ARRIVED = "code_arrived"
    """The row has no LOINC code, and the release holds the one that was given to the request made for it."""
    CODE_PLAUSIBLE = "code_plausible"
    """The row has no LOINC code, and the release brings one whose axes all agree with it."""


class ReviewTask(SQLModel, table=True):
    """A decision whose code changed with a release. It is closed by the next decision on the same test.

    Whether it is closed is not stored: it is derived from the facts (`app.upgrades.tasks`), so that an
    undone decision opens it again.
    """

    __tablename__ = "review_task"
    __table_args__ = (UniqueConstraint("local_test_id", "new_release_id", "loinc_num"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    catalogue_id: int = Field(foreign_key="catalogue.id", index=True)
    local_test_id: int = Field(foreign_key="local_test.id")
    kind: str = Field(max_length=20)
    loinc_num: str = Field(max_length=10)
    old_release_id: int = Field(foreign_key="loinc_release.id")
    new_release_id: int = Field(foreign_key="loinc_release.id")
    old: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The term before: axes, name, status."""
    new: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The term after, empty when the release no longer holds it."""
    replacements: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Every MapTo target: {loinc_num, name, status, comment}."""
    after_decision_id: int = 0
    """The last fact of the test when the task was opened; a later decision closes the task."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
