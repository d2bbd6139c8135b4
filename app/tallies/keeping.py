"""Keeping entries and counts with each fact, in the transaction that writes it.

Nobody calls this room: sessions tell it what they write. Rows are noted as they are flushed, and settled once, just
before the transaction ends or before the same transaction reads what it changed. What concerns a few rows is added to
the counts; what changes a catalogue as a whole (an import, new proposals, another release) only marks it, and its
entries are brought up right after the transaction (`app.tallies.rebuilding`).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, inspect, select
from sqlalchemy.orm import ORMExecuteState, SessionTransaction
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.sql import visitors
from sqlmodel import Session

from app.models import (
    Assignment,
    CatalogueCount,
    ConsistencyAnswer,
    ConsistencyFinding,
    ExamAnalysis,
    GraceDate,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Proposal,
    ProposalRun,
    ReadingReconciliation,
    ReviewState,
    ReviewTask,
    SecondReading,
    ValueSet,
    ValueSetMember,
    WorklistEntry,
)
from app.platform.database import give_way, kept_by, reading, transaction
from app.tallies import computing, findings, marks, rebuilding, repository, rule
from app.tallies.counting import Counts, counts_of, difference, reassigned

FEW = 2_000
"""Beyond so many rows the catalogue is brought up as a whole, outside of the transaction."""
_PENDING = "tallies"
_MARKED = "tallies marked"
_COMMITTED = "tallies committed"
_RULE = "tallies rule"
_COMMITTED_RULE = "tallies rule committed"
_known_statements: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
_READ_HERE = frozenset(
    {WorklistEntry.__tablename__, CatalogueCount.__tablename__, ConsistencyFinding.__tablename__}
)


@dataclass(slots=True)
class Pending:
    """What a transaction changed and has not counted yet."""

    rows: set[int] = field(default_factory=set)
    proposed: dict[int, set[int]] = field(default_factory=dict)
    """Run -> rows whose proposals were stored: of no interest unless the run is the one shown."""
    catalogues: set[int] = field(default_factory=set)
    """Catalogues whose rows changed."""
    ordered: set[int] = field(default_factory=set)
    """Catalogues that show the proposals of another run."""
    exams: set[int] = field(default_factory=set)
    """Rows whose catalogue changed, when it is not known yet which one that is."""
    asked: set[int] = field(default_factory=set)
    """Requests of a second reading to which an answer was given."""
    reconciled: set[int] = field(default_factory=set)
    """Second readings that were reconciled with the first."""
    assignments: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Assignment -> its catalogue, and to whom its rows go."""
    answers: dict[int, set[findings.Subject]] = field(default_factory=dict)
    """Catalogue -> the warnings of consistency that were answered."""
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.rows
            or self.proposed
            or self.catalogues
            or self.ordered
            or self.exams
            or self.asked
            or self.reconciled
            or self.assignments
            or self.answers
            or self.everything
        )


def pending_of(session: Session) -> Pending:
    """What this session has to count."""
    found: Pending = session.info.setdefault(_PENDING, Pending())
    return found


# ---- noting -----------------------------------------------------------------------------------------------


@event.listens_for(AnySession, "after_flush")
def _note_objects(session: Session, _context: Any) -> None:
    pending = pending_of(session)
    for item in (*session.new, *session.dirty, *session.deleted):
        _note_object(pending, item)
        if isinstance(item, GraceDate):
            session.info[_RULE] = True


def _note_object(pending: Pending, item: Any) -> None:
    if isinstance(item, (ReviewState, ReviewTask)):
        pending.rows.add(item.local_test_id)
    elif isinstance(item, SecondReading):
        pending.asked.add(item.request_id)
    elif isinstance(item, ReadingReconciliation):
        pending.reconciled.add(item.reading_id)
    elif isinstance(item, Proposal):
        pending.proposed.setdefault(item.run_id, set()).add(item.local_test_id)
    elif isinstance(item, LocalTest):
        pending.catalogues.add(item.catalogue_id)
    elif isinstance(item, ExamAnalysis):
        pending.exams.add(item.exam_id)
    elif isinstance(item, Assignment):
        assignee = "" if item.assignee_id is None else str(item.assignee_id)
        pending.assignments[item.id or 0] = (item.catalogue_id, assignee)
    elif isinstance(item, ConsistencyAnswer):
        pending.answers.setdefault(item.catalogue_id, set()).add((item.kind, item.subject))
    elif isinstance(item, ProposalRun):
        if inspect(item).attrs.is_current.history.has_changes():
            pending.ordered.add(item.catalogue_id)
    elif isinstance(item, (LoincRelease, ValueSet)):
        history = inspect(item).attrs.is_current.history
        pending.everything |= bool(history.has_changes() and (item.is_current or history.deleted))
        if isinstance(item, LoincRelease):
            # Only an official one says which codes are ordered and have no result.
            pending.everything |= inspect(item).attrs.kind.history.has_changes()
    elif isinstance(item, (LoincTerm, ValueSetMember)):
        pending.everything = True


