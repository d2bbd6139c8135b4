"""Journaling that patients were refused: which door, what kinds of traces, how many rows. Never what was in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fastapi import Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.audit.service import record
from app.models import User
from app.patient_guard.refusal import PatientDataError, PatientTextError
from app.platform.database import Transactions
from app.platform.identity import Caller, LaboratoryAccess
from app.web.error_handlers import on_workbench_error


@contextmanager
def refusals_journaled(
    transactions: Transactions, door: str, *, actor: User | None, laboratory_id: int | None
) -> Iterator[None]:
    """Record a refusal that is raised inside, in a short transaction of its own, and let it go on.

    `door` is the way by which the file came: `import`, `memory`, `earlier`, `command`, `form`.
    """
    try:
        yield
    except PatientDataError as error:
        record_refusal(transactions, door, error.counts, actor=actor, laboratory_id=laboratory_id)
        raise


def record_refusal(
    transactions: Transactions, door: str, counts: Mapping[str, int], *, actor: User | None, laboratory_id: int | None
) -> None:
    """Record one refusal: not even the name of the file, which may be that of a person."""
    with transactions.writing() as session:
        record(
            session, "patient_data.refuse", actor=actor, object_type="laboratory" if laboratory_id else "",
            object_id=laboratory_id, laboratory_id=laboratory_id, door=door, counts=dict(counts),
        )  # fmt: skip


def record_refused_text(session: Session, access: LaboratoryAccess, error: PatientTextError) -> None:
    """Record a text that was refused and is shown again in its form, in the transaction of the request."""
    record(
        session, "patient_data.refuse", actor=access.user, object_type="laboratory", object_id=access.laboratory_id,
        laboratory_id=access.laboratory_id, door="form", counts=error.counts,
    )  # fmt: skip


async def on_patient_text(request: Request, error: Exception) -> Response:
    """What was typed speaks of a patient: journaled without it, and given back to its author alone."""
    assert isinstance(error, PatientTextError)
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None:
        await run_in_threadpool(
            record_refusal, Transactions(request.app.state.engine), "form", error.counts, actor=caller.user,
            laboratory_id=caller.access.laboratory_id if caller.access else None,
        )  # fmt: skip
    return await on_workbench_error(request, error)
