"""All SQL of the facts of a row, and of what its checks must know."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, func, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.models import (
    Batch,
    BatchAnswer,
    Catalogue,
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
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.transcoding.facts import StateValues
from app.transcoding.readings import status_in_force

# What every case and every decision asks for is built once: running it is ten times quicker than building it.
_ROW = select(LocalTest).where(
    col(LocalTest.id) == bindparam("local_test_id"), col(LocalTest.catalogue_id) == bindparam("catalogue_id")
)
_LOCKED_ROW = _ROW.with_for_update()
_RUNS = (
    select(ProposalRun)
    .where(col(ProposalRun.catalogue_id) == bindparam("catalogue_id"))
    .order_by(col(ProposalRun.is_current).desc(), col(ProposalRun.id).desc())
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_FACTS = select(Decision).where(col(Decision.local_test_id).in_(_IDS)).order_by(col(Decision.id))
_STATES = select(ReviewState).where(col(ReviewState.local_test_id).in_(_IDS))
_PROPOSALS = (
    select(Proposal)
    .where(col(Proposal.run_id) == bindparam("run_id"), col(Proposal.local_test_id) == bindparam("local_test_id"))
    .order_by(col(Proposal.rank))
)
_PROPOSALS_BY_ID = select(Proposal).where(col(Proposal.id).in_(_IDS))
_NAMES = select(User.id, User.display_name, User.is_foreign).where(col(User.id).in_(_IDS))
_RELATIVES = (
    select(LoincTerm)
    .where(
        col(LoincTerm.release_id) == bindparam("release_id"),
        col(LoincTerm.component).in_(
            select(LoincTerm.component).where(
                col(LoincTerm.release_id) == bindparam("release_id"), col(LoincTerm.loinc_num).in_(_NUMBERS)
            )
        ),
    )
    .order_by(col(LoincTerm.loinc_num))
)
_IN_CIRCUIT = (
    select(ValueSet.id, ValueSetMember.loinc_num)
    .outerjoin(
        ValueSetMember,
        and_(col(ValueSetMember.value_set_id) == col(ValueSet.id), col(ValueSetMember.loinc_num).in_(_NUMBERS)),
    )
    .where(ValueSet.kind == ValueSetKind.CIRCUIT_BIOLOGIE, col(ValueSet.is_current).is_(True))
)
_CARRIERS = (
    sa_select(
        col(LocalTest.level),
        col(ReviewState.loinc_num),
        col(LocalTest.id),
        col(LocalTest.code),
        col(LocalTest.label),
        col(LocalTest.specimen),
    )
    .join(LocalTest, col(LocalTest.id) == ReviewState.local_test_id)
    .where(col(LocalTest.catalogue_id) == bindparam("catalogue_id"), col(ReviewState.loinc_num).in_(_NUMBERS))
    .order_by(col(LocalTest.position), col(LocalTest.id))
)
_CODES_OF_LABELS = (
    select(LocalTest.level, LocalTest.label, LocalTest.id, ReviewState.loinc_num)
    .join(ReviewState, col(LocalTest.id) == ReviewState.local_test_id)
    .join(Catalogue, col(Catalogue.id) == LocalTest.catalogue_id)
    .where(
        col(Catalogue.laboratory_id) == bindparam("laboratory_id"),
        ReviewState.outcome == Outcome.CODE,
        col(LocalTest.label).in_(bindparam("labels", expanding=True)),
    )
    .order_by(col(LocalTest.id))
)


def local_test(session: Session, catalogue_id: int, local_test_id: int, lock: bool = False) -> LocalTest | None:
    """A row of this catalogue; `lock` makes its other writers wait (SQLite locks the database already)."""
    values = {"local_test_id": local_test_id, "catalogue_id": catalogue_id}
    return session.exec(_LOCKED_ROW if lock else _ROW, params=values).first()


def local_tests(session: Session, catalogue_id: int, local_test_ids: Iterable[int]) -> dict[int, LocalTest]:
    """Those of these rows that are in this catalogue, by identifier."""
    found = session.exec(
        select(LocalTest).where(LocalTest.catalogue_id == catalogue_id, col(LocalTest.id).in_(list(local_test_ids)))
    )
    return {test.id: test for test in found if test.id is not None}


def local_tests_locked(session: Session, catalogue_id: int, local_test_ids: Iterable[int]) -> dict[int, LocalTest]:
    """Those of these rows that are in this catalogue, locked in the order of their identifiers (see `local_test`)."""
    statement = select(LocalTest).where(
        LocalTest.catalogue_id == catalogue_id, col(LocalTest.id).in_(list(local_test_ids))
    )
    found = session.exec(statement.order_by(col(LocalTest.id)).with_for_update())
    return {test.id: test for test in found if test.id is not None}


def facts_of(session: Session, local_test_id: int) -> list[Decision]:
    """The facts of a row, oldest first."""
    return list(session.exec(_FACTS, params={"ids": [local_test_id]}))


def facts_of_many(session: Session, local_test_ids: Iterable[int]) -> dict[int, list[Decision]]:
    """The facts of several rows, each oldest first."""
    wanted = list(local_test_ids)
    facts: dict[int, list[Decision]] = {local_test_id: [] for local_test_id in wanted}
    for fact in session.exec(_FACTS, params={"ids": wanted}):
        facts[fact.local_test_id].append(fact)
    return facts


@dataclass(frozen=True, slots=True)
class Judgeable:
    """What is known of a row that waits for a judgement."""

    test: LocalTest
    facts: list[Decision]
    """Oldest first."""
    proposals: dict[int, Proposal]
    """Those that its facts rest on, by identifier."""


def judgeables(session: Session, local_test_ids: Iterable[int]) -> dict[int, Judgeable]:
    """Rows by identifier with their facts and what these rest on, in one statement."""
    statement = (
        select(LocalTest, Decision, Proposal)
        .outerjoin(Decision, col(Decision.local_test_id) == col(LocalTest.id))
        .outerjoin(Proposal, col(Proposal.id) == col(Decision.proposal_id))
        .where(col(LocalTest.id).in_(list(local_test_ids)))
    )
    found: dict[int, Judgeable] = {}
    for test, fact, proposal in session.exec(statement.order_by(col(LocalTest.id), col(Decision.id))):
        known = found.setdefault(test.id or 0, Judgeable(test, [], {}))
        if fact is not None:
            known.facts.append(fact)
        if proposal is not None:
            known.proposals[proposal.id or 0] = proposal
    return found


def store_states(session: Session, states: Mapping[int, StateValues]) -> None:
    """Write the derived states of rows, by row."""
    stored = session.exec(_STATES, params={"ids": list(states)})
    known = {state.local_test_id: state for state in stored}
    for local_test_id, values in states.items():
        state = known.get(local_test_id) or ReviewState(local_test_id=local_test_id)
        for name in StateValues.__slots__:
            setattr(state, name, getattr(values, name))
        session.add(state)
    session.flush()


@dataclass(frozen=True, slots=True)
class Runs:
    """The search whose proposals are shown, and the last one started, which may have failed."""

    current: ProposalRun | None
    latest: ProposalRun | None


def runs_of(session: Session, catalogue_id: int) -> Runs:
    """The runs of a catalogue, in one statement."""
    rows = session.exec(_RUNS, params={"catalogue_id": catalogue_id}).all()
    current = next((run for run in rows if run.is_current), None)
    latest = max(rows, key=lambda run: run.id or 0, default=None)
    return Runs(current, latest)


def proposals_of(session: Session, run_id: int, local_test_id: int) -> list[Proposal]:
    """The proposals of a row in a run, the row-is-no-test one (rank 0) first."""
    return list(session.exec(_PROPOSALS, params={"run_id": run_id, "local_test_id": local_test_id}))


def proposals_by_id(session: Session, ids: Iterable[int]) -> dict[int, Proposal]:
    """Proposals by identifier."""
    wanted = list(ids)
    if not wanted:
        return {}
    found = session.exec(_PROPOSALS_BY_ID, params={"ids": wanted})
    return {proposal.id: proposal for proposal in found if proposal.id is not None}


def names_of(session: Session, user_ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people as screens show them: « X (autre installation) » for one who came with an archive."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    if not wanted:
        return {}
    rows = session.exec(_NAMES, params={"ids": list(wanted)})
    return {
        user_id: f"{name} (autre installation)" if is_foreign else name
        for user_id, name, is_foreign in rows if user_id is not None
    }  # fmt: skip


def relatives_of(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, list[LoincTerm]]:
    """The terms of the components of these codes, those of the codes themselves included, by component."""
    grouped: dict[str, list[LoincTerm]] = {}
    for term in session.exec(_RELATIVES, params={"release_id": release_id, "numbers": sorted(set(numbers))}):
        grouped.setdefault(term.component, []).append(term)
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
    rows = session.exec(_IN_CIRCUIT, params={"numbers": sorted(set(numbers))}).all()
    # The newest, as everywhere, should several be in use.
    newest = max((id_ or 0 for id_, _ in rows), default=None)
    return None if newest is None else frozenset(number for id_, number in rows if id_ == newest and number)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A row that carries a code."""

    id: int
    code: str
    label: str
    specimen: str


