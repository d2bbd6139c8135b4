"""The acts: receiving reports to be read, keeping what they carried, and taking a run back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO
from uuid import uuid4

from sqlmodel import Session

from app.audit.service import record
from app.effective import repository, uploads
from app.effective.lines import Figures, Finding
from app.effective.measuring import Measured
from app.effective.printed import told_values
from app.effective.repository import KeptRun
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.jobs.queue import JobQueue
from app.models import CONTRIBUTORS, EffectiveRun, EffectiveWithdrawal, Job, User
from app.platform import locks
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.platform.open_transactions import forbid_open_transaction
from app.platform.written import require_written
from app.settings import Settings
from app.text import counted, format_number, without_controls

JOB_KIND = "effective.read"
MAY_MEASURE = CONTRIBUTORS
MOST_FILES = 300
"""In one sending."""
MOST_BYTES = 600_000_000
MOST_LINES = 50_000
"""Kinds of results of a run that is kept: more than any catalogue and its mistakes have."""
LONGEST_REASON = 500
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
NO_RUN = "Cette mesure n’existe pas."


@dataclass(frozen=True, slots=True)
class Period:
    """The days of the reports, as a person states them; None where she says nothing."""

    first: date | None = None
    last: date | None = None


def read_period(first: str, last: str) -> Period:
    """The period that a form or a command states; raises InvalidInputError."""
    period = Period(_day(first), _day(last))
    if period.first and period.last and period.first > period.last:
        raise InvalidInputError("Le premier jour des comptes rendus est après le dernier.")
    return period


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError(f"«\u202f{text[:30]}\u202f» n’est pas une date\u202f: attendu AAAA-MM-JJ.") from error
    if not EARLIEST <= day <= LATEST:
        raise InvalidInputError("Les jours des comptes rendus sont compris entre 2000 et 2100.")
    return day


def receive(
    transactions: Transactions,
    settings: Settings,
    queue: JobQueue,
    access: CatalogueAccess,
    contents: Sequence[IO[bytes]],
    period: Period,
) -> Job:
    """Keep emitted reports, sealed, until a job has read them; it is asked for here. Their names are not taken."""
    access.require(*MAY_MEASURE)
    if not contents:
        raise InvalidInputError("Choisissez au moins un fichier.")
    forbid_open_transaction("keep emitted reports")
    salt = uploads.new_salt()
    key = uploads.key_of(settings, salt)
    drafts: list[int] = []
    try:
        for content in contents:
            drafts.append(uploads.store(transactions.engine, key, access.laboratory_id, content).id)
        with transactions.writing() as session:
            for draft_id in drafts:
                repository.publish_file(session, draft_id, f"{uploads.KEY_PREFIX}{uuid4().hex}")
            record(
                session, "effective.receive", actor=access.user, object_type="catalogue",
                object_id=access.catalogue_id, laboratory_id=access.laboratory_id, files=len(drafts),
            )  # fmt: skip
            return queue.enqueue(
                session,
                JOB_KIND,
                laboratory_id=access.laboratory_id,
                catalogue_id=access.catalogue_id,
                created_by_id=access.user_id,
                payload={
                    "files": drafts,
                    "salt": salt,
                    "first": period.first.isoformat() if period.first else "",
                    "last": period.last.isoformat() if period.last else "",
                },
            )
    except BaseException:
        # Nobody will ever read them.
        with transactions.writing() as session:
            repository.delete_files(session, drafts)
        raise


def keep(session: Session, measured: Measured, author: User | None, period: Period) -> EffectiveRun:
    """Keep a reading, as counts. Raises InvalidInputError for one that is no reading of one laboratory."""
    figures, against = measured.figures, measured.against
    if len(figures.lines) > MOST_LINES:
        raise InvalidInputError(
            f"Ces comptes rendus portent plus de {format_number(MOST_LINES)} sortes de résultats\u202f: ce ne sont pas "
            "ceux d’un laboratoire. Rien n’est gardé."
        )
    circuit = against.circuit
    run = EffectiveRun(
        laboratory_id=against.laboratory_id,
        catalogue_id=against.catalogue_id,
        release_version=against.release_version,
        release_hash=against.release_hash,
        has_circuit=figures.has_circuit,
        circuit_version=circuit.name[:60] if circuit else "",
        circuit_hash=circuit.content_hash if circuit else "",
        period_from=period.first,
        period_to=period.last,
        files=figures.files,
        reports=figures.reports,
        level1_reports=figures.level1_reports,
        deleted_reports=figures.deleted_reports,
        damaged=figures.damaged,
        results=figures.results,
        effective=figures.by_results.part,
        by_loinc_alone=figures.counts.get(Finding.BY_LOINC_ALONE, 0),
        local_codes=figures.by_codes.total,
        effective_local_codes=figures.by_codes.part,
        author_id=author.id if author else None,
        created_at=against.at,
    )
    session.add(run)
    session.flush()
    assert run.id is not None
    repository.insert_lines(session, run.id, figures.lines)
    repository.insert_clusters(session, run.id, measured.clusters)
    record(
        session, "effective.keep", actor=author, object_type="effective_run", object_id=run.id,
        laboratory_id=against.laboratory_id, catalogue_id=against.catalogue_id, run=run.public_id,
        **told_values(figures),
    )  # fmt: skip
    return run


def figures_of_run(session: Session, run: EffectiveRun) -> Figures:
    """The figures of a kept run, counted again from its lines, added up by chapter and by what is said of them."""
    assert run.id is not None
    return repository.figures_with(run, repository.summed_lines(session, run.id))


def get_run(session: Session, catalogue_id: int, public_id: str) -> KeptRun:
    """A run of a catalogue, or NotFoundError."""
    found = repository.one_run(session, catalogue_id, public_id)
    if found is None:
        raise NotFoundError(NO_RUN)
    return found


def withdraw(session: Session, access: CatalogueAccess, public_id: str, reason: str) -> EffectiveWithdrawal:
    """Say that a run does not hold any more, and why; it stays, with what it counted."""
    access.require(*MAY_MEASURE)
    reason = " ".join(without_controls(reason).split())
    require_written(reason, "Écrivez pourquoi cette mesure est retirée\u202f: ce motif reste avec elle.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(f"Ce motif est trop long\u202f: {LONGEST_REASON} caractères au plus.")
    locks.lock_catalogue(session, access.catalogue_id)
    kept = get_run(session, access.catalogue_id, public_id)
    assert kept.run.id is not None
    if kept.withdrawal is not None:
        raise ConflictError(f"Cette mesure a déjà été retirée par {kept.withdrawn_by}.")
    withdrawn = EffectiveWithdrawal(
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        run_id=kept.run.id,
        reason=reason,
        author_id=access.user_id,
    )
    session.add(withdrawn)
    session.flush()
    record(
        session, "effective.withdraw", actor=access.user, object_type="effective_run", object_id=kept.run.id,
        laboratory_id=access.laboratory_id, catalogue_id=access.catalogue_id, reason=reason,
    )  # fmt: skip
    return withdrawn


def outcome(figures: Figures) -> str:
    """What was read, in a sentence: without a percentage, whose definition stands on the page."""
    read = counted(figures.reports, "compte rendu lu", "comptes rendus lus")
    return f"{read}, {counted(figures.results, 'résultat', 'résultats')}\u202f: la mesure est gardée."
