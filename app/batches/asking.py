"""Asking for a batch: the rows pass the gate once more before they are written down, then a job acts.

The gate reads thousands of rows, so it is passed before the write begins: each row goes with the version that was read,
and the job answers only the rows that still have it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.audit.service import record
from app.batches import repository
from app.batches.carrying import JOB_KIND, since
from app.batches.gate import BANDS, Candidate, Gate, gate, refusal
from app.errors import ConflictError, InvalidInputError
from app.jobs.queue import JobQueue
from app.models import Action, Batch, BatchKind, LocalTest, Relation
from app.platform.identity import CatalogueAccess
from app.terminology.service import current_release
from app.text import counted, format_number
from app.transcoding.evidence import lines_of
from app.transcoding.facts import in_force
from app.transcoding.gathering import Pair, mapping_context, what_stops
from app.transcoding.readers import hidden_from
from app.transcoding.repository import facts_of, runs_of
from app.web.form_limits import ROWS
from app.worklist.query import ReviewQuery
from app.worklist.queue import run_id_of
from matcher.types import Band

MOST = ROWS
"""Rows of one batch; more are asked for in several."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows a batch is about: those of a query, or ticked ones."""

    query: ReviewQuery
    lowest: Band = Band.SURE
    ids: tuple[int, ...] = ()
    with_unread: bool = False
    """Whether rows of which words, specimen or unit were not read are taken too."""


def through_gate(session: Session, access: CatalogueAccess, asked: Asked) -> tuple[Gate, bool]:
    """The rows asked for before the gate, and whether there are more of them than a batch takes."""
    if asked.lowest not in BANDS:
        raise InvalidInputError("Un lot ne prend que des propositions sûres, ou à vérifier si vous le demandez.")
    rows = candidates_of(session, access, MOST + 1, None if asked.ids else asked.query, asked.ids or None)
    return gate(_checked(session, access, rows[:MOST], asked.lowest), asked.lowest, asked.with_unread), len(rows) > MOST


def _checked(
    session: Session, access: CatalogueAccess, rows: Sequence[Candidate], lowest: Band
) -> list[Candidate]:
    """These rows, with what the checks that the batch makes when it writes say of those that would pass."""
    going = {
        row.local_test_id: row.proposal_id
        for row in rows
        if row.proposal_id is not None and not refusal(row, lowest, with_unread=True)
    }
    known = repository.tests_and_evidence(session, going)
    numbers = {row.local_test_id: row.loinc_num for row in rows}
    context = mapping_context(session, access.catalogue_id, access.laboratory_id)
    pairs = [Pair(test, numbers[row_id], lines_of(evidence)) for row_id, (test, evidence) in known.items()]
    stopped = dict(zip(known, what_stops(session, context, pairs), strict=True))
    return [
        replace(row, stopped=stopped[row.local_test_id]) if stopped.get(row.local_test_id) else row for row in rows
    ]


def candidates_of(
    session: Session,
    access: CatalogueAccess,
    limit: int,
    query: ReviewQuery | None,
    ids: Collection[int] | None,
) -> list[Candidate]:
    """The rows of a query, or these, as the gate looks at them."""
    release = current_release(session)
    run_id = run_id_of(runs_of(session, access.catalogue_id))
    release_id = (release.id or 0) if release else 0
    found = repository.candidates(session, access.catalogue_id, run_id, release_id, limit, query, ids)
    return as_seen(session, access, found)


def as_seen(session: Session, access: CatalogueAccess, rows: Sequence[Candidate]) -> list[Candidate]:
    """These rows, those marked whose decision this person may not see yet."""
    hidden = hidden_from(session, access, [row.local_test_id for row in rows])
    return [replace(row, is_hidden=True) if row.local_test_id in hidden else row for row in rows]


@dataclass(frozen=True, slots=True)
class Sifted:
    """The rows of a batch as the gate found them, and the run that proposed their codes."""

    found: Gate
    run_id: int | None


def sift(session: Session, access: CatalogueAccess, asked: Asked) -> Sifted:
    """Pass the rows through the gate; ConflictError when none would pass, or when there are too many."""
    found, is_cut = through_gate(session, access, asked)
    if is_cut:
        raise ConflictError(
            f"Ce lot passe {format_number(MOST)} lignes : choisissez un filtre plus étroit, un chapitre par exemple."
        )
    if not found.passing:
        raise ConflictError("Aucune de ces lignes ne peut être acceptée en lot.")
    return Sifted(found, run_id_of(runs_of(session, access.catalogue_id)))


