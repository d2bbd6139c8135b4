"""The rule that changes by itself: from one midnight on, the codes that LOINC retired no longer count.

Entries are computed by the rule that is stored (`TallyRule`), never by the clock: all of them then say the same until
an idle worker, or whoever set the date, stores the rule of the moment and has the catalogues concerned brought up.
Meanwhile pages count from the facts (`app.transcoding.under_way`). Which catalogues those are is found with no
transaction open; what was decided since is added in the short one that stores the rule.
"""

import structlog
from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from app.jobs import registry
from app.models import Decision, LocalTest, LoincTerm, Outcome, ReviewState, TallyRule
from app.platform.database import reading, transaction
from app.tallies import marks, rebuilding, repository
from app.terminology.grace import rule_at
from app.terminology.service import current_release
from app.transcoding.under_way import is_rule_behind

ATTEMPTS = 5
MARGIN = 20_000
"""Facts that may have been numbered before the last one that was seen and stored after it."""

log = structlog.get_logger(__name__)


def follow(engine: Engine) -> bool:
    """Store the rule of the moment when it is another one, and mark what it changes; whether it was another one."""
    return bool(_follow(engine))


def follow_at_once(engine: Engine) -> None:
    """The same, for whoever just changed the rule; the first catalogues are brought up, workers take the others."""
    rebuilding.after_commit(engine, _follow(engine) or [])


def _follow(engine: Engine) -> list[int] | None:
    for _ in range(ATTEMPTS):
        with reading(engine) as session:
            if not is_rule_behind(session):
                return None
            release_id = _release_id(session)
            seen = session.scalar(select(func.max(Decision.id))) or 0
            concerned = _concerned(session, release_id)
        with transaction(engine) as session:
            repository.hold_rule(session, alone=True)
            if not is_rule_behind(session):
                return None
            if _release_id(session) != release_id:
                # What was found speaks of another release.
                continue
            is_over = rule_at(session).is_over
            session.merge(TallyRule(id=1, leaves_out_deprecated=is_over))
            concerned |= _decided_since(session, seen - MARGIN)
            marks.mark(session, concerned, about_figures=True)
        log.info("tallies.rule", leaves_out_deprecated=is_over, catalogues=len(concerned))
        return sorted(concerned)
    return None


def _release_id(session: Session) -> int:
    release = current_release(session)
    return (release.id or 0) if release else 0


def _concerned(session: Session, release_id: int) -> set[int]:
    """The catalogues in which a decision gives a code that this release retired."""
    statement = (
        select(col(LocalTest.catalogue_id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .join(LoincTerm, col(LoincTerm.loinc_num) == col(ReviewState.loinc_num))
        .where(
            col(ReviewState.outcome) == Outcome.CODE,
            col(LoincTerm.release_id) == release_id,
            col(LoincTerm.status) == "DEPRECATED",
        )
        .distinct()
    )
    return set(session.scalars(statement))


def _decided_since(session: Session, fact_id: int) -> set[int]:
    statement = select(col(LocalTest.catalogue_id)).join(Decision, col(Decision.local_test_id) == col(LocalTest.id))
    return set(session.scalars(statement.where(col(Decision.id) > fact_id).distinct()))


registry.register_sweep(follow)
