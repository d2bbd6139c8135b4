"""The tasks that a new release opens in the review queues, and which of them are still open.

A task is closed by the next decision on its test, unless that decision was undone: nothing is updated, the
state is read from the facts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.audit.service import record
from app.models import Action, Catalogue, Decision, LocalTest, LoincRelease, ReviewTask, User
from app.upgrades.report import Change, upgrade_report

CLOSING = (Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE)


def open_tasks_after(
    session: Session, old_release: LoincRelease, new_release: LoincRelease, actor: User | None = None
) -> int:
    """Open a task for each decision, in every catalogue, whose code the new release changes."""
    opened = 0
    for catalogue in session.exec(select(Catalogue).order_by(col(Catalogue.id))).all():
        assert catalogue.id is not None
        changes = upgrade_report(session, catalogue.id, old_release, new_release)
        count = _open(session, catalogue.id, changes, old_release, new_release)
        if count:
            record(
                session,
                "terminology.open_tasks",
                actor=actor,
                object_type="catalogue",
                object_id=catalogue.id,
                laboratory_id=catalogue.laboratory_id,
                tasks=count,
                old=old_release.version,
                new=new_release.version,
            )
        opened += count
    return opened


def _open(
    session: Session,
    catalogue_id: int,
    changes: Sequence[Change],
    old_release: LoincRelease,
    new_release: LoincRelease,
) -> int:
    assert old_release.id is not None
    assert new_release.id is not None
    known = set(
        session.exec(
            select(ReviewTask.local_test_id, ReviewTask.loinc_num).where(
                ReviewTask.catalogue_id == catalogue_id, ReviewTask.new_release_id == new_release.id
            )
        ).all()
    )
    last_facts = _last_facts(session, catalogue_id)
    tasks = [
        ReviewTask(
            catalogue_id=catalogue_id,
            local_test_id=change.local_test_id,
            kind=change.kind,
            loinc_num=change.loinc_num,
            old_release_id=old_release.id,
            new_release_id=new_release.id,
            old=asdict(change.old) if change.old else {},
            new=asdict(change.new) if change.new else {},
            replacements=[asdict(item) for item in change.replacements],
            after_decision_id=last_facts.get(change.local_test_id, 0),
        )
        for change in changes
        if (change.local_test_id, change.loinc_num) not in known
    ]
    session.add_all(tasks)
    session.flush()
    return len(tasks)


def _last_facts(session: Session, catalogue_id: int) -> dict[int, int]:
    statement = (
        select(Decision.local_test_id, func.max(col(Decision.id)))
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(LocalTest.catalogue_id == catalogue_id)
        .group_by(col(Decision.local_test_id))
    )
    return {test_id: fact_id or 0 for test_id, fact_id in session.exec(statement)}


def is_open() -> ColumnElement[bool]:
    """SQL condition on ReviewTask: no decision in force came after the task was opened."""
    undo = aliased(Decision)
    undone = exists().where(undo.undoes_id == col(Decision.id))  # type: ignore[arg-type]
    later = (
        exists()
        .where(col(Decision.local_test_id) == col(ReviewTask.local_test_id))
        .where(col(Decision.id) > col(ReviewTask.after_decision_id))
        .where(col(Decision.action).in_(CLOSING))
        .where(~undone)
    )
    return ~later


def has_open_task() -> ColumnElement[bool]:
    """SQL condition on LocalTest, for the filters of the review queue: changed by a new release."""
    return exists().where(col(ReviewTask.local_test_id) == col(LocalTest.id)).where(is_open())


def open_tasks(session: Session, catalogue_id: int) -> list[tuple[ReviewTask, LocalTest]]:
    """The open tasks of a catalogue with their tests, in the catalogue's order."""
    statement = (
        select(ReviewTask, LocalTest)
        .join(LocalTest, col(LocalTest.id) == col(ReviewTask.local_test_id))
        .where(ReviewTask.catalogue_id == catalogue_id, is_open())
        .order_by(col(LocalTest.level), col(LocalTest.position), col(ReviewTask.id))
    )
    return [(task, test) for task, test in session.exec(statement)]


def open_task_of(session: Session, local_test_id: int) -> ReviewTask | None:
    """The newest open task of a test, for its case page."""
    statement = select(ReviewTask).where(ReviewTask.local_test_id == local_test_id, is_open())
    return session.exec(statement.order_by(col(ReviewTask.id).desc())).first()


def count_open_tasks(session: Session, catalogue_id: int) -> int:
    """How many decisions of a catalogue wait to be looked at again."""
    statement = select(func.count(col(ReviewTask.id))).where(ReviewTask.catalogue_id == catalogue_id, is_open())
    return session.exec(statement).one()


def impact(
    session: Session, old_release: LoincRelease, new_release: LoincRelease
) -> list[tuple[Catalogue, Counter[str]]]:
    """What changing release would do: for each catalogue concerned, decisions to look at again by kind."""
    found = []
    for catalogue in session.exec(select(Catalogue).order_by(col(Catalogue.id))).all():
        assert catalogue.id is not None
        changes = upgrade_report(session, catalogue.id, old_release, new_release)
        if changes:
            found.append((catalogue, Counter(change.kind.value for change in changes)))
    return found