def carriers_of(
    session: Session, catalogue_id: int, numbers: Iterable[str]
) -> dict[tuple[str, str], list[Carrier]]:
    """The rows of a catalogue that carry these codes, by level and code."""
    asked = {"catalogue_id": catalogue_id, "numbers": sorted(set(numbers))}
    found: dict[tuple[str, str], list[Carrier]] = {}
    for level, loinc_num, *row in session.execute(_CARRIERS, asked):
        found.setdefault((level, loinc_num), []).append(Carrier(*row))
    return found


def codes_of_labels(
    session: Session, laboratory_id: int, labels: Iterable[str]
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """(identifier, LOINC code) of a laboratory's rows with these labels and a code, by level and label."""
    asked = {"laboratory_id": laboratory_id, "labels": sorted(set(labels))}
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for level, label, local_test_id, loinc_num in session.exec(_CODES_OF_LABELS, params=asked):
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


def exam_mates(session: Session, local_test_id: int, limit: int = 4) -> tuple[list[str], int]:
    """The labels of some of the other analyses of the exams that contain an analysis, and how many they are in all."""
    exams = select(ExamAnalysis.exam_id).where(ExamAnalysis.analysis_id == local_test_id)
    statement = (
        select(ExamAnalysis.analysis_code, func.max(ExamAnalysis.analysis_label), func.count().over())
        .where(
            col(ExamAnalysis.exam_id).in_(exams),
            or_(col(ExamAnalysis.analysis_id).is_(None), col(ExamAnalysis.analysis_id) != local_test_id),
        )
        .group_by(ExamAnalysis.analysis_code)
        .order_by(func.min(ExamAnalysis.id))
        .limit(limit)
    )
    rows = session.exec(statement).all()
    return [label or code for code, label, _ in rows], rows[0][2] if rows else 0


def row_of_fact(session: Session, catalogue_id: int, decision_id: int) -> tuple[LocalTest, list[Decision]] | None:
    """The row of this catalogue that a fact is about, and all its facts, oldest first, in one statement."""
    about = select(Decision.local_test_id).where(Decision.id == decision_id).scalar_subquery()
    statement = (
        select(LocalTest, Decision)
        .join(Decision, col(Decision.local_test_id) == col(LocalTest.id))
        .where(LocalTest.id == about, LocalTest.catalogue_id == catalogue_id)
    )
    rows = session.exec(statement.order_by(col(Decision.id))).all()
    return (rows[0][0], [fact for _, fact in rows]) if rows else None


def level_status_counts(session: Session, catalogue_ids: Collection[int]) -> list[tuple[int, str, str, int]]:
    """(catalogue, level, status, rows) from the facts."""
    status = func.coalesce(status_in_force(), Status.TODO.value)
    statement = (
        select(LocalTest.catalogue_id, LocalTest.level, status, func.count())
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(col(LocalTest.catalogue_id).in_(catalogue_ids))
        .group_by(col(LocalTest.catalogue_id), col(LocalTest.level), status)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def status_counts(session: Session, catalogue_id: int) -> dict[str, int]:
    """How many rows of a catalogue have each status, from the facts."""
    counted: Counter[str] = Counter()
    for _, _, status, rows in level_status_counts(session, [catalogue_id]):
        counted[status] += rows
    return dict(counted)


def batches_of(session: Session, decision_ids: Collection[int]) -> dict[int, str]:
    """Fact -> the public identifier of the batch that wrote it, for those that a batch wrote."""
    statement = (
        select(BatchAnswer.decision_id, Batch.public_id)
        .join(Batch, col(Batch.id) == BatchAnswer.batch_id)
        .where(col(BatchAnswer.decision_id).in_(decision_ids))
    )
    return {fact_id: public_id for fact_id, public_id in session.exec(statement) if fact_id is not None}
