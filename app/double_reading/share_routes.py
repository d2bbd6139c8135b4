"""The page of a laboratory's shares: how much of each discipline is read twice."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from app.double_reading import repository
from app.double_reading.page_building import shares_address
from app.double_reading.pages import ShareChange, ShareLine, SharesPage
from app.double_reading.shares import (
    GENERAL,
    Shares,
    discipline_names,
    in_words,
    may_set,
    read_percents,
    set_shares,
    shares_of,
)
from app.errors import ConflictError, InvalidInputError
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import LaboratoryAccess, LaboratoryDep, for_roles
from app.platform.request_session import SessionDep, TransactionsDep
from app.text import counted
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)
_TEMPLATE = "double_reading/shares.html"
_MOST = 2**31 - 1


@router.get("/laboratoires/{laboratory_id}/double-lecture")
def show_shares(
    request: Request,
    session: SessionDep,
    access: LaboratoryDep,
    change: Annotated[int | None, Query(ge=0, le=100)] = None,
) -> Response:
    """What holds in each discipline, and its history."""
    return render(request, _TEMPLATE, shares_page(session, access, change))


async def get_percents(request: Request) -> dict[str, str]:
    """What the form says of each discipline that it names."""
    async with request.form(max_files=0, max_fields=2 * len(discipline_names()) + 4) as form:
        return {key.removeprefix("part-"): str(value) for key, value in form.items() if key.startswith("part-")}


@router.post("/laboratoires/{laboratory_id}/double-lecture", dependencies=[for_roles(*CONTRIBUTORS)])
def do_set_shares(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    percents: Annotated[dict[str, str], Depends(get_percents)],
    vu: Annotated[int, Form(ge=0, le=_MOST)] = 0,
) -> Response:
    """Say how much is read twice from now on."""
    try:
        wanted = read_percents(percents)
        with transactions.writing() as session:
            changed = set_shares(session, access, wanted, vu)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = shares_page(session, access, problem=error.message)
        return render(request, _TEMPLATE, page, status_code=error.status_code)
    return RedirectResponse(f"{shares_address(access.laboratory_id)}?change={changed}", status_code=303)


def shares_page(
    session: Session, access: LaboratoryAccess, changed: int | None = None, problem: str = ""
) -> SharesPage:
    """The page; `changed` says for how many disciplines the share was just changed."""
    shares = shares_of(session, access.laboratory_id)
    return SharesPage(
        title="Part relue à l’aveugle",
        laboratory_id=access.laboratory_id,
        laboratory_name=access.laboratory.name,
        address=shares_address(access.laboratory_id),
        may_set=may_set(access),
        general=_line(shares, GENERAL, "Part générale"),
        disciplines=[_line(shares, key, name) for key, name in discipline_names().items()],
        seen=repository.newest_share(session, access.laboratory_id),
        history=[
            ShareChange(at=fact.created_at, author=author, words=in_words(fact.discipline, fact.percent))
            for fact, author in repository.share_history(session, access.laboratory_id)
        ],
        notice=_notice(changed),
        problem=problem,
    )


def _line(shares: Shares, key: str, name: str) -> ShareLine:
    own = shares.own_of(key)
    return ShareLine(
        key=key or "generale", name=name, own="" if own is None else str(own), percent=shares.of(key)
    )


def _notice(changed: int | None) -> str:
    if changed is None:
        return ""
    if not changed:
        return "Rien n’a changé : ces parts étaient déjà celles-ci."
    said = counted(changed, "part est changée", "parts sont changées")
    return f"{said}. Elles valent pour les décisions à venir ; ce qui a été demandé le reste."
