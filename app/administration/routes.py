"""Administration of the installation: accounts, laboratories, roles, audit trail."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts import links
from app.accounts import service as accounts
from app.administration import service
from app.administration.pages import NewLinkPage
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.identity_providers.profile import profile_of
from app.identity_providers.service import set_identifier
from app.laboratories import service as laboratories
from app.laboratories.deadlines import read_days, set_deadlines
from app.models import DeadlineKind, User, utc_now
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import Administrator, recently_authenticated
from app.platform.request_session import SessionDep, SettingsDep
from app.second_factor import service as second_factor
from app.settings import Settings
from app.text import in_paris
from app.tokens.address import service_address
from app.web.templating import render
from app.web.wording import parse_role

router = APIRouter(prefix="/administration", route_class=AuthorisedRoute)

SAVED = "Modification enregistrée."
ShortText = Annotated[str, Form(max_length=300)]


@router.get("")
def show_administration(_user: Administrator) -> Response:
    """The administration starts with the accounts."""
    return RedirectResponse("/administration/comptes", status_code=303)


@router.get("/comptes")
def show_users(request: Request, session: SessionDep, _user: Administrator) -> Response:
    """All accounts."""
    return render(request, "administration/users.html", service.users_page(session))


def _link_page(
    request: Request, settings: Settings, user: User, secret: str, *, is_new: bool, status: int
) -> Response:
    """The link is shown on the answer itself: it is in no address of the administrator, and in no second page."""
    assert user.id is not None
    page = NewLinkPage(
        title="Compte ouvert" if is_new else "Nouveau lien",
        user_id=user.id,
        email=user.email,
        link=f"{settings.public_address or str(request.base_url).rstrip('/')}/invitation/{secret}",
        hours=settings.invitation_hours,
        is_new=is_new,
    )
    return render(request, "administration/new_link.html", page, status_code=status)


@router.post("/comptes", dependencies=[recently_authenticated])
def do_create_user(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    actor: Administrator,
    email: ShortText = "",
    nom: ShortText = "",
    administrateur: Annotated[bool, Form()] = False,
) -> Response:
    """Open an account; its owner chooses her password by a link that is shown once, on the answer itself."""
    try:
        user, secret = links.invite(
            session, email=email, display_name=nom, is_administrator=administrateur,
            hours=settings.invitation_hours, actor=actor,
        )  # fmt: skip
    except (InvalidInputError, ConflictError) as error:
        page = service.users_page(session, email=email, name=nom, problem=error.message)
        return render(request, "administration/users.html", page, status_code=error.status_code)
    return _link_page(request, settings, user, secret, is_new=True, status=201)


@router.get("/comptes/{user_id}")
def show_user(
    request: Request, session: SessionDep, settings: SettingsDep, actor: Administrator, user_id: int, fait: str = ""
) -> Response:
    """One account."""
    page = service.user_page(session, settings, accounts.get_user(session, user_id), actor, SAVED if fait else "")
    return render(request, "administration/user.html", page)


@router.post("/comptes/{user_id}/mot-de-passe", dependencies=[recently_authenticated])
def do_reset_password(
    request: Request, session: SessionDep, settings: SettingsDep, actor: Administrator, user_id: int
) -> Response:
    """Take the password away and give a link, shown once, by which its owner chooses another."""
    user = accounts.get_user(session, user_id)
    secret = links.reset_by_link(session, user, hours=settings.invitation_hours, actor=actor)
    return _link_page(request, settings, user, secret, is_new=False, status=200)


@router.post("/comptes/{user_id}/sessions/fermer", dependencies=[recently_authenticated])
def do_revoke_sessions(session: SessionDep, actor: Administrator, user_id: int) -> Response:
    """Close every session of a person."""
    accounts.revoke_all_sessions(session, accounts.get_user(session, user_id), actor=actor)
    return RedirectResponse(f"/administration/comptes/{user_id}?fait=1", status_code=303)


@router.post("/comptes/{user_id}/second-facteur/retirer", dependencies=[recently_authenticated])
def do_reset_second_factor(session: SessionDep, actor: Administrator, user_id: int) -> Response:
    """Take the second factor of a person away; not one's own, which would need no proof of it."""
    if user_id == actor.id:
        raise ConflictError("Votre propre second facteur se change depuis « Mon compte ».")
    second_factor.reset(session, accounts.get_user(session, user_id), actor=actor)
    return RedirectResponse(f"/administration/comptes/{user_id}?fait=1", status_code=303)


@router.post("/comptes/{user_id}/etat", dependencies=[recently_authenticated])
def do_set_active(session: SessionDep, actor: Administrator, user_id: int, actif: Annotated[bool, Form()]) -> Response:
    """Deactivate or reactivate an account."""
    accounts.set_active(session, accounts.get_user(session, user_id), actif, actor=actor)
    return RedirectResponse(f"/administration/comptes/{user_id}?fait=1", status_code=303)


@router.post("/comptes/{user_id}/administrateur", dependencies=[recently_authenticated])
def do_set_administrator(
    session: SessionDep, actor: Administrator, user_id: int, administrateur: Annotated[bool, Form()]
) -> Response:
    """Give or take the right to administer."""
    accounts.set_administrator(session, accounts.get_user(session, user_id), administrateur, actor=actor)
    return RedirectResponse(f"/administration/comptes/{user_id}?fait=1", status_code=303)


