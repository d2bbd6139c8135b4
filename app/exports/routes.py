"""The page of exports, its report, and the downloads. A download is a POST because it leaves a trace."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import ConflictError, TooBusyError
from app.exports.jobs import CSV_TYPE, ask_for_export, ask_for_report, report_name
from app.exports.left_at_import import left_at_import
from app.exports.report import report_csv
from app.exports.schemas import ExportKind, Packaging
from app.exports.screen import MAY_EXPORT, exports_page, trial
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.jobs.queue import JobQueue
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.open_transactions import forbid_open_transaction
from app.platform.request_session import ApartDep, SessionDep, SettingsDep, TransactionsDep
from app.publication.schemas import Incomplete, UncodedReason
from app.publication.service import gather
from app.storage.download import attachment_headers
from app.storage.prepared import is_large
from app.transcoding.readers import blind_person
from app.versions.service import version_of
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/exports", route_class=AuthorisedRoute)


def _attachment(content: bytes, name: str, media_type: str, sha256: str = "") -> Response:
    return Response(content, media_type=media_type, headers=dict(attachment_headers(name, sha256)))


def _to_prepared_files(catalogue_id: int) -> Response:
    return RedirectResponse(f"/catalogues/{catalogue_id}/fichiers-prepares", status_code=303)


@router.get("")
def show_exports(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    access: CatalogueDep,
    reason: Annotated[UncodedReason | None, Query(alias="motif")] = None,
    checked: Annotated[ExportKind | None, Query(alias="verifier")] = None,
) -> Response:
    """The report before the download, the files, the past exports."""
    tried = trial(transactions, settings, access, checked) if checked is not None else None
    with transactions.reading() as session:
        page = exports_page(session, settings, access, reason, tried=tried)
    return render(request, "exports/exports.html", page)


@router.get("/rapport.csv")
def download_report(transactions: TransactionsDep, settings: SettingsDep, access: CatalogueDep) -> Response:
    """The whole report, for a spreadsheet; that of a large catalogue is asked for from the page."""
    with transactions.reading() as session:
        if is_large(session, settings, access.catalogue_id):
            raise ConflictError("Le rapport de ce grand catalogue se prépare : demandez-le depuis la page Exports.")
        facts = gather(session, access.laboratory, access.catalogue, blind_person(access))
        received = left_at_import(session, access.catalogue_id)
        version = version_of(session, access.catalogue_id).label
    forbid_open_transaction("write a report")
    content = report_csv(facts.assessment(), received, version)
    return _attachment(content, report_name(access.catalogue_id), CSV_TYPE)


@router.post("/rapport")
def prepare_report(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """Ask for the whole report; a job writes it."""
    queue: JobQueue = request.app.state.jobs
    ask_for_report(session, queue, access)
    return _to_prepared_files(access.catalogue_id)


@router.post("/{kind}", dependencies=[for_roles(*MAY_EXPORT)])
def download_export(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    apart: ApartDep,
    access: CatalogueDep,
    kind: ExportKind,
    packaging: Annotated[Packaging, Query(alias="emballage")] = Packaging.FILE,
    source_file_id: Annotated[int | None, Query(alias="source")] = None,
    syntax: Annotated[Syntax, Query(alias="syntaxe")] = Syntax.JSON,
    incomplete: Annotated[Incomplete, Form(alias="incomplet")] = Incomplete.BLANK,
) -> Response:
    """Make a file, record that it left, and send it; that of a large catalogue is prepared by a job."""
    asked = ExportRequest(kind, incomplete, packaging, source_file_id, syntax)
    with transactions.reading() as session:
        is_prepared = is_large(session, settings, access.catalogue_id)
    if is_prepared:
        queue: JobQueue = request.app.state.jobs
        with transactions.writing() as session:
            ask_for_export(session, queue, access, asked)
        return _to_prepared_files(access.catalogue_id)
    try:
        file, exported = make_export(
            transactions, settings, access.laboratory, access.catalogue, asked, access.user, apart=apart
        )
    except (ConflictError, TooBusyError) as error:
        if "application/json" in request.headers.get("accept", ""):
            raise
        # Nothing was written: the page itself says why, beside the rows that must be finished.
        with transactions.reading() as session:
            page = exports_page(session, settings, access, refusal=error.message)
        return render(request, "exports/exports.html", page, status_code=error.status_code)
    return _attachment(file.content, file.name, file.media_type, exported.sha256)
