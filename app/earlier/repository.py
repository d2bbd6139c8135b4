"""All SQL of earlier statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, insert, or_, select, update
from sqlmodel import Session, col

from app.files.earlier_fields import EARLIER_CODES
from app.models import (
    AuditEvent,
    EarlierStatement,
    EarlierUse,
    EarlierVerdict,
    Level,
    LocalTest,
    LoincTerm,
    Outcome,
    Proposal,
    ReviewState,
    SourceFile,
    SourceRow,
    utc_now,
)
from app.transcoding.readers import is_hidden

BATCH = 500
_SHOWN = (EarlierStatement, LocalTest, ReviewState)


@dataclass(frozen=True, slots=True)
class CodedFile:
    """A received file of the catalogue that has a column of LOINC codes."""

    id: int
    name: str
    sha256: str
    columns: Mapping[str, int]


def coded_files(session: Session, catalogue_id: int) -> list[CodedFile]:
    """The received files of a catalogue whose columns tell of earlier codes."""
    statement = select(
        col(SourceFile.id), col(SourceFile.file_name), col(SourceFile.sha256), col(SourceFile.columns)
    ).where(col(SourceFile.catalogue_id) == catalogue_id)
    return [
        CodedFile(file_id, name, sha256, columns)
        for file_id, name, sha256, columns in session.execute(statement)
        if any(field in columns for field in EARLIER_CODES)
    ]


def rows_of(session: Session, test_ids: Sequence[int], file_ids: Collection[int]) -> list[Any]:
    """(local test, level, code, label, file, row number, cells) of tests whose row is in these files."""
    statement = (
        select(
            col(LocalTest.id), col(LocalTest.level), col(LocalTest.code), col(LocalTest.label),
            col(SourceRow.source_file_id), col(SourceRow.row_number), col(SourceRow.cells),
        )
        .join(SourceRow, col(SourceRow.id) == col(LocalTest.source_row_id))
        .where(col(LocalTest.id).in_(test_ids), col(SourceRow.source_file_id).in_(list(file_ids)))
    )  # fmt: skip
    return list(session.execute(statement))


_OF_TEST = (
    select(EarlierStatement)
    .where(col(EarlierStatement.local_test_id) == bindparam("local_test_id"))
    .order_by(col(EarlierStatement.id).desc())
)
# Every case and every decision asks for it: built once.


def statements_on(session: Session, local_test_id: int) -> list[EarlierStatement]:
    """What earlier work says of one row, the newest first."""
    return list(session.scalars(_OF_TEST, params={"local_test_id": local_test_id}))


def statements_of(session: Session, test_ids: Sequence[int]) -> list[EarlierStatement]:
    """The statements on these tests, oldest first."""
    found = select(EarlierStatement).where(col(EarlierStatement.local_test_id).in_(test_ids))
    return list(session.scalars(found.order_by(col(EarlierStatement.id))))


def has_unlinked(session: Session, catalogue_id: int) -> bool:
    """Whether something was said of local codes that no row had then."""
    statement = select(col(EarlierStatement.id)).where(
        col(EarlierStatement.catalogue_id) == catalogue_id, col(EarlierStatement.verdict) == EarlierVerdict.UNLINKED
    )
    return session.scalar(statement.limit(1)) is not None


def _full_code() -> ColumnElement[str]:
    """The code of a row; of a sub-chapter, whose code another chapter may have too, with that of its chapter."""
    path = col(LocalTest.chapter_code) + "/" + col(LocalTest.code)
    return case((col(LocalTest.level) == Level.SUBCHAPTER, path), else_=col(LocalTest.code))


def unlinked_of(
    session: Session, catalogue_id: int, test_ids: Sequence[int]
) -> list[tuple[EarlierStatement, int]]:
    """(statement, test) of what was said of codes that no row had then, and that these tests have now."""
    statement = (
        select(EarlierStatement, col(LocalTest.id))
        .join(LocalTest, _full_code() == col(EarlierStatement.local_code))
        .where(
            col(EarlierStatement.catalogue_id) == catalogue_id,
            col(EarlierStatement.verdict) == EarlierVerdict.UNLINKED,
            col(EarlierStatement.local_test_id).is_(None),
            col(LocalTest.id).in_(test_ids),
        )
        .order_by(col(LocalTest.level).desc(), col(LocalTest.id).desc())
    )
    # An analysis rather than an exam of the same code.
    found = {item.id: (item, int(test_id)) for item, test_id in session.execute(statement)}
    return list(found.values())


def tests_to_compare(session: Session, catalogue_id: int, file_ids: Collection[int]) -> list[int]:
    """The tests of a catalogue of which something earlier is or may be said, in file order."""
    in_files = (
        select(col(SourceRow.id)).where(col(SourceRow.source_file_id).in_(list(file_ids))).scalar_subquery()
    )
    of_catalogue = col(EarlierStatement.catalogue_id) == catalogue_id
    said = select(col(EarlierStatement.local_test_id)).where(of_catalogue)
    lost = select(col(EarlierStatement.local_code)).where(
        of_catalogue, col(EarlierStatement.verdict) == EarlierVerdict.UNLINKED
    )
    statement = select(col(LocalTest.id)).where(
        col(LocalTest.catalogue_id) == catalogue_id,
        or_(
            col(LocalTest.source_row_id).in_(in_files), col(LocalTest.id).in_(said), _full_code().in_(lost)
        ),
    )
    order = (col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    return [test_id for test_id in session.scalars(statement.order_by(*order)) if test_id is not None]


def proposed_codes(session: Session, run_id: int, test_ids: Sequence[int]) -> dict[int, list[Proposal]]:
    """The codes proposed for each of these tests by a run, best first."""
    statement = select(Proposal).where(
        col(Proposal.run_id) == run_id, col(Proposal.local_test_id).in_(test_ids), col(Proposal.rank) > 0
    )
    found: dict[int, list[Proposal]] = {}
    for proposal in session.scalars(statement.order_by(col(Proposal.rank))):
        found.setdefault(proposal.local_test_id, []).append(proposal)
    return found


@dataclass(frozen=True, slots=True)
class CodedRow:
    """A row of the catalogue, as its local code finds it."""

    id: int
    level: Level
    chapter_code: str
    chapter: str


def tests_of_codes(session: Session, catalogue_id: int, codes: Iterable[str]) -> dict[str, list[CodedRow]]:
    """Local code -> the tests of a catalogue that have it, those in use first."""
    wanted = sorted(set(codes))
    found: dict[str, list[CodedRow]] = {}
    for start in range(0, len(wanted), BATCH):
        statement = (
            select(
                col(LocalTest.code), col(LocalTest.id), col(LocalTest.level), col(LocalTest.chapter_code),
                col(LocalTest.chapter),
            )
            .where(col(LocalTest.catalogue_id) == catalogue_id, col(LocalTest.code).in_(wanted[start : start + BATCH]))
            .order_by(col(LocalTest.retired_at).is_not(None), col(LocalTest.id))
        )  # fmt: skip
        for code, test_id, level, chapter_code, chapter in session.execute(statement):
            found.setdefault(code, []).append(CodedRow(test_id, Level(level), chapter_code, chapter))
    return found


KEY = ("local_test_id", "local_code", "row_number", "written", "loinc_num")
"""What tells the statements of one file apart."""


def known_of_source(session: Session, catalogue_id: int, sha256: str) -> set[tuple[Any, ...]]:
    """The keys of the statements that this very file brought already, beside the catalogue."""
    statement = select(*(getattr(EarlierStatement, name) for name in KEY)).where(
        col(EarlierStatement.catalogue_id) == catalogue_id,
        col(EarlierStatement.source_sha256) == sha256,
        col(EarlierStatement.source_file_id).is_(None),
    )
    return {tuple(row) for row in session.execute(statement)}


def untaken_of_source(session: Session, catalogue_id: int, sha256: str, said: set[tuple[Any, ...]]) -> list[int]:
    """The statements of this very file beside those that it says now, of which nobody made anything."""
    statement = select(col(EarlierStatement.id), *(getattr(EarlierStatement, name) for name in KEY)).where(
        col(EarlierStatement.catalogue_id) == catalogue_id,
        col(EarlierStatement.source_sha256) == sha256,
        col(EarlierStatement.source_file_id).is_(None),
        col(EarlierStatement.taken_as) == EarlierUse.NONE,
    )
    return [int(row[0]) for row in session.execute(statement) if tuple(row[1:]) not in said]


def delete_untaken(session: Session, ids: Collection[int]) -> None:
    """Take statements away, unless somebody made something of them meanwhile."""
    statement = delete(EarlierStatement).where(
        col(EarlierStatement.id).in_(list(ids)), col(EarlierStatement.taken_as) == EarlierUse.NONE
    )
    session.execute(statement, execution_options={"synchronize_session": False})


def sentence_of(session: Session, catalogue_id: int, event_id: int) -> str:
    """What an act on earlier work of this catalogue told, as the trail keeps it."""
    details = session.scalar(
        select(col(AuditEvent.details)).where(
            col(AuditEvent.id) == event_id,
            col(AuditEvent.object_type) == "catalogue",
            col(AuditEvent.object_id) == str(catalogue_id),
            col(AuditEvent.action).in_(["earlier.receive", "earlier.take"]),
        )
    )
    return str(details.get("sentence", "")) if details else ""


def insert_some(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store statements."""
    if not rows:
        return
    empty = EarlierStatement(catalogue_id=0, source_name="", finding="", created_at=utc_now()).model_dump()
    empty.pop("id")
    session.execute(insert(EarlierStatement), [empty | row for row in rows])


