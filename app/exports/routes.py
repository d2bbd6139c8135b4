"""The page of exports, its report, and the downloads. A download is a POST because it leaves a trace."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response

from app.errors import ConflictError
from app.exports.report import report_csv
from app.exports.schemas import ExportKind, Packaging
from app.exports.screen import MAY_EXPORT, exports_page
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, for_roles
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.publication.schemas import Incomplete, UncodedReason
from app.publication.service import gather
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/exports", route_class=AuthorisedRoute)


def _attachment(content: bytes, name: str, media_type: str, sha256: str = "") -> Response:
    """A download; the name is given twice, for old and for current browsers (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    headers = {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}
    if sha256:
        headers["X-Content-SHA256"] = sha256
    return Response(content, media_type=media_type, headers=headers)


@router.get("")
def show_exports(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    access: CatalogueDep,
    reason: Annotated[UncodedReason | None, Query(alias="motif")] = None,
    checked: Annotated[ExportKind | None, Query(alias="verifier")] = None,
) -> Response:
    """The report before the download, the files, the past exports."""
    return render(request, "exports/exports.html", exports_page(session, settings, access, reason, checked=checked))


@router.get("/rapport.csv")
def download_report(session: SessionDep, access: CatalogueDep) -> Response:
    """The whole report, for a spreadsheet."""
    facts = gather(session, access.laboratory, access.catalogue)
    content = report_csv(facts.assessment())
    name = f"rapport_exports_catalogue_{access.catalogue_id}.csv"
    return _attachment(content, name, "text/csv; charset=utf-8")


@router.post("/{kind}", dependencies=[for_roles(*MAY_EXPORT)])
def download_export(
    request: Request,
    transactions: TransactionsDep,
    settings: SettingsDep,
    access: CatalogueDep,
    kind: ExportKind,
    packaging: Annotated[Packaging, Query(alias="emballage")] = Packaging.FILE,
    source_file_id: Annotated[int | None, Query(alias="source")] = None,
    syntax: Annotated[Syntax, Query(alias="syntaxe")] = Syntax.JSON,
    incomplete: Annotated[Incomplete, Form(alias="incomplet")] = Incomplete.BLANK,
) -> Response:
    """Make a file, record that it left, and send it."""
    asked = ExportRequest(kind, incomplete, packaging, source_file_id, syntax)
    try:
        file, exported = make_export(transactions, settings, access.laboratory, access.catalogue, asked, access.user)
    except ConflictError as error:
        if "application/json" in request.headers.get("accept", ""):
            raise
        # Nothing was written: the page itself says why, beside the rows that must be finished.
        with transactions.reading() as session:
            page = exports_page(session, settings, access, refusal=error.message)
        return render(request, "exports/exports.html", page, status_code=error.status_code)
    return _attachment(file.content, file.name, file.media_type, exported.sha256)
