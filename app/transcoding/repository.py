"""All SQL of the facts of a row, and of what its checks must know."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import (
    Catalogue,
    CatalogueCount,
    CountFamily,
    Decision,
    ExamAnalysis,
    LocalTest,
    LoincTerm,
    MapTo,
    Outcome,
    Proposal,
    ProposalRun,
    ReviewState,
    Status,
    User,
    ValueSetKind,
    ValueSetMember,
)
from app.terminology.value_sets import current_value_set
from app.transcoding.facts import StateValues
from app.transcoding.under_way import are_figures_behind


def local_test(session: Session, catalogue_id: int, local_test_id: int, lock: bool = False) -> LocalTest | None:
    """A row of this catalogue; `lock` makes its other writers wait (SQLite locks the database already)."""
    statement = select(LocalTest).where(LocalTest.id == local_test_id, LocalTest.catalogue_id == catalogue_id)
    return session.exec(statement.with_for_update() if lock else statement).first()


def local_tests(session: Session, local_test_ids: Iterable[int]) -> dict[int, LocalTest]:
    """Rows by identifier."""
    found = session.exec(select(LocalTest).where(col(LocalTest.id).in_(list(local_test_ids))))
    return {test.id: test for test in found if test.id is not None}


def facts_of(session: Session, local_test_id: int) -> list[Decision]:
    """The facts of a row, oldest first."""
    statement = select(Decision).where(Decision.local_test_id == local_test_id).order_by(col(Decision.id))
    return list(session.exec(statement))


def facts_of_many(session: Session, local_test_ids: Iterable[int]) -> dict[int, list[Decision]]:
    """The facts of several rows, each oldest first."""
    wanted = list(local_test_ids)
    facts: dict[int, list[Decision]] = {local_test_id: [] for local_test_id in wanted}
    statement = select(Decision).where(col(Decision.local_test_id).in_(wanted)).order_by(col(Decision.id))
    for fact in session.exec(statement):
        facts[fact.local_test_id].append(fact)
    return facts


def store_state(session: Session, local_test_id: int, values: StateValues) -> ReviewState:
    """Write the derived state of a row."""
    state = session.get(ReviewState, local_test_id) or ReviewState(local_test_id=local_test_id)
    for name in StateValues.__slots__:
        setattr(state, name, getattr(values, name))
    session.add(state)
    session.flush()
    return state


@dataclass(frozen=True, slots=True)
class Runs:
    """The search whose proposals are shown, and the last one started, which may have failed."""

    current: ProposalRun | None
    latest: ProposalRun | None


def runs_of(session: Session, catalogue_id: int) -> Runs:
    """The runs of a catalogue, in one statement."""
    statement = select(ProposalRun).where(ProposalRun.catalogue_id == catalogue_id)
    newest_first = statement.order_by(col(ProposalRun.is_current).desc(), col(ProposalRun.id).desc())
    rows = session.exec(newest_first).all()
    current = next((run for run in rows if run.is_current), None)
    latest = max(rows, key=lambda run: run.id or 0, default=None)
    return Runs(current, latest)


def proposals_of(session: Session, run_id: int, local_test_id: int) -> list[Proposal]:
    """The proposals of a row in a run, the row-is-no-test one (rank 0) first."""
    statement = select(Proposal).where(Proposal.run_id == run_id, Proposal.local_test_id == local_test_id)
    return list(session.exec(statement.order_by(col(Proposal.rank))))


def proposals_by_id(session: Session, ids: Iterable[int]) -> dict[int, Proposal]:
    """Proposals by identifier."""
    wanted = list(ids)
    if not wanted:
        return {}
    found = session.exec(select(Proposal).where(col(Proposal.id).in_(wanted)))
    return {proposal.id: proposal for proposal in found if proposal.id is not None}


def names_of(session: Session, user_ids: Iterable[int | None]) -> dict[int, str]:
    """Display names of people."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    if not wanted:
        return {}
    rows = session.exec(select(User.id, User.display_name).where(col(User.id).in_(wanted)))
    return {user_id: name for user_id, name in rows if user_id is not None}


def siblings_of(session: Session, release_id: int, components: Iterable[str]) -> dict[str, list[LoincTerm]]:
    """The terms of these components, by component."""
    wanted = set(components)
    grouped: dict[str, list[LoincTerm]] = {component: [] for component in wanted}
    if wanted:
        statement = select(LoincTerm).where(LoincTerm.release_id == release_id, col(LoincTerm.component).in_(wanted))
        for term in session.exec(statement.order_by(col(LoincTerm.loinc_num))):
            grouped[term.component].append(term)
    return grouped


def replacements_of(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, list[str]]:
    """The codes that LOINC gives in place of retired ones."""
    wanted = set(numbers)
    found: dict[str, list[str]] = {}
    if wanted:
        statement = select(MapTo).where(MapTo.release_id == release_id, col(MapTo.loinc_num).in_(wanted))
        for row in session.exec(statement.order_by(col(MapTo.id))):
            found.setdefault(row.loinc_num, []).append(row.map_to)
    return found


