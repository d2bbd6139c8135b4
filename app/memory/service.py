"""Taking up an earlier transcoding as memory — evidence, never decisions — and withdrawing what is wrong in it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.audit.service import record
from app.catalogues.matcher_input import to_matcher
from app.catalogues.repository import insert_all
from app.errors import ConflictError, ImportRefusedError, InputProblem, InvalidInputError, NotFoundError
from app.files.fhir_json import FhirReadError, looks_like_json
from app.memory import repository
from app.memory.concept_maps import read_concept_maps
from app.memory.schemas import EarlierMapping, EarlierMappings, MemoryReport
from app.memory.tables import TableReadError, read_table_of_mappings
from app.models import (
    CONTRIBUTORS,
    Laboratory,
    Level,
    LocalTest,
    MappingWithdrawal,
    MemoryEntry,
    Role,
    utc_now,
)
from app.platform import locks
from app.platform.database import Transactions
from app.platform.identity import LaboratoryAccess
from app.platform.open_transactions import forbid_open_transaction
from app.terminology.service import current_release
from matcher import LocalTest as MatcherTest
from matcher.knowledge import signature

MAY_REMEMBER = CONTRIBUTORS
MAX_REASON = 500
_MAX_MAPPINGS = 200_000


def _read_mappings(transactions: Transactions, name: str, content: bytes, max_bytes: int) -> EarlierMappings:
    """The mappings of a file; raises ImportRefusedError when it is none that is read."""
    forbid_open_transaction("read earlier transcodings")

    def codes_of(names: Iterable[str]) -> Mapping[str, str]:
        with transactions.reading() as session:
            release = current_release(session)
            return repository.codes_of_names(session, release.id, names) if release and release.id else {}

    try:
        if not content.strip():
            raise TableReadError("le fichier est vide")
        if len(content) > max_bytes:
            raise TableReadError(f"le fichier dépasse la taille admise ({max_bytes // 1_000_000} Mo)")
        read = read_concept_maps(content) if looks_like_json(content) else read_table_of_mappings(content, codes_of)
    except (FhirReadError, TableReadError) as error:
        raise ImportRefusedError([InputProblem(name, f"{error}.")]) from error
    if len(read.mappings) > _MAX_MAPPINGS:
        raise ImportRefusedError([InputProblem(name, f"le fichier dépasse {_MAX_MAPPINGS} correspondances.")])
    return read


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A file that was read, ready to be stored."""

    name: str
    digest: str
    read: EarlierMappings
    entries: list[dict[str, object]]


def import_memory(
    transactions: Transactions, access: LaboratoryAccess, files: Sequence[tuple[str, bytes]], max_bytes: int
) -> list[MemoryReport]:
    """Keep the mappings of files (name, content) as memory of the laboratory: all of them, or none.

    Raises ImportRefusedError before anything is written. The files are read, and their mappings compared with
    the catalogues, before the transaction that stores them.
    """
    access.require(*MAY_REMEMBER)
    prepared = [_prepare(transactions, access, name, content, max_bytes) for name, content in files]
    with transactions.writing() as session:
        return [_store(session, access, file) for file in prepared]


def _prepare(
    transactions: Transactions, access: LaboratoryAccess, name: str, content: bytes, max_bytes: int
) -> _Prepared:
    read = _read_mappings(transactions, name, content, max_bytes)
    with transactions.reading() as session:
        tests = repository.tests_of_codes(session, access.laboratory_id, (item.local_code for item in read.mappings))
        exams = [test.id for found in tests.values() for test in found if test.level == Level.EXAM and test.id]
        analyses = repository.analyses_of(session, exams)
    return _Prepared(name, hashlib.sha256(content).hexdigest(), read, _entries(read.mappings, tests, analyses))


def _store(session: Session, access: LaboratoryAccess, file: _Prepared) -> MemoryReport:
    name, digest, read, entries = file.name, file.digest, file.read, file.entries
    known = repository.known_pairs(session, access.laboratory_id, name)
    fresh: dict[tuple[str, str, str], dict[str, object]] = {}
    for values in entries:
        key = (str(values["signature"]), str(values["loinc_num"]), str(values["local_code"]))
        if key not in known:
            fresh.setdefault(key, values)
    moment = utc_now()
    common = {
        "laboratory_id": access.laboratory_id, "source_name": name, "source_sha256": digest,
        "created_by_id": access.user_id, "created_at": moment,
    }  # fmt: skip
    insert_all(session, MemoryEntry, (values | common for values in fresh.values()))
    report = MemoryReport(
        read.title,
        name,
        len(fresh),
        len(entries) - len(fresh),
        sum(bool(values["is_from_catalogue"]) for values in fresh.values()),
        read.skipped,
    )
    event = record(
        session,
        "memory.import",
        actor=access.user,
        object_type="laboratory",
        object_id=access.laboratory_id,
        laboratory_id=access.laboratory_id,
        file_name=name,
        sha256=digest,
        kind=read.title,
        added=report.added,
        known=report.known,
        skipped=dict(read.skipped),
        sentence=report.sentence,
    )
    session.flush()
    return replace(report, event_id=event.id or 0)


