"""Writing a newer export into its catalogue: nothing is lost, nothing is doubled, decisions stay where they hold.

Unchanged tests keep their decisions. A test whose unit, specimen, technique, scale or label in substance changed
goes back to review by a new fact. A test that the export no longer holds is marked retired, with the date.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.service import record
from app.catalogues import repository
from app.catalogues.drafts import Draft
from app.catalogues.linking import link_catalogue
from app.catalogues.plan import ImportPlan
from app.catalogues.service import (
    test_values,
    write_file,
)
from app.catalogues.staging import Staged
from app.earlier.jobs import ask_for_comparison
from app.errors import ConflictError
from app.files.earlier_fields import EARLIER_CODES
from app.jobs.queue import JobQueue
from app.models import ChangeKind, FileKind, Level, utc_now
from app.platform import locks
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.platform.open_transactions import forbid_open_transaction
from app.platform.progress import Progress, untold
from app.proposals.service import ask_for_proposals, current_run
from app.reimport import repository as reimport_repository
from app.reimport.difference import UNCHANGED, Compared, Difference, compare
from app.reimport.sending_back import send_back_changed
from app.text import enumeration


class StaleDifferenceError(ConflictError):
    """The catalogue, or the files, are no longer what the user looked at."""

    def __init__(self) -> None:
        super().__init__(
            "Le catalogue a changé depuis que les différences ont été affichées. Rien n'a été enregistré : "
            "regardez de nouveau les différences, puis confirmez."
        )


class MovedCatalogueError(StaleDifferenceError):
    """The catalogue was written to between the comparison and the update, perhaps without any bearing on it."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a newer export changed."""

    catalogue_id: int
    file_names: tuple[str, ...]
    added: int
    changed: int
    removed: int
    returned: int
    unchanged: int
    sent_back: int
    warnings: tuple[str, ...] = ()
    compares_codes: bool = False
    """Whether the LOINC codes that the files bring are being compared with the proposals."""

    @property
    def sentence(self) -> str:
        """The outcome as the user reads it."""
        told = enumeration(
            (
                (self.added, "ligne ajoutée", "lignes ajoutées"),
                (self.changed, "modifiée", "modifiées"),
                (self.removed, "retirée", "retirées"),
                (self.returned, "revenue", "revenues"),
                (self.unchanged, "inchangée", "inchangées"),
            )
        )
        back = enumeration([(self.sent_back, "décision renvoyée en revue", "décisions renvoyées en revue")])
        compared_again = (
            " Les codes LOINC des fichiers sont gardés et comparés aux propositions : voyez l'onglet Antérieur."
            if self.compares_codes
            else ""
        )
        return f"Mise à jour terminée : {told}." + (f" {back}." if back else "") + compared_again


@dataclass(frozen=True, slots=True)
class Comparison:
    """What newer files would change, and what the catalogue held when that was found out."""

    difference: Difference
    digest: str
    """That of the difference, which takes as long as to write it."""
    basis: tuple[int, ...]


def compared(transactions: Transactions, catalogue_id: int, plan: ImportPlan) -> Comparison:
    """Compare the files with the catalogue, which is read at one moment; with no transaction open meanwhile."""
    with transactions.reading() as session:
        basis = reimport_repository.newest_facts(session, catalogue_id)
        tests = reimport_repository.stored_tests(session, catalogue_id)
        links = reimport_repository.stored_links(session, catalogue_id)
    forbid_open_transaction("compare files with a catalogue")
    difference = compare(plan, tests, links)
    return Comparison(difference, difference.digest, basis)


def differences(transactions: Transactions, draft: Draft) -> Difference:
    """What the newer exports of a draft would change in their catalogue; compared with no transaction open."""
    catalogue_id = draft.stored.catalogue_id
    if catalogue_id is None or not draft.plan.updates:
        raise ConflictError("Ces fichiers ne sont pas de nouveaux exports d'un catalogue existant.")
    return compared(transactions, catalogue_id, draft.plan).difference


