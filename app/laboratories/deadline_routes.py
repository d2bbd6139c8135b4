"""The deadlines of a laboratory, entered by its biologists."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from app.laboratories.deadlines import read_days, set_deadlines
from app.models import DeadlineKind, Role, utc_now
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import LaboratoryDep, for_roles
from app.platform.request_session import TransactionsDep
from app.text import in_paris

router = APIRouter(route_class=AuthorisedRoute)
DayField = Annotated[str, Form(max_length=40)]


@router.post("/laboratoires/{laboratory_id}/echeances", dependencies=[for_roles(Role.BIOLOGIST)])
def do_set_deadlines(
    transactions: TransactionsDep,
    access: LaboratoryDep,
    order: DayField = "",
    deposit: DayField = "",
    end_of_service: DayField = "",
) -> RedirectResponse:
    """Enter the days; an empty one takes the deadline away."""
    fields = list(zip(DeadlineKind, (order, deposit, end_of_service), strict=True))
    days = read_days(fields)
    with transactions.writing() as session:
        set_deadlines(session, access.laboratory, days, access.user, in_paris(utc_now()).date())
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}#echeances", status_code=303)
