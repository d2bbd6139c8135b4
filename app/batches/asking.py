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
from app.batches.gate import BANDS, Candidate, Gate, gate, held_for
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.jobs.queue import JobQueue
from app.models import Action, Batch, BatchKind, LocalTest, Relation
from app.platform.identity import CatalogueAccess
from app.platform.written import require_written
from app.terminology.service import current_release
from app.text import counted, format_number, seen
from app.transcoding.checks import OF_THE_CODE, CheckSeverity, checks_of_choice
from app.transcoding.facts import in_force
from app.transcoding.gathering import Pair, mapping_context, mappings_of
from app.transcoding.ledger import check_lengths
from app.transcoding.repository import facts_of, local_test, runs_of
from app.transcoding.workflow import ALWAYS_WITH_REASON
from app.web.form_limits import ROWS
from app.worklist import groups
from app.worklist.query import ReviewQuery
from app.worklist.queue import run_id_of
from matcher.types import Band

MOST = ROWS
"""Rows of one batch; more are asked for in several."""
OF_GROUP = frozenset({Action.CHOOSE, Action.NO_LOINC, Action.OUT_OF_SCOPE, Action.DOUBT})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows a batch is about: those of a query, or ticked ones."""

    query: ReviewQuery
    lowest: Band = Band.SURE
    ids: tuple[int, ...] = ()
    with_unread: bool = False
    """Whether rows of which words, specimen or unit were not read are taken too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of every row of a group."""

    action: Action
    loinc_num: str = ""
    relation: str = Relation.EQUIVALENT
    reason: str = ""
    comment: str = ""


def through_gate(session: Session, access: CatalogueAccess, asked: Asked) -> tuple[Gate, bool]:
    """The rows asked for before the gate, and whether there are more of them than a batch takes."""
    if asked.lowest not in BANDS:
        raise InvalidInputError("Un lot ne prend que des propositions sûres, ou à vérifier si vous le demandez.")
    rows = _rows(session, access, MOST + 1, None if asked.ids else asked.query, asked.ids or None)
    return gate(rows[:MOST], asked.lowest, asked.with_unread), len(rows) > MOST


def _rows(
    session: Session,
    access: CatalogueAccess,
    limit: int,
    query: ReviewQuery | None,
    ids: Collection[int] | None,
) -> list[Candidate]:
    release = current_release(session)
    run_id = run_id_of(runs_of(session, access.catalogue_id))
    release_id = (release.id or 0) if release else 0
    return repository.candidates(session, access.catalogue_id, run_id, release_id, limit, query, ids)


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
    return _store(session, queue, access, batch, rows, refusals)


def ask_for_group(
    session: Session,
    queue: JobQueue,
    access: CatalogueAccess,
    local_test_id: int,
    versions: dict[int, int],
    answer: Answer,
    title: str,
) -> Batch:
    """Ask for one answer on these rows (row -> version read), which must say the same as `local_test_id`."""
    if answer.action not in OF_GROUP:
        raise InvalidInputError("Cette action n'est pas une décision.")
    answer = replace(answer, reason=seen(answer.reason), comment=seen(answer.comment))
    check_lengths(reason=answer.reason, comment=answer.comment)
    if answer.action is Action.CHOOSE and not answer.loinc_num.strip():
        raise InvalidInputError("Choisissez un code.")
    if answer.action is Action.DOUBT:
        # The question is the reason of a doubt, whichever field it was written in.
        answer = replace(answer, reason=answer.reason or answer.comment[:500])
        require_written(answer.reason, "Écrivez la question à laquelle répondre.")
    if answer.action in ALWAYS_WITH_REASON:
        require_written(answer.reason, "Indiquez le motif.")
    if answer.relation not in list(Relation):
        raise InvalidInputError("Choisissez la relation entre le code et l'analyse.")
    if answer.relation == Relation.LOINC_NARROWER:
        require_written(answer.comment, "Un code LOINC plus étroit que l'analyse demande un commentaire.")
    members = set(groups.ids_of_group(session, access.catalogue_id, local_test_id, MOST))
    if not members:
        raise NotFoundError("Cette analyse n'existe pas ou ne vous est pas ouverte.")
    strangers = versions.keys() - members
    if strangers:
        raise InvalidInputError("Une des lignes cochées ne fait pas partie de ce groupe : rouvrez-le.")
    if not versions:
        raise InvalidInputError("Cochez au moins une ligne.")
    is_choice = answer.action is Action.CHOOSE
    code = answer.loinc_num.strip() if is_choice else ""
    if is_choice:
        _require_code(session, access, local_test_id, code)
    rows = _rows(session, access, MOST, None, list(versions))
    batch = Batch(
        catalogue_id=access.catalogue_id,
        kind=BatchKind.GROUP,
        title=title[:500],
        action=answer.action,
        relation=answer.relation if is_choice else "",
        reason=answer.reason,
        comment=answer.comment,
        author_id=access.user_id,
    )
    run_id = run_id_of(runs_of(session, access.catalogue_id))
    proposed = repository.proposals_of_code(session, run_id, list(versions), code) if is_choice else {}
    told = []
    for row in rows:
        # The confidence of another code says nothing of this one.
        proposal_id, confidence = proposed.get(row.local_test_id, (None, 0.0))
        told.append(
            Candidate(
                local_test_id=row.local_test_id,
                # What she saw: an act since then answers that row, and that row only.
                version=versions[row.local_test_id],
                status=row.status,
                loinc_num=code,
                proposal_id=proposal_id,
                confidence=confidence,
            )
        )
    held = {row.local_test_id: held_for(row, access.user_id) for row in rows}
    refusals = {row_id: reason for row_id, reason in held.items() if reason}
    return _store(session, queue, access, batch, told, refusals)


def _require_code(session: Session, access: CatalogueAccess, local_test_id: int, code: str) -> None:
    """Refuse a code that no row can have, or not without a justification, which is written on a row by itself."""
    test = local_test(session, access.catalogue_id, local_test_id)
    assert test is not None, "a row of the group"
    context = mapping_context(session, access.catalogue_id, access.laboratory_id)
    (mapping,) = mappings_of(session, context, [Pair(test, code, ())])
    found = [check for check in checks_of_choice(mapping) if check.code in OF_THE_CODE]
    stopping = [check for check in found if check.severity is not CheckSeverity.WARNING]
    if not stopping:
        return
    said = " ".join(check.sentence for check in stopping)
    if any(check.severity is CheckSeverity.REFUSED for check in stopping):
        raise InvalidInputError(said)
    raise InvalidInputError(f"{said} Il demande une justification écrite : décidez ces lignes une à une.")


def ask_to_take_back(session: Session, queue: JobQueue, access: CatalogueAccess, batch: Batch) -> Batch:
    """Ask for every fact of one's own batch to be taken back; ConflictError when it was, or is another's."""
    assert batch.id is not None
    if batch.author_id != access.user_id:
        raise ConflictError("Ce lot est d'une autre personne : elle seule peut le reprendre.")
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


def _store(
    session: Session,
    queue: JobQueue,
    access: CatalogueAccess,
    batch: Batch,
    rows: Sequence[Candidate],
    refusals: dict[int, str],
) -> Batch:
    values = [
        {
            "local_test_id": row.local_test_id,
            "version": row.version,
            "loinc_num": row.loinc_num,
            "proposal_id": row.proposal_id,
            "confidence": row.confidence or None,
            "refusal": refusals.get(row.local_test_id, ""),
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
