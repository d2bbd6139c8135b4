"""All SQL of coverage."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.coverage.definitions import CoverageRow
from app.coverage.report import Approver
from app.models import (
    Decision,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincTerm,
    Outcome,
    ReviewState,
    Status,
    User,
    ValueSetMember,
)
from app.transcoding.readings import is_suspended, status_in_force

COUNTED_LEVELS = (Level.ANALYSIS, Level.EXAM)
DEPRECATED = "DEPRECATED"
"""The status of a term that LOINC retired."""


def coverage_rows(
    session: Session,
    catalogue_id: int,
    release_id: int,
    ids: Sequence[int] | None = None,
    leaves_out_deprecated: bool = False,
    circuit_id: int = 0,
) -> list[CoverageRow]:
    """The analyses and exams of a catalogue with the facts in force, in the order of the received files.

    With `ids`, these rows only, without their links nor the chapter that they have from others. `circuit_id` is the
    list *Circuit de la biologie* in service, 0 when none is.
    """
    then = aliased(LoincTerm)
    links = links_of(session, catalogue_id) if ids is None else {}
    chapters = chapter_labels(session, catalogue_id) if ids is None else {}
    statement = (
        select(  # type: ignore[call-overload]
            col(LocalTest.id),
            col(LocalTest.level),
            col(LocalTest.code),
            col(LocalTest.label),
            col(LocalTest.chapter),
            col(LocalTest.chapter_code),
            col(LocalTest.is_subcontracted),
            col(LocalTest.is_retired),
            col(LocalTest.retired_at),
            col(LocalTest.annual_volume),
            status_in_force().label("status"),
            col(ReviewState.outcome),
            col(ReviewState.loinc_num),
            col(LoincTerm.status).label("term_status"),
            col(then.status).label("status_then"),
            col(ValueSetMember.id).label("member_id"),
            col(Decision.reason),
            col(User.display_name).label("approved_by"),
        )
        .select_from(LocalTest)
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .outerjoin(
            LoincTerm,
            (col(LoincTerm.release_id) == release_id) & (col(LoincTerm.loinc_num) == col(ReviewState.loinc_num)),
        )
        .outerjoin(Decision, col(Decision.id) == col(ReviewState.decision_id))
        .outerjoin(
            then, (col(then.release_id) == col(Decision.release_id)) & (col(then.loinc_num) == col(Decision.loinc_num))
        )
        .outerjoin(
            ValueSetMember,
            (col(ValueSetMember.value_set_id) == circuit_id)
            & (col(ValueSetMember.loinc_num) == col(ReviewState.loinc_num)),
        )
        .outerjoin(User, col(User.id) == col(ReviewState.approved_by_id))
        .where(LocalTest.catalogue_id == catalogue_id, col(LocalTest.level).in_(COUNTED_LEVELS))
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )
    rows = session.execute(statement if ids is None else statement.where(col(LocalTest.id).in_(ids))).all()
    own = {row.id: row.chapter or chapters.get(row.chapter_code, row.chapter_code) for row in rows}
    inherited = inherited_chapters(links, own)
    return [
        CoverageRow(
            id=row.id,
            level=Level(row.level),
            code=row.code,
            label=row.label,
            chapter=own[row.id] or inherited.get(row.id, ""),
            is_subcontracted=row.is_subcontracted,
            chapter_code=row.chapter_code,
            is_retired=row.is_retired,
            retired_at=row.retired_at,
            annual_volume=row.annual_volume,
            status=Status(row.status or Status.TODO),
            outcome=Outcome(row.outcome or Outcome.NONE),
            loinc_num=row.loinc_num or "",
            code_exists=row.term_status is not None,
            code_is_left_out=leaves_out_deprecated and row.term_status == DEPRECATED,
            code_is_deprecated=row.term_status == DEPRECATED,
            in_circuit=row.member_id is not None,
            code_existed=row.status_then is not None,
            code_was_deprecated=row.status_then == DEPRECATED,
            reason=row.reason or "",
            approved_by=row.approved_by or "",
            analysis_ids=tuple(links.get(row.id, ())),
        )
        for row in rows
    ]


def links_of(session: Session, catalogue_id: int) -> dict[int, list[int | None]]:
    """Exam → its analyses, None for one that the catalogue does not hold."""
    statement = (
        select(ExamAnalysis.exam_id, ExamAnalysis.analysis_id)
        .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.exam_id))
        .where(LocalTest.catalogue_id == catalogue_id)
        .order_by(col(LocalTest.position), col(ExamAnalysis.id))
    )
    links: dict[int, list[int | None]] = defaultdict(list)
    for exam_id, analysis_id in session.exec(statement):
        links[exam_id].append(analysis_id)
    return links


def chapter_labels(session: Session, catalogue_id: int) -> dict[str, str]:
    """Code of a chapter -> its label."""
    statement = select(LocalTest.code, LocalTest.label).where(
        LocalTest.catalogue_id == catalogue_id, LocalTest.level == Level.CHAPTER
    )
    return dict(session.exec(statement).all())


def inherited_chapters(links: dict[int, list[int | None]], chapters: dict[int, str]) -> dict[int, str]:
    """The result file names no chapter: an analysis takes that of the first exam that contains it."""
    inherited: dict[int, str] = {}
    for exam_id, analysis_ids in links.items():
        for analysis_id in analysis_ids:
            if analysis_id is not None and chapters.get(exam_id):
                inherited.setdefault(analysis_id, chapters[exam_id])
    return inherited


def approvers(session: Session, catalogue_id: int) -> tuple[Approver, ...]:
    """Who approved the rows in force, and how many; the busiest first."""
    has_code = case((col(ReviewState.outcome) == Outcome.CODE, 1), else_=0)
    statement = (
        select(  # type: ignore[call-overload]
            col(User.display_name).label("name"),
            func.sum(has_code).label("with_code"),
            func.sum(1 - has_code).label("without_code"),
            func.min(col(Decision.created_at)).label("first_at"),
            func.max(col(Decision.created_at)).label("last_at"),
        )
        .select_from(ReviewState)
        .join(LocalTest, col(LocalTest.id) == col(ReviewState.local_test_id))
        .join(User, col(User.id) == col(ReviewState.approved_by_id))
        .join(Decision, col(Decision.id) == col(ReviewState.approval_id))
        .where(
            LocalTest.catalogue_id == catalogue_id,
            col(LocalTest.level).in_(COUNTED_LEVELS),
            col(LocalTest.is_retired).is_(False),
            ReviewState.status == Status.APPROVED,
            ~is_suspended(),
        )
        .group_by(col(User.id), col(User.display_name))
        .order_by(func.count().desc(), col(User.display_name))
    )
    return tuple(Approver(**row._mapping) for row in session.execute(statement))
