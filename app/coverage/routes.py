"""The coverage page of a catalogue and its files. Nothing here writes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.coverage.files import CsvKind, report_csv, report_json
from app.coverage.screen import coverage_page
from app.coverage.service import coverage_report
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep
from app.platform.request_session import SessionDep
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/couverture", route_class=AuthorisedRoute)

ReleaseParam = Annotated[int | None, Query(alias="version")]


def _download(content: bytes | str, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("")
def show_coverage(
    request: Request, session: SessionDep, access: CatalogueDep, release_id: ReleaseParam = None
) -> Response:
    """The figures side by side, each with its definition."""
    return render(request, "coverage/coverage.html", coverage_page(session, access, release_id))


@router.get("/rapport.json")
def download_json(session: SessionDep, access: CatalogueDep, release_id: ReleaseParam = None) -> Response:
    """The whole report for a program."""
    report = coverage_report(session, access.laboratory, access.catalogue, release_id)
    return _download(report_json(report), f"couverture-{access.catalogue_id}.json", "application/json")


@router.get("/{kind}.csv")
def download_csv(session: SessionDep, access: CatalogueDep, kind: CsvKind, release_id: ReleaseParam = None) -> Response:
    """One table of the report for a spreadsheet."""
    report = coverage_report(session, access.laboratory, access.catalogue, release_id)
    name = f"couverture-{access.catalogue_id}-{kind.value}.csv"
    return _download(report_csv(report, kind), name, "text/csv; charset=utf-8")
