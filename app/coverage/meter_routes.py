"""The meter of a catalogue, and the history of the figures that left."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.coverage.meter import Cut, meter_page
from app.coverage.printed import history_page
from app.coverage.service import current_context
from app.models import utc_now
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep
from app.platform.request_session import SessionDep
from app.text import in_paris
from app.transcoding.under_way import require_figures
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/couverture", route_class=AuthorisedRoute)
_MOST = 2**31 - 1


@router.get("/avancement")
def show_meter(
    request: Request,
    session: SessionDep,
    access: CatalogueDep,
    cut: Annotated[str, Query(alias="par", max_length=60)] = Cut.CHAPTER.value,
    definition: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """A definition cut by parts, the rows that reach 80 % fastest, the curve and the pace."""
    require_figures(session, access.catalogue_id)
    context = current_context(session, access.laboratory, access.catalogue)
    return render(request, "coverage/meter.html", meter_page(session, access, context, cut, definition))


@router.get("/historique")
def show_history(
    request: Request,
    session: SessionDep,
    access: CatalogueDep,
    compared: Annotated[int, Query(alias="verifier", ge=0, le=_MOST)] = 0,
) -> Response:
    """The documents that left with their figures, and one of them counted again."""
    yesterday = in_paris(utc_now()).date() - timedelta(days=1)
    return render(request, "coverage/history.html", history_page(session, access, compared, yesterday))
