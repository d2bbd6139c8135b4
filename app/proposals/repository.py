"""All SQL of the proposals."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, insert, literal, update
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import (
    Catalogue,
    CatalogueHabits,
    ExamAnalysis,
    Job,
    JobStatus,
    LocalTest,
    LoincTerm,
    MethodChoice,
    MethodRule,
    Proposal,
    ProposalRun,
    RunStatus,
    User,
)

BATCH = 500


def local_test_ids(session: Session, catalogue_id: int) -> list[int]:
    """Every local test of a catalogue, in file order."""
    statement = sa_select(col(LocalTest.id)).where(col(LocalTest.catalogue_id) == catalogue_id)
    order = (col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    return [test_id for test_id in session.scalars(statement.order_by(*order)) if test_id is not None]


def local_tests_of(session: Session, test_ids: Sequence[int]) -> list[LocalTest]:
    """These local tests, in the order of their identifiers given; one that is gone is left out."""
    found: dict[int | None, LocalTest] = {}
    for start in range(0, len(test_ids), BATCH):
        statement = select(LocalTest).where(col(LocalTest.id).in_(test_ids[start : start + BATCH]))
        found.update((test.id, test) for test in session.exec(statement))
    return [found[test_id] for test_id in test_ids if test_id in found]


def analyses_of(session: Session, exam_ids: Sequence[int]) -> dict[int, list[LocalTest]]:
    """The analyses of each of these exams, in the order of their file."""
    grouped: dict[int, list[LocalTest]] = {}
    for start in range(0, len(exam_ids), BATCH):
        statement = (
            select(ExamAnalysis.exam_id, LocalTest)
            .join(LocalTest, col(LocalTest.id) == ExamAnalysis.analysis_id)
            .where(col(ExamAnalysis.exam_id).in_(exam_ids[start : start + BATCH]))
            .order_by(col(ExamAnalysis.id))
        )
        for exam_id, test in session.exec(statement):
            grouped.setdefault(exam_id, []).append(test)
    return grouped


def analyses_of_exams(session: Session, exam_ids: Iterable[int]) -> dict[int, list[LocalTest]]:
    """The analyses of these exams that the catalogue holds, by exam and in the order of its file."""
    found: dict[int, list[LocalTest]] = {}
    wanted = sorted(set(exam_ids))
    if wanted:
        statement = select(ExamAnalysis.exam_id, LocalTest).join(
            LocalTest, col(LocalTest.id) == col(ExamAnalysis.analysis_id)
        )
        statement = statement.where(col(ExamAnalysis.exam_id).in_(wanted)).order_by(col(ExamAnalysis.id))
        for exam_id, analysis in session.exec(statement):
            found.setdefault(exam_id, []).append(analysis)
    return found


def exams_of(session: Session, analysis_ids: Sequence[int]) -> dict[int, list[str]]:
    """The labels of the exams that hold each of these analyses, in the order of their file."""
    found: dict[int, list[str]] = {}
    for start in range(0, len(analysis_ids), BATCH):
        statement = (
            select(ExamAnalysis.analysis_id, LocalTest.label)
            .join(LocalTest, col(LocalTest.id) == ExamAnalysis.exam_id)
            .where(col(ExamAnalysis.analysis_id).in_(analysis_ids[start : start + BATCH]))
            .order_by(col(ExamAnalysis.id))
        )
        for analysis_id, label in session.exec(statement):
            found.setdefault(analysis_id or 0, []).append(label)
    return found


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


def run_of_job(session: Session, job_id: int | None) -> ProposalRun | None:
    """The last run that this job began."""
    statement = select(ProposalRun).where(ProposalRun.job_id == job_id).order_by(col(ProposalRun.id).desc())
    return session.exec(statement.limit(1)).first()


def ended_badly_of_job(session: Session, job_id: int) -> list[int]:
    """The runs of a job that will never be shown."""
    statement = sa_select(col(ProposalRun.id)).where(
        col(ProposalRun.job_id) == job_id,
        col(ProposalRun.status).in_([RunStatus.FAILED, RunStatus.CANCELLED]),
    )
    return [run_id for run_id in session.scalars(statement) if run_id is not None]


def count_proposals(session: Session, run_id: int) -> int:
    """How many proposals a run has."""
    return session.scalar(sa_select(func.count()).where(col(Proposal.run_id) == run_id)) or 0


def delete_proposals_of(session: Session, run_id: int, test_ids: Sequence[int]) -> None:
    """Delete what a run has for these rows."""
    for start in range(0, len(test_ids), BATCH):
        part = col(Proposal.local_test_id).in_(test_ids[start : start + BATCH])
        statement = delete(Proposal).where(col(Proposal.run_id) == run_id, part)
        session.execute(statement, execution_options={"synchronize_session": False})


def _newest_rules(laboratory_id: Any) -> Any:
    """The changes of the rule of a laboratory that are in force, but for those that go back to the national choice."""
    newer = aliased(MethodRule)
    is_replaced = (
        sa_select(col(newer.id))
        .where(
            col(newer.laboratory_id) == col(MethodRule.laboratory_id),
            col(newer.discipline) == col(MethodRule.discipline),
            col(newer.id) > col(MethodRule.id),
        )
        .exists()
    )
    return and_(
        col(MethodRule.laboratory_id) == laboratory_id,
        col(MethodRule.choice) != MethodChoice.NATIONAL,
        ~is_replaced,
    )


def method_rules_of(session: Session, laboratory_id: int) -> dict[str, str]:
    """Discipline -> `with` or `without`: the rule of a laboratory on techniques, as it stands."""
    statement = sa_select(col(MethodRule.discipline), col(MethodRule.choice)).where(_newest_rules(laboratory_id))
    return {str(row[0]): str(row[1]) for row in session.execute(statement)}


def kept_for_pages(
    session: Session, catalogue_id: int
) -> tuple[int | None, dict[str, str], CatalogueHabits | None]:
    """What the search whose proposals are shown found of the width of labels, the rule on techniques of the
    laboratory, and the habits of the catalogue, in one statement: pages ask for all of them."""
    is_shown = and_(col(ProposalRun.catalogue_id) == col(Catalogue.id), col(ProposalRun.is_current))
    statement = (
        sa_select(col(ProposalRun.label_width), col(MethodRule.discipline), col(MethodRule.choice), CatalogueHabits)
        .select_from(Catalogue)
        .outerjoin(ProposalRun, is_shown)
        .outerjoin(MethodRule, _newest_rules(col(Catalogue.laboratory_id)))
        .outerjoin(CatalogueHabits, col(CatalogueHabits.catalogue_id) == col(Catalogue.id))
        .where(col(Catalogue.id) == catalogue_id)
    )
    found = session.execute(statement).all()
    rules = {str(row[1]): str(row[2]) for row in found if row[1] is not None}
    return (found[0][0], rules, found[0][3]) if found else (None, rules, None)


def method_rule_history(session: Session, laboratory_id: int, most: int) -> Sequence[tuple[MethodRule, str]]:
    """The last changes of the rule of a laboratory with the name of their author, the newest first."""
    statement = select(MethodRule, User.display_name).join(User, col(User.id) == col(MethodRule.author_id))
    statement = statement.where(MethodRule.laboratory_id == laboratory_id)
    return session.exec(statement.order_by(col(MethodRule.id).desc()).limit(most)).all()


def newest_method_rule(session: Session, laboratory_id: int) -> int:
    """The number of the last change of the rule of a laboratory, 0 before the first."""
    statement = sa_select(func.max(col(MethodRule.id))).where(col(MethodRule.laboratory_id) == laboratory_id)
    return session.scalar(statement) or 0


def shown_runs(session: Session, laboratory_id: int) -> Sequence[tuple[Catalogue, ProposalRun]]:
    """The catalogues of a laboratory that show proposals, by name, each with the search that found them."""
    statement = (
        select(Catalogue, ProposalRun)
        .join(ProposalRun, col(ProposalRun.catalogue_id) == col(Catalogue.id))
        .where(
            Catalogue.laboratory_id == laboratory_id,
            col(Catalogue.staged_for_job_id).is_(None),
            col(ProposalRun.is_current),
        )
    )
    return session.exec(statement.order_by(col(Catalogue.name), col(Catalogue.id))).all()


def searches_under_way(session: Session, laboratory_id: int, kind: str) -> dict[int, int]:
    """Catalogue -> the last search of it that waits or runs."""
    statement = sa_select(col(Job.catalogue_id), func.max(col(Job.id))).where(
        col(Job.laboratory_id) == laboratory_id,
        col(Job.kind) == kind,
        col(Job.status).in_([JobStatus.WAITING, JobStatus.RUNNING]),
    )
    return {number: job for number, job in session.execute(statement.group_by(col(Job.catalogue_id))) if number}
