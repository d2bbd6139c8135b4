"""All SQL of the landing pages: how far catalogues have come, and the work under way."""

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_model

from app.catalogues.service import IMPORT_JOB
from app.home.next_step import MOST_READINGS
from app.models import (
    Catalogue,
    CatalogueCount,
    CountFamily,
    ExamAnalysis,
    Job,
    JobStatus,
    Level,
    LocalTest,
    ProposalRun,
    ReadingRequest,
    ReviewState,
    Status,
)
from app.proposals.service import JOB_KIND
from app.transcoding.readers import acted_on
from app.transcoding.readings import disagrees, joined, status_in_force, waits
from app.transcoding.repository import level_status_counts
from app.transcoding.under_way import under_way


def behind_their_facts(session: Session, catalogue_ids: Collection[int]) -> set[int]:
    """Those of these catalogues whose counts are being brought up to their facts."""
    return {number for number, figures in under_way(session, catalogue_ids).items() if figures}


def count_statuses(
    session: Session, catalogue_ids: Collection[int], behind: set[int]
) -> list[tuple[int, str, str, int]]:
    """(catalogue, level, status, count), from the counts kept with the facts, or from these when counts are behind."""
    statement = select_model(CatalogueCount).where(
        col(CatalogueCount.catalogue_id).in_(set(catalogue_ids) - behind),
        CatalogueCount.family == CountFamily.LEVEL,
        col(CatalogueCount.rows) > 0,
    )
    found = level_status_counts(session, behind) if behind else []
    return found + [(count.catalogue_id, *json.loads(count.key), count.rows) for count in session.exec(statement)]


def own_counts(session: Session, catalogue_ids: Collection[int], user_id: int) -> dict[int, dict[str, int]]:
    """Catalogue -> status -> rows whose decision in force is this person's."""
    keys = {
        json.dumps(["auteur", str(user_id), status], ensure_ascii=False): status
        for status in (Status.DECIDED, Status.SENT_BACK)
    }
    statement = select_model(CatalogueCount.catalogue_id, CatalogueCount.key, CatalogueCount.rows).where(
        col(CatalogueCount.catalogue_id).in_(catalogue_ids),
        CatalogueCount.family == CountFamily.FACET,
        col(CatalogueCount.key).in_(keys),
    )
    found: dict[int, dict[str, int]] = {}
    for catalogue_id, key, rows in session.exec(statement):
        found.setdefault(catalogue_id, {})[keys[key]] = rows
    return found


@lru_cache(1)
def _readings_waiting() -> Select[Any]:
    """Made once: to write it takes longer than to run it."""
    to_read, differing = (
        joined(select(col(ReadingRequest.local_test_id)).select_from(ReadingRequest))
        .where(col(ReadingRequest.catalogue_id) == col(Catalogue.id), *conditions)
        .distinct()
        .limit(bindparam("most", type_=Integer))
        .correlate(Catalogue)
        .subquery()
        for conditions in ((waits(), ~acted_on(bindparam("person", type_=Integer))), (disagrees(),))
    )
    return select(
        col(Catalogue.id),
        select(func.count()).select_from(to_read).scalar_subquery(),
        select(func.count()).select_from(differing).scalar_subquery(),
    ).where(col(Catalogue.id).in_(bindparam("wanted", expanding=True)))


def readings_waiting(session: Session, catalogue_ids: Collection[int], user_id: int) -> dict[int, tuple[int, int]]:
    """Catalogue -> (second readings that this person may make, rows in disagreement), each counted up to
    `MOST_READINGS`; one statement."""
    values = {"wanted": list(catalogue_ids), "person": user_id, "most": MOST_READINGS}
    return {number: (mine, others) for number, mine, others in session.execute(_readings_waiting(), values)}


def with_proposals(session: Session, catalogue_ids: Collection[int]) -> set[int]:
    """Those of these catalogues whose proposals are shown."""
    statement = select(col(ProposalRun.catalogue_id)).where(
        col(ProposalRun.catalogue_id).in_(catalogue_ids), col(ProposalRun.is_current).is_(True)
    )
    return set(session.scalars(statement))


def recent_jobs(session: Session, laboratory_id: int, limit: int = 10) -> list[Job]:
    """The latest background work of a laboratory."""
    statement = (
        select_model(Job).where(Job.laboratory_id == laboratory_id).order_by(col(Job.id).desc()).limit(limit)
    )
    return list(session.exec(statement))


def being_worked_on(session: Session, catalogue_ids: Collection[int]) -> dict[str, set[int]]:
    """Of these catalogues, by kind of job: those that an import is about to fill, or whose proposals are searched."""
    statement = select(col(Job.kind), col(Job.catalogue_id)).where(
        col(Job.catalogue_id).in_(catalogue_ids),
        col(Job.kind).in_([IMPORT_JOB, JOB_KIND]),
        col(Job.status).in_([JobStatus.WAITING, JobStatus.RUNNING]),
    )
    found: dict[str, set[int]] = {IMPORT_JOB: set(), JOB_KIND: set()}
    for kind, catalogue_id in session.execute(statement):
        found[kind].add(catalogue_id)
    return found


def chapter_status_counts(session: Session, catalogue_id: int, level: Level) -> Sequence[Any]:
    """(chapter, status, number) of the tests of a level, chapters in file order."""
    status = status_in_force()
    statement = (
        select(col(LocalTest.chapter), status.label("status"), func.count())
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level) == level)
        .group_by(col(LocalTest.chapter), status)
        .order_by(func.min(col(LocalTest.position)))
    )
    return session.execute(statement).all()


def count_unknown_analyses(session: Session, catalogue_id: int) -> int:
    """How many analyses are named by exams although the catalogue does not hold them."""
    statement = (
        select(func.count(func.distinct(col(ExamAnalysis.analysis_code))))
        .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.exam_id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, col(ExamAnalysis.analysis_id).is_(None))
    )
    return session.scalar(statement) or 0


def count_analyses_without_exam(session: Session, catalogue_id: int) -> int:
    """How many analyses belong to no exam."""
    linked = select(col(ExamAnalysis.analysis_id)).where(col(ExamAnalysis.analysis_id) == col(LocalTest.id))
    statement = (
        select(func.count())
        .select_from(LocalTest)
        .where(
            col(LocalTest.catalogue_id) == catalogue_id,
            col(LocalTest.level) == Level.ANALYSIS,
            ~linked.exists(),
        )
    )
    return session.scalar(statement) or 0


def side_data_counts(session: Session, catalogue_id: int) -> tuple[int, int, int, int]:
    """Of the analyses: sub-contracted, retired, with a yearly volume, and the sum of the volumes."""
    statement = select(
        func.count().filter(col(LocalTest.is_subcontracted)),
        func.count().filter(col(LocalTest.is_retired)),
        func.count(col(LocalTest.annual_volume)),
        func.coalesce(func.sum(col(LocalTest.annual_volume)), 0),
    ).where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.level) == Level.ANALYSIS)
    subcontracted, retired, with_volume, total = session.execute(statement).one()
    return subcontracted, retired, with_volume, total


def latest_jobs(session: Session, catalogue_id: int, limit: int = 5) -> Sequence[Job]:
    """The last jobs of a catalogue, the newest first."""
    statement = select(Job).where(col(Job.catalogue_id) == catalogue_id)
    return session.scalars(statement.order_by(col(Job.id).desc()).limit(limit)).all()