def apply_update(
    session: Session,
    access: CatalogueAccess,
    plan: ImportPlan,
    digest: str,
    comparison: Comparison,
    queue: JobQueue | None = None,
    progress: Progress = untold,
    staged: Staged | None = None,
) -> UpdateReport:
    """Write what the user confirmed; raises StaleDifferenceError when it is no longer what she saw.

    `staged` are the files, when they are stored already. Raises MovedCatalogueError when the catalogue was written to
    since the comparison: it can be made again.
    """
    locks.lock_catalogue(session, access.catalogue_id)
    difference = comparison.difference
    if comparison.digest != digest:
        raise StaleDifferenceError
    if reimport_repository.newest_facts(session, access.catalogue_id) != comparison.basis:
        raise MovedCatalogueError
    moment = utc_now()
    if staged is None:
        files = [write_file(session, access.catalogue_id, file, access.user) for file in plan.files]
    else:
        staged.show(session, access.catalogue_id)
        files = staged.rows
    new_ids = _write_tests(session, access.catalogue_id, difference, files, moment)
    _write_links(session, access.catalogue_id, plan, difference)
    reimport_repository.forget_inherited(session, access.catalogue_id)
    session.expire_all()
    link_catalogue(session, access.catalogue_id)
    repository.add_missing_review_states(session, access.catalogue_id)
    _write_changes(session, access, difference, new_ids, moment)
    reasons = {test.stored.id: test.reason for test in difference.sent_back}
    send_back_changed(session, access, reasons, progress)
    compares_codes = queue is not None and _ask_comparison(session, access, plan, queue)
    report = replace(_report(access, plan, difference), compares_codes=compares_codes)
    _record(session, access, plan, report, digest)
    if queue is not None:
        _ask_proposals(session, access, difference, new_ids, queue)
    return report


def _ask_comparison(session: Session, access: CatalogueAccess, plan: ImportPlan, queue: JobQueue) -> bool:
    """Compare all codes that the files bring: a row may differ from the former export by its LOINC code alone, and
    then needs no new proposals. Without proposals the next search does it."""
    brings_codes = any(name in file.columns for file in plan.files for name in EARLIER_CODES)
    if not brings_codes or current_run(session, access.catalogue_id) is None:
        return False
    ask_for_comparison(session, queue, access.catalogue, access.user_id)
    return True


def _write_tests(
    session: Session, catalogue_id: int, difference: Difference, files: list[dict[int, int]], moment: datetime
) -> dict[int, int]:
    """Insert, change and retire tests; returns the identifier of each added one, by its place in the difference."""
    occurrences = reimport_repository.next_occurrences(session, catalogue_id)
    added: list[dict[str, Any]] = []
    places: list[int] = []
    changes: list[dict[str, Any]] = []
    for place, test in enumerate(difference.tests):
        planned = test.planned
        if test.kind == ChangeKind.ADDED and planned is not None:
            key = (planned.level.value, planned.code)
            occurrence = occurrences.get(key, 0)
            occurrences[key] = occurrence + 1
            # The values of the plan are the text columns; flags and side data come from the comparison.
            columns = test_values(catalogue_id, planned, files) | test.values
            added.append(columns | {"occurrence": occurrence, "retired_at": None})
            places.append(place)
        elif test.kind != ChangeKind.REMOVED:
            change = {"id": test.stored.id, **test.values}
            if planned is not None:
                change["source_row_id"] = files[planned.file_index][planned.row_number]
                change["position"] = planned.position
            if test.kind == ChangeKind.RETURNED:
                change["retired_at"] = None
            changes.append(change)
    reimport_repository.update_by_columns(session, (change for change in changes if len(change) > 1))
    gone = [test.stored.id for test in difference.tests if test.kind == ChangeKind.REMOVED]
    reimport_repository.retire(session, gone, moment)
    ids: list[int] = []
    for same in _by_columns(added):
        ids += reimport_repository.insert_tests(session, same)
    return dict(zip(places, ids, strict=True))


