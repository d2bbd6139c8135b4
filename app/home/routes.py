"""Where one lands: the dashboard, the page of a laboratory, the page of a catalogue."""

from fastapi import APIRouter, Request, Response

from app.catalogues.service import MAY_IMPORT
from app.home import repository as home_repository
from app.home.catalogue_lines import catalogue_lines
from app.home.catalogue_overview import overview_page
from app.home.pages import DashboardPage, LaboratoryCard, LaboratoryPage, MemberLine, ReusePanel
from app.home.portfolio import portfolio_page
from app.jobs.pages import job_line
from app.laboratories import repository
from app.laboratories.deadlines import deadlines_of
from app.memory.repository import count_entries
from app.models import Role, utc_now
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, CurrentUser, LaboratoryDep, closed_for
from app.platform.request_session import SessionDep
from app.proposals.method_rules import lines_of_rules
from app.text import in_paris
from app.tokens.address import service_address
from app.tokens.service import token_lines
from app.web.templating import render
from app.web.wording import role_label

router = APIRouter(route_class=AuthorisedRoute)


@router.get("/")
def show_dashboard(request: Request, session: SessionDep, user: CurrentUser) -> Response:
    """The laboratories of the person, and how far their catalogues have come."""
    assert user.id is not None
    laboratories = repository.laboratories_of(session, user.id)
    roles = {laboratory.id: Role(role) for laboratory, role in laboratories if laboratory.id is not None}
    lines = catalogue_lines(session, roles, user.id)
    cards = [
        LaboratoryCard(
            id=laboratory.id,
            name=laboratory.name,
            sgl_name=laboratory.sgl_name,
            role_label=role_label(role),
            may_import=role in MAY_IMPORT,
            catalogues=lines.get(laboratory.id, []),
        )
        for laboratory, role in laboratories
        if laboratory.id is not None
    ]
    closed = "" if cards else closed_for(session, user)
    page = DashboardPage(title="Tableau de bord", laboratories=cards, closed=closed)
    return render(request, "home/dashboard.html", page)


@router.get("/portefeuille")
def show_portfolio(request: Request, session: SessionDep, user: CurrentUser) -> Response:
    """Every catalogue that the person sees, with the deadlines of its laboratory."""
    return render(request, "home/portfolio.html", portfolio_page(session, user))


@router.get("/laboratoires/{laboratory_id}")
def show_laboratory(request: Request, session: SessionDep, access: LaboratoryDep) -> Response:
    """One laboratory, for its members."""
    laboratory = access.laboratory
    members = [
        MemberLine(
            name=user.display_name,
            email=user.email,
            role_label=role_label(membership.role),
            is_active=user.is_active,
        )
        for user, membership in repository.members_of(session, access.laboratory_id)
    ]
    page = LaboratoryPage(
        title=laboratory.name,
        laboratory_id=access.laboratory_id,
        finess=laboratory.finess,
        sgl_name=laboratory.sgl_name,
        role_label=role_label(access.role),
        may_import=access.role in MAY_IMPORT,
        catalogues=catalogue_lines(session, {access.laboratory_id: access.role}, access.user_id)[access.laboratory_id],
        members=members,
        jobs=[job_line(job) for job in home_repository.recent_jobs(session, access.laboratory_id)],
        reuse=ReusePanel(
            is_allowed=laboratory.allows_reuse,
            may_decide=access.role is Role.BIOLOGIST,
            remembered=count_entries(session, access.laboratory_id),
        ),
        method_rules=lines_of_rules(session, access.laboratory_id),
        tokens=token_lines(session, access.laboratory_id),
        tokens_action=f"/laboratoires/{access.laboratory_id}/jetons" if access.role is Role.BIOLOGIST else "",
        fhir_address=service_address(request),
        deadlines=deadlines_of(session, [access.laboratory_id], in_paris(utc_now()).date())[access.laboratory_id],
        deadlines_action=f"/laboratoires/{access.laboratory_id}/echeances" if access.role is Role.BIOLOGIST else "",
    )
    return render(request, "home/laboratory.html", page)


@router.get("/catalogues/{catalogue_id}")
def show_catalogue(request: Request, session: SessionDep, access: CatalogueDep) -> Response:
    """One catalogue at a glance."""
    return render(request, "home/overview.html", overview_page(session, access))
