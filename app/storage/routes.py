"""The page of the files that a person asked for on a catalogue, and their download. Nothing here writes."""

from fastapi import APIRouter, Request, Response

from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep
from app.platform.request_session import EngineDep, SessionDep, SettingsDep
from app.storage.download import stored_download
from app.storage.pages import prepared_page
from app.storage.prepared import open_file
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/fichiers-prepares", route_class=AuthorisedRoute)


@router.get("")
def show_prepared_files(
    request: Request, session: SessionDep, settings: SettingsDep, access: CatalogueDep
) -> Response:
    """What is being prepared, what is ready, what has expired."""
    return render(request, "storage/prepared.html", prepared_page(session, access, settings.prepared_hours))


@router.get("/{file_id}")
def download_prepared_file(session: SessionDep, engine: EngineDep, access: CatalogueDep, file_id: int) -> Response:
    """A file that is ready, for the person who asked for it while she has her rights."""
    return stored_download(engine, open_file(session, access, file_id))
