"""Receiving an earlier transcoding of a catalogue, and saying what is made of it."""

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from app.audit.service import record
from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.earlier import repository
from app.earlier.finding_rows import codes_said, rows_meant
from app.earlier.jobs import ask_for_comparison, values_of
from app.earlier.repository import CodedRow
from app.errors import ImportRefusedError, InputProblem, InvalidInputError
from app.files.archive import unpacked
from app.files.choices import Choices
from app.files.guard import NOTHING_CLEARED
from app.files.kinds import Level
from app.files.loinc_cells import CellFinding
from app.files.standings import Standing, standing_in_file
from app.jobs.queue import JobQueue
from app.memory.file_reading import own_format, read_mappings
from app.memory.schemas import EarlierMapping, EarlierMappings
from app.memory.service import remember
from app.models import CONTRIBUTORS, EarlierStatement, EarlierUse, EarlierVerdict, Job, utc_now
from app.patient_guard.findings import Kind
from app.platform.apart import Apart
from app.platform.database import Transactions, give_way
from app.platform.identity import CatalogueAccess
from app.proposals.service import current_run
from app.terminology.service import not_of_loinc
from app.text import counted

MAY_TAKE = CONTRIBUTORS
STORED_AT_ONCE = 500
MOST_STATEMENTS = 60_000
"""Of one file; as many as the rows of the largest catalogue."""
MOST_AT_ONCE = 20_000
"""Statements that one act takes."""
Item = TypeVar("Item")


Sent = tuple[str, bytes, Choices | None]
"""Name and content of a file, and what a person settled of how it is read, if she did."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file beside the catalogue, as it was read."""

    name: str
    digest: str
    read: EarlierMappings
    is_settled: bool = False
    """A person said how it is read: what another reading of it brought gives way."""

    @property
    def mappings(self) -> tuple[EarlierMapping, ...]:
        """All that it says, of codes and of their absence."""
        return (*self.read.mappings, *self.read.others)


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """What came of receiving files."""

    event_id: int
    """The event of the trail, which tells it in a sentence."""
    job: Job | None


def read_received(
    engine: Engine, files: Sequence[Sent], max_bytes: int, cleared: frozenset[Kind] = NOTHING_CLEARED
) -> list[Received]:
    """Read files; raises ImportRefusedError when one of them is no earlier transcoding.

    `cleared` are the kinds of traces of patients that a person answered for, of files whose reading nobody settled.
    """
    found = []
    for name, content, choices in files:
        read = read_mappings(Transactions(engine), name, content, max_bytes, choices, cleared)
        is_settled = choices is not None and own_format(content) is None
        received = Received(name, hashlib.sha256(content).hexdigest(), read, is_settled)
        if not received.mappings:
            raise ImportRefusedError([InputProblem(name, f"aucune ligne ne porte de code LOINC{_reasons(read)}.")])
        if len(received.mappings) > MOST_STATEMENTS:
            raise ImportRefusedError([InputProblem(name, f"le fichier dépasse {MOST_STATEMENTS} lignes.")])
        found.append(received)
    return found


def opened(_engine: Engine, received: Sequence[tuple[str, bytes]], max_bytes: int) -> list[tuple[str, bytes]]:
    """The received files, each archive replaced by its files; raises ImportRefusedError."""
    return unpacked(received, max_bytes, as_catalogue=False)


def _reasons(read: EarlierMappings) -> str:
    told = ", ".join(why.told(count) for why, count in read.skipped)
    return f" ({told})" if told else ""


def receive(
    transactions: Transactions,
    apart: Apart,
    access: CatalogueAccess,
    files: Sequence[Sent],
    queue: JobQueue,
    max_bytes: int,
    clearance: Clearance = NO_CLEARANCE,
) -> ReceivedReport:
    """Keep what files say of the rows of a catalogue, and ask for its comparison. Sent again, a file adds nothing.

    `clearance` is what the person answers for; it is journaled before anything is kept.
    """
    access.require(*MAY_TAKE)
    cleared = clearance.checked(access.user)
    received = apart.run(read_received, list(files), max_bytes, cleared)
    if cleared:
        with transactions.writing() as session:
            clearance.record(session, access, files=[file.digest for file in received])
    sentences = []
    for file in received:
        with transactions.reading() as session:
            codes = (code for item in file.mappings for code, _ in codes_said(item))
            tests = repository.tests_of_codes(session, access.catalogue_id, codes)
            known = repository.known_of_source(session, access.catalogue_id, file.digest)
        rows = list(_rows(access, file, tests))
        fresh = [row for row in rows if _key(row) not in known]
        for part in _parts(fresh, STORED_AT_ONCE):
            with transactions.writing() as session:
                repository.insert_some(session, part)
            give_way(transactions.engine)
        sentences.append(_sentence(file, rows, len(fresh)))
        if file.is_settled:
            sentences.append(_forget_other_readings(transactions, access, file, {_key(row) for row in rows}))
    with transactions.writing() as session:
        event = record(
            session, "earlier.receive", actor=access.user, object_type="catalogue", object_id=access.catalogue_id,
            laboratory_id=access.laboratory_id, sentence=" ".join(text for text in sentences if text),
            files=[{"name": file.name, "sha256": file.digest, "kind": file.read.title} for file in received],
        )  # fmt: skip
        # Without proposals there is nothing to compare with: the next search does it.
        has_run = current_run(session, access.catalogue_id) is not None
        job = ask_for_comparison(session, queue, access.catalogue, access.user_id) if has_run else None
        session.flush()
        assert event.id is not None
        return ReceivedReport(event.id, job)


