"""The work already done in the demonstration: two weeks of decisions by its people, so that every screen shows life.

Everything is done by the acts of the product, in the order of their moments and as of those moments: the facts of the
demonstration have past days, and its figures of a past day are recomputed like those of any laboratory.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from app.approval.service import approve_many, send_back
from app.batches.asking import Asked, ask, sift
from app.batches.repository import counts
from app.cases.reasons import NO_LOINC_REASONS, usual_reason
from app.demonstration import emitted
from app.double_reading.service import Answer, read
from app.errors import WorkbenchError
from app.jobs.queue import JobQueue
from app.models import (
    Action,
    Catalogue,
    Decision,
    Laboratory,
    Level,
    LocalTest,
    Membership,
    Proposal,
    ReadingRequest,
    Relation,
    ReviewState,
    Role,
    Status,
    User,
    WorklistEntry,
)
from app.models.base import moment_told
from app.platform.database import Transactions, reading, transaction
from app.platform.identity import CatalogueAccess
from app.proposals.service import current_run
from app.review.service import decide
from app.settings import Settings
from app.text import PARIS
from app.transcoding.readers import not_approved_yet
from app.worklist.query import ReviewQuery
from matcher.types import Band

DAYS = 9
"""Working days of the story, the last one before today."""
DECIDED, APPROVED = 0.60, 0.35
"""Shares of the rows that are decided, approved ones included, and approved."""
ROWS_AT_ONCE = 40
SECONDS_A_ROW = 34
LEVELS = (Level.ANALYSIS, Level.CHAPTER, Level.SUBCHAPTER, Level.EXAM)
"""In which order they work."""
LEFT = frozenset({"KURG1", "KURG2"})
"""Local codes that nobody acts on: two rows that say the same, for whoever tries the answer for a group."""
MORNING, AFTERNOON = time(9, 5), time(14, 10)
QUESTIONS = (
    "Le milieu n'est pas écrit : sérum ou plasma ? À voir avec la paillasse.",
    "L'unité du catalogue ne va pas avec le libellé : laquelle est rendue au patient ?",
    "Deux techniques sont possibles ici ; laquelle est en service depuis le dernier automate ?",
    "Le libellé peut vouloir dire deux analyses : un biologiste peut-il trancher ?",
)
COMMENTS = (
    "Vérifié avec le compte rendu type.",
    "Même automate que pour le reste du chapitre.",
    "Libellé à rendre plus clair dans le SGL.",
)
SENT_BACK = (
    "Le milieu du code ne va pas avec notre tube : merci de revoir.",
    "Préférer le code avec la technique, comme pour le reste du chapitre.",
    "Ce code est celui du dépistage, nous rendons la confirmation.",
)


def working_days(now: datetime, count: int = DAYS) -> list[datetime]:
    """The first minutes, in Paris, of the last working days before this moment, the oldest first."""
    day, found = now.astimezone(PARIS).date(), list[datetime]()
    while len(found) < count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            found.append(datetime.combine(day, time(8, 30), PARIS))
    return found[::-1]


@contextmanager
def beginning(now: datetime) -> Iterator[None]:
    """What is written meanwhile is written as of the first morning of the story."""
    with moment_told(working_days(now)[0]):
        yield


@dataclass(frozen=True, slots=True)
class _Row:
    """A row and the answer that its transcoder gives; `action` is empty where she leaves it."""

    id: int
    author: int
    action: Action | None
    loinc_num: str = ""
    reason: str = ""
    comment: str = ""


def is_untouched(session: Session, catalogue_id: int) -> bool:
    """Whether nobody acted on this catalogue yet."""
    statement = (
        select(Decision.id)
        .join(LocalTest, col(LocalTest.id) == Decision.local_test_id)
        .where(LocalTest.catalogue_id == catalogue_id)
        .limit(1)
    )
    return session.exec(statement).first() is None


def tell(engine: Engine, settings: Settings, catalogue_id: int, now: datetime) -> tuple[int, int]:
    """Do the work of the story; how many rows are decided, and how many of them approved."""
    with reading(engine) as session:
        people = {role: _accesses(session, catalogue_id, role) for role in (Role.TRANSCODER, Role.BIOLOGIST)}
        rows = _answers(session, catalogue_id)
    wanted = round(len(rows) * DECIDED)
    answered = [row for row in rows if row.action is not None]
    drawn = {row.id for row in sorted(answered, key=lambda row: _draw(row.id))[:wanted]}
    kept = [row for row in answered if row.id in drawn]
    days = working_days(now)
    to_approve = round(len(rows) * APPROVED)
    share = -(-len(kept) // len(days))
    decided = approved = 0
    for number, day in enumerate(days):
        today = kept[number * share : (number + 1) * share]
        decided += _decide(engine, settings, people[Role.TRANSCODER], today, day)
        if number:
            # The biologists read in the afternoon what was decided up to the day before.
            afternoon = datetime.combine(day.date(), AFTERNOON, PARIS) + timedelta(hours=1, minutes=20)
            part = min(to_approve - approved, -(-to_approve // (len(days) - 1)))
            readers, waiting = people[Role.BIOLOGIST], kept[: number * share]
            approved += _judge(engine, settings, readers, waiting, afternoon, part, number)
    last = datetime.combine(days[-1].date(), AFTERNOON, PARIS)
    decided += _accept_in_batch(engine, settings, people[Role.TRANSCODER][-1], last + timedelta(hours=2))
    _read_twice(engine, settings, people[Role.TRANSCODER], last + timedelta(hours=2, minutes=20))
    emitted.read_some(engine, settings, people[Role.BIOLOGIST][0], last + timedelta(hours=3))
    return decided, approved


def _accept_in_batch(engine: Engine, settings: Settings, access: CatalogueAccess, moment: datetime) -> int:
    """One person accepts the sure proposals of the chapter that has most of them left; how many were decided."""
    with reading(engine) as session:
        chapters = session.exec(
            select(WorklistEntry.chapter, func.count())
            .where(
                WorklistEntry.catalogue_id == access.catalogue_id, WorklistEntry.status == Status.TODO,
                WorklistEntry.band == Band.SURE, WorklistEntry.level == Level.ANALYSIS,
                col(WorklistEntry.code).not_in(LEFT),
            )
            .group_by(col(WorklistEntry.chapter))
        ).all()  # fmt: skip
    if not chapters:
        return 0
    chapter, _ = max(chapters, key=lambda item: (item[1], item[0]))
    query = ReviewQuery.model_validate({"only": {"chapitre": (chapter,), "etat": ("a-traiter",)}})
    queue = JobQueue(settings.model_copy(update={"jobs_immediate": True}), engine)
    with moment_told(moment):
        with transaction(engine) as session:
            found = session.exec(
                select(WorklistEntry.local_test_id)
                .where(
                    WorklistEntry.catalogue_id == access.catalogue_id, WorklistEntry.chapter == chapter,
                    WorklistEntry.status == Status.TODO, col(WorklistEntry.code).not_in(LEFT),
                )
                .order_by(col(WorklistEntry.position), col(WorklistEntry.local_test_id))
            ).all()  # fmt: skip
            title = f"Chapitre : {chapter}, État : À traiter"
            asked = Asked(query, ids=tuple(found))
            batch = ask(session, queue, access, asked, title, sift(session, access, asked))
        with reading(engine) as session:
            rows, done, _ = counts(session, [batch.id or 0])[batch.id or 0]
    assert rows
    return done


def _read_twice(engine: Engine, settings: Settings, people: Sequence[CatalogueAccess], moment: datetime) -> None:
    """Half of what waits for a second reader is read; all readings agree but one, which waits to be reconciled."""
    with reading(engine) as session:
        asked = session.exec(
            select(ReadingRequest, Decision)
            .join(Decision, col(Decision.id) == ReadingRequest.decision_id)
            .where(ReadingRequest.catalogue_id == people[0].catalogue_id)
            .order_by(col(ReadingRequest.id))
        ).all()
    differs = True
    for number, (request, fact) in enumerate(asked):
        reader = next((person for person in people if person.user_id != fact.author_id), None)
        if reader is None or number % 2:
            continue
        said = Answer(Action(fact.action), fact.loinc_num, fact.relation or Relation.EQUIVALENT, fact.reason)
        if differs and fact.action == Action.CHOOSE:
            said = Answer(Action.NO_LOINC, reason="La technique de notre automate n'a pas de code.")
        with moment_told(moment + timedelta(seconds=40 * number)):
            try:
                with transaction(engine) as session:
                    found = read(session, reader, request.local_test_id, request.public_id, said, settings=settings)
            except WorkbenchError:
                # The row was approved or decided again meanwhile: nobody reads it twice any more.
                continue
        differs = differs and found.is_agreement


def _draw(number: int, salt: str = "") -> int:
    """A number that looks drawn by lot and is the same in every demonstration."""
    return int.from_bytes(sha256(f"{salt}{number}".encode()).digest()[:4], "big")


def _accesses(session: Session, catalogue_id: int, role: Role) -> list[CatalogueAccess]:
    """The people of the laboratory with this role, in the order in which they came."""
    statement = (
        select(User, Laboratory, Catalogue)
        .join(Membership, col(Membership.user_id) == col(User.id))
        .join(Laboratory, col(Laboratory.id) == Membership.laboratory_id)
        .join(Catalogue, col(Catalogue.laboratory_id) == col(Laboratory.id))
        .where(Catalogue.id == catalogue_id, Membership.role == role)
        .order_by(col(User.id))
    )
    found = session.exec(statement).all()
    return [CatalogueAccess(user, laboratory, role, catalogue) for user, laboratory, catalogue in found]


def _answers(session: Session, catalogue_id: int) -> list[_Row]:
    """Every row of the catalogue with the answer that its proposals suggest."""
    run = current_run(session, catalogue_id)
    assert run is not None
    found_rows = session.exec(
        select(LocalTest.id, LocalTest.level, LocalTest.code).where(LocalTest.catalogue_id == catalogue_id)
    ).all()
    ids = [row_id for row_id, _, _ in sorted(found_rows, key=lambda row: (LEVELS.index(Level(row[1])), row[0] or 0))]
    left = {row_id for row_id, _, code in found_rows if code in LEFT}
    found = session.exec(select(Proposal).where(Proposal.run_id == run.id, col(Proposal.rank) <= 1)).all()
    proposals: dict[int, dict[int, Proposal]] = {}
    for proposal in found:
        proposals.setdefault(proposal.local_test_id, {})[proposal.rank] = proposal
    return [
        _Row(row_id, 0, None) if row_id in left else _answer(row_id, proposals.get(row_id, {}))
        for row_id in ids
        if row_id is not None
    ]


def _answer(row_id: int, proposals: dict[int, Proposal]) -> _Row:
    draw = _draw(row_id, "answer")
    author = draw % 3 % 2
    best, no_test = proposals.get(1), proposals.get(0)
    is_no_test = no_test is not None and (best is None or no_test.confidence > best.confidence)
    if no_test is not None and is_no_test and no_test.band != Band.UNCERTAIN:
        sentence = str(no_test.evidence[0].get("sentence", "")) if no_test.evidence else ""
        return _Row(row_id, author, Action.OUT_OF_SCOPE, reason=usual_reason(sentence))
    if best is not None and not best.has_contradiction and best.band != Band.UNCERTAIN:
        comment = COMMENTS[draw % len(COMMENTS)] if draw % 29 == 0 else ""
        return _Row(row_id, author, Action.CHOOSE, best.loinc_num, comment=comment)
    if draw % 4 == 0:
        return _Row(row_id, author, Action.DOUBT, reason=QUESTIONS[draw // 4 % len(QUESTIONS)])
    if draw % 9 == 1:
        return _Row(row_id, author, Action.NO_LOINC, reason=NO_LOINC_REASONS[0])
    return _Row(row_id, author, None)


def _decide(
    engine: Engine, settings: Settings, people: Sequence[CatalogueAccess], rows: Sequence[_Row], day: datetime
) -> int:
    """One day of transcoding, each person her rows one after the other; how many were decided."""
    clocks = {number: datetime.combine(day.date(), MORNING, PARIS) for number in range(len(people))}
    done = 0
    for start in range(0, len(rows), ROWS_AT_ONCE):
        with transaction(engine) as session:
            for row in rows[start : start + ROWS_AT_ONCE]:
                person = row.author % len(people)
                clocks[person] += timedelta(seconds=SECONDS_A_ROW // 2 + _draw(row.id, "pace") % SECONDS_A_ROW)
                with moment_told(clocks[person]), session.begin_nested():
                    done += _decide_one(session, settings, people[person], row)
    return done


def _decide_one(session: Session, settings: Settings, access: CatalogueAccess, row: _Row) -> int:
    assert row.action is not None
    try:
        decide(
            session, access, row.id, 0, row.action, settings=settings,
            loinc_num=row.loinc_num, reason=row.reason, comment=row.comment,
        )  # fmt: skip
    except WorkbenchError:
        # A check asks for a justification that nobody wrote: the row is left to whoever tries the demonstration.
        return 0
    return int(row.action is not Action.DOUBT)


def _judge(
    engine: Engine,
    settings: Settings,
    people: Sequence[CatalogueAccess],
    rows: Sequence[_Row],
    moment: datetime,
    part: int,
    number: int,
) -> int:
    """One reading by a biologist of what waits among these rows: approves some, sends one back now and then."""
    access = people[number % len(people)]
    ids = [row.id for row in rows]
    with reading(engine) as session:
        waiting = session.exec(
            select(ReviewState.local_test_id, ReviewState.version)
            .where(col(ReviewState.local_test_id).in_(ids), ReviewState.status == Status.DECIDED)
        ).all()
        # What waits for its second reading, which comes at the end of the story, is approved after it.
        kept = not_approved_yet(session, [row_id for row_id, _ in waiting], access.laboratory_id)
    free = [(row_id, version) for row_id, version in waiting if row_id not in kept]
    pairs = sorted(free, key=lambda pair: _draw(pair[0], "read"))
    with moment_told(moment):
        if number % 2 and pairs:
            row_id, version = pairs.pop(_draw(number, "back") % len(pairs))
            with transaction(engine) as session:
                send_back(session, access, row_id, version, SENT_BACK[number // 2 % len(SENT_BACK)])
        answers = approve_many(Transactions(engine), access, pairs[:part], settings)
    return sum(answer.is_approved for answer in answers)
