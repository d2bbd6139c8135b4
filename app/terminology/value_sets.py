"""Value sets and the NABM alignment: loading them, and what the other rooms ask of them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_model

from app.audit.service import record
from app.errors import InvalidInputError, NotFoundError
from app.models import (
    LoincRelease,
    LoincTerm,
    NabmAlignment,
    ReleaseStatus,
    User,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.platform import locks
from app.platform.open_transactions import forbid_open_transaction
from app.terminology import repository
from app.terminology.chunks import chunks
from app.terminology.value_set_files import ColumnMap, ParsedSet, parse_value_sets
from app.text import format_number
from loinc_data.french import quoted

MAX_FILE_BYTES = 20_000_000
"""The file is read while its sender waits, and stored in one transaction."""


@dataclass(frozen=True, slots=True)
class LoadedSet:
    """What became of one list of a file."""

    value_set: ValueSet
    ignored_rows: int
    is_new: bool

    def sentence(self) -> str:
        """The outcome, in French."""
        already = "" if self.is_new else " Ce fichier était déjà chargé."
        ignored = f" Lignes sans code LOINC, laissées de côté\u202f: {self.ignored_rows}." if self.ignored_rows else ""
        return f"{use_sentence(self.value_set)}{already}{ignored}"


def use_sentence(value_set: ValueSet) -> str:
    """That a list is used, in French."""
    name = " ".join(part for part in (value_set.title, value_set.version) if part)
    unit = "lignes" if value_set.kind == ValueSetKind.NABM else "codes"
    return f"{quoted(name)} est utilisé ({format_number(value_set.member_count)} {unit})."


def load_value_sets(
    session: Session, file_name: str, content: bytes, columns: ColumnMap, actor: User | None = None
) -> list[LoadedSet]:
    """Store every list of a file and use it from now on.

    The same list is never stored twice. Raises InvalidInputError when the file holds no usable list. The file is
    read before the first statement of the session, which opens its transaction.
    """
    forbid_open_transaction("read a value set")
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInputError(f"{quoted(file_name)} dépasse la taille admise ({MAX_FILE_BYTES // 1_000_000} Mo).")
    digest = hashlib.sha256(content).hexdigest()
    found = list(parse_value_sets(file_name, content, columns))
    return [_store(session, Path(file_name).name, digest, parsed, actor) for parsed in found]


def _store(session: Session, file_name: str, digest: str, parsed: ParsedSet, actor: User | None) -> LoadedSet:
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    known = session.exec(
        select_model(ValueSet).where(ValueSet.content_hash == digest, ValueSet.kind == parsed.kind)
    ).first()
    if known is not None:
        use_value_set(session, known, actor)
        return LoadedSet(known, parsed.ignored_rows, is_new=False)
    value_set = ValueSet(
        kind=parsed.kind,
        title=parsed.title[:255],
        version=parsed.version[:60],
        source_name=file_name[:255],
        content_hash=digest,
        member_count=parsed.count,
    )
    session.add(value_set)
    session.flush()
    connection = session.connection()
    members = (
        {"value_set_id": value_set.id, "loinc_num": code, "label": label, "position": position}
        for position, (code, label) in enumerate(parsed.members.items())
    )
    for chunk in chunks(members, repository.CHUNK):
        repository.insert_rows(connection, ValueSetMember, chunk)
    pairs = (
        {
            "value_set_id": value_set.id,
            "nabm": nabm[:10],
            "nabm_label": nabm_label,
            "loinc_num": loinc_num,
            "loinc_label": loinc_label,
        }
        for nabm, nabm_label, loinc_num, loinc_label in parsed.pairs
    )
    for chunk in chunks(pairs, repository.CHUNK):
        repository.insert_rows(connection, NabmAlignment, chunk)
    record(
        session,
        "terminology.load_value_set",
        actor=actor,
        object_type="value_set",
        object_id=value_set.id,
        kind=parsed.kind.value,
        version=value_set.version,
        members=parsed.count,
        source=file_name,
    )
    use_value_set(session, value_set, actor)
    return LoadedSet(value_set, parsed.ignored_rows, is_new=True)


def value_sets(session: Session) -> Sequence[ValueSet]:
    """Every loaded list, the newest first; those that came with a release included."""
    statement = select_model(ValueSet).outerjoin(LoincRelease, col(LoincRelease.id) == col(ValueSet.release_id))
    return session.exec(statement.where(_is_whole()).order_by(col(ValueSet.id).desc())).all()


def _is_whole() -> ColumnElement[bool]:
    """SQL condition on a list and the release it came with, if it did: that release is not being loaded."""
    return or_(col(ValueSet.release_id).is_(None), col(LoincRelease.status) == ReleaseStatus.READY)


def get_value_set(session: Session, value_set_id: int) -> ValueSet:
    """A loaded list, or NotFoundError."""
    statement = select_model(ValueSet).outerjoin(LoincRelease, col(LoincRelease.id) == col(ValueSet.release_id))
    value_set = session.exec(statement.where(ValueSet.id == value_set_id, _is_whole())).first()
    if value_set is None:
        raise NotFoundError("Ce jeu de valeurs n'est pas chargé.")
    return value_set


def use_value_set(session: Session, value_set: ValueSet, actor: User | None = None) -> None:
    """Use this list rather than the other lists of its kind."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    if value_set.is_current:
        return
    session.execute(update(ValueSet).where(col(ValueSet.kind) == value_set.kind).values(is_current=False))
    value_set.is_current = True
    session.add(value_set)
    session.flush()
    record(
        session,
        "terminology.use_value_set",
        actor=actor,
        object_type="value_set",
        object_id=value_set.id,
        kind=value_set.kind,
        version=value_set.version,
    )