@router.post("/comptes/{user_id}/identite", dependencies=[recently_authenticated])
def do_set_identifier(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    actor: Administrator,
    user_id: int,
    identifiant: ShortText = "",
) -> Response:
    """Enter what names the owner of an account at the provider of identities, or (empty) take it away."""
    profile = profile_of(settings)
    if profile is None:
        raise NotFoundError("Cette installation n'a pas de fournisseur d'identité.")
    user = accounts.get_user(session, user_id)
    try:
        set_identifier(session, profile, user, identifiant, actor=actor)
    except (InvalidInputError, ConflictError) as error:
        page = service.user_page(session, settings, user, actor, problem=error.message, entered=identifiant)
        return render(request, "administration/user.html", page, status_code=error.status_code)
    return RedirectResponse(f"/administration/comptes/{user_id}?fait=1", status_code=303)


@router.post("/roles", dependencies=[recently_authenticated])
def do_set_role(
    session: SessionDep,
    actor: Administrator,
    utilisateur: Annotated[int, Form()],
    laboratoire: Annotated[int, Form()],
    role: ShortText = "",
    retour: Annotated[str, Form()] = "compte",
) -> Response:
    """Give a role in a laboratory, change it, or (empty) take it away."""
    wanted = parse_role(role) if role else None
    if role and wanted is None:
        raise InvalidInputError(f"Le rôle « {role} » est inconnu.")
    laboratory = laboratories.get_laboratory(session, laboratoire)
    accounts.set_role(session, accounts.get_user(session, utilisateur), laboratory, wanted, actor=actor)
    back = f"laboratoires/{laboratoire}" if retour == "laboratoire" else f"comptes/{utilisateur}"
    return RedirectResponse(f"/administration/{back}?fait=1", status_code=303)


@router.get("/laboratoires")
def show_laboratories(request: Request, session: SessionDep, _user: Administrator) -> Response:
    """All laboratories."""
    return render(request, "administration/laboratories.html", service.laboratories_page(session))


@router.post("/laboratoires")
def do_create_laboratory(
    request: Request,
    session: SessionDep,
    actor: Administrator,
    nom: ShortText = "",
    finess: ShortText = "",
    sgl: ShortText = "",
) -> Response:
    """Create a laboratory."""
    try:
        laboratory = laboratories.create_laboratory(session, name=nom, finess=finess, sgl_name=sgl, actor=actor)
    except (InvalidInputError, ConflictError) as error:
        form = {"name": nom, "finess": finess, "sgl_name": sgl, "canonical_url": ""}
        page = service.laboratories_page(session, form=form, problem=error.message)
        return render(request, "administration/laboratories.html", page, status_code=error.status_code)
    return RedirectResponse(f"/administration/laboratoires/{laboratory.id}?fait=1", status_code=303)


@router.get("/laboratoires/{laboratory_id}")
def show_laboratory(
    request: Request, session: SessionDep, _user: Administrator, laboratory_id: int, fait: str = ""
) -> Response:
    """One laboratory and its members."""
    laboratory = laboratories.get_laboratory(session, laboratory_id)
    page = service.laboratory_page(session, laboratory, service_address(request), notice=SAVED if fait else "")
    return render(request, "administration/laboratory.html", page)


@router.post("/laboratoires/{laboratory_id}")
def do_change_laboratory(
    request: Request,
    session: SessionDep,
    actor: Administrator,
    laboratory_id: int,
    nom: ShortText = "",
    finess: ShortText = "",
    sgl: ShortText = "",
    adresse_fhir: ShortText = "",
    noms_fhir: Annotated[str | None, Form(max_length=20)] = None,
) -> Response:
    """Correct what is known of a laboratory."""
    laboratory = laboratories.get_laboratory(session, laboratory_id)
    try:
        laboratories.change_laboratory(
            session,
            laboratory,
            name=nom,
            finess=finess,
            sgl_name=sgl,
            canonical_url=adresse_fhir,
            fhir_naming=noms_fhir,
            actor=actor,
        )
    except (InvalidInputError, ConflictError) as error:
        form = {
            "name": nom,
            "finess": finess,
            "sgl_name": sgl,
            "canonical_url": adresse_fhir,
            "fhir_naming": noms_fhir or laboratory.fhir_naming,
        }
        page = service.laboratory_page(
            session, laboratory, service_address(request), form=form, problem=error.message
        )
        return render(request, "administration/laboratory.html", page, status_code=error.status_code)
    return RedirectResponse(f"/administration/laboratoires/{laboratory_id}?fait=1", status_code=303)


@router.post("/laboratoires/{laboratory_id}/echeances")
def do_set_deadlines(
    session: SessionDep,
    actor: Administrator,
    laboratory_id: int,
    order: ShortText = "",
    deposit: ShortText = "",
    end_of_service: ShortText = "",
) -> Response:
    """Enter the deadlines of a laboratory; an empty day takes one away."""
    days = read_days(list(zip(DeadlineKind, (order, deposit, end_of_service), strict=True)))
    laboratory = laboratories.get_laboratory(session, laboratory_id)
    set_deadlines(session, laboratory, days, actor, in_paris(utc_now()).date())
    return RedirectResponse(f"/administration/laboratoires/{laboratory_id}?fait=1", status_code=303)


@router.get("/journal")
def show_journal(request: Request, session: SessionDep, user: Administrator, avant: int | None = None) -> Response:
    """The audit trail."""
    return render(request, "administration/journal.html", service.journal_page(session, user, avant))
