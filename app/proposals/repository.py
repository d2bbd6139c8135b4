"""All SQL of the proposals."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, insert, literal, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.models import ExamAnalysis, LocalTest, LoincTerm, Proposal, ProposalRun

BATCH = 500


def local_tests(session: Session, catalogue_id: int) -> Sequence[LocalTest]:
    """Every local test of a catalogue, in file order."""
    statement = select(LocalTest).where(LocalTest.catalogue_id == catalogue_id)
    return session.exec(statement.order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))).all()


def exam_links(session: Session, catalogue_id: int) -> Sequence[ExamAnalysis]:
    """Which exam contains which analysis."""
    statement = select(ExamAnalysis).join(LocalTest, col(LocalTest.id) == ExamAnalysis.exam_id)
    return session.exec(statement.where(LocalTest.catalogue_id == catalogue_id)).all()


def exam_links_of(session: Session, exam_id: int) -> Sequence[ExamAnalysis]:
    """The analyses of one exam."""
    return session.exec(select(ExamAnalysis).where(ExamAnalysis.exam_id == exam_id)).all()


def latest_run(session: Session, catalogue_id: int) -> ProposalRun | None:
    """The last run of a catalogue, whatever became of it."""
    statement = select(ProposalRun).where(ProposalRun.catalogue_id == catalogue_id)
    return session.exec(statement.order_by(col(ProposalRun.id).desc())).first()


def current_run(session: Session, catalogue_id: int) -> ProposalRun | None:
    """The run whose proposals are shown: the last one that succeeded."""
    statement = select(ProposalRun).where(ProposalRun.catalogue_id == catalogue_id, col(ProposalRun.is_current))
    return session.exec(statement).first()


def proposals_of(session: Session, run_id: int, local_test_id: int) -> Sequence[Proposal]:
    """The proposals of a row in a run, best first."""
    statement = select(Proposal).where(Proposal.run_id == run_id, Proposal.local_test_id == local_test_id)
    return session.exec(statement.order_by(col(Proposal.rank))).all()


def terms_of(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, LoincTerm]:
    """The terms of a release by code."""
    wanted = sorted(set(numbers))
    found: dict[str, LoincTerm] = {}
    for start in range(0, len(wanted), BATCH):
        statement = select(LoincTerm).where(
            LoincTerm.release_id == release_id, col(LoincTerm.loinc_num).in_(wanted[start : start + BATCH])
        )
        found.update({term.loinc_num: term for term in session.exec(statement)})
    return found


def insert_proposals(session: Session, rows: list[dict[str, Any]]) -> None:
    """Store many proposals at once."""
    if rows:
        session.execute(insert(Proposal), rows)


def copy_proposals(session: Session, from_run: int, to_run: int, test_ids: Sequence[int]) -> None:
    """Carry the proposals of these rows from one run to another."""
    table = Proposal.__table__  # type: ignore[attr-defined]
    names = [column.name for column in table.columns if column.name not in ("id", "run_id")]
    for start in range(0, len(test_ids), BATCH):
        part = test_ids[start : start + BATCH]
        rows = sa_select(literal(to_run), *(table.c[name] for name in names)).where(
            table.c.run_id == from_run, table.c.local_test_id.in_(part)
        )
        session.execute(insert(Proposal).from_select(["run_id", *names], rows))


def delete_some_proposals(session: Session, run_id: int, most: int) -> int:
    """Delete at most so many proposals of a run; returns how many."""
    some = sa_select(col(Proposal.id)).where(col(Proposal.run_id) == run_id).limit(most)
    result: Any = session.execute(
        delete(Proposal).where(col(Proposal.id).in_(some)), execution_options={"synchronize_session": False}
    )
    return int(result.rowcount)


def make_current(session: Session, run: ProposalRun) -> None:
    """Show the proposals of this run, and no longer those of the run before."""
    session.execute(
        update(ProposalRun).where(col(ProposalRun.catalogue_id) == run.catalogue_id).values(is_current=False)
    )
    run.is_current = True
    session.add(run)


def analyses_by_exam(links: Iterable[ExamAnalysis]) -> dict[int, list[ExamAnalysis]]:
    """The analyses of each exam."""
    grouped: dict[int, list[ExamAnalysis]] = {}
    for link in links:
        grouped.setdefault(link.exam_id, []).append(link)
    return grouped
