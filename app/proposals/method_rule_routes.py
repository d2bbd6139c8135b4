"""The rule of a laboratory on codes with or without a technique."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import ConflictError, InvalidInputError
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import LaboratoryDep, for_roles
from app.platform.request_session import SessionDep, TransactionsDep
from app.proposals.method_rule_pages import address_of, method_rules_page
from app.proposals.method_rules import MAY_RULE, discipline_names, read_choices, set_rules
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)
_TEMPLATE = "proposals/method_rules.html"
_MOST = 2**31 - 1


@router.get("/laboratoires/{laboratory_id}/techniques")
def show_rules(
    request: Request,
    session: SessionDep,
    access: LaboratoryDep,
    change: Annotated[int | None, Query(ge=0, le=100)] = None,
) -> Response:
    """What holds in each discipline, and which catalogues were searched otherwise."""
    return render(request, _TEMPLATE, method_rules_page(session, access, change))


async def get_choices(request: Request) -> dict[str, str]:
    """The choice of each discipline that the form names."""
    async with request.form(max_files=0, max_fields=2 * len(discipline_names())) as form:
        return {
            key.removeprefix("regle-"): str(value) for key, value in form.items() if key.startswith("regle-")
        }


@router.post("/laboratoires/{laboratory_id}/techniques", dependencies=[for_roles(*MAY_RULE)])
def do_set_rules(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    choices: Annotated[dict[str, str], Depends(get_choices)],
    vu: Annotated[int, Form(ge=0, le=_MOST)] = 0,
) -> Response:
    """Decide for each discipline."""
    try:
        wanted = read_choices(choices)
        with transactions.writing() as session:
            changed = set_rules(session, access, wanted, vu)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = method_rules_page(session, access, problem=error.message)
        return render(request, _TEMPLATE, page, status_code=error.status_code)
    return RedirectResponse(f"{address_of(access.laboratory_id)}?change={changed}", status_code=303)
