"""Decisions: append-only facts. Nothing here is updated or deleted (triggers forbid it)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class Action(StrEnum):
    """What a person did to a local test."""

    CHOOSE = "choose"
    """Chose a LOINC code (accepted a proposal, or found it by search)."""
    NO_LOINC = "no_loinc"
    OUT_OF_SCOPE = "out_of_scope"
    DOUBT = "doubt"
    COMMENT = "comment"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    UNDO = "undo"
    REIMPORT = "reimport"
    """A newer export changed what the decision rests on (unit, specimen, technique…): back to review."""
    REJECT_CANDIDATE = "reject_code"
    """Set a candidate aside: it is shown last and never chosen in advance. The state does not change."""
    RESTORE_CANDIDATE = "restore_code"
    """Took a candidate set aside back among the others."""
    FLAG = "flag"
    """Marked the row to find it again; the reason is the note."""
    UNFLAG = "unflag"


MARKS = frozenset({Action.REJECT_CANDIDATE, Action.RESTORE_CANDIDATE, Action.FLAG, Action.UNFLAG})
"""The actions that only help those who review: no state, no figure and no export depends on them."""


class Status(StrEnum):
    """Where a local test stands, always derived from its facts."""

    TODO = "todo"
    DOUBT = "doubt"
    DECIDED = "decided"
    APPROVED = "approved"
    SENT_BACK = "sent_back"


class Outcome(StrEnum):
    """What was decided, once something is decided."""

    NONE = ""
    CODE = "code"
    NO_LOINC = "no_loinc"
    OUT_OF_SCOPE = "out_of_scope"


class Relation(StrEnum):
    """How the LOINC code stands to the local test."""

    EQUIVALENT = "equivalent"
    LOINC_WIDER = "loinc_wider"
    LOINC_NARROWER = "loinc_narrower"
    RELATED = "related"


class Decision(SQLModel, table=True):
    """One fact: who did what, when, from which proposal, superseding which fact."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_local_test_id_id", "local_test_id", "id"),
        # What a person may take back, the newest first.
        Index("ix_decision_author_id_id", "author_id", "id"),
        Index("ix_decision_author_id_created_at", "author_id", "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    local_test_id: int = Field(foreign_key="local_test.id")
    action: str = Field(max_length=15)
    loinc_num: str = Field(default="", max_length=10)
    relation: str = Field(default="", max_length=20)
    reason: str = Field(default="", max_length=500)
    """Why no code, why out of scope, why sent back."""
    comment: str = Field(default="", max_length=4000)
    justification: str = Field(default="", max_length=2000)
    """Written by the person when a blocking check is overruled."""
    release_id: int | None = Field(default=None, foreign_key="loinc_release.id")
    proposal_id: int | None = Field(default=None, foreign_key="proposal.id")
    author_id: int = Field(foreign_key="user_account.id")
    author_role: str = Field(max_length=20)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    supersedes_id: int | None = Field(default=None, foreign_key="decision.id")
    """The fact that was in force before this one."""
    undoes_id: int | None = Field(default=None, foreign_key="decision.id")


_UNDOES = Decision.__table__.c.undoes_id  # type: ignore[attr-defined]
# Few facts undo another: without the condition the statistics of a database tell its planner to read them all.
Index("ix_decision_undoes_id", _UNDOES, sqlite_where=_UNDOES.is_not(None), postgresql_where=_UNDOES.is_not(None))


class ReviewState(SQLModel, table=True):
    """The current state of a local test, derived from its facts in the same transaction.

    It exists so that a queue of 10,000 rows is filtered by SQL; `app.transcoding.facts.derive_state`
    recomputes it from the facts alone, and a test holds both equal.
    """

    __tablename__ = "review_state"

    local_test_id: int = Field(foreign_key="local_test.id", primary_key=True)
    status: str = Field(default=Status.TODO, max_length=10, index=True)
    outcome: str = Field(default="", max_length=15)
    loinc_num: str = Field(default="", max_length=10, index=True)
    decision_id: int | None = Field(default=None, foreign_key="decision.id")
    """The choice in force (choose, no_loinc, out_of_scope, doubt)."""
    approval_id: int | None = Field(default=None, foreign_key="decision.id")
    decided_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    approved_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    has_comment: bool = False
    flag_id: int | None = Field(default=None, foreign_key="decision.id")
    """The flag on the row, if there is one."""
    version: int = 0
    """Counts the facts; sent back by forms so that two people never overwrite each other."""
