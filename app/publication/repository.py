"""All SQL of what goes out of a catalogue, whatever the format."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.errors import ConflictError
from app.models import (
    Action,
    Decision,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Outcome,
    ReviewState,
    Status,
    User,
    ValueSetKind,
    ValueSetMember,
)
from app.publication.schemas import ExamContent, PublishedRelease, PublishedTerm, PublishedTest
from app.terminology import repository as terms
from app.terminology import service as terminology
from app.terminology.grace import rule_at
from app.terminology.service import RETIRED_STATUSES
from app.terminology.value_sets import current_value_set
from app.transcoding.readings import is_suspended, status_in_force
from app.transcoding.standing import in_use

NUMBERS_AT_ONCE = 500
"""Codes in one statement."""


def current_release(session: Session) -> PublishedRelease | None:
    """The release in use with what holds for its retired codes now; None when none is loaded."""
    row = terminology.current_release(session)
    if row is None or row.id is None:
        return None
    return PublishedRelease(row.id, row.version, row.kind, rule_at(session))


def value_set_labels(
    session: Session, kind: ValueSetKind, numbers: Collection[str] | None = None
) -> dict[str, str] | None:
    """Code -> label of the current value set of this kind, of all its codes or of these; None when none is loaded."""
    value_set = current_value_set(session, kind)
    if value_set is None:
        return None
    members = select(ValueSetMember.loinc_num, ValueSetMember.label)
    members = members.where(ValueSetMember.value_set_id == value_set.id)
    if numbers is None:
        return dict(session.exec(members).all())
    wanted = sorted(numbers)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), NUMBERS_AT_ONCE):
        part = col(ValueSetMember.loinc_num).in_(wanted[start : start + NUMBERS_AT_ONCE])
        found.update(session.exec(members.where(part)).all())
    return found


def _comments(
    session: Session, catalogue_id: int, ids: Sequence[int] | None
) -> dict[int, list[tuple[int, str, str]]]:
    """Local test -> (identifier of the fact, action, comment), oldest first, undone facts left out."""
    undo = aliased(Decision)
    undone = select(undo.id).where(col(undo.undoes_id) == col(Decision.id)).exists()
    statement = (
        select(Decision.local_test_id, Decision.id, Decision.action, Decision.comment)
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .where(LocalTest.catalogue_id == catalogue_id, Decision.comment != "", ~undone)
        .order_by(col(Decision.id))
    )
    if ids is not None:
        statement = statement.where(col(Decision.local_test_id).in_(ids))
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for test_id, fact_id, action, comment in session.exec(statement):
        found[test_id].append((fact_id or 0, action, comment))
    return found


def export_tests(
    session: Session, catalogue_id: int, release: PublishedRelease | None, ids: Sequence[int] | None = None
) -> list[PublishedTest]:
    """The local tests of a catalogue that are in use, with their facts (see `every_test`)."""
    return in_use(every_test(session, catalogue_id, release, ids))


def every_test(
    session: Session, catalogue_id: int, release: PublishedRelease | None, ids: Sequence[int] | None = None
) -> list[PublishedTest]:
    """Every local test of a catalogue with its facts, in the order of the received files; removed ones too.

    With `ids`, these tests only: they must hold all that share a local code.
    """
    choice, approval = aliased(Decision), aliased(Decision)
    decider, approver = aliased(User), aliased(User)
    # Without a release, this condition finds no term.
    term_matches = and_(
        col(LoincTerm.release_id) == (release.id if release else None),
        col(LoincTerm.loinc_num) == col(ReviewState.loinc_num),
    )
    # Columns, not entities: a catalogue has 10,000 rows, and each of them would be six objects.
    statement: Any = (
        select_columns(
            *(col(getattr(LocalTest, name)).label(f"test_{name}") for name in _TEST_COLUMNS),
            col(ReviewState.status).label("stored_status"),
            status_in_force().label("status"),
            col(ReviewState.outcome).label("outcome"),
            col(ReviewState.loinc_num).label("loinc_num"),
            *(col(getattr(choice, name)).label(f"choice_{name}") for name in _CHOICE_COLUMNS),
            col(approval.id).label("approval_id"),
            col(approval.created_at).label("approved_at"),
            col(approval.action).label("approval_action"),
            col(approval.local_test_id).label("approval_test_id"),
            col(approval.author_id).label("approval_author_id"),
            col(ReviewState.decided_by_id).label("decided_by_id"),
            col(ReviewState.approved_by_id).label("approved_by_id"),
            col(decider.display_name).label("decided_by"),
            col(approver.display_name).label("approved_by"),
            col(LoincRelease.version).label("release_version"),
            *(col(getattr(LoincTerm, name)).label(f"term_{name}") for name in _TERM_COLUMNS),
        )
        .select_from(LocalTest)
        .outerjoin(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .outerjoin(choice, col(choice.id) == col(ReviewState.decision_id))
        .outerjoin(approval, col(approval.id) == col(ReviewState.approval_id))
        .outerjoin(decider, col(decider.id) == col(ReviewState.decided_by_id))
        .outerjoin(approver, col(approver.id) == col(ReviewState.approved_by_id))
        .outerjoin(LoincRelease, col(LoincRelease.id) == col(choice.release_id))
        .outerjoin(LoincTerm, term_matches)
        .where(col(LocalTest.catalogue_id) == catalogue_id)
        .order_by(col(LocalTest.level), col(LocalTest.position), col(LocalTest.id))
    )
    if ids is not None:
        statement = statement.where(col(LocalTest.id).in_(ids))
    comments = _comments(session, catalogue_id, ids)
    withdrawn = _once_approved(session, catalogue_id, ids)
    rows = session.execute(statement).all()
    for row in rows:
        _refuse_forged(row)
    instead = _replacements(session, release, {row.loinc_num for row in rows if row.term_status in RETIRED_STATUSES})
    return [
        _export_test(
            row,
            comments.get(row.test_id, []),
            row.test_id in withdrawn,
            _term_name(row, release, instead.get(row.loinc_num, ())),
        )
        for row in rows
    ]


def _refuse_forged(row: Any) -> None:
    """Refuse a state that its own decision and approval contradict: no fact led to it, and it must not leave.

    What would take all the facts of the row to tell is left to `transcodeur verify-audit`.
    """
    is_coded = row.outcome == Outcome.CODE
    is_forged = (
        bool(row.loinc_num) != is_coded
        or (is_coded and (row.choice_action, row.choice_loinc_num) != (Action.CHOOSE, row.loinc_num))
        or (row.choice_id is not None and row.choice_local_test_id != row.test_id)
        or (row.choice_id is not None and row.choice_author_id != row.decided_by_id)
        or (row.stored_status == Status.APPROVED and row.approval_action != Action.APPROVE)
        or (row.approval_id is not None and row.approval_test_id != row.test_id)
        or (row.approval_id is not None and row.approval_author_id != row.approved_by_id)
    )
    if is_forged:
        raise ConflictError(
            f"L’état de la ligne « {row.test_code} » n’est pas celui que donnent ses décisions : rien n’a été produit. "
            "Prévenez l’administrateur : transcodeur verify-audit dit ce qui a été modifié."
        )


def _once_approved(session: Session, catalogue_id: int, ids: Sequence[int] | None) -> set[int]:
    """The local tests to which an approval was given and that are not approved any more."""
    statement = (
        select(Decision.local_test_id)
        .join(LocalTest, col(LocalTest.id) == col(Decision.local_test_id))
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
        .where(
            LocalTest.catalogue_id == catalogue_id,
            Decision.action == Action.APPROVE,
            or_(col(ReviewState.status) != Status.APPROVED, is_suspended()),
        )
        .distinct()
    )
    if ids is not None:
        statement = statement.where(col(Decision.local_test_id).in_(ids))
    return set(session.exec(statement))


def _replacements(
    session: Session, release: PublishedRelease | None, numbers: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """What LOINC gives in place of these codes."""
    if release is None or not numbers:
        return {}
    found = terms.map_to(session, release.id, sorted(numbers))
    return {number: tuple(dict.fromkeys(row.map_to for row in rows)) for number, rows in found.items()}


_TEST_COLUMNS = (
    "id", "level", "code", "label", "source_row_id", "position", "synonym", "unit_code", "unit",
    "specimen_code", "specimen", "technique", "property_kind", "timing", "scale", "nabm", "chapter_code",
    "subchapter_code", "chapter", "is_subcontracted", "is_retired",
    "retired_at",
)  # fmt: skip


_CHOICE_COLUMNS = (
    "id", "relation", "reason", "justification", "created_at", "local_test_id", "action", "loinc_num", "author_id",
)  # fmt: skip


_TERM_COLUMNS = (
    "loinc_num", "long_common_name", "official_french_name", "french_producer", "status", "system",
    "method_typ", "scale_typ", "external_copyright_notice",
)  # fmt: skip


def _export_test(
    row: Any, comments: list[tuple[int, str, str]], is_withdrawn: bool, term: PublishedTerm | None
) -> PublishedTest:
    is_approved = row.status == Status.APPROVED
    in_force = {row.choice_id, row.approval_id}
    # Comments written with a choice that was replaced speak of another code: they stay in the history.
    kept = [
        " ".join(text.split()) for fact_id, action, text in comments if action == Action.COMMENT or fact_id in in_force
    ]
    return PublishedTest(
        id=row.test_id,
        level=Level(row.test_level),
        code=row.test_code,
        label=row.test_label,
        source_row_id=row.test_source_row_id,
        position=row.test_position,
        synonym=row.test_synonym,
        unit_code=row.test_unit_code,
        unit=row.test_unit,
        specimen_code=row.test_specimen_code,
        specimen=row.test_specimen,
        technique=row.test_technique,
        property_kind=row.test_property_kind,
        timing=row.test_timing,
        scale=row.test_scale,
        nabm=row.test_nabm,
        chapter_code=row.test_chapter_code,
        subchapter_code=row.test_subchapter_code,
        chapter=row.test_chapter or row.test_chapter_code,
        is_subcontracted=row.test_is_subcontracted,
        is_retired=row.test_is_retired,
        retired_at=row.test_retired_at,
        status=Status(row.status or Status.TODO),
        is_withdrawn=is_withdrawn,
        outcome=Outcome(row.outcome or Outcome.NONE),
        loinc_num=row.loinc_num or "",
        relation=row.choice_relation or "",
        reason=" ".join((row.choice_reason or "").split()),
        justification=" ".join((row.choice_justification or "").split()),
        comments=tuple(dict.fromkeys(text for text in kept if text)),
        release_version=row.release_version or "",
        decided_by=row.decided_by or "",
        decided_at=row.choice_created_at,
        approved_by=(row.approved_by or "") if is_approved else "",
        approved_at=row.approved_at if is_approved else None,
        term=term,
    )


def _term_name(row: Any, release: PublishedRelease | None, replacements: tuple[str, ...]) -> PublishedTerm | None:
    if release is None or not row.term_loinc_num:
        return None
    return PublishedTerm(
        loinc_num=row.term_loinc_num,
        long_common_name=row.term_long_common_name,
        french_name=row.term_official_french_name,
        french_producer=row.term_french_producer,
        status=row.term_status,
        replacements=replacements,
        is_left_out=release.leaves_out(row.term_status),
        system=row.term_system,
        method=row.term_method_typ,
        scale=row.term_scale_typ,
        copyright_notice=row.term_external_copyright_notice,
    )


def exam_contents(session: Session, catalogue_id: int) -> dict[int, list[ExamContent]]:
    """Exam -> the analyses it contains, in the order of the received file."""
    statement = (
        select(ExamAnalysis)
        .join(LocalTest, col(LocalTest.id) == col(ExamAnalysis.exam_id))
        .where(LocalTest.catalogue_id == catalogue_id)
        .order_by(col(ExamAnalysis.id))
    )
    found: dict[int, list[ExamContent]] = defaultdict(list)
    for row in session.exec(statement):
        found[row.exam_id].append(ExamContent(row.analysis_id, row.analysis_code, row.analysis_label))
    return found
