"""The definitions that administrators composed: those in service, now or at a past moment. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.coverage.definitions import Definition, ExamRule, Measure
from app.coverage.judging import DeprecatedRule, Judging, ReleaseRule, Statuses
from app.models import CoverageDefinition, Level, User

MOST = 12
"""Composed definitions in service at once: each is shown on every page and document of coverage."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A composed definition, who composed it, and whether it is still in service."""

    id: int
    definition: Definition
    author: str
    created_at: datetime
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None

    def is_in_service(self, moment: datetime | None) -> bool:
        """Whether it was in service at a moment; None for now."""
        if moment is None:
            return self.withdrawn_at is None
        return self.created_at <= moment and (self.withdrawn_at is None or self.withdrawn_at > moment)


def definition_of(fact: CoverageDefinition) -> Definition:
    """The definition that a fact composes."""
    return Definition(
        level=Level(fact.level),
        measure=Measure(fact.measure),
        with_subcontracted=fact.with_subcontracted,
        exam_rule=ExamRule(fact.exam_rule),
        judging=Judging(
            with_retired=fact.with_retired,
            circuit_only=fact.circuit_only,
            out_of_scope_leaves=fact.out_of_scope_leaves,
            no_code_leaves=fact.no_code_leaves,
            statuses=Statuses(fact.statuses),
            releases=ReleaseRule(fact.releases),
            deprecated=DeprecatedRule(fact.deprecated),
        ),
        title=fact.title,
        public_id=fact.public_id,
    )


def all_composed(session: Session) -> list[Composed]:
    """Every definition ever composed, in the order in which they were."""
    statement = (
        select(CoverageDefinition, User.display_name)
        .join(User, col(User.id) == col(CoverageDefinition.author_id))
        .order_by(col(CoverageDefinition.id))
    )
    facts = session.exec(statement).all()
    withdrawn = {fact.withdraws_id: (name, fact.created_at) for fact, name in facts if fact.withdraws_id is not None}
    found = []
    for fact, name in facts:
        if fact.withdraws_id is None and fact.id is not None:
            by, at = withdrawn.get(fact.id, ("", None))
            found.append(Composed(fact.id, definition_of(fact), name, fact.created_at, by, at))
    return found


def composed_at(session: Session, moment: datetime | None = None) -> Sequence[Definition]:
    """The definitions in service: now, or at a past moment and those in service since, which it can be counted by."""
    found = all_composed(session)
    return [item.definition for item in found if item.is_in_service(moment) or item.is_in_service(None)]
