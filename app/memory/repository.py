"""All SQL of the imported memory."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.models import (
    AuditEvent,
    Catalogue,
    ExamAnalysis,
    Laboratory,
    Level,
    LocalTest,
    LoincTerm,
    MappingWithdrawal,
    MemoryEntry,
    Outcome,
    ReviewState,
    Status,
    User,
)
from app.platform.scoped import ACROSS
from app.proposals.withdrawals import last_fact
from app.transcoding.readings import is_suspended

BATCH = 500


def tests_of_codes(session: Session, laboratory_id: int, codes: Iterable[str]) -> dict[str, list[LocalTest]]:
    """The tests of a laboratory that have these local codes, those in use first."""
    wanted = sorted(set(codes))
    found: dict[str, list[LocalTest]] = {}
    for start in range(0, len(wanted), BATCH):
        statement = (
            select(LocalTest)
            .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
            .where(
                col(Catalogue.laboratory_id) == laboratory_id,
                col(Catalogue.staged_for_job_id).is_(None),
                col(LocalTest.code).in_(wanted[start : start + BATCH]),
                col(LocalTest.level).in_([Level.ANALYSIS, Level.EXAM]),
            )
            .order_by(col(LocalTest.retired_at).is_not(None), col(LocalTest.id))
        )
        for test in session.scalars(statement):
            found.setdefault(test.code, []).append(test)
    return found


def tests_by_id(session: Session, laboratory_id: int, test_ids: Sequence[int]) -> dict[int, LocalTest]:
    """Those of these tests that are of the laboratory."""
    statement = (
        select(LocalTest)
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .where(col(Catalogue.laboratory_id) == laboratory_id, col(LocalTest.id).in_(test_ids))
    )
    return {test.id: test for test in session.scalars(statement) if test.id is not None}


def analyses_of(session: Session, exam_ids: Iterable[int]) -> dict[int, list[LocalTest]]:
    """The analyses of each of these exams."""
    wanted = sorted(set(exam_ids))
    found: dict[int, list[LocalTest]] = {}
    for start in range(0, len(wanted), BATCH):
        statement = (
            select(col(ExamAnalysis.exam_id), LocalTest)
            .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.analysis_id))
            .where(col(ExamAnalysis.exam_id).in_(wanted[start : start + BATCH]))
            .order_by(col(ExamAnalysis.id))
        )
        for exam_id, analysis in session.execute(statement):
            found.setdefault(exam_id, []).append(analysis)
    return found


def known_pairs(
    session: Session, laboratory_id: int, source_name: str, signatures: Iterable[str]
) -> set[tuple[str, str, str]]:
    """(signature, LOINC code, local code) that a source brought already, of these signatures."""
    wanted = sorted(set(signatures))
    statement = select(col(MemoryEntry.signature), col(MemoryEntry.loinc_num), col(MemoryEntry.local_code)).where(
        col(MemoryEntry.laboratory_id) == laboratory_id, col(MemoryEntry.source_name) == source_name
    )
    return {
        (signature, loinc_num, code)
        for start in range(0, len(wanted), BATCH)
        for signature, loinc_num, code in session.execute(
            statement.where(col(MemoryEntry.signature).in_(wanted[start : start + BATCH]))
        )
    }


def codes_of_names(session: Session, release_id: int, names: Iterable[str]) -> dict[str, str]:
    """Long common name -> code in a release."""
    wanted = sorted(set(names))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), BATCH):
        statement = select(col(LoincTerm.long_common_name), col(LoincTerm.loinc_num)).where(
            col(LoincTerm.release_id) == release_id, col(LoincTerm.long_common_name).in_(wanted[start : start + BATCH])
        )
        found.update((name, number) for name, number in session.execute(statement))
    return found


def import_sentences(session: Session, laboratory_id: int, event_ids: Sequence[int]) -> list[str]:
    """What these imports of the laboratory told, as the trail keeps it."""
    statement = select(col(AuditEvent.details)).where(
        col(AuditEvent.id).in_(event_ids),
        col(AuditEvent.laboratory_id) == laboratory_id,
        col(AuditEvent.action) == "memory.import",
    )
    return [str(details.get("sentence", "")) for details in session.scalars(statement.order_by(col(AuditEvent.id)))]


def unlinked_of(session: Session, laboratory_id: int) -> Sequence[MemoryEntry]:
    """The entries whose local code was in no catalogue of the laboratory when they were imported."""
    statement = select(MemoryEntry).where(
        col(MemoryEntry.laboratory_id) == laboratory_id, col(MemoryEntry.is_from_catalogue).is_(False)
    )
    return session.scalars(statement.order_by(col(MemoryEntry.id))).all()


def _last_fact() -> Any:
    """SQL: the last fact of the laboratory of an entry on its mapping."""
    return last_fact(col(MemoryEntry.laboratory_id), col(MemoryEntry.signature), col(MemoryEntry.loinc_num))


def _is_withdrawn() -> Any:
    """Condition: the laboratory of an entry withdrew its mapping, and did not put it back."""
    fact = aliased(MappingWithdrawal)
    return select(col(fact.id)).where(col(fact.id) == _last_fact(), col(fact.is_withdrawn)).exists()


def sources_of(session: Session, laboratory_id: int) -> Sequence[Any]:
    """(source, entries, entries for a code of the catalogues, withdrawn, last import, by whom) of a laboratory."""
    withdrawn = func.count().filter(_is_withdrawn())
    statement = (
        select(
            col(MemoryEntry.source_name),
            func.count(),
            func.count().filter(col(MemoryEntry.is_from_catalogue)),
            withdrawn,
            func.max(col(MemoryEntry.created_at)),
            func.max(col(User.display_name)),
        )
        .join(User, col(User.id) == col(MemoryEntry.created_by_id), isouter=True)
        .where(col(MemoryEntry.laboratory_id) == laboratory_id)
        .group_by(col(MemoryEntry.source_name))
        .order_by(func.max(col(MemoryEntry.id)).desc())
    )
    return session.execute(statement).all()


def _filtered(laboratory_id: int, source: str, state: str, text: str) -> list[Any]:
    conditions: list[Any] = [col(MemoryEntry.laboratory_id) == laboratory_id]
    if source:
        conditions.append(col(MemoryEntry.source_name) == source)
    if state:
        conditions.append(_is_withdrawn() if state == "retiree" else ~_is_withdrawn())
    if text:
        pattern = f"%{text.replace('%', '').replace('_', '')}%"
        columns = (MemoryEntry.label, MemoryEntry.local_code, MemoryEntry.loinc_num)
        conditions.append(or_(*(col(column).ilike(pattern) for column in columns)))
    return conditions


def count_entries(session: Session, laboratory_id: int, source: str = "", state: str = "", text: str = "") -> int:
    """How many entries these filters keep."""
    conditions = _filtered(laboratory_id, source, state, text)
    return session.scalar(select(func.count()).select_from(MemoryEntry).where(*conditions)) or 0


def entries_of(
    session: Session,
    laboratory_id: int,
    source: str = "",
    state: str = "",
    text: str = "",
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Any]:
    """(entry, last fact on its mapping or None, name of whose it is) of these filters, the newest source first."""
    statement = (
        select(MemoryEntry, MappingWithdrawal, col(User.display_name))
        .select_from(MemoryEntry)
        .join(MappingWithdrawal, col(MappingWithdrawal.id) == _last_fact(), isouter=True)
        .join(User, col(User.id) == col(MappingWithdrawal.author_id), isouter=True)
        .where(*_filtered(laboratory_id, source, state, text))
        .order_by(col(MemoryEntry.source_name), col(MemoryEntry.label), col(MemoryEntry.id))
        .offset(offset)
    )
    return session.execute(statement.limit(limit) if limit is not None else statement).all()


def withdrawal_of(session: Session, laboratory_id: int, signature: str, loinc_num: str) -> MappingWithdrawal | None:
    """What withdrew a mapping from the memory of a laboratory; None when it was not, or was put back."""
    last = last_fact(laboratory_id, signature, loinc_num)
    fact = session.scalars(select(MappingWithdrawal).where(col(MappingWithdrawal.id) == last)).first()
    return fact if fact is not None and fact.is_withdrawn else None


def reusable_counts(session: Session, laboratory_id: int) -> tuple[int, int]:
    """Approved mappings of this laboratory, and those of the other laboratories that allow their reuse."""
    approved = (
        select(func.count())
        .select_from(ReviewState)
        .join(LocalTest, col(LocalTest.id) == col(ReviewState.local_test_id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .join(Laboratory, col(Laboratory.id) == col(Catalogue.laboratory_id))
        .where(col(ReviewState.status) == Status.APPROVED, col(ReviewState.outcome) == Outcome.CODE, ~is_suspended())
    )
    own = session.scalar(approved.where(col(Laboratory.id) == laboratory_id)) or 0
    allowed = approved.where(col(Laboratory.id) != laboratory_id, col(Laboratory.allows_reuse))
    others = session.scalar(allowed, execution_options=ACROSS)
    return own, others or 0
