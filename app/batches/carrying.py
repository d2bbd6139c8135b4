"""Doing what a batch asks for, some rows in each short transaction; each row has its own answer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.audit.service import record
from app.batches import repository
from app.double_reading.asking import ask_of_batch
from app.errors import NotFoundError, WorkbenchError
from app.jobs.registry import Chunks, Part, Plan, register
from app.jobs.work import Work
from app.models import (
    CONTRIBUTORS,
    Action,
    Batch,
    BatchAnswer,
    BatchKind,
    BatchRow,
    Decision,
    Job,
    LocalTest,
    Proposal,
    Status,
    User,
)
from app.platform.database import reading
from app.platform.identity import CatalogueAccess, catalogue_access
from app.proposals.service import evidence_ahead
from app.settings import Settings
from app.text import counted
from app.transcoding.errors import OWN_ACT
from app.transcoding.evidence import EvidenceLine, lines_of
from app.transcoding.gathering import Pair, mapping_context, what_stops
from app.transcoding.ledger import DecisionContent, NewFact, OpenRow, append_many, check_allowed, open_rows

JOB_KIND = "batch"
CHUNK = 50
"""Rows of one transaction: what others wait for."""
ACTED_SINCE = "Quelqu'un a agi sur cette ligne depuis : elle garde ce qui y a été fait."
OWN_ACT_SINCE = f"{OWN_ACT} : elle garde ce qui y a été fait."
GONE = "Cette ligne n'est plus dans le catalogue."
NOT_IN_FORCE = "Cette décision n'est plus en vigueur : la ligne garde ce qui y a été fait depuis."
RIGHT_LOST = "La personne qui a demandé ce lot n'a plus le droit de décider ici."
ALREADY_SO = "C'est déjà la décision en vigueur."
Weighed = dict[tuple[int, str], Sequence[EvidenceLine]]


def plan(database: Engine, _settings: Settings, _job_id: int, payload: dict[str, Any], work: Work) -> Plan:
    """Share out the rows of which nothing became yet: what a killed process had done stays done."""
    batch_id = int(payload["batch_id"])
    work(0, 0, "Préparation du lot")
    with reading(database) as session:
        if session.get(Batch, batch_id) is None:
            raise NotFoundError("Ce lot n'existe pas.")
        ids = [row.id or 0 for row in repository.unanswered(session, batch_id)]
    parts = [Part({"rows": ids[at : at + CHUNK]}, len(ids[at : at + CHUNK])) for at in range(0, len(ids), CHUNK)]
    return Plan(parts, {"batch_id": batch_id}, "Décisions du lot")


def carry_out(
    database: Engine, settings: Settings, content: dict[str, Any], data: dict[str, Any], work: Work
) -> None:
    """One chunk: what was answered before stays, the rest is answered in one transaction."""
    with reading(database) as session:
        batch = session.get(Batch, int(content["batch_id"]))
        assert batch is not None
        rows = repository.unanswered(session, batch.id or 0, data["rows"])
        pairs = _to_weigh(session, batch, rows)
    found = evidence_ahead(database, settings, batch.catalogue_id, pairs)
    weighed: Weighed = {
        (test.id or 0, number): lines_of(evidence) for (test, number), evidence in zip(pairs, found, strict=True)
    }
    with work.writing() as session:
        batch = session.get(Batch, batch.id)
        assert batch is not None
        rows = repository.unanswered(session, batch.id or 0, data["rows"])
        answer_rows(session, batch, rows, weighed)


def _to_weigh(session: Session, batch: Batch, rows: Sequence[BatchRow]) -> list[tuple[LocalTest, str]]:
    """The codes of these rows that no proposal explains."""
    wanted = {row.local_test_id: row.loinc_num for row in rows if row.loinc_num and row.proposal_id is None}
    if not wanted or batch.kind == BatchKind.TAKE_BACK:
        return []
    tests = session.exec(select(LocalTest).where(col(LocalTest.id).in_(wanted)))
    return [(test, wanted[test.id or 0]) for test in tests]


def answer_rows(session: Session, batch: Batch, rows: Sequence[BatchRow], weighed: Weighed) -> None:
    """Write the facts of these rows and what became of each; none stops the others."""
    messages = {row.id: row.refusal for row in rows if row.refusal}
    going = [row for row in rows if not row.refusal]
    facts: dict[int | None, int] = {}
    access = _access(session, batch)
    if access is None:
        messages |= {row.id: RIGHT_LOST for row in going}
    elif going:
        asked = (
            _taken_back(session, access, going, messages)
            if batch.kind == BatchKind.TAKE_BACK
            else _decided(session, access, batch, going, messages, weighed)
        )
        written = append_many(session, [fact for _, fact in asked])
        facts = {row.id: fact.id or 0 for (row, _), fact in zip(asked, written, strict=True)}
        if batch.kind != BatchKind.TAKE_BACK and facts:
            ask_of_batch(session, access, list(facts.values()), batch.public_id)
    session.add_all(
        BatchAnswer(
            batch_row_id=row.id or 0,
            batch_id=batch.id or 0,
            decision_id=facts.get(row.id),
            message=messages.get(row.id, "")[:500],
        )
        for row in rows
    )
    session.flush()


def _access(session: Session, batch: Batch) -> CatalogueAccess | None:
    """The rights that the author of the batch has now; None when she may no longer decide there."""
    user = session.get(User, batch.author_id)
    if user is None or not user.is_active:
        return None
    try:
        access = catalogue_access(session, user, batch.catalogue_id)
    except NotFoundError:
        return None
    return access if access.role in CONTRIBUTORS else None


Asked = list[tuple[BatchRow, NewFact]]
Messages = dict[int | None, str]


def _opened(
    session: Session, access: CatalogueAccess, rows: Sequence[BatchRow], messages: Messages
) -> list[tuple[BatchRow, OpenRow]]:
    """The rows that nobody acted on since they were read."""
    opened = open_rows(session, access, {row.local_test_id: row.version for row in rows})
    found = []
    for row in rows:
        if row.local_test_id in opened.rows:
            found.append((row, opened.rows[row.local_test_id]))
        else:
            stale = opened.stale.get(row.local_test_id)
            messages[row.id] = GONE if stale is None else OWN_ACT_SINCE if stale.is_own else ACTED_SINCE
    return found


def _decided(
    session: Session,
    access: CatalogueAccess,
    batch: Batch,
    rows: Sequence[BatchRow],
    messages: Messages,
    weighed: Weighed,
) -> Asked:
    action = Action(batch.action)
    allowed: list[tuple[BatchRow, OpenRow]] = []
    for row, opened in _opened(session, access, rows, messages):
        try:
            check_allowed(opened, action, batch.reason)
        except WorkbenchError as error:
            messages[row.id] = error.message
            continue
        if opened.state.status is Status.DECIDED and (opened.state.loinc_num or "") == row.loinc_num and row.loinc_num:
            messages[row.id] = ALREADY_SO
            continue
        allowed.append((row, opened))
    context = mapping_context(session, access.catalogue_id, access.laboratory_id)
    release_id = context.release.id if context.release else None
    if action is Action.CHOOSE:
        proposals = _proposals(session, [row for row, _ in allowed])
        pairs = [
            Pair(
                opened.test,
                row.loinc_num,
                lines_of(proposals[row.proposal_id].evidence)
                if row.proposal_id in proposals
                else weighed.get((row.local_test_id, row.loinc_num), ()),
            )
            for row, opened in allowed
        ]
        sound = []
        for (row, opened), stopped in zip(allowed, what_stops(session, context, pairs), strict=True):
            if stopped:
                # A person opens the row: a contradiction is never buried in a batch.
                messages[row.id] = stopped[:500]
            else:
                sound.append((row, opened))
        allowed = sound
    return [
        (
            row,
            NewFact(
                opened,
                action,
                DecisionContent(row.loinc_num, batch.relation, _reason(batch), batch.comment),
                release_id,
                row.proposal_id,
            ),
        )
        for row, opened in allowed
    ]


def _reason(batch: Batch) -> str:
    """Whoever reads the history of a row sees that nobody looked at it alone."""
    if batch.kind == BatchKind.FILTER:
        return f"Accepté en lot n° {batch.id} : {batch.title}"[:500]
    said = f"{batch.reason.strip()} — " if batch.reason.strip() else ""
    return f"{said}groupe de lignes identiques, lot n° {batch.id}"[:500]


def _proposals(session: Session, rows: Sequence[BatchRow]) -> dict[int | None, Proposal]:
    wanted = [row.proposal_id for row in rows if row.proposal_id is not None]
    return {item.id: item for item in session.exec(select(Proposal).where(col(Proposal.id).in_(wanted)))}


def _taken_back(
    session: Session, access: CatalogueAccess, rows: Sequence[BatchRow], messages: Messages
) -> Asked:
    """Undo the fact of each row where it is still in force, whatever harmless facts came since (comments, marks)."""
    # Comments and marks since then do not stand in the way: only what the fact in force is counts.
    versions = repository.versions_of(session, [row.local_test_id for row in rows])
    opened = open_rows(session, access, {row.local_test_id: versions.get(row.local_test_id, 0) for row in rows})
    found: Asked = []
    for row in rows:
        current = opened.rows.get(row.local_test_id)
        if current is None:
            messages[row.id] = GONE
            continue
        target = current.in_force
        if target is None or target.id != row.decision_id:
            messages[row.id] = since(session, target)
            continue
        try:
            check_allowed(current, Action.UNDO, "")
        except WorkbenchError as error:
            messages[row.id] = error.message
            continue
        fact = NewFact(current, Action.UNDO, DecisionContent(), target.release_id, undoes_id=target.id)
        found.append((row, fact))
    return found


def since(session: Session, last: Decision | None) -> str:
    """Why a fact is no longer there to be taken back, by whom: `last` is the one in force on its row instead."""
    if last is None:
        return NOT_IN_FORCE
    author = session.get(User, last.author_id)
    name = author.display_name if author else "Quelqu'un"
    judged = {Action.APPROVE: "l'a approuvée", Action.SEND_BACK: "l'a renvoyée"}
    said = judged.get(Action(last.action), "a décidé depuis")
    return f"{name} {said} : la ligne garde ce qui y a été fait."


def finish(session: Session, job: Job, content: dict[str, Any]) -> str:
    """Say what became of the batch, in the trail and to whoever waits for the job."""
    batch = session.get(Batch, int(content["batch_id"]))
    assert batch is not None
    assert batch.id is not None
    rows, done, refused = repository.counts(session, [batch.id]).get(batch.id, (0, 0, 0))
    record(
        session,
        "batch.done",
        actor=session.get(User, batch.author_id),
        object_type="batch",
        object_id=batch.id,
        laboratory_id=job.laboratory_id,
        kind=batch.kind,
        rows=rows,
        written=done,
        refused=refused,
    )
    said = "reprise" if batch.kind == BatchKind.TAKE_BACK else "décidée"
    left = counted(refused, "laissée", "laissées")
    return f"{counted(done, f'ligne {said}', f'lignes {said}s')}, {left} avec le motif de chacune."


register(JOB_KIND, plan, "Décisions en lot", chunks=Chunks(carry_out, finish))

