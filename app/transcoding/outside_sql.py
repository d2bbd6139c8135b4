"""The SQL of what a chapter may be given, and of what an exam holds."""

from collections.abc import Collection

from sqlalchemy import and_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.models import (
    ExamAnalysis,
    LoincTerm,
    Outcome,
    Proposal,
    ProposalRun,
    ReviewState,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.proposals.chapters import chapter_codes_with_names
from app.transcoding.outside import HeldAnalysis, measured
from app.transcoding.readers import hidden_among

LOOKED_AT = 5
"""How many proposals of an analysis without code tell what it may be."""


def chapter_values(session: Session) -> dict[str, str]:
    """Code -> name of every code that a chapter may be given, by name: of the value set in use, else of our table."""
    statement = (
        select(ValueSetMember.loinc_num, ValueSetMember.label)
        .join(ValueSet, col(ValueSet.id) == ValueSetMember.value_set_id)
        .where(ValueSet.kind == ValueSetKind.CHAPTERS, col(ValueSet.is_current).is_(True))
        .order_by(col(ValueSetMember.label), col(ValueSetMember.loinc_num))
    )
    return dict(session.exec(statement).all() or chapter_codes_with_names())


def held_analyses(
    session: Session, catalogue_id: int, release_id: int, exam_ids: Collection[int], blind_to: int | None = None
) -> dict[int, list[HeldAnalysis]]:
    """Exam -> its analyses in their order, with what is decided of them or else proposed; two statements.

    For a `blind_person`, decisions that are hidden from her are as if they were not made.
    """
    if not exam_ids:
        return {}
    links = _links(session, catalogue_id, exam_ids, blind_to)
    numbers = {number for _, _, codes, _ in links for number in codes}
    statement = select(LoincTerm.loinc_num, LoincTerm.component).where(
        LoincTerm.release_id == release_id, col(LoincTerm.loinc_num).in_(numbers)
    )
    components = dict(session.exec(statement).all())
    found: dict[int, list[HeldAnalysis]] = {exam_id: [] for exam_id in exam_ids}
    for exam_id, name, codes, is_decided in links:
        measures = frozenset(measured(components[code]) for code in codes if code in components)
        found[exam_id].append(HeldAnalysis(name, tuple(codes), measures, is_decided))
    return found


def _links(
    session: Session, catalogue_id: int, exam_ids: Collection[int], blind_to: int | None
) -> list[tuple[int, str, list[str], bool]]:
    """(exam, name of an analysis, its codes, whether they are decided), in the order of the file."""
    statement = (
        sa_select(
            col(ExamAnalysis.id), col(ExamAnalysis.exam_id), col(ExamAnalysis.analysis_code),
            col(ExamAnalysis.analysis_label), col(ReviewState.outcome), col(ReviewState.loinc_num),
            col(Proposal.loinc_num), col(ExamAnalysis.analysis_id),
        )
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(ExamAnalysis.analysis_id))
        .outerjoin(
            ProposalRun, and_(col(ProposalRun.catalogue_id) == catalogue_id, col(ProposalRun.is_current).is_(True))
        )
        .outerjoin(
            Proposal,
            and_(
                col(Proposal.run_id) == col(ProposalRun.id),
                col(Proposal.local_test_id) == col(ExamAnalysis.analysis_id),
                col(Proposal.rank).between(1, LOOKED_AT),
            ),
        )
        .where(col(ExamAnalysis.exam_id).in_(exam_ids))
        .order_by(col(ExamAnalysis.id), col(Proposal.rank))
    )  # fmt: skip
    found: dict[int, tuple[int, str, list[str], bool]] = {}
    rows = session.execute(statement).all()
    unseen = hidden_among(session, blind_to, [row.analysis_id for row in rows if row.analysis_id is not None])
    for link_id, exam_id, code, label, outcome, decided, proposed, analysis_id in rows:
        is_decided = outcome not in (None, Outcome.NONE) and analysis_id not in unseen
        known = found.setdefault(link_id, (exam_id, label or code, [], is_decided))
        number = decided if is_decided else proposed
        if number and number not in known[2]:
            known[2].append(number)
    return list(found.values())
