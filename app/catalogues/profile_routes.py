"""Renaming and forgetting the saved readings of a laboratory."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from app.catalogues import profiles
from app.catalogues.service import MAY_IMPORT
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import LaboratoryDep, for_roles
from app.platform.request_session import SessionDep

router = APIRouter(route_class=AuthorisedRoute)


@router.post("/laboratoires/{laboratory_id}/profils/{profile_id}/renommer", dependencies=[for_roles(*MAY_IMPORT)])
def do_rename_profile(
    session: SessionDep,
    access: LaboratoryDep,
    profile_id: int,
    nom: Annotated[str, Form(max_length=400)],
) -> Response:
    """Give a saved reading another name."""
    profiles.rename(session, access, profiles.find(session, access.laboratory_id, profile_id), nom)
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}/importer#profils", status_code=303)


@router.post("/laboratoires/{laboratory_id}/profils/{profile_id}/supprimer", dependencies=[for_roles(*MAY_IMPORT)])
def do_delete_profile(session: SessionDep, access: LaboratoryDep, profile_id: int) -> Response:
    """Forget a saved reading."""
    profiles.delete(session, access, profiles.find(session, access.laboratory_id, profile_id))
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}/importer#profils", status_code=303)