def current_value_set(session: Session, kind: ValueSetKind) -> ValueSet | None:
    """The list of this kind that is in use, None when none is loaded."""
    statement = select_model(ValueSet).where(ValueSet.kind == kind, col(ValueSet.is_current).is_(True))
    return session.exec(statement.order_by(col(ValueSet.id).desc())).first()


def codes_of(session: Session, kind: ValueSetKind) -> frozenset[str] | None:
    """The codes of the list in use; None (not "empty") when no list of this kind is loaded."""
    value_set = current_value_set(session, kind)
    if value_set is None:
        return None
    statement = select(col(ValueSetMember.loinc_num)).where(col(ValueSetMember.value_set_id) == value_set.id)
    return frozenset(session.execute(statement).scalars())


def outside_circuit(session: Session, numbers: Iterable[str]) -> frozenset[str]:
    """Those of these codes that the laboratory system will report as outside Circuit de la biologie.

    A non-blocking error for it. Nothing when Circuit de la biologie is not loaded: then nobody knows.
    """
    value_set = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    if value_set is None:
        return frozenset()
    wanted = frozenset(numbers)
    inside: set[str] = set()
    for chunk in chunks(wanted, repository.IN_LIMIT):
        statement = select(col(ValueSetMember.loinc_num)).where(
            col(ValueSetMember.value_set_id) == value_set.id, col(ValueSetMember.loinc_num).in_(chunk)
        )
        inside.update(session.execute(statement).scalars())
    return wanted - inside


def memberships(session: Session, loinc_num: str, release_id: int) -> list[tuple[ValueSet, str]]:
    """The lists that hold this code, those in use or that came with the release, with the label of each."""
    statement = (
        select_model(ValueSet, ValueSetMember.label)
        .join(ValueSetMember, col(ValueSetMember.value_set_id) == col(ValueSet.id))
        .where(
            ValueSetMember.loinc_num == loinc_num,
            or_(col(ValueSet.is_current).is_(True), col(ValueSet.release_id) == release_id),
        )
        .order_by(ValueSet.kind)
    )
    return [(value_set, label) for value_set, label in session.exec(statement)]


def siblings_in_circuit(session: Session, term: LoincTerm, limit: int = 5) -> list[LoincTerm]:
    """Terms of Circuit de la biologie with the same component and specimen: what could be used instead."""
    value_set = current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    if value_set is None:
        return []
    statement = (
        select_model(LoincTerm)
        .join(ValueSetMember, col(ValueSetMember.loinc_num) == col(LoincTerm.loinc_num))
        .where(
            ValueSetMember.value_set_id == value_set.id,
            LoincTerm.release_id == term.release_id,
            LoincTerm.component == term.component,
            LoincTerm.system == term.system,
            LoincTerm.loinc_num != term.loinc_num,
        )
        .order_by(
            (col(LoincTerm.property) != term.property),
            (col(LoincTerm.scale_typ) != term.scale_typ),
            func.length(col(LoincTerm.method_typ)),
            col(LoincTerm.loinc_num),
        )
    )
    return list(session.exec(statement.limit(limit)).all())


def nabm_of(session: Session, loinc_num: str) -> list[NabmAlignment]:
    """The NABM acts aligned with a code."""
    value_set = current_value_set(session, ValueSetKind.NABM)
    if value_set is None:
        return []
    statement = select_model(NabmAlignment).where(
        NabmAlignment.value_set_id == value_set.id, NabmAlignment.loinc_num == loinc_num
    )
    return list(session.exec(statement.order_by(NabmAlignment.nabm)).all())