def in_circuit(session: Session, numbers: Iterable[str]) -> frozenset[str] | None:
    """Those of these codes that are in « Circuit de la biologie »; None when that list is not loaded."""
    value_set = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    if value_set is None:
        return None
    statement = select(ValueSetMember.loinc_num).where(
        ValueSetMember.value_set_id == value_set.id, col(ValueSetMember.loinc_num).in_(set(numbers))
    )
    return frozenset(session.exec(statement))


def carriers_of(
    session: Session, catalogue_id: int, numbers: Iterable[str]
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """(identifier, local code) of the rows of a catalogue that carry these codes, by level and code."""
    statement = (
        select(LocalTest.level, ReviewState.loinc_num, LocalTest.id, LocalTest.code)
        .join(LocalTest, col(LocalTest.id) == ReviewState.local_test_id)
        .where(LocalTest.catalogue_id == catalogue_id, col(ReviewState.loinc_num).in_(set(numbers)))
        .order_by(col(LocalTest.position), col(LocalTest.id))
    )
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for level, loinc_num, local_test_id, code in session.exec(statement):
        assert local_test_id is not None
        found.setdefault((level, loinc_num), []).append((local_test_id, code))
    return found


def codes_of_labels(
    session: Session, laboratory_id: int, labels: Iterable[str]
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """(identifier, LOINC code) of a laboratory's rows with these labels and a code, by level and label."""
    statement = (
        select(LocalTest.level, LocalTest.label, LocalTest.id, ReviewState.loinc_num)
        .join(ReviewState, col(LocalTest.id) == ReviewState.local_test_id)
        .join(Catalogue, col(Catalogue.id) == LocalTest.catalogue_id)
        .where(
            Catalogue.laboratory_id == laboratory_id,
            ReviewState.outcome == Outcome.CODE,
            col(LocalTest.label).in_(set(labels)),
        )
        .order_by(col(LocalTest.id))
    )
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for level, label, local_test_id, loinc_num in session.exec(statement):
        assert local_test_id is not None
        found.setdefault((level, label), []).append((local_test_id, loinc_num))
    return found


def exams_with(session: Session, local_test_id: int, limit: int = 8) -> Sequence[tuple[str, str]]:
    """(code, label) of the exams that contain an analysis."""
    statement = (
        select(LocalTest.code, LocalTest.label)
        .join(ExamAnalysis, col(ExamAnalysis.exam_id) == LocalTest.id)
        .where(ExamAnalysis.analysis_id == local_test_id)
        .order_by(col(LocalTest.position), col(LocalTest.id))
    )
    return session.exec(statement.limit(limit)).all()


def analyses_in(session: Session, exam_id: int, limit: int = 60) -> Sequence[tuple[str, str]]:
    """(code, label) of the analyses that an exam contains."""
    statement = select(ExamAnalysis.analysis_code, ExamAnalysis.analysis_label).where(ExamAnalysis.exam_id == exam_id)
    return session.exec(statement.order_by(col(ExamAnalysis.id)).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class DoneFact:
    """A fact just recorded, with the row it is about."""

    fact: Decision
    test: LocalTest
    version: int


def done_fact(session: Session, catalogue_id: int, decision_id: int) -> DoneFact | None:
    """A fact of this catalogue and the present version of its row."""
    statement = (
        select(Decision, LocalTest, ReviewState.version)
        .join(LocalTest, col(LocalTest.id) == Decision.local_test_id)
        .join(ReviewState, col(ReviewState.local_test_id) == LocalTest.id)
        .where(Decision.id == decision_id, LocalTest.catalogue_id == catalogue_id)
    )
    row = session.exec(statement).first()
    return DoneFact(*row) if row else None


def level_status_counts(session: Session, catalogue_ids: Collection[int]) -> list[tuple[int, str, str, int]]:
    """(catalogue, level, status, rows) from the facts."""
    status = func.coalesce(col(ReviewState.status), Status.TODO.value)
    statement = (
        select(LocalTest.catalogue_id, LocalTest.level, status, func.count())
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(col(LocalTest.catalogue_id).in_(catalogue_ids))
        .group_by(col(LocalTest.catalogue_id), col(LocalTest.level), status)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def status_counts(session: Session, catalogue_id: int) -> dict[str, int]:
    """How many rows of a catalogue have each status: from the counts kept with the facts, unless they are behind."""
    if are_figures_behind(session, catalogue_id):
        counted: Counter[str] = Counter()
        for _, _, status, rows in level_status_counts(session, [catalogue_id]):
            counted[status] += rows
        return dict(counted)
    statement = select(CatalogueCount.key, CatalogueCount.rows).where(
        CatalogueCount.catalogue_id == catalogue_id, CatalogueCount.family == CountFamily.LEVEL
    )
    found: Counter[str] = Counter()
    for key, rows in session.exec(statement):
        found[json.loads(key)[1]] += rows
    return dict(found)