# ---------- the page ----------


def matches(text: str) -> ColumnElement[bool]:
    """Condition: a code, a label or a LOINC code contains this text."""
    pattern = f"%{text.replace('%', '').replace('_', '')}%"
    columns = (
        EarlierStatement.local_code, EarlierStatement.label, EarlierStatement.loinc_num, EarlierStatement.proposed,
    )  # fmt: skip
    return or_(*(col(column).ilike(pattern) for column in columns))


def is_decided_so() -> ColumnElement[bool]:
    """Condition, beside the state of the row: it was decided today as the statement says."""
    return and_(
        col(ReviewState.outcome) == Outcome.CODE,
        col(ReviewState.loinc_num) == col(EarlierStatement.loinc_num),
        col(EarlierStatement.verdict).not_in(
            [EarlierVerdict.DEPRECATED, EarlierVerdict.ABSENT, EarlierVerdict.REJECTED]
        ),
    )


def shown_verdict(blind_to: int | None = None) -> ColumnElement[str]:
    """What was decided today stands before what is proposed today, but where it is hidden from a `blind_person`."""
    return case((is_seen_decided_so(blind_to), EarlierVerdict.SAME.value), else_=col(EarlierStatement.verdict))


def is_seen_decided_so(blind_to: int | None) -> ColumnElement[bool]:
    """The same condition as `is_decided_so`, of the decisions that a `blind_person` may see."""
    if blind_to is None:
        return is_decided_so()
    return and_(is_decided_so(), ~is_hidden(blind_to, col(EarlierStatement.local_test_id)))


