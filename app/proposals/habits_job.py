"""The background job that learns the habits of a catalogue from its decisions, and has proposals follow them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Engine as DatabaseEngine
from sqlmodel import Session

from app.audit.service import record
from app.catalogues.matcher_input import to_matcher
from app.jobs.queue import JobQueue, register
from app.jobs.registry import register_sweep
from app.jobs.work import Work
from app.models import Catalogue, CatalogueHabits, Job, LoincRelease, utc_now
from app.platform import locks
from app.platform.database import reading, transaction
from app.proposals import habits_repository, repository
from app.proposals.engines import engine_of_release
from app.proposals.habits import changed_disciplines, followed, rules_of
from app.proposals.habits_repository import Decided
from app.proposals.knowledge import knowledge_for
from app.proposals.service import JOB_KIND, ask_for_proposals, reusable_run
from app.settings import Settings
from app.terminology.service import current_release
from matcher import LocalTest as MatcherTest
from matcher.habits import Habit, habits_from_json, habits_to_json

HABITS_JOB = "habits"
READ_AT_ONCE = 250
"""Rows read in one transaction."""
STEP = 25
"""Rows between two looks at whether the work is still wanted."""
LEARNING = "Lecture des décisions"
SAME = "Les propositions suivent déjà les habitudes de ce catalogue."
NEXT_TIME = "La prochaine recherche de propositions suivra les habitudes de ce catalogue."
ASKED = "Les habitudes de ce catalogue ont changé : une recherche est demandée pour les lignes qu'elles concernent."
LATER = "Les habitudes de ce catalogue seront suivies après la recherche de propositions en cours."

log = structlog.get_logger(__name__)


def ask_where_due(database: DatabaseEngine) -> bool:
    """Ask for the catalogues that changed enough to be learned from; whether there was one.

    Idle workers call it, several at once perhaps: a decision costs its person no more than one count, and nobody's
    other work waits for this.
    """
    with reading(database) as session:
        found = habits_repository.due(session, (HABITS_JOB, JOB_KIND))
    asked = [catalogue_id for catalogue_id in found if _ask(database, catalogue_id)]
    return bool(asked)


def _ask(database: DatabaseEngine, catalogue_id: int) -> bool:
    with transaction(database) as session:
        locks.lock_catalogue(session, catalogue_id)
        if habits_repository.is_busy(session, catalogue_id, HABITS_JOB):
            return False
        if not habits_repository.take_up(session, catalogue_id):
            return False
        catalogue = session.get_one(Catalogue, catalogue_id)
        # Nobody is told: whoever asks is idle, and looks for work right after.
        session.add(
            Job(
                kind=HABITS_JOB,
                laboratory_id=catalogue.laboratory_id,
                catalogue_id=catalogue_id,
                payload={"catalogue_id": catalogue_id},
            )
        )
    log.info("habits.asked", catalogue_id=catalogue_id)
    return True


def learn_habits(
    database: DatabaseEngine, settings: Settings, _job_id: int, payload: dict[str, Any], work: Work
) -> str | None:
    """Learn from the decisions in force, and ask for a search of the undecided rows that what is learned concerns."""
    catalogue_id = int(payload["catalogue_id"])
    work(0, 0, LEARNING)
    with reading(database) as session:
        release = current_release(session)
        is_known = habits_repository.habits_of(session, catalogue_id) is not None
    if not is_known or release is None:
        return NEXT_TIME
    learned = _learned(database, settings, release, catalogue_id, work)
    with work.writing() as session:
        locks.lock_catalogue(session, catalogue_id)
        known = habits_repository.for_writing(session, catalogue_id)
        if learned is not None:
            _store(session, known, learned, work)
        work.finish(session, _follow(session, JobQueue(settings, database), known))
    return None


def learn_before_search(
    database: DatabaseEngine, settings: Settings, release: LoincRelease, catalogue_id: int, work: Work
) -> None:
    """Learn from the decisions in force, for a search of all rows that is about to read what is known.

    What was counted so far starts no learning of its own any more; what comes meanwhile does.
    """
    learned = _learned(database, settings, release, catalogue_id, work)
    if learned is None:
        return
    with work.writing() as session:
        locks.lock_catalogue(session, catalogue_id)
        known = habits_repository.for_writing(session, catalogue_id)
        _store(session, known, learned, work)
        known.changes = max(0, known.changes - learned.changes)


@dataclass(frozen=True, slots=True)
class _Learned:
    """What the decisions of a catalogue show."""

    habits: tuple[Habit, ...]
    decisions: int
    """From how many decided codes."""
    changes: int
    """How many had been counted when they were read."""


def _learned(
    database: DatabaseEngine, settings: Settings, release: LoincRelease, catalogue_id: int, work: Work
) -> _Learned | None:
    """What the decisions in force show; None where the habits of the catalogue are not followed, or nothing was ever
    decided in it."""
    with reading(database) as session:
        known = habits_repository.habits_of(session, catalogue_id)
        if known is None or not known.is_used:
            return None
        changes, decided = known.changes, habits_repository.decided_codes(session, catalogue_id)
        # What is chosen before habits come in: a choice that a rule or a national list made shows none.
        beside = knowledge_for(session, catalogue_id, [])
    engine = engine_of_release(database, release, settings.matcher_cache_dir, settings.engines_in_memory)
    habits = engine.with_knowledge(beside).learn(_examples(database, decided, work))
    return _Learned(tuple(habits), len(decided), changes)


def _examples(
    database: DatabaseEngine, decided: Sequence[Decided], work: Work
) -> Iterator[tuple[MatcherTest, str]]:
    """The decided rows as the matcher reads them, with their codes; no transaction is open between two of them."""
    code_of = {item.local_test_id: item.loinc_num for item in decided}
    ids = list(code_of)
    for start in range(0, len(ids), READ_AT_ONCE):
        part = ids[start : start + READ_AT_ONCE]
        with reading(database) as session:
            tests = repository.local_tests_of(session, part)
            analyses = repository.analyses_of(session, part)
            exams = repository.exams_of(session, part)
        for position, test in enumerate(tests, start):
            if position % STEP == 0:
                work(position, len(ids), LEARNING)
            key = test.id or 0
            yield to_matcher(test, analyses.get(key, ()), exams.get(key, ())), code_of[key]


def _store(session: Session, known: CatalogueHabits, learned: _Learned, work: Work) -> None:
    """Keep what was learned; the trail says it when it is something else than before."""
    before = habits_from_json(known.habits)
    known.habits, known.decisions, known.learned_at = habits_to_json(learned.habits), learned.decisions, utc_now()
    session.add(known)
    if rules_of(before) == rules_of(learned.habits):
        return
    job = session.get_one(Job, work.lease.job_id)
    record(session, "habits.learn", actor_label="moteur de proposition", object_type="catalogue",
           object_id=known.catalogue_id, laboratory_id=job.laboratory_id, decisions=learned.decisions,
           before=_told(before), after=_told(learned.habits))  # fmt: skip
    log.info("habits.learned", catalogue_id=known.catalogue_id, decisions=learned.decisions,
             habits=len(learned.habits))  # fmt: skip


def _told(habits: Sequence[Habit]) -> list[str]:
    return [f"{item.discipline} {item.kind} « {item.value} » {item.count}/{item.total}" for item in habits]


def _follow(session: Session, queue: JobQueue, known: CatalogueHabits) -> str:
    """Ask for the proposals to be made again where the habits that they follow have changed; what becomes of it.

    Never two searches at once. A search by another engine, of another release or under another rule on techniques is
    no beginning: whoever asks for one of today asks for all rows, and gets the habits with it.
    """
    release = current_release(session)
    catalogue = session.get_one(Catalogue, known.catalogue_id)
    rules = repository.method_rules_of(session, catalogue.laboratory_id)
    run = reusable_run(session, known.catalogue_id, release, rules) if release is not None else None
    if run is None:
        return NEXT_TIME
    if not changed_disciplines(run, followed(known)):
        return SAME
    if habits_repository.is_busy(session, known.catalogue_id, JOB_KIND):
        known.is_due = True
        session.add(known)
        return LATER
    ask_for_proposals(session, queue, catalogue, None, by_habits=True)
    return ASKED


register(HABITS_JOB, learn_habits, "Habitudes du catalogue")
register_sweep(ask_where_due)
