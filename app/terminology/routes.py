"""Search in the terminology, and one term."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.errors import NotFoundError
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CurrentUser
from app.platform.request_session import SessionDep
from app.terminology.pages import NoReleasePage
from app.terminology.schemas import SearchFilters
from app.terminology.screens import chosen_release, search_page, term_page
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)

AxisParam = Annotated[str, Query(max_length=150)]
ReleaseParam = Annotated[int | None, Query(alias="version")]


@router.get("/terminologie")
def show_search(
    request: Request,
    session: SessionDep,
    _user: CurrentUser,
    query: Annotated[str, Query(alias="q", max_length=300)] = "",
    release_id: Annotated[str, Query(alias="version", max_length=10)] = "",
    property: AxisParam = "",
    time_aspct: AxisParam = "",
    system: AxisParam = "",
    scale_typ: AxisParam = "",
    method_typ: AxisParam = "",
    class_name: AxisParam = "",
    status: AxisParam = "",
    order_obs: AxisParam = "",
    everything: Annotated[bool, Query(alias="tout")] = False,
    large: Annotated[bool, Query(alias="longue")] = False,
) -> Response:
    """Search by code, by French or English words, by axis; the address is the search."""
    release = chosen_release(session, int(release_id) if release_id.isdecimal() else None)
    if release is None:
        return render(request, "terminology/empty.html", NoReleasePage(title="Terminologie LOINC"))
    filters = SearchFilters(
        property=property.strip(),
        time_aspct=time_aspct.strip(),
        system=system.strip(),
        scale_typ=scale_typ.strip(),
        method_typ=method_typ.strip(),
        class_name=class_name.strip(),
        status=status.strip(),
        order_obs=order_obs.strip(),
        laboratory_only=not everything,
    )
    page = search_page(session, release, query.strip(), filters, large=large)
    return render(request, "terminology/search.html", page)


@router.get("/terminologie/{loinc_num}")
def show_term(
    request: Request,
    session: SessionDep,
    _user: CurrentUser,
    loinc_num: Annotated[str, Path(max_length=12)],
    release_id: ReleaseParam = None,
) -> Response:
    """One term: its axes, names, status, units, replacements."""
    release = chosen_release(session, release_id)
    if release is None:
        raise NotFoundError("Aucune version de LOINC n'est chargée.")
    return render(request, "terminology/term.html", term_page(session, release, loinc_num))


