"""Taking back one's own decisions in a catalogue, the newest first, as deep as they go: each by a new fact.

What is taken back is read from the facts alone, so that it does not matter when they were written, nor by which
server. A decision on which somebody acted since is refused with her act, and the person says whether to go past it.
"""

from dataclasses import dataclass

from sqlmodel import Session

from app.errors import WorkbenchError
from app.jobs.queue import JobQueue
from app.models import Action, Decision, LocalTest
from app.platform.identity import CatalogueAccess
from app.platform.written import why_unwritten
from app.review import marks, service
from app.review.repository import newest_own
from app.text import paris_time
from app.transcoding import repository, undoables, workflow
from app.transcoding.facts import derive_state, in_force, rejected_candidates
from app.web.wording import ACTION


@dataclass(frozen=True, slots=True)
class Undone:
    """One fact was taken back by another."""

    fact: Decision


@dataclass(frozen=True, slots=True)
class UndoneTogether:
    """Facts written in one act were taken back in one act."""

    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What comes next cannot be taken back, and why; nothing was written."""

    fact_id: int
    """Going past it means: of facts older than this one."""
    what: str
    why: str
    local_test_id: int | None = None
    needs_reason: bool = False
    """Whether a reason is all that lacks."""


@dataclass(frozen=True, slots=True)
class NothingLeft:
    """This person has nothing to take back in this catalogue, or nothing older."""


Outcome = Undone | UndoneTogether | Refused | NothingLeft


def undo_newest(
    session: Session, access: CatalogueAccess, queue: JobQueue, before: int | None = None, reason: str = ""
) -> Outcome:
    """Take back this person's newest thing in this catalogue, or the newest that is older than the fact `before`."""
    sources = undoables.SOURCES
    found = newest_own(
        session, access.catalogue_id, access.user_id, before, [source.holds() for source in sources]
    )
    acts = [act for source in sources if (act := source.newest(session, access, before)) is not None]
    act = max(acts, key=lambda item: item.newest_fact_id, default=None)
    if act is not None and (found is None or act.newest_fact_id > (found[0].id or 0)):
        try:
            return UndoneTogether(act.take_back(session, access, queue))
        except WorkbenchError as error:
            return Refused(act.newest_fact_id, act.title, error.message)
    if found is None:
        return NothingLeft()
    return _undo(session, access, *found, reason)


def _undo(session: Session, access: CatalogueAccess, fact: Decision, test: LocalTest, reason: str) -> Outcome:
    row_id, fact_id = test.id or 0, fact.id or 0
    facts = repository.facts_of(session, row_id)
    what = _what(fact, test)
    why = _acted_since(session, access, fact, facts)
    if why:
        return Refused(fact_id, what, why, row_id)
    if fact.action == Action.REJECT_CANDIDATE:
        return Undone(
            marks.mark_candidate(
                session, access, row_id, len(facts), Action.RESTORE_CANDIDATE, fact.loinc_num
            )
        )
    state = derive_state(facts)
    transition = workflow.transition(state.status, state.outcome, Action.UNDO, access.role)
    if transition is not None and transition.needs_reason:
        lacks = why_unwritten(reason, "Revenir sur une approbation demande un motif.")
        if lacks:
            return Refused(fact_id, what, lacks, row_id, needs_reason=True)
    try:
        return Undone(service.undo(session, access, row_id, len(facts), reason))
    except WorkbenchError as error:
        return Refused(fact_id, what, error.message, row_id)


def _what(fact: Decision, test: LocalTest) -> str:
    said = ACTION[Action(fact.action)].removeprefix("a ")
    code = f" ({fact.loinc_num})" if fact.loinc_num else ""
    return f"{test.code} {test.label} — vous avez {said}{code} le {paris_time(fact.created_at)}".strip()


def _acted_since(session: Session, access: CatalogueAccess, fact: Decision, facts: list[Decision]) -> str:
    """What stands in the way of taking this fact back, as a sentence; nothing when it is the one in force."""
    if fact.action == Action.REJECT_CANDIDATE:
        if fact.loinc_num in rejected_candidates(facts):
            return ""
        last = next(item for item in reversed(facts) if item.loinc_num == fact.loinc_num)
    else:
        found = in_force(facts)
        if found is None or found.id == fact.id:
            return ""
        last = found
    if last.action == Action.REIMPORT:
        return f"Le catalogue a été réimporté le {paris_time(last.created_at)}, et la ligne a changé."
    name = repository.names_of(session, [last.author_id]).get(last.author_id, "Quelqu'un")
    who = "Vous avez" if last.author_id == access.user_id else f"{name} a"
    said = ACTION[Action(last.action)].removeprefix("a ")
    code = f" ({last.loinc_num})" if last.loinc_num else ""
    return f"{who} {said}{code} le {paris_time(last.created_at)}."
