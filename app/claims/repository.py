"""All SQL of the evidence pack. What may be long is read as it is written, some rows at a time."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, or_, select

from app.claims.effective_tables import EFFECTIVE_CLUSTERS, EFFECTIVE_COUNTS
from app.claims.tables import ROWS
from app.models import (
    AuditEvent,
    Batch,
    CatalogueChange,
    Decision,
    EffectiveCluster,
    EffectiveCount,
    ExamAnalysis,
    GraceDate,
    LocalTest,
    LoincRelease,
    LoincTerm,
    ReadingReconciliation,
    ReadingRequest,
    SecondReading,
    SourceFile,
    User,
    ValueSetKind,
)
from app.terminology import repository as terminology
from app.terminology.past import release_at
from app.terminology.value_sets import codes_of, current_value_set
from loinc_data.notice import LOINC_NOTICE

AT_ONCE = 1_000
"""Rows in memory at a time, and values in one condition."""
BEGINNING = datetime.min.replace(tzinfo=UTC)
LEFT_OUT = (
    "access.", "api_token.", "evidence.", "export.", "file.", "identity.", "job.", "membership.", "profile.",
    "second_factor.", "session.", "token.", "user.",
)  # fmt: skip
"""Events that say who looked, signed in or downloaded: no figure depends on them, and a pack that told that it was made
would never be made twice alike."""


def _streamed(session: Session, statement: Any) -> Iterator[Any]:
    return iter(session.execute(statement, execution_options={"yield_per": AT_ONCE}))


def rows(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    """Every local test as it is now, in the order of the files."""
    names = ["public_id", *list(ROWS.columns)[1:]]
    statement = select_columns(*(col(getattr(LocalTest, name)) for name in names))
    statement = statement.where(col(LocalTest.catalogue_id) == catalogue_id)
    return _streamed(
        session, statement.order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )


def decisions(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    """Every fact of the catalogue, the oldest first."""
    before, undone = aliased(Decision), aliased(Decision)
    statement = (
        select_columns(
            col(Decision.public_id), col(LocalTest.public_id), col(Decision.created_at), col(Decision.action),
            col(Decision.loinc_num), col(Decision.relation), col(Decision.reason), col(Decision.comment),
            col(Decision.justification), col(User.public_id), col(Decision.author_role), col(LoincRelease.public_id),
            col(before.public_id), col(undone.public_id),
        )
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .join(User, col(User.id) == col(Decision.author_id))
        .outerjoin(LoincRelease, col(LoincRelease.id) == col(Decision.release_id))
        .outerjoin(before, col(before.id) == col(Decision.supersedes_id))
        .outerjoin(undone, col(undone.id) == col(Decision.undoes_id))
        .where(col(LocalTest.catalogue_id) == catalogue_id)
        .order_by(col(Decision.id))
    )  # fmt: skip
    return _streamed(session, statement)


def changes(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    """What newer exports changed, the oldest first."""
    statement = (
        select_columns(
            col(CatalogueChange.public_id), col(LocalTest.public_id), col(CatalogueChange.created_at),
            col(CatalogueChange.kind), col(CatalogueChange.field), col(CatalogueChange.old), col(CatalogueChange.new),
            col(CatalogueChange.is_substantive), col(User.public_id),
        )
        .join(LocalTest, col(LocalTest.id) == col(CatalogueChange.local_test_id))
        .outerjoin(User, col(User.id) == col(CatalogueChange.author_id))
        .where(col(CatalogueChange.catalogue_id) == catalogue_id)
        .order_by(col(CatalogueChange.id))
    )  # fmt: skip
    return _streamed(session, statement)


def exams(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    """What each exam contains, in the order of the files."""
    exam, analysis = aliased(LocalTest), aliased(LocalTest)
    statement = (
        select_columns(
            col(exam.public_id), col(ExamAnalysis.analysis_code), col(ExamAnalysis.analysis_label),
            col(analysis.public_id),
        )
        .select_from(ExamAnalysis)
        .join(exam, col(exam.id) == col(ExamAnalysis.exam_id))
        .outerjoin(analysis, col(analysis.id) == col(ExamAnalysis.analysis_id))
        .where(col(exam.catalogue_id) == catalogue_id)
        .order_by(col(exam.position), col(ExamAnalysis.id))
    )  # fmt: skip
    return _streamed(session, statement)


def readings(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    """What was asked to be read twice, and what the second reader said, the oldest request first."""
    said = SecondReading
    statement = (
        select_columns(
            col(ReadingRequest.public_id), col(LocalTest.public_id), col(Decision.public_id),
            col(ReadingRequest.created_at), col(said.public_id), col(said.created_at), col(User.public_id),
            col(said.action), col(said.loinc_num), col(said.relation), col(said.reason), col(said.comment),
            col(said.justification), col(said.is_agreement),
        )
        .join(LocalTest, col(LocalTest.id) == col(ReadingRequest.local_test_id))
        .join(Decision, col(Decision.id) == col(ReadingRequest.decision_id))
        .outerjoin(said, col(said.request_id) == col(ReadingRequest.id))
        .outerjoin(User, col(User.id) == col(said.author_id))
        .where(col(ReadingRequest.catalogue_id) == catalogue_id)
        .order_by(col(ReadingRequest.id))
    )  # fmt: skip
    return _streamed(session, statement)


def reconciliations(session: Session, catalogue_id: int) -> Iterator[Sequence[Any]]:
    """How disagreements between two readings ended, the oldest first."""
    statement = (
        select_columns(
            col(ReadingReconciliation.public_id), col(SecondReading.public_id), col(Decision.public_id),
            col(ReadingReconciliation.created_at), col(ReadingReconciliation.reason), col(User.public_id),
        )
        .join(SecondReading, col(SecondReading.id) == col(ReadingReconciliation.reading_id))
        .join(ReadingRequest, col(ReadingRequest.id) == col(SecondReading.request_id))
        .join(Decision, col(Decision.id) == col(ReadingReconciliation.decision_id))
        .join(User, col(User.id) == col(ReadingReconciliation.author_id))
        .where(col(ReadingRequest.catalogue_id) == catalogue_id)
        .order_by(col(ReadingReconciliation.id))
    )  # fmt: skip
    return _streamed(session, statement)


def grace(session: Session) -> Sequence[Any]:
    """Every decision about the codes that LOINC retired, the oldest first."""
    statement = select_columns(
        col(GraceDate.public_id), col(GraceDate.created_at), col(GraceDate.last_day), col(User.public_id)
    ).join(User, col(User.id) == col(GraceDate.author_id))
    return session.execute(statement.order_by(col(GraceDate.id))).all()


def service_periods(session: Session, until: datetime) -> list[tuple[datetime | None, LoincRelease | None]]:
    """Since when each release was in service, the first since the beginning; the last is the one in service now."""
    actions = ("terminology.load_release", "terminology.make_current")
    marks = set(session.exec(select(AuditEvent.at).where(col(AuditEvent.action).in_(actions))))
    marks |= set(session.exec(select(LoincRelease.loaded_at)))
    found: list[tuple[datetime | None, LoincRelease | None]] = [(None, release_at(session, BEGINNING))]
    for mark in sorted(mark for mark in marks if mark <= until):
        release = release_at(session, mark)
        if release is not found[-1][1]:
            found.append((mark, release))
    current = terminology.current_release(session)
    if current is not found[-1][1]:
        found.append((until, current))
    return found


def chosen(session: Session, catalogue_id: int) -> tuple[list[str], set[int]]:
    """The codes that were ever chosen, in order, and the releases in which they were."""
    statement = (
        select(Decision.loinc_num, Decision.release_id)
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(LocalTest.catalogue_id == catalogue_id, Decision.loinc_num != "")
        .distinct()
    )
    pairs = session.exec(statement).all()
    return sorted({code for code, _ in pairs}), {release for _, release in pairs if release is not None}


def codes(
    session: Session, numbers: Sequence[str], releases: Collection[LoincRelease], circuit: frozenset[str] | None
) -> Iterator[Sequence[Any]]:
    """What each release says of these codes, the oldest release first."""
    for release in sorted(releases, key=lambda item: item.id or 0):
        for start in range(0, len(numbers), AT_ONCE // 2):
            part = numbers[start : start + AT_ONCE // 2]
            statement = (
                select_columns(
                    col(LoincTerm.loinc_num), col(LoincTerm.status), col(LoincTerm.long_common_name),
                    col(LoincTerm.official_french_name),
                )
                .where(col(LoincTerm.release_id) == release.id, col(LoincTerm.loinc_num).in_(part))
            )  # fmt: skip
            found = {row.loinc_num: tuple(row) for row in session.execute(statement)}
            for number in sorted(found):
                in_circuit = None if circuit is None else number in circuit
                yield (release.public_id, *found[number], in_circuit, LOINC_NOTICE)


def circuit(session: Session) -> tuple[frozenset[str] | None, str]:
    """The codes of « Circuit de la biologie » in service, None when it is not loaded, and its version."""
    value_set = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    return codes_of(session, ValueSetKind.CIRCUIT_BIOLOGIE), value_set.version if value_set else ""


def releases(session: Session, ids: Collection[int]) -> list[LoincRelease]:
    """These releases."""
    return list(session.exec(select(LoincRelease).where(col(LoincRelease.id).in_(ids))))


def names(session: Session, people: Collection[str]) -> dict[str, str]:
    """Public identifier -> the name as it is printed, for these people."""
    wanted = sorted(people)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE // 2):
        part = col(User.public_id).in_(wanted[start : start + AT_ONCE // 2])
        found |= dict(session.exec(select(User.public_id, User.display_name).where(part)).all())
    return found


def received(session: Session, catalogue_id: int) -> tuple[datetime | None, datetime | None]:
    """When the first and the last file of a catalogue were received."""
    statement = select(func.min(SourceFile.imported_at), func.max(SourceFile.imported_at))
    first, last = session.exec(statement.where(SourceFile.catalogue_id == catalogue_id)).one()
    return first, last


def row_ids(session: Session, catalogue_id: int) -> set[int]:
    """The numbers of the local tests of a catalogue."""
    return set(session.scalars(select_columns(col(LocalTest.id)).where(col(LocalTest.catalogue_id) == catalogue_id)))


def events(session: Session, laboratory_id: int, catalogue_id: int) -> Iterator[AuditEvent]:
    """What the trail says of a catalogue, of the settings of its laboratory and of the terminology, the oldest first.

    Who looked, signed in or downloaded is left out (`LEFT_OUT`).
    """
    ids = row_ids(session, catalogue_id)
    batches = select_columns(col(Batch.id)).where(col(Batch.catalogue_id) == catalogue_id)
    known = {str(number) for number in session.scalars(batches)}
    statement = (
        select_columns(AuditEvent)
        .where(or_(
            col(AuditEvent.laboratory_id) == laboratory_id,
            # Of the whole installation: what came with another laboratory is of nobody else.
            and_(col(AuditEvent.action).like("terminology.%"), col(AuditEvent.laboratory_id).is_(None)),
        ))
        .order_by(col(AuditEvent.id))
    )
    for (event,) in _streamed(session, statement):
        if not event.action.startswith(LEFT_OUT) and _concerns(event, catalogue_id, ids, known):
            yield event


def _concerns(event: AuditEvent, catalogue_id: int, ids: set[int], batches: set[str]) -> bool:
    named = event.details.get("catalogue_id")
    if named is not None:
        return bool(named == catalogue_id)
    if event.object_type == "local_test":
        return event.object_id.isdigit() and int(event.object_id) in ids
    if event.object_type == "catalogue":
        return event.object_id == str(catalogue_id)
    if event.object_type == "batch":
        return event.object_id in batches
    return event.object_type == "laboratory" or event.action.startswith(("terminology.", "erasure."))


def run_counts(session: Session, run_id: int) -> Iterator[Sequence[Any]]:
    """What the results of a run carried, in the order in which it was kept."""
    statement = select_columns(*(col(getattr(EffectiveCount, name)) for name in EFFECTIVE_COUNTS.columns))
    return _streamed(session, statement.where(col(EffectiveCount.run_id) == run_id).order_by(col(EffectiveCount.id)))


def run_clusters(session: Session, run_id: int) -> Iterator[Sequence[Any]]:
    """How many of its reports were alike, in the order in which it was kept."""
    cluster = EffectiveCluster
    statement = select_columns(*(col(getattr(cluster, name)) for name in EFFECTIVE_CLUSTERS.columns))
    return _streamed(session, statement.where(col(cluster.run_id) == run_id).order_by(col(cluster.id)))


def person_of(session: Session, user_id: int | None) -> str:
    """The public identifier of a person; empty for none."""
    return session.get_one(User, user_id).public_id if user_id is not None else ""
