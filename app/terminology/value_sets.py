"""Value sets and the NABM alignment: loading them, and what the other rooms ask of them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, func, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_model

from app.audit.service import record
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import (
    LoincRelease,
    LoincTerm,
    NabmAlignment,
    ReleaseStatus,
    User,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
    utc_now,
)
from app.platform import locks
from app.platform.apart import Apart, Here
from app.platform.database import Transactions, give_way
from app.platform.open_transactions import forbid_open_transaction
from app.terminology import repository
from app.terminology.chunks import chunks
from app.terminology.value_set_files import ColumnMap, ParsedSet, parse_value_sets
from app.text import format_number
from loinc_data.french import quoted

MAX_FILE_BYTES = 20_000_000
"""The file is read and stored while its sender waits."""
UNFINISHED_FOR = timedelta(hours=1)
"""A list whose storing began so long ago, and never ended, was interrupted."""
GONE = "{} vient d'être retiré par quelqu'un d'autre. Recommencez le chargement."


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


def read_lists(_engine: Engine | None, file_name: str, content: bytes, columns: ColumnMap) -> list[ParsedSet]:
    """Every list of a file; raises InvalidInputError when it holds no usable list. Slow for a large workbook."""
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInputError(f"{quoted(file_name)} dépasse la taille admise ({MAX_FILE_BYTES // 1_000_000} Mo).")
    return list(parse_value_sets(file_name, content, columns))


def load_value_sets(
    transactions: Transactions,
    file_name: str,
    content: bytes,
    columns: ColumnMap,
    actor: User | None = None,
    apart: Apart | None = None,
) -> list[LoadedSet]:
    """Store every list of a file and use it from now on; the file is read `apart`.

    The same list is never stored twice. Raises InvalidInputError when the file holds no usable list. A list is stored
    some rows at a time where nobody sees it, then put to use in one short transaction.
    """
    forbid_open_transaction("read a value set")
    found = (apart or Here(transactions.engine)).run(read_lists, file_name, content, columns)
    _forget_unfinished(transactions)
    digest = hashlib.sha256(content).hexdigest()
    return [_store(transactions, Path(file_name).name, digest, parsed, actor) for parsed in found]


def _store(
    transactions: Transactions, file_name: str, digest: str, parsed: ParsedSet, actor: User | None
) -> LoadedSet:
    with transactions.reading() as session:
        is_known = _known(session, digest, parsed.kind) is not None
    hidden = None if is_known else _store_hidden(transactions, file_name, parsed)
    with transactions.writing() as session:
        locks.lock_subject(session, locks.Subject.INSTALLATION)
        value_set = _known(session, digest, parsed.kind)
        if value_set is None:
            if hidden is None:
                raise ConflictError(GONE.format(quoted(file_name)))
            value_set = session.get_one(ValueSet, hidden)
            value_set.content_hash = digest
            session.add(value_set)
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
        is_new = value_set.id == hidden
        use_value_set(session, value_set, actor)
    if hidden is not None and not is_new:
        # The same file was stored by somebody else meanwhile: once is enough.
        _remove(transactions, hidden)
    return LoadedSet(value_set, parsed.ignored_rows, is_new)


def _known(session: Session, digest: str, kind: ValueSetKind) -> ValueSet | None:
    statement = select_model(ValueSet).where(ValueSet.content_hash == digest, ValueSet.kind == kind)
    return session.exec(statement.order_by(col(ValueSet.id))).first()


def _store_hidden(transactions: Transactions, file_name: str, parsed: ParsedSet) -> int:
    """Store a list that has no content hash yet, which is what hides it; returns its identifier."""
    with transactions.writing() as session:
        value_set = ValueSet(
            kind=parsed.kind,
            title=parsed.title[:255],
            version=parsed.version[:60],
            source_name=file_name[:255],
            member_count=parsed.count,
        )
        session.add(value_set)
        session.flush()
        assert value_set.id is not None
        hidden = value_set.id
    members = (
        {"value_set_id": hidden, "loinc_num": code, "label": label, "position": position}
        for position, (code, label) in enumerate(parsed.members.items())
    )
    pairs = (
        {
            "value_set_id": hidden,
            "nabm": nabm[:10],
            "nabm_label": nabm_label,
            "loinc_num": loinc_num,
            "loinc_label": loinc_label,
        }
        for nabm, nabm_label, loinc_num, loinc_label in parsed.pairs
    )
    for model, rows in ((ValueSetMember, members), (NabmAlignment, pairs)):
        for chunk in chunks(rows, repository.CHUNK):
            with transactions.writing() as session:
                # Not through the session, which would count what is not in use.
                repository.insert_rows(session.connection(), model, chunk)
            give_way(transactions.engine)
    return hidden


def _forget_unfinished(transactions: Transactions) -> None:
    """Remove what is left of loads that were interrupted."""
    with transactions.reading() as session:
        statement = select(col(ValueSet.id)).where(
            ~_is_stored(), col(ValueSet.loaded_at) < utc_now() - UNFINISHED_FOR, ~col(ValueSet.is_current)
        )
        left = session.scalars(statement).all()
    for value_set_id in left:
        _remove(transactions, int(value_set_id or 0))


def _remove(transactions: Transactions, value_set_id: int) -> None:
    """Remove a list that nobody ever saw, some rows at a time."""
    for model in (ValueSetMember, NabmAlignment):
        some = select(col(model.id)).where(col(model.value_set_id) == value_set_id).limit(repository.CHUNK)
        while True:
            with transactions.writing() as session:
                gone: Any = session.connection().execute(delete(model).where(col(model.id).in_(some)))
            give_way(transactions.engine)
            if not gone.rowcount:
                break
    with transactions.writing() as session:
        session.connection().execute(delete(ValueSet).where(col(ValueSet.id) == value_set_id))


def value_sets(session: Session) -> Sequence[ValueSet]:
    """Every loaded list, the newest first; those that came with a release included."""
    statement = select_model(ValueSet).outerjoin(LoincRelease, col(LoincRelease.id) == col(ValueSet.release_id))
    return session.exec(statement.where(_is_whole(), _is_stored()).order_by(col(ValueSet.id).desc())).all()


def _is_whole() -> ColumnElement[bool]:
    """SQL condition on a list and the release it came with, if it did: that release is not being loaded."""
    return or_(col(ValueSet.release_id).is_(None), col(LoincRelease.status) == ReleaseStatus.READY)


def _is_stored() -> ColumnElement[bool]:
    """SQL condition on a list: not one whose rows are still being stored, which has no content hash yet."""
    return or_(col(ValueSet.release_id).is_not(None), col(ValueSet.content_hash) != "")


def get_value_set(session: Session, value_set_id: int) -> ValueSet:
    """A loaded list, or NotFoundError."""
    statement = select_model(ValueSet).outerjoin(LoincRelease, col(LoincRelease.id) == col(ValueSet.release_id))
    value_set = session.exec(statement.where(ValueSet.id == value_set_id, _is_whole(), _is_stored())).first()
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
