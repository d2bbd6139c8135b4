"""Opening the tasks of a new release: found with no transaction open, written in the one that changes the release.

To compare every decision of every catalogue with two releases takes seconds; nobody may wait for that to write. What
was found is then verified, in the writing transaction, against the versions of the rows: those that somebody decided,
undid or retired meanwhile are compared again, and only those.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, insert, text
from sqlmodel import Session, col, select

from app.audit.service import record
from app.models import Catalogue, Decision, LocalTest, LoincRelease, Outcome, ReviewState, ReviewTask, User, utc_now
from app.platform.database import reading
from app.platform.open_transactions import forbid_open_transaction
from app.terminology.chunks import chunks
from app.terminology.schemas import Switch
from app.upgrades.report import Change, upgrade_report
from app.upgrades.requested import plausible_codes, request_tasks

CHUNK = 2000
"""Tasks a statement; two columns of a term make a row of about a kilobyte."""
IN_LIMIT = 900


@dataclass(frozen=True, slots=True)
class FoundTasks:
    """The tasks of one catalogue, and the versions of its rows when they were found."""

    versions: dict[int, int] = field(default_factory=dict)
    """Local test -> number of facts, for the rows that have a code."""
    rows: list[dict[str, Any]] = field(default_factory=list)


def _shown() -> ColumnElement[bool]:
    return col(Catalogue.staged_for_job_id).is_(None)


def prepare_tasks(engine: Engine, old_release: LoincRelease, new_release: LoincRelease) -> Switch:
    """Find the tasks that a change of release opens; the result writes them, see `Switch`."""
    forbid_open_transaction("compare two releases")
    with reading(engine) as session:
        catalogues = session.exec(select(Catalogue.id).where(_shown()).order_by(col(Catalogue.id))).all()
    found: dict[int, FoundTasks] = {}
    for catalogue_id in catalogues:
        assert catalogue_id is not None
        with reading(engine) as session:
            # The versions first: what changes while the rest is read is found again later.
            versions = _versions(session, catalogue_id)
            found[catalogue_id] = FoundTasks(versions, _tasks(session, catalogue_id, old_release, new_release))
    plausible = plausible_codes(engine, old_release, new_release)

    def write(session: Session, actor: User | None) -> int:
        return _write(session, found, plausible, old_release, new_release, actor)

    return write


def open_tasks_after(
    session: Session, old_release: LoincRelease, new_release: LoincRelease, actor: User | None = None
) -> int:
    """Find and open the tasks in the transaction of the session: when an installation starts, and nobody waits."""
    return _write(session, {}, {}, old_release, new_release, actor)


def _write(
    session: Session,
    found: dict[int, FoundTasks],
    plausible: dict[int, list[str]],
    old_release: LoincRelease,
    new_release: LoincRelease,
    actor: User | None,
) -> int:
    if session.get_bind().dialect.name == "postgresql":
        # Whoever decides at this moment ends first, and the next one waits: what is verified stays true.
        session.execute(text("LOCK TABLE review_state IN SHARE ROW EXCLUSIVE MODE"))
    opened = 0
    for catalogue in session.exec(select(Catalogue).where(_shown()).order_by(col(Catalogue.id))).all():
        assert catalogue.id is not None
        rows = _verified(session, catalogue.id, found.get(catalogue.id, FoundTasks()), old_release, new_release)
        rows = rows + request_tasks(session, catalogue.id, old_release, new_release, plausible)
        for chunk in chunks(rows, CHUNK):
            session.execute(insert(ReviewTask), chunk)
        if rows:
            record(
                session,
                "terminology.open_tasks",
                actor=actor,
                object_type="catalogue",
                object_id=catalogue.id,
                laboratory_id=catalogue.laboratory_id,
                tasks=len(rows),
                old=old_release.version,
                new=new_release.version,
            )
        opened += len(rows)
    return opened


def _verified(
    session: Session, catalogue_id: int, found: FoundTasks, old_release: LoincRelease, new_release: LoincRelease
) -> list[dict[str, Any]]:
    """The tasks of a catalogue as they are now: those found, but for the rows that changed since."""
    now = _versions(session, catalogue_id)
    if now == found.versions:
        return found.rows
    changed = {test for test in now.keys() | found.versions.keys() if now.get(test) != found.versions.get(test)}
    kept = [row for row in found.rows if row["local_test_id"] not in changed]
    again = now.keys() & changed
    return kept + _tasks(session, catalogue_id, old_release, new_release, again)


def _versions(session: Session, catalogue_id: int) -> dict[int, int]:
    statement = (
        select(ReviewState.local_test_id, ReviewState.version)
        .join(LocalTest, col(LocalTest.id) == col(ReviewState.local_test_id))
        .where(
            LocalTest.catalogue_id == catalogue_id,
            col(LocalTest.is_retired).is_(False),
            ReviewState.outcome == Outcome.CODE,
        )
    )
    return {test_id: version for test_id, version in session.exec(statement) if test_id is not None}


def _tasks(
    session: Session,
    catalogue_id: int,
    old_release: LoincRelease,
    new_release: LoincRelease,
    only: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """The tasks to open, as rows of the table, those that were opened before left out."""
    changes: Sequence[Change] = upgrade_report(session, catalogue_id, old_release, new_release, only)
    if not changes:
        return []
    known = set(
        session.exec(
            select(ReviewTask.local_test_id, ReviewTask.loinc_num).where(
                ReviewTask.catalogue_id == catalogue_id, ReviewTask.new_release_id == new_release.id
            )
        ).all()
    )
    last_facts = _last_facts(session, [change.local_test_id for change in changes])
    now = utc_now()
    return [
        {
            "catalogue_id": catalogue_id,
            "local_test_id": change.local_test_id,
            "kind": change.kind,
            "loinc_num": change.loinc_num,
            "old_release_id": old_release.id,
            "new_release_id": new_release.id,
            "old": asdict(change.old) if change.old else {},
            "new": asdict(change.new) if change.new else {},
            "replacements": [asdict(item) for item in change.replacements],
            "after_decision_id": last_facts.get(change.local_test_id, 0),
            "created_at": now,
        }
        for change in changes
        if (change.local_test_id, change.loinc_num) not in known
    ]


def _last_facts(session: Session, test_ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for chunk in chunks(test_ids, IN_LIMIT):
        statement = (
            select(Decision.local_test_id, func.max(col(Decision.id)))
            .where(col(Decision.local_test_id).in_(chunk))
            .group_by(col(Decision.local_test_id))
        )
        found.update((test_id, fact_id or 0) for test_id, fact_id in session.exec(statement))
    return found