def _joined(*columns: Any) -> Any:
    """Statements with their rows and states."""
    return (
        select(*columns)
        .select_from(EarlierStatement)
        .join(LocalTest, col(LocalTest.id) == col(EarlierStatement.local_test_id), isouter=True)
        .join(ReviewState, col(ReviewState.local_test_id) == col(EarlierStatement.local_test_id), isouter=True)
    )


def counts_by_verdict(session: Session, conditions: Sequence[Any]) -> dict[str, int]:
    """How many statements stand how."""
    verdict = shown_verdict()
    statement = _joined(verdict, func.count()).where(*conditions).group_by(verdict)
    return {str(name): int(count) for name, count in session.execute(statement)}


def count_unseen(session: Session, catalogue_id: int) -> int:
    """How many statements of a catalogue wait for somebody to say what is made of them."""
    statement = select(func.count()).where(
        col(EarlierStatement.catalogue_id) == catalogue_id, col(EarlierStatement.taken_as) == EarlierUse.NONE
    )
    return session.scalar(statement.select_from(EarlierStatement)) or 0


def window(
    session: Session, conditions: Sequence[Any], order: Sequence[Any], offset: int = 0, limit: int | None = None,
    blind_to: int | None = None,
) -> list[Any]:
    """(statement, test or None, state or None, verdict) of these conditions, in this order."""
    statement = _joined(*_SHOWN, shown_verdict(blind_to)).where(*conditions).order_by(*order).offset(offset)
    return list(session.execute(statement.limit(limit) if limit is not None else statement))


def ids_of(session: Session, conditions: Sequence[Any], most: int) -> list[int]:
    """The statements that these conditions keep, at most so many."""
    statement = _joined(col(EarlierStatement.id)).where(*conditions).order_by(col(EarlierStatement.id)).limit(most)
    return [int(statement_id) for statement_id in session.scalars(statement)]


def by_ids(session: Session, catalogue_id: int, ids: Collection[int]) -> list[EarlierStatement]:
    """These statements of a catalogue."""
    found = select(EarlierStatement).where(
        col(EarlierStatement.catalogue_id) == catalogue_id, col(EarlierStatement.id).in_(list(ids))
    )
    return list(session.scalars(found.order_by(col(EarlierStatement.id))))


def mark(session: Session, ids: Collection[int], values: Mapping[str, Any]) -> None:
    """Say what was made of these statements."""
    statement = update(EarlierStatement).where(col(EarlierStatement.id).in_(list(ids))).values(**values)
    session.execute(statement, execution_options={"synchronize_session": False})


def terms_of(session: Session, release_id: int, numbers: Iterable[str]) -> dict[str, LoincTerm]:
    """The terms of a release by code."""
    wanted = sorted(set(numbers) - {""})
    found: dict[str, LoincTerm] = {}
    for start in range(0, len(wanted), BATCH):
        statement = select(LoincTerm).where(
            col(LoincTerm.release_id) == release_id, col(LoincTerm.loinc_num).in_(wanted[start : start + BATCH])
        )
        found.update((term.loinc_num, term) for term in session.scalars(statement))
    return found
