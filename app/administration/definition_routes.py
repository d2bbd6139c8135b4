"""The definitions of coverage of the installation: composed and withdrawn by its administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.administration.definitions import VOCABULARY, compose, definitions_page, read_choices, withdraw
from app.errors import ConflictError, InvalidInputError
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import Administrator
from app.platform.request_session import SessionDep, TransactionsDep
from app.web.templating import render

router = APIRouter(prefix="/administration/couverture", route_class=AuthorisedRoute)
_TEMPLATE = "administration/definitions.html"
_NOTICES = {"composee": "La définition est en service.", "retiree": "La définition est retirée."}


@router.get("")
def show_definitions(request: Request, session: SessionDep, _user: Administrator, fait: str = "") -> Response:
    """The default definition, those composed, and the form."""
    return render(request, _TEMPLATE, definitions_page(session, notice=_NOTICES.get(fait, "")))


async def get_form(request: Request) -> dict[str, str]:
    """The values of the choices that the form names."""
    names = {choice.name for choice in VOCABULARY}
    async with request.form(max_files=0, max_fields=len(names) + 4) as form:
        return {key: str(value) for key, value in form.items() if key in names}


@router.post("")
def do_compose(
    request: Request,
    transactions: TransactionsDep,
    actor: Administrator,
    form: Annotated[dict[str, str], Depends(get_form)],
    nom: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Compose a definition."""
    try:
        chosen = read_choices(form)
        with transactions.writing() as session:
            compose(session, nom, chosen, actor)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = definitions_page(session, chosen=form, name=nom, problem=error.message)
        return render(request, _TEMPLATE, page, status_code=error.status_code)
    return RedirectResponse("/administration/couverture?fait=composee", status_code=303)


@router.post("/{definition_id}/retirer")
def do_withdraw(transactions: TransactionsDep, actor: Administrator, definition_id: int) -> Response:
    """Take a definition out of service."""
    with transactions.writing() as session:
        withdraw(session, definition_id, actor)
    return RedirectResponse("/administration/couverture?fait=retiree", status_code=303)