def _forget_other_readings(
    transactions: Transactions, access: CatalogueAccess, file: Received, said: set[tuple[Any, ...]]
) -> str:
    """Take away what this very file was read to say before, and says no more; what a person took stays."""
    with transactions.reading() as session:
        gone = repository.untaken_of_source(session, access.catalogue_id, file.digest, said)
    for part in _parts(gone, STORED_AT_ONCE):
        with transactions.writing() as session:
            repository.delete_untaken(session, part)
        give_way(transactions.engine)
    told = counted(len(gone), "ligne d'une autre lecture", "lignes d'une autre lecture")
    return f"{told} de ce fichier, dont personne n'avait rien fait, ne sont plus là." if gone else ""


def _rows(
    access: CatalogueAccess, file: Received, tests: dict[str, list[CodedRow]]
) -> Iterator[dict[str, Any]]:
    """The statements of a file, one for each row of the catalogue that they speak of."""
    common = {
        "catalogue_id": access.catalogue_id, "source_name": file.name, "source_sha256": file.digest,
        "created_by_id": access.user_id,
    }  # fmt: skip
    levels = _levels_of_systems(file.mappings, tests)
    for item in file.mappings:
        told = values_of(item) | common
        linked = rows_meant(item, item.level or levels.get(item.system), tests)
        # What its file rejects needs no proposal to be compared with.
        verdict = EarlierVerdict.REJECTED if item.standing is Standing.REJECTED else EarlierVerdict.NONE
        for test_id in linked:
            yield told | {"local_test_id": test_id, "verdict": verdict.value}
        if not linked:
            full = f"{item.chapter}/{item.local_code}"[:120] if item.chapter else told["local_code"]
            yield told | {"local_code": full, "local_test_id": None, "verdict": EarlierVerdict.UNLINKED.value}


def _levels_of_systems(
    mappings: Sequence[EarlierMapping], tests: dict[str, list[CodedRow]]
) -> dict[str, Level]:
    """The level that the codes of each system have in the catalogue, where their file does not say it.

    An exam and an analysis may share a code, but a list of codes is of one level: that of the codes that have but one.
    """
    votes: dict[str, Counter[Level]] = {}
    for item in mappings:
        found = {row.level for row in tests.get(item.local_code, ())}
        if item.level is None and found:
            # Where all codes are of two levels, they are most likely those of analyses.
            votes.setdefault(item.system, Counter({Level.ANALYSIS: 0})).update(found if len(found) == 1 else ())
    return {system: max(counts, key=lambda level: counts[level]) for system, counts in votes.items()}


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in repository.KEY)


def _sentence(file: Received, rows: Sequence[dict[str, Any]], added: int) -> str:
    linked = sum(row["local_test_id"] is not None for row in rows)
    parts = [f"{file.read.title} « {file.name} » : {counted(linked, 'ligne', 'lignes')} du catalogue."]
    if len(rows) > linked:
        left = counted(len(rows) - linked, "code local n'est pas", "codes locaux ne sont pas")
        parts.append(f"{left} dans ce catalogue.")
    if len(rows) > added:
        parts.append(f"{counted(len(rows) - added, 'était déjà reçue', 'étaient déjà reçues')}.")
    parts += [f"{why.told(count)}." for why, count in file.read.skipped]
    return " ".join([*parts, *file.read.notes])


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


# ---------- what is made of it ----------


