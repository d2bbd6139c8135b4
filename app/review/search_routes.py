"""The search in place: what is found for the words being typed, as a piece of the case page."""

from fastapi import APIRouter, Request, Response

from app.cases.page_building import asked_of, found_codes
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep
from app.platform.request_session import SessionDep, SettingsDep
from app.proposals.readiness import ENGINE_READY
from app.web.templating import render
from app.worklist.parameters import QueryDep, RowId

router = APIRouter(prefix="/catalogues/{catalogue_id}/revue", tags=["revue"], route_class=AuthorisedRoute)


@router.get("/{local_test_id}/recherche", dependencies=[ENGINE_READY])
def show_found(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    query: QueryDep,
    local_test_id: RowId,
) -> Response:
    """The axes of the row and the codes found, without the page around them."""
    asked = asked_of(request.query_params, query)
    can_decide = access.role in CONTRIBUTORS
    page = found_codes(session, settings, access, local_test_id, asked, can_decide=can_decide)
    return render(request, "cases/found.html", page)
