"""The coverage page of a catalogue and its files; those of a large catalogue are prepared by a job."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BeforeValidator

from app.audit.sampled import journal_of
from app.coverage.files import CsvKind, Document, written
from app.coverage.jobs import ask_for_document
from app.coverage.printed import PRINTED, printed_values
from app.coverage.screen import coverage_page
from app.coverage.service import as_seen, asked_day, coverage_report
from app.errors import ConflictError
from app.jobs.queue import JobQueue
from app.platform.authorising import AuthorisedRoute
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess, CatalogueDep
from app.platform.open_transactions import forbid_open_transaction
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.settings import Settings
from app.storage.download import attachment_headers
from app.storage.prepared import is_large
from app.transcoding.readers import blind_person
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/couverture", route_class=AuthorisedRoute)

ReleaseParam = Annotated[int | None, BeforeValidator(lambda text: text or None), Query(alias="version")]
"""A release; empty for the one in service."""
DayParam = Annotated[str, Query(alias="jour", max_length=40)]
"""A past day of Paris; empty for now."""


@router.get("")
def show_coverage(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    access: CatalogueDep,
    release_id: ReleaseParam = None,
    day: DayParam = "",
) -> Response:
    """The figures side by side, each with its definition."""
    large = is_large(session, settings, access.catalogue_id)
    page = coverage_page(session, access, release_id, large, asked_day(day))
    return render(request, "coverage/coverage.html", page)


@router.get("/rapport.json")
def download_json(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    access: CatalogueDep,
    release_id: ReleaseParam = None,
    day: DayParam = "",
) -> Response:
    """The whole report for a program."""
    return _immediate(request, transactions, settings, access, Document.REPORT, release_id, asked_day(day))


@router.get("/{kind}.csv")
def download_csv(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    access: CatalogueDep,
    kind: CsvKind,
    release_id: ReleaseParam = None,
    day: DayParam = "",
) -> Response:
    """One table of the report for a spreadsheet."""
    return _immediate(request, transactions, settings, access, Document(kind.value), release_id, asked_day(day))


@router.post("/fichiers/{document}")
def prepare_document(
    request: Request,
    session: SessionDep,
    access: CatalogueDep,
    document: Document,
    release_id: ReleaseParam = None,
    day: DayParam = "",
) -> Response:
    """Ask for a file of the report; a job writes it."""
    queue: JobQueue = request.app.state.jobs
    ask_for_document(session, queue, access, document, release_id, asked_day(day))
    return RedirectResponse(f"/catalogues/{access.catalogue_id}/fichiers-prepares", status_code=303)


def _immediate(
    request: Request,
    transactions: Transactions,
    settings: Settings,
    access: CatalogueAccess,
    document: Document,
    release_id: int | None,
    day: date | None,
) -> Response:
    with transactions.reading() as session:
        if is_large(session, settings, access.catalogue_id):
            raise ConflictError("Ce fichier d'un grand catalogue se prépare : demandez-le depuis la page Couverture.")
        report = coverage_report(session, access.laboratory, access.catalogue, release_id, day)
        report = as_seen(session, report, blind_person(access))
    forbid_open_transaction("write a report")
    name, media_type, content = written(report, document)
    told = printed_values(report, document.label)
    # The same figures again are counted, not told again (`app.audit.sampled`).
    kind = (access.user_id, access.catalogue_id, document.label, told["day"], told["release_id"], str(told["figures"]))
    journal_of(request).tell(
        PRINTED, kind, actor_id=access.user_id, object_type="catalogue", object_id=access.catalogue_id,
        laboratory_id=access.laboratory_id, **told,
    )  # fmt: skip
    return Response(content, media_type=media_type, headers=dict(attachment_headers(name)))