def take(transactions: Transactions, access: CatalogueAccess, ids: Iterable[int], use: EarlierUse) -> int:
    """Take statements as memory or as decisions to confirm, or leave them; returns the event that tells it.

    Nothing here decides: what is to be confirmed waits for a reviewer.
    """
    access.require(*MAY_TAKE)
    wanted = list(dict.fromkeys(ids))[:MOST_AT_ONCE]
    if not wanted:
        raise InvalidInputError("Cochez au moins une ligne.")
    with transactions.reading() as session:
        found = [
            item
            for part in _parts(wanted, STORED_AT_ONCE)
            for item in repository.by_ids(session, access.catalogue_id, part)
        ]
        # The release may have changed since they were compared, or they never were.
        wrong = not_of_loinc(session, (item.loinc_num for item in found))
    fit = [item for item in found if may_be_taken(item, use, wrong)]
    if use is EarlierUse.MEMORY:
        _remember(transactions, access, fit)
    remembered = sum(item.taken_as == EarlierUse.MEMORY for item in fit) if use is not EarlierUse.MEMORY else 0
    sentence, event_id = _taken(use, len(fit), len(found) - len(fit), remembered), 0
    for part in list(_parts(fit, STORED_AT_ONCE)) or [[]]:
        with transactions.writing() as session:
            event_id = mark_taken(session, access, part, use, sentence)
        give_way(transactions.engine)
    return event_id


def may_be_taken(item: EarlierStatement, use: EarlierUse, wrong: Container[str] = ()) -> bool:
    """Whether a statement may be taken so: memory needs a code in use that its file affirms and nothing on its row
    contradicts, a decision a row of the catalogue. What its file rejects is neither, nor what is `wrong`: no code of
    LOINC."""
    if use in (EarlierUse.LEFT, EarlierUse.NONE):
        return True
    dead = item.verdict in (EarlierVerdict.DEPRECATED, EarlierVerdict.ABSENT) or item.loinc_num in wrong
    standing = standing_in_file(item.relation, item.status)
    if item.local_test_id is None or dead or standing is Standing.REJECTED:
        return False
    if use is EarlierUse.MEMORY:
        is_affirmed = standing is Standing.AFFIRMED
        return item.finding == CellFinding.CODE and is_affirmed and not item.is_contradicted
    return item.finding in (CellFinding.CODE, CellFinding.NO_CODE, CellFinding.OUT_OF_SCOPE)


def mark_taken(
    session: Session, access: CatalogueAccess, items: Sequence[EarlierStatement], use: EarlierUse, sentence: str = ""
) -> int:
    """Write what was made of some statements, with its event, which it returns."""
    ids = [item.id for item in items if item.id is not None]
    repository.mark(session, ids, {"taken_as": use.value, "taken_by_id": access.user_id, "taken_at": utc_now()})
    event = record(
        session, "earlier.take", actor=access.user, object_type="catalogue", object_id=access.catalogue_id,
        laboratory_id=access.laboratory_id, taken_as=use.value, statements=ids, sentence=sentence,
    )  # fmt: skip
    session.flush()
    assert event.id is not None
    return event.id


def _remember(transactions: Transactions, access: CatalogueAccess, items: Sequence[EarlierStatement]) -> None:
    sources: dict[tuple[str, str], list[tuple[int, EarlierMapping]]] = {}
    for item in items:
        mapping = EarlierMapping(
            local_code=item.local_code, label=item.label, loinc_num=item.loinc_num, relation=item.relation,
            comment=item.comment,
        )  # fmt: skip
        assert item.local_test_id is not None, "only what speaks of a row of the catalogue is remembered"
        sources.setdefault((item.source_name, item.source_sha256), []).append((item.local_test_id, mapping))
    for (name, digest), mappings in sources.items():
        remember(transactions, access, name, digest, mappings)


def _taken(use: EarlierUse, count: int, left: int, remembered: int) -> str:
    lines = counted(count, "ligne", "lignes")
    done = {
        EarlierUse.MEMORY: f"{lines} en mémoire. Relancez la recherche de propositions pour qu'elle en tienne compte.",
        EarlierUse.TO_CONFIRM: f"{lines} à confirmer : le code antérieur y est présélectionné dans la revue.",
        EarlierUse.LEFT: f"{lines} laissées de côté." if count > 1 else f"{lines} laissée de côté.",
        EarlierUse.NONE: f"{lines} de nouveau en attente de votre choix.",
    }[use]
    if remembered:
        told = counted(remembered, "reste en mémoire", "restent en mémoire")
        done += f" {told} : une correspondance s'en retire dans la page Mémoire du laboratoire."
    if not left:
        return done
    why = (
        "leur code est absent, déprécié, illisible, rejeté par le fichier ou contredit par la ligne, ou leur code "
        "local n'est pas dans ce catalogue"
    )
    if use is EarlierUse.MEMORY:
        why = f"{why}, ou le fichier les dit à revoir"
    return f"{done} {counted(left, 'autre ne le peut', 'autres ne le peuvent')} : {why}."
