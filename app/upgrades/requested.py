"""What a new release brings to the rows declared without LOINC code: the code that was promised, or one like it.

Two things open a task: the release holds the code that was given to the request of the row (`app.code_requests`), or
among the terms that it brings one agrees with the row on every axis. Nothing is decided: a person reopens the row.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, insert, select
from sqlmodel import Session, col

from app.catalogues.matcher_input import to_matcher
from app.models import (
    Catalogue,
    CodeRequestStep,
    Decision,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Outcome,
    RequestAction,
    RequestStatus,
    ReviewState,
    ReviewTask,
    Status,
    TaskKind,
    utc_now,
)
from app.platform.database import reading
from app.terminology import repository
from app.terminology.starter import OFFICIAL
from app.terminology.terms_hash import FIELDS, LABORATORY
from app.transcoding.evidence import EvidenceLine, by_axis
from app.upgrades.report import Replacement, view_of
from loinc_data.tables import load_tables
from matcher import Engine as Matcher
from matcher import Term
from matcher.index import TermIndex
from matcher.types import Axis, Proposal, Verdict

MOST_LIKE = 5
"""New terms that one task shows for a row."""
_MUST_AGREE = (Axis.COMPONENT, Axis.PROPERTY, Axis.SYSTEM, Axis.SCALE)
_NOT_SAID_TIME = "Pt"
"""The time of a term that a row which says nothing of time agrees with."""


def declared_without_code() -> tuple[ColumnElement[bool], ...]:
    """SQL over LocalTest and ReviewState: a decision in force says that no LOINC code exists; the row is still run.

    Chapters have codes of another list, and ask for none.
    """
    return (
        col(LocalTest.level).in_([Level.ANALYSIS.value, Level.EXAM.value]),
        col(LocalTest.is_retired).is_(False),
        col(ReviewState.outcome) == Outcome.NO_LOINC,
        col(ReviewState.status).in_([Status.DECIDED.value, Status.APPROVED.value]),
    )


def last_step() -> ColumnElement[int]:
    """SQL over LocalTest: the step that says where its request stands, None before the first one."""
    return (
        select(func.max(col(CodeRequestStep.id)))
        .where(
            col(CodeRequestStep.local_test_id) == col(LocalTest.id),
            col(CodeRequestStep.action) != RequestAction.WAITING_CODE.value,
        )
        .correlate(LocalTest)
        .scalar_subquery()
    )


def promised_codes(session: Session, catalogue_id: int, release_id: int) -> dict[int, str]:
    """Row without code -> the code that its accepted request was given, for those that this release holds."""
    statement = (
        select(col(LocalTest.id), col(CodeRequestStep.loinc_num))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .join(CodeRequestStep, col(CodeRequestStep.id) == last_step())
        .where(
            col(LocalTest.catalogue_id) == catalogue_id,
            col(CodeRequestStep.status) == RequestStatus.ACCEPTED.value,
            *declared_without_code(),
        )
    )
    found = {row[0]: row[1] for row in session.execute(statement)}
    held = repository.held_numbers(session, release_id, set(found.values()))
    return {row_id: number for row_id, number in found.items() if number in held}


def plausible_codes(engine: Engine, old_release: LoincRelease, new_release: LoincRelease) -> dict[int, list[str]]:
    """Row declared without code, of any catalogue -> the new terms that agree with it on every axis, best first.

    To be called with no transaction open: an engine is built over the new terms alone. Our starter terminology is a
    subset: what an official release has more than it is not new, and nothing is looked for.
    """
    if old_release.kind != OFFICIAL or new_release.kind != OFFICIAL:
        return {}
    with reading(engine) as session:
        rows = _waiting_rows(session)
        terms = _new_terms(session, old_release.id or 0, new_release.id or 0) if rows else []
    if not terms:
        return {}
    matcher = Matcher(TermIndex.build(terms), load_tables())
    times = {term.loinc_num: term.time_aspct for term in terms}
    found = {}
    for row in rows:
        proposals = matcher.propose(to_matcher(row), MOST_LIKE)
        codes = [item.loinc_num for item in proposals if item.rank and agrees(item, times[item.loinc_num])]
        if codes:
            found[row.id or 0] = codes
    return found


def agrees(proposal: Proposal, time: str) -> bool:
    """Whether a term of this time agrees with a row on every axis, and nothing of the row was left unread.

    A technique may be said where LOINC says none; a unit may be another of the same property.
    """
    lines = [EvidenceLine(item.axis, item.verdict, item.sentence) for item in proposal.evidence]
    found = {axis: item.verdict for axis, item in by_axis(lines).items()}
    if proposal.unread or Verdict.CONTRADICT in found.values():
        return False
    if any(found[axis] is not Verdict.AGREE for axis in _MUST_AGREE):
        return False
    return found[Axis.TIME] is Verdict.AGREE or time == _NOT_SAID_TIME


def _waiting_rows(session: Session) -> list[LocalTest]:
    """The rows of all catalogues that wait for a code: a release is the same for all, and each keeps its own tasks."""
    statement = (
        select(LocalTest)
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .where(col(Catalogue.staged_for_job_id).is_(None), *declared_without_code())
        .order_by(col(LocalTest.id))
    )
    return list(session.execute(statement).scalars())


def _new_terms(session: Session, old_id: int, new_id: int) -> list[Term]:
    """The laboratory terms of use that only the newer release holds."""
    old = select(col(LoincTerm.loinc_num)).where(col(LoincTerm.release_id) == old_id)
    statement = select(*(getattr(LoincTerm, name) for name in FIELDS)).where(
        col(LoincTerm.release_id) == new_id,
        col(LoincTerm.class_type) == LABORATORY,
        col(LoincTerm.status).in_(["ACTIVE", "TRIAL"]),
        col(LoincTerm.loinc_num).not_in(old),
    )
    rows: list[tuple[Any, ...]] = [tuple(row) for row in session.execute(statement.order_by(col(LoincTerm.id)))]
    return [replace(Term(*values[:-1]), french_name=values[-1]) for values in rows]


def open_promised_tasks(
    session: Session, catalogue_id: int, release: LoincRelease, row_ids: Iterable[int]
) -> int:
    """Open a task for those of these rows whose promised code the release in service holds already; how many."""
    wanted = set(row_ids)
    tasks = [
        row
        for row in request_tasks(session, catalogue_id, release, release, {})
        if row["local_test_id"] in wanted
    ]
    if tasks:
        session.execute(insert(ReviewTask), tasks)
    return len(tasks)


def request_tasks(
    session: Session,
    catalogue_id: int,
    old_release: LoincRelease,
    new_release: LoincRelease,
    plausible: dict[int, list[str]],
) -> list[dict[str, Any]]:
    """The tasks to open for the rows of a catalogue without code, as rows of the table; each row has one at most.

    Read in the transaction that writes them: a row that was decided otherwise meanwhile has none.
    """
    assert new_release.id is not None
    promised = promised_codes(session, catalogue_id, new_release.id)
    still = _still_without(session, catalogue_id, plausible)
    wanted = {row_id: (TaskKind.CODE_PLAUSIBLE, plausible[row_id]) for row_id in still}
    wanted |= {row_id: (TaskKind.CODE_ARRIVED, [number]) for row_id, number in promised.items()}
    opened = select(col(ReviewTask.local_test_id), col(ReviewTask.loinc_num)).where(
        col(ReviewTask.catalogue_id) == catalogue_id, col(ReviewTask.new_release_id) == new_release.id
    )
    known = {(row[0], row[1]) for row in session.execute(opened)}
    wanted = {row_id: item for row_id, item in wanted.items() if (row_id, item[1][0]) not in known}
    numbers = {number for _, codes in wanted.values() for number in codes}
    terms = repository.terms_by_number(session, new_release.id, numbers)
    last = _last_facts(session, catalogue_id, wanted)
    now = utc_now()
    return [
        {
            "catalogue_id": catalogue_id,
            "local_test_id": row_id,
            "kind": kind,
            "loinc_num": codes[0],
            "old_release_id": old_release.id,
            "new_release_id": new_release.id,
            "old": {},
            "new": _said(terms.get(codes[0])),
            "replacements": [_other(terms[number]) for number in codes[1:] if number in terms],
            "after_decision_id": last.get(row_id, 0),
            "created_at": now,
        }
        for row_id, (kind, codes) in sorted(wanted.items())
    ]


def _said(term: LoincTerm | None) -> dict[str, Any]:
    view = view_of(term)
    return asdict(view) if view else {}


def _other(term: LoincTerm) -> dict[str, Any]:
    return asdict(Replacement(term.loinc_num, term.long_common_name, term.status, ""))


def _still_without(session: Session, catalogue_id: int, row_ids: Iterable[int]) -> list[int]:
    wanted = set(row_ids)
    if not wanted:
        return []
    statement = (
        select(col(LocalTest.id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, *declared_without_code())
    )
    return sorted(wanted.intersection(session.execute(statement).scalars()))


def _last_facts(session: Session, catalogue_id: int, row_ids: Iterable[int]) -> dict[int, int]:
    wanted = set(row_ids)
    if not wanted:
        return {}
    statement = (
        select(col(Decision.local_test_id), func.max(col(Decision.id)))
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(col(LocalTest.catalogue_id) == catalogue_id, *declared_without_code())
        .group_by(col(Decision.local_test_id))
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[0] in wanted}
