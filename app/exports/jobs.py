"""The jobs that prepare the exports of a large catalogue, and its complete report."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.errors import TooBusyError
from app.exports.format_names import KIND_LABELS
from app.exports.left_at_import import left_at_import
from app.exports.report import report_csv
from app.exports.schemas import ExportFile, ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.jobs.queue import JobQueue
from app.models import ExportRecord, Job, utc_now
from app.platform.apart import for_jobs
from app.platform.database import Transactions, reading
from app.platform.identity import CatalogueAccess
from app.platform.progress import Progress
from app.publication.schemas import Incomplete
from app.publication.service import gather
from app.settings import Settings
from app.storage import prepared, service
from app.transcoding.readers import blind_actor
from app.versions.service import version_of

EXPORT_KIND = "exports.file"
REPORT_KIND = "exports.report"
REPORT_TITLE = "Rapport des exports (CSV)"
CSV_TYPE = "text/csv; charset=utf-8"
STEPS = 3


def ask_for_export(session: Session, queue: JobQueue, access: CatalogueAccess, request: ExportRequest) -> Job:
    """Ask for an export; it starts once the transaction of the session is committed."""
    parts = [KIND_LABELS[request.kind]]
    if request.syntax is Syntax.XML:
        parts.append("XML")
    if request.packaging is Packaging.ZIP:
        parts.append("zip avec notice et rapport")
    choices = {
        "format": request.kind.value,
        "incomplete": request.incomplete.value,
        "packaging": request.packaging.value,
        "source": request.source_file_id,
        "syntax": request.syntax.value,
    }
    return prepared.ask(session, queue, access, EXPORT_KIND, ", ".join(parts), choices)


def ask_for_report(session: Session, queue: JobQueue, access: CatalogueAccess) -> Job:
    """Ask for the complete report."""
    return prepared.ask(session, queue, access, REPORT_KIND, REPORT_TITLE, {})


def report_name(catalogue_id: int) -> str:
    """How the complete report of a catalogue is called."""
    return f"rapport_exports_catalogue_{catalogue_id}.csv"


def _request_of(payload: dict[str, Any]) -> ExportRequest:
    source = payload.get("source")
    return ExportRequest(
        ExportKind(payload["format"]),
        Incomplete(payload["incomplete"]),
        Packaging(payload["packaging"]),
        int(source) if source is not None else None,
        Syntax(payload["syntax"]),
    )


def run_export(engine: Engine, settings: Settings, job_id: int, payload: dict[str, Any], progress: Progress) -> str:
    """Write an export and publish it with its trace; a job that has published already does nothing."""
    with reading(engine) as session:
        done = service.published(session, prepared.key_of(job_id))
        order = prepared.read_order(session, job_id) if done is None else None
    if done is not None:
        return prepared.sentence(done)
    assert order is not None
    service.expire(engine, settings)
    progress(0, STEPS, "Lecture du catalogue et écriture du fichier")
    written: list[service.Draft] = []

    def deliver(file: ExportFile) -> None:
        progress(1, STEPS, "Mise en réserve du fichier")
        written[:] = [service.write_draft(engine, order.draft(), service.pieces(file.content))]
        progress(2, STEPS, "Inscription au journal")

    def publish(session: Session, record: ExportRecord, file: ExportFile) -> None:
        prepared.publish(session, settings, job_id, written[0], file.name, file.media_type, record.created_at, progress)

    try:
        request = _request_of(payload)
        make_export(
            Transactions(engine), settings, order.laboratory, order.catalogue, request, order.person, deliver, publish,
            for_jobs(engine),
        )  # fmt: skip
    except TooBusyError:
        # Ended because this process stops: the next one begins again.
        progress(0, STEPS, "Écriture interrompue")
        raise
    except service.AlreadyPublishedError:
        service.remove_draft(engine, written[0].id)
    except BaseException:
        for draft in written:
            service.remove_draft(engine, draft.id)
        raise
    return prepared.outcome(engine, job_id)


def run_report(engine: Engine, settings: Settings, job_id: int, _payload: dict[str, Any], progress: Progress) -> str:
    """Write the complete report and publish it."""

    def make(order: prepared.Order) -> tuple[str, str, Iterable[bytes], datetime]:
        progress(0, 1, "Lecture du catalogue et écriture du rapport")
        with reading(engine) as session:
            moment = utc_now()
            facts = gather(
                session, order.laboratory, order.catalogue, blind_actor(session, order.laboratory, order.person)
            )
            received = left_at_import(session, facts.catalogue_id)
            version = version_of(session, facts.catalogue_id).label
        content = report_csv(facts.assessment(), received, version)
        return report_name(facts.catalogue_id), CSV_TYPE, service.pieces(content), moment

    return prepared.prepare(engine, settings, job_id, progress, make)


prepared.register(EXPORT_KIND, run_export, "Préparation d'un export", for_contributors=True)
prepared.register(REPORT_KIND, run_report, "Préparation du rapport des exports", for_contributors=False)
