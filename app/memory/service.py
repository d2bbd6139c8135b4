"""Taking up an earlier transcoding as memory — evidence, never decisions — and withdrawing what is wrong in it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.service import record
from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.catalogues.matcher_input import to_matcher
from app.catalogues.repository import insert_all
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.files.archive import unpacked
from app.files.guard import NOTHING_CLEARED
from app.memory import repository
from app.memory.file_reading import read_mappings
from app.memory.reasons import Reason
from app.memory.schemas import EarlierMapping, EarlierMappings, MemoryReport
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
from app.patient_guard.findings import Kind
from app.platform import locks
from app.platform.apart import Apart, Here
from app.platform.database import Transactions, give_way
from app.platform.identity import LaboratoryAccess
from app.platform.written import require_written
from app.terminology.chunks import chunks
from app.terminology.service import not_of_loinc
from app.text import seen
from matcher import LocalTest as MatcherTest
from matcher.knowledge import signature

MAY_REMEMBER = CONTRIBUTORS
MAX_REASON = 500
STORED_AT_ONCE = 2_000
LINKED_AT_ONCE = 200
"""Entries in one transaction: some hundredths of a second."""
_Key = tuple[str, str, str]
"""Signature, LOINC code, local code."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A file that was read, ready to be stored."""

    name: str
    digest: str
    read: EarlierMappings
    entries: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file says, its name and its SHA-256."""

    name: str
    digest: str
    read: EarlierMappings


def read_received(
    engine: Engine,
    received: Sequence[tuple[str, bytes]],
    max_bytes: int,
    cleared: frozenset[Kind] = NOTHING_CLEARED,
) -> list[ReadFile]:
    """Open the archives among the received files (name, content), and read all; raises ImportRefusedError.

    `cleared` are the kinds of traces of patients that a person answered for.
    """
    files = unpacked(received, max_bytes, as_catalogue=False)
    transactions = Transactions(engine)
    return [
        ReadFile(
            name,
            hashlib.sha256(content).hexdigest(),
            read_mappings(transactions, name, content, max_bytes, cleared=cleared),
        )
        for name, content in files
    ]


def import_memory(
    transactions: Transactions,
    access: LaboratoryAccess,
    received: Sequence[tuple[str, bytes]],
    max_bytes: int,
    apart: Apart | None = None,
    clearance: Clearance = NO_CLEARANCE,
) -> list[MemoryReport]:
    """Keep the mappings of files (name, content), or archives of files, as memory of the laboratory.

    Raises ImportRefusedError before anything is written, whichever file is refused. The files are read `apart`, and
    their mappings compared with the catalogues, before the short transactions that store them. `clearance` is what
    the person answers for; it is journaled just before.
    """
    access.require(*MAY_REMEMBER)
    cleared = clearance.checked(access.user)
    found = (apart or Here(transactions.engine)).run(read_received, list(received), max_bytes, cleared)
    prepared = [_linked(transactions, access, _of_loinc(transactions, file)) for file in found]
    if cleared:
        with transactions.writing() as session:
            clearance.record(session, access, files=[file.digest for file in prepared])
    return [_store(transactions, access, file) for file in prepared]


def _of_loinc(transactions: Transactions, file: ReadFile) -> ReadFile:
    """The same without the mappings to what is no code of LOINC, which are counted."""
    with transactions.reading() as session:
        wrong = not_of_loinc(session, (item.loinc_num for item in file.read.mappings))
    kept = tuple(item for item in file.read.mappings if item.loinc_num not in wrong)
    if len(kept) == len(file.read.mappings):
        return file
    left = (Reason.NOT_OF_LOINC, len(file.read.mappings) - len(kept))
    return replace(file, read=replace(file.read, mappings=kept, skipped=(*file.read.skipped, left)))


def remember(
    transactions: Transactions,
    access: LaboratoryAccess,
    name: str,
    digest: str,
    mappings: Sequence[tuple[int, EarlierMapping]],
) -> MemoryReport:
    """Keep (local test, mapping) pairs of a file of this name and SHA-256 as memory: each of that very test."""
    access.require(*MAY_REMEMBER)
    entries: list[dict[str, object]] = []
    for part in chunks(mappings, LINKED_AT_ONCE):
        with transactions.reading() as session:
            tests = repository.tests_by_id(session, access.laboratory_id, [test_id for test_id, _ in part])
            analyses = repository.analyses_of(
                session, [test.id for test in tests.values() if test.level == Level.EXAM and test.id]
            )
        for test_id, item in part:
            test = tests.get(test_id)
            if test is not None:
                entries.append(_values(item, signature(to_matcher(test, analyses.get(test_id, ()))), test))
    read = EarlierMappings("Transcodage antérieur", tuple(item for _, item in mappings))
    return _store(transactions, access, _Prepared(name, digest, read, entries))


def _linked(transactions: Transactions, access: LaboratoryAccess, file: ReadFile) -> _Prepared:
    read = file.read
    with transactions.reading() as session:
        tests = repository.tests_of_codes(session, access.laboratory_id, (item.local_code for item in read.mappings))
        exams = [test.id for found in tests.values() for test in found if test.level == Level.EXAM and test.id]
        analyses = repository.analyses_of(session, exams)
    return _Prepared(file.name, file.digest, read, _entries(read.mappings, tests, analyses))


def _store(transactions: Transactions, access: LaboratoryAccess, file: _Prepared) -> MemoryReport:
    """Store a file, some entries in each transaction; each carries its event, the last one that of the whole file.

    What is there already is left alone: a file whose storing was interrupted is sent again, and completed.
    """
    fresh: dict[_Key, dict[str, object]] = {}
    for values in file.entries:
        key = (str(values["signature"]), str(values["loinc_num"]), str(values["local_code"]))
        fresh.setdefault(key, values)
    common = {
        "laboratory_id": access.laboratory_id, "source_name": file.name, "source_sha256": file.digest,
        "created_by_id": access.user_id, "created_at": utc_now(),
    }  # fmt: skip
    parts = list(chunks(fresh.items(), STORED_AT_ONCE)) or [[]]
    report = MemoryReport(file.read.title, file.name, 0, len(file.entries), 0, file.read.skipped)
    for number, part in enumerate(parts, start=1):
        with transactions.writing() as session:
            known = repository.known_pairs(session, access.laboratory_id, file.name, {key[0] for key, _ in part})
            added = [values for key, values in part if key not in known]
            insert_all(session, MemoryEntry, (values | common for values in added))
            report = replace(
                report,
                added=report.added + len(added),
                known=report.known - len(added),
                from_catalogue=report.from_catalogue + sum(bool(values["is_from_catalogue"]) for values in added),
            )
            is_last = number == len(parts)
            event = record(
                session, "memory.import", actor=access.user, object_type="laboratory", object_id=access.laboratory_id,
                laboratory_id=access.laboratory_id, file_name=file.name, sha256=file.digest, kind=file.read.title,
                added=report.added if is_last else len(added),
                known=report.known if is_last else len(part) - len(added),
                skipped=dict(file.read.skipped), sentence=report.sentence if is_last else "",
                part=f"{number}/{len(parts)}",
            )  # fmt: skip
            session.flush()
            report = replace(report, event_id=event.id or 0)
        give_way(transactions.engine)
    return report


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
        if item.chapter:
            own = [test for test in own if item.chapter in (test.chapter_code, test.chapter)]
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


@dataclass(frozen=True, slots=True)
class _Link:
    """An entry that came before its catalogue, and what it takes from the test that has its local code now."""

    entry_id: int
    before: str
    """The signature that the entry had when this was found."""
    values: dict[str, str]


def _links(session: Session, laboratory_id: int) -> list[_Link]:
    entries = repository.unlinked_of(session, laboratory_id)
    tests = repository.tests_of_codes(session, laboratory_id, (entry.local_code for entry in entries))
    exams = [test.id for found in tests.values() for test in found if test.level == Level.EXAM and test.id]
    analyses = repository.analyses_of(session, exams)
    links = []
    for entry in entries:
        level = entry.signature.rpartition("|")[2]
        own = next((test for test in tests.get(entry.local_code, []) if test.level == level), None)
        if own is not None and entry.id is not None:
            values = {
                "signature": signature(to_matcher(own, analyses.get(own.id or 0, ()))),
                "label": own.label[:500],
                "unit": (own.unit or own.unit_code)[:120],
                "specimen": (own.specimen or own.specimen_code)[:200],
            }
            links.append(_Link(entry.id, entry.signature, values))
    return links


def relink(transactions: Transactions, access: LaboratoryAccess) -> int:
    """Give entries that came before their catalogue the signature of the test that has their local code now.

    A withdrawn mapping stays withdrawn: the withdrawal is written again for the new signature.
    """
    access.require(*MAY_REMEMBER)
    with transactions.reading() as session:
        links = _links(session, access.laboratory_id)
    linked = 0
    for part in chunks(links, LINKED_AT_ONCE):
        with transactions.writing() as session:
            locks.lock_subject(session, locks.Subject.WITHDRAWALS)
            count = sum(_link(session, link) for link in part)
            if count:
                record(
                    session, "memory.relink", actor=access.user, object_type="laboratory",
                    object_id=access.laboratory_id, laboratory_id=access.laboratory_id, entries=count,
                )  # fmt: skip
            linked += count
        give_way(transactions.engine)
    return linked


def _link(session: Session, link: _Link) -> bool:
    """Link one entry, unless somebody did meanwhile."""
    entry = session.get(MemoryEntry, link.entry_id)
    if entry is None or entry.is_from_catalogue or entry.signature != link.before:
        return False
    key = link.values["signature"]
    place = entry.laboratory_id
    before = repository.withdrawal_of(session, place, entry.signature, entry.loinc_num)
    if before is not None and repository.withdrawal_of(session, place, key, entry.loinc_num) is None:
        session.add(
            MappingWithdrawal(
                laboratory_id=place, signature=key, loinc_num=entry.loinc_num, label=entry.label, reason=before.reason,
                author_id=before.author_id,
            )
        )  # fmt: skip
    for name, value in link.values.items():
        setattr(entry, name, value)
    entry.is_from_catalogue = True
    session.add(entry)
    return True


def withdraw(session: Session, access: LaboratoryAccess, entry_id: int, reason: str) -> MappingWithdrawal:
    """Say that a remembered mapping is wrong: it is evidence for this laboratory no more. A new fact; the entry stays.

    Another laboratory keeps its own memory, and never hears of it.
    """
    return _judge(session, access, entry_id, reason, is_withdrawn=True)


def restore(session: Session, access: LaboratoryAccess, entry_id: int, reason: str) -> MappingWithdrawal:
    """Say that a withdrawn mapping was right after all: one more fact, the withdrawal stays written."""
    return _judge(session, access, entry_id, reason, is_withdrawn=False)


def _judge(
    session: Session, access: LaboratoryAccess, entry_id: int, reason: str, *, is_withdrawn: bool
) -> MappingWithdrawal:
    locks.lock_subject(session, locks.Subject.WITHDRAWALS)
    access.require(*MAY_REMEMBER)
    reason = " ".join(seen(reason).split())
    entry = session.get(MemoryEntry, entry_id)
    if entry is None or entry.laboratory_id != access.laboratory_id:
        raise NotFoundError("Cette correspondance n'est pas dans la mémoire de ce laboratoire.")
    what = "du retrait" if is_withdrawn else "de la remise en usage"
    require_written(reason, f"Indiquez le motif {what}.")
    if len(reason) > MAX_REASON:
        raise InvalidInputError(f"Ce motif est trop long : {MAX_REASON} caractères au plus.")
    before = repository.withdrawal_of(session, access.laboratory_id, entry.signature, entry.loinc_num)
    if (before is not None) is is_withdrawn:
        raise ConflictError(f"Cette correspondance est déjà {'retirée' if is_withdrawn else 'en usage'}.")
    fact = MappingWithdrawal(
        laboratory_id=access.laboratory_id,
        is_withdrawn=is_withdrawn,
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
        "memory.withdraw" if is_withdrawn else "memory.restore",
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