def _entries(
    mappings: Iterable[EarlierMapping],
    tests: Mapping[str, Sequence[LocalTest]],
    analyses: Mapping[int, Sequence[LocalTest]],
) -> list[dict[str, object]]:
    """The entries of these mappings: a local code of the laboratory speaks of its test, with all that is known of it;
    any other of what the file tells."""
    entries = []
    for item in mappings:
        own = [test for test in tests.get(item.local_code, []) if item.level in (None, Level(test.level))]
        if own:
            signatures = dict.fromkeys(signature(to_matcher(test, analyses.get(test.id or 0, ()))) for test in own)
            entries += [_values(item, key, own[0]) for key in signatures]
        else:
            entries.append(_values(item, signature(_told(item)), None))
    return entries


def _told(item: EarlierMapping) -> MatcherTest:
    return MatcherTest(
        code=item.local_code,
        label=item.label,
        synonym=item.synonym,
        specimen=item.specimen,
        unit=item.unit,
        technique=item.technique,
        scale=item.scale,
        timing=item.timing,
        level=(item.level or Level.ANALYSIS).value,
    )


def _values(item: EarlierMapping, key: str, test: LocalTest | None) -> dict[str, object]:
    return {
        "signature": key,
        "label": (test.label if test else item.label)[:500],
        "loinc_num": item.loinc_num,
        "local_code": item.local_code[:120],
        "unit": (test.unit or test.unit_code if test else item.unit)[:120],
        "specimen": (test.specimen or test.specimen_code if test else item.specimen)[:200],
        "relation": item.relation[:40],
        "comment": item.comment[:500],
        "is_from_catalogue": test is not None,
    }


def relink(session: Session, access: LaboratoryAccess) -> int:
    """Give entries that came before their catalogue the signature of the test that has their local code now.

    A withdrawn mapping stays withdrawn: the withdrawal is written again for the new signature.
    """
    locks.lock_subject(session, locks.Subject.WITHDRAWALS)
    access.require(*MAY_REMEMBER)
    entries = repository.unlinked_of(session, access.laboratory_id)
    tests = repository.tests_of_codes(session, access.laboratory_id, (entry.local_code for entry in entries))
    exams = [test.id for found in tests.values() for test in found if test.level == Level.EXAM and test.id]
    analyses = repository.analyses_of(session, exams)
    linked = 0
    for entry in entries:
        level = entry.signature.rpartition("|")[2]
        own = [test for test in tests.get(entry.local_code, []) if test.level == level]
        if not own:
            continue
        key = signature(to_matcher(own[0], analyses.get(own[0].id or 0, ())))
        before = repository.withdrawal_of(session, entry.signature, entry.loinc_num)
        if before is not None and repository.withdrawal_of(session, key, entry.loinc_num) is None:
            session.add(
                MappingWithdrawal(
                    signature=key, loinc_num=entry.loinc_num, label=entry.label, reason=before.reason,
                    author_id=before.author_id,
                )
            )  # fmt: skip
        entry.signature, entry.label, entry.is_from_catalogue = key, own[0].label[:500], True
        entry.unit = (own[0].unit or own[0].unit_code)[:120]
        entry.specimen = (own[0].specimen or own[0].specimen_code)[:200]
        session.add(entry)
        linked += 1
    if linked:
        record(
            session,
            "memory.relink",
            actor=access.user,
            object_type="laboratory",
            object_id=access.laboratory_id,
            laboratory_id=access.laboratory_id,
            entries=linked,
        )
    return linked


def withdraw(session: Session, access: LaboratoryAccess, entry_id: int, reason: str) -> MappingWithdrawal:
    """Say that a remembered mapping is wrong: it is evidence nowhere any more. A new fact; the entry stays."""
    locks.lock_subject(session, locks.Subject.WITHDRAWALS)
    access.require(*MAY_REMEMBER)
    reason = " ".join(reason.split())
    entry = session.get(MemoryEntry, entry_id)
    if entry is None or entry.laboratory_id != access.laboratory_id:
        raise NotFoundError("Cette correspondance n'est pas dans la mémoire de ce laboratoire.")
    if not reason:
        raise InvalidInputError("Indiquez le motif du retrait.")
    if len(reason) > MAX_REASON:
        raise InvalidInputError(f"Ce motif est trop long : {MAX_REASON} caractères au plus.")
    if repository.withdrawal_of(session, entry.signature, entry.loinc_num) is not None:
        raise ConflictError("Cette correspondance est déjà retirée.")
    fact = MappingWithdrawal(
        signature=entry.signature,
        loinc_num=entry.loinc_num,
        label=entry.label,
        reason=reason,
        author_id=access.user_id,
    )
    session.add(fact)
    session.flush()
    record(
        session,
        "memory.withdraw",
        actor=access.user,
        object_type="memory_entry",
        object_id=entry.id,
        laboratory_id=access.laboratory_id,
        loinc_num=entry.loinc_num,
        local_code=entry.local_code,
        label=entry.label,
        reason=reason,
    )
    return fact


def set_reuse(session: Session, access: LaboratoryAccess, allows: bool) -> None:
    """Allow or forbid other laboratories to use the mappings approved here as evidence: a biologist decides."""
    access.require(Role.BIOLOGIST)
    laboratory = session.get_one(Laboratory, access.laboratory_id)
    if laboratory.allows_reuse == allows:
        return
    laboratory.allows_reuse = allows
    session.add(laboratory)
    record(
        session,
        "laboratory.allow_reuse" if allows else "laboratory.forbid_reuse",
        actor=access.user,
        object_type="laboratory",
        object_id=laboratory.id,
        laboratory_id=laboratory.id,
    )