def _by_columns(rows: Sequence[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Runs of rows that have the same columns, in order."""
    run: list[dict[str, Any]] = []
    for row in rows:
        if run and run[-1].keys() != row.keys():
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _write_links(session: Session, catalogue_id: int, plan: ImportPlan, difference: Difference) -> None:
    if Level.EXAM not in difference.levels:
        return
    exams = reimport_repository.ids_of(session, catalogue_id, Level.EXAM)
    rows: list[dict[str, Any]] = [
        {
            "exam_id": exams[link.exam_code],
            "analysis_code": link.analysis_code,
            "analysis_label": link.analysis_label,
        }
        for link in plan.links
    ]
    reimport_repository.replace_links(session, sorted({int(row["exam_id"]) for row in rows}), rows)


def _write_changes(
    session: Session,
    access: CatalogueAccess,
    difference: Difference,
    new_ids: dict[int, int],
    moment: datetime,
) -> None:
    """Keep what changed, column by column, for ever."""
    newest = {FileKind(kind): file_id for kind, file_id in repository.newest_files(session, access.catalogue_id)}
    common = {
        "catalogue_id": access.catalogue_id,
        "source_file_id": max(newest.values()),
        "author_id": access.user.id,
        "created_at": moment,
    }

    def rows() -> Iterable[dict[str, Any]]:
        for place, test in enumerate(difference.tests):
            if test.kind == UNCHANGED:
                continue
            test_id = new_ids.get(place) or test.stored.id
            base = {**common, "local_test_id": test_id, "kind": test.kind}
            if not test.changes or test.kind == ChangeKind.RETURNED:
                yield {**base, "field": "", "old": "", "new": "", "is_substantive": False}
            for change in test.changes:
                yield {
                    **base, "field": change.field, "old": change.old, "new": change.new,
                    "is_substantive": change.is_substantive,
                }  # fmt: skip

    reimport_repository.insert_changes(session, rows())


def _report(access: CatalogueAccess, plan: ImportPlan, difference: Difference) -> UpdateReport:
    counts = difference.counts
    return UpdateReport(
        access.catalogue_id,
        tuple(file.name for file in plan.files),
        counts[ChangeKind.ADDED],
        counts[ChangeKind.CHANGED],
        counts[ChangeKind.REMOVED],
        counts[ChangeKind.RETURNED],
        counts[UNCHANGED],
        len(difference.sent_back),
        tuple(plan.warnings),
    )


def _record(
    session: Session, access: CatalogueAccess, plan: ImportPlan, report: UpdateReport, digest: str
) -> None:
    record(
        session,
        "catalogue.reimport",
        actor=access.user,
        object_type="catalogue",
        object_id=access.catalogue_id,
        laboratory_id=access.laboratory_id,
        files=[{"name": file.name, "kind": file.kind.value, "rows": len(file.table.data)} for file in plan.files],
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        returned=report.returned,
        unchanged=report.unchanged,
        sent_back=report.sent_back,
        digest=digest,
        warnings=list(report.warnings),
    )


def _ask_proposals(
    session: Session,
    access: CatalogueAccess,
    difference: Difference,
    new_ids: dict[int, int],
    queue: JobQueue,
) -> None:
    """New proposals for what the matcher would now read otherwise: added and changed tests, and their exams."""

    def identifier(place: int, test: Compared) -> int:
        return new_ids[place] if place in new_ids else int(test.stored.id)

    tests = enumerate(difference.tests)
    wanted: set[int] = {identifier(place, test) for place, test in tests if test.needs_proposals}
    if not wanted:
        return
    wanted.update(reimport_repository.exams_of(session, wanted))
    ask_for_proposals(session, queue, access.catalogue, access.user_id, sorted(wanted))