def ask(
    session: Session, queue: JobQueue, access: CatalogueAccess, asked: Asked, title: str, sifted: Sifted
) -> Batch:
    """Ask for the best proposals of these rows; ConflictError when they were proposed anew since the gate."""
    found = sifted.found
    if run_id_of(runs_of(session, access.catalogue_id)) != sifted.run_id:
        raise ConflictError("Les propositions viennent d'être recalculées : relisez ce que le lot prendrait.")
    precision = found.precision
    batch = Batch(
        catalogue_id=access.catalogue_id,
        kind=BatchKind.FILTER,
        title=title[:500],
        action=Action.CHOOSE,
        relation=Relation.EQUIVALENT,
        lowest_band=asked.lowest,
        expected=precision.expected if precision else None,
        expected_least=precision.least if precision else None,
        author_id=access.user_id,
    )
    refusals = {row.local_test_id: reason for row, reason in found.refused}
    rows = [*found.passing, *(row for row, _ in found.refused)]
    return store(session, queue, access, batch, rows, refusals)


def ask_to_take_back(session: Session, queue: JobQueue, access: CatalogueAccess, batch: Batch) -> Batch:
    """Ask for every fact of one's own batch to be taken back; ConflictError when it was, or is another's."""
    assert batch.id is not None
    if batch.author_id != access.user_id:
        raise ConflictError("Ce lot est d'une autre personne : elle seule peut le reprendre.")
    if batch.kind in (BatchKind.APPROVAL, BatchKind.UNAPPROVE):
        raise ConflictError("Des approbations se reprennent sur leur page, avec un motif.")
    if batch.kind == BatchKind.TAKE_BACK:
        raise ConflictError("Une reprise ne se reprend pas : décidez de nouveau.")
    back = repository.takes_back(session, batch.id)
    if back is not None and repository.unanswered(session, back.id or 0):
        raise ConflictError("Ce lot est en train d'être repris.")
    if repository.unanswered(session, batch.id):
        raise ConflictError("Ce lot est encore en cours : attendez qu'il soit fini pour le reprendre.")
    written = repository.standing_facts(session, batch.id)
    if not written:
        nothing = "Ce lot n'a rien écrit : il n'y a rien à reprendre."
        raise ConflictError("Ce lot a déjà été repris." if back is not None else nothing)
    if not repository.is_in_force(session, batch.id):
        raise ConflictError(f"Plus aucune ligne de ce lot ne peut être reprise. {_why_left(session, written[0][0])}")
    back = Batch(
        catalogue_id=access.catalogue_id,
        kind=BatchKind.TAKE_BACK,
        title=f"Reprise du lot n° {batch.id} : {batch.title}"[:500],
        action=Action.UNDO,
        of_batch_id=batch.id,
        author_id=access.user_id,
    )
    rows = [
        {"local_test_id": row_id, "version": 0, "loinc_num": "", "refusal": "", "decision_id": fact_id}
        for row_id, fact_id in written
    ]
    return _write(session, queue, access, back, rows)


def _why_left(session: Session, local_test_id: int) -> str:
    """Which row of a batch stands on something else, and who did that."""
    test = session.get(LocalTest, local_test_id)
    last = in_force(facts_of(session, local_test_id))
    return f"{test.code} {test.label} : {since(session, last)}" if test is not None else since(session, last)


def store(
    session: Session,
    queue: JobQueue,
    access: CatalogueAccess,
    batch: Batch,
    rows: Sequence[Candidate],
    refusals: Mapping[int, str],
) -> Batch:
    """Write a batch down with its rows, each with what keeps it out if something does, and have a job answer them."""
    values = [
        {
            "local_test_id": row.local_test_id,
            "version": row.version,
            "loinc_num": row.loinc_num,
            "proposal_id": row.proposal_id,
            "confidence": row.confidence or None,
            "refusal": refusals.get(row.local_test_id, "")[:500],
        }
        for row in rows
    ]
    return _write(session, queue, access, batch, values)


def _write(
    session: Session, queue: JobQueue, access: CatalogueAccess, batch: Batch, rows: Sequence[Mapping[str, object]]
) -> Batch:
    session.add(batch)
    session.flush()
    repository.add_rows(session, [{**row, "batch_id": batch.id} for row in rows])
    record(
        session,
        "batch.asked",
        actor=access.user,
        object_type="batch",
        object_id=batch.id,
        laboratory_id=access.laboratory_id,
        kind=batch.kind,
        title=batch.title,
        rows=len(rows),
        lowest_band=batch.lowest_band,
        of_batch_id=batch.of_batch_id,
    )
    queue.enqueue(
        session,
        JOB_KIND,
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        created_by_id=access.user_id,
        payload={"batch_id": batch.id},
    )
    return batch


def title_of(query: ReviewQuery, ids: Sequence[int], words: Sequence[str]) -> str:
    """Which rows a batch is about, in words."""
    if ids:
        return counted(len(ids), "ligne cochée", "lignes cochées")
    parts = [f"« {query.q} »"] if query.q else []
    return ", ".join([*parts, *words]) or "toutes les lignes"