def _session_of(state: ORMExecuteState) -> Session:
    # Every session of the application is one of sqlmodel.
    session: Any = state.session
    return session  # type: ignore[no-any-return]


@event.listens_for(AnySession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if state.is_select:
        _settle_before_reading(state)
        return
    table = getattr(getattr(state.statement, "table", None), "name", "")
    if table not in _WATCHED:
        return
    parameters = state.parameters if isinstance(state.parameters, (list, tuple)) else [state.parameters or {}]
    session = _session_of(state)
    pending = pending_of(session)
    if table in ("loinc_release", "value_set"):
        named = {getattr(column, "key", column) for column in (getattr(state.statement, "_values", None) or {})}
        pending.everything |= "is_current" in named or any("is_current" in row for row in parameters)
    if not state.is_insert and not any(_names_rows(row) for row in parameters):
        _note_condition(session, pending, state.statement, table)
    for row in parameters:
        _note_values(pending, table, row)


def _names_rows(values: Any) -> bool:
    """Whether the values of a statement say which row they are for."""
    return "id" in values or "local_test_id" in values


def _note_condition(session: Session, pending: Pending, statement: Any, table: str) -> None:
    """Note the rows that a statement is about to change, found by its own condition."""
    columns = {
        "local_test": LocalTest.catalogue_id,
        "exam_analysis": ExamAnalysis.exam_id,
        "review_state": ReviewState.local_test_id,
        "review_task": ReviewTask.local_test_id,
    }
    if table not in columns:
        return
    asked = select(columns[table]).distinct()  # type: ignore[call-overload]
    condition = statement.whereclause
    found = set(session.scalars(asked if condition is None else asked.where(condition)))
    targets = {"local_test": pending.catalogues, "exam_analysis": pending.exams}
    targets.get(table, pending.rows).update(found)


def _note_values(pending: Pending, table: str, row: Any) -> None:
    if table == "local_test" and "catalogue_id" in row:
        pending.catalogues.add(row["catalogue_id"])
    elif table == "local_test" and "id" in row:
        pending.exams.add(row["id"])
    elif table == "exam_analysis" and "exam_id" in row:
        pending.exams.add(row["exam_id"])
    elif table in ("review_state", "review_task") and "local_test_id" in row:
        pending.rows.add(row["local_test_id"])
    elif table == "proposal" and "local_test_id" in row:
        pending.proposed.setdefault(row["run_id"], set()).add(row["local_test_id"])


_WATCHED = frozenset(
    {"local_test", "exam_analysis", "review_state", "review_task", "proposal", "loinc_release", "value_set"}
)


def _settle_before_reading(state: ORMExecuteState) -> None:
    if not state.session.info.get(_PENDING):
        return
    if _reads_what_is_kept(state.statement):
        settle(_session_of(state))


def _reads_what_is_kept(statement: Any) -> bool:
    """Whether a statement reads entries or counts; looked up once for those that are built once."""
    known = _known_statements.get(statement)
    if known is None:
        known = any(getattr(part, "name", "") in _READ_HERE for part in visitors.iterate(statement))
        _known_statements[statement] = known
    return known


@event.listens_for(AnySession, "before_commit")
def _settle_at_the_end(session: Session) -> None:
    if session.new or session.dirty or session.deleted:
        session.flush()
    settle(session)


@event.listens_for(AnySession, "after_soft_rollback")
def _forget_pending(session: Session, _previous: Any) -> None:
    session.info.pop(_PENDING, None)
    session.info.pop(_MARKED, None)
    session.info.pop(_RULE, None)


@event.listens_for(AnySession, "after_commit")
def _note_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if marked := session.info.pop(_MARKED, None):
        session.info[_COMMITTED] = marked
    if session.info.pop(_RULE, False):
        session.info[_COMMITTED_RULE] = True


@event.listens_for(AnySession, "after_transaction_end")
def _bring_up_after(session: Session, ended: SessionTransaction) -> None:
    """Bring up what was marked, once the transaction is over and its connection is given back."""
    if ended.parent is not None:
        return
    committed: set[int] = session.info.pop(_COMMITTED, set())
    if session.info.pop(_COMMITTED_RULE, False):
        rule.follow_at_once(session.get_bind().engine)
    if committed:
        rebuilding.after_commit(session.get_bind().engine, sorted(committed))


# ---- settling ---------------------------------------------------------------------------------------------


def settle(session: Session) -> None:
    """Bring entries and counts up to the facts that this transaction wrote, or mark the catalogues to bring up."""
    pending: Pending | None = session.info.pop(_PENDING, None)
    if not pending:
        return
    repository.hold_rule(session, alone=False)
    for run_id in repository.shown_runs(session, pending.proposed) if pending.proposed else ():
        pending.rows |= pending.proposed[run_id]
    if pending.asked or pending.reconciled:
        # Two readings that differ take an approval out of what counts, and their reconciliation ends that.
        pending.rows |= repository.rows_read(session, pending.asked, pending.reconciled)
    wanted = set(pending.catalogues)
    if pending.everything:
        wanted |= set(repository.all_catalogues(session))
    if pending.exams:
        wanted |= repository.catalogues_of_rows(session, pending.exams)
    changed: dict[int, set[int]] = {}
    if len(pending.rows) > FEW:
        wanted |= repository.catalogues_of_rows(session, pending.rows)
    elif pending.rows:
        changed = repository.concerned(session, pending.rows)
    wanted |= {catalogue_id for catalogue_id, rows in changed.items() if 0 in rows or len(rows) > FEW}
    # What an import is storing is counted once it is shown: its last transaction moves it into a catalogue.
    shown = repository.shown(session, wanted | pending.ordered | changed.keys())
    wanted &= shown
    mark(session, wanted, about_figures=True)
    mark(session, (pending.ordered & shown) - wanted, about_figures=False)
    for catalogue_id in sorted((changed.keys() & shown) - wanted):
        _add(session, catalogue_id, changed[catalogue_id])
    for assignment_id, (catalogue_id, assignee) in sorted(pending.assignments.items()):
        _assign(session, catalogue_id, assignment_id, assignee)
    for catalogue_id, answered in sorted(pending.answers.items()):
        findings.refresh(session, catalogue_id, findings.of_answers(answered))


def _assign(session: Session, catalogue_id: int, assignment_id: int, assignee: str) -> None:
    """Follow an assignment: its rows change hands and nothing else, which three statements do for any number."""
    repository.lock(session, catalogue_id, alone=True)
    moved = repository.rows_to_assign(session, assignment_id, assignee)
    repository.assign_rows(session, assignment_id, assignee)
    repository.add_counts(session, catalogue_id, reassigned(moved, assignee))


def mark(session: Session, catalogue_ids: Collection[int], about_figures: bool) -> None:
    """Have these catalogues brought up once the transaction is over."""
    if catalogue_ids:
        marks.mark(session, catalogue_ids, about_figures)
        session.info.setdefault(_MARKED, set()).update(catalogue_ids)


def recompute_all(engine: Engine) -> int:
    """Forget every entry, count and warning, and make them again from the facts; how many catalogues that was.

    For whoever repairs an installation: meanwhile the pages say that their lists are being prepared.
    """
    with reading(engine) as session:
        catalogues = repository.all_catalogues(session)
    for catalogue_id in catalogues:
        with transaction(engine) as session:
            repository.lock(session, catalogue_id, alone=True)
            repository.forget(session, catalogue_id)
            mark(session, [catalogue_id], about_figures=True)
        give_way(engine)
    return len(catalogues)


def _add(session: Session, catalogue_id: int, rows: Collection[int]) -> None:
    """Count a few rows whose state changed."""
    repository.lock(session, catalogue_id, alone=False)
    before = repository.stored(session, catalogue_id, rows)
    after = computing.some_rows(session, catalogue_id, before)
    _, changed = repository.split(before, computing.changed(before, after))
    repository.write(session, [], changed, before)
    old: Counts = counts_of(before[entry["local_test_id"]] for entry in changed)
    repository.add_counts(session, catalogue_id, difference(old, counts_of(changed)))
    pairs = ((before.get(entry["local_test_id"]), entry) for entry in changed)
    findings.refresh(session, catalogue_id, findings.touched(pairs))


kept_by(__name__)
