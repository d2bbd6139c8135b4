"""Settling how files of earlier work are read, before anything of them is kept."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.catalogues import drafts
from app.catalogues.settling import settle
from app.earlier import file_readings, service
from app.earlier.page_building import address_of
from app.earlier.pages import EarlierQuery, ReadingPage
from app.errors import ImportRefusedError, NotFoundError, WorkbenchError
from app.files import limits
from app.models import UploadDraft
from app.platform.apart import Apart
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueAccess, CatalogueDep, for_roles
from app.platform.request_session import ApartDep, SessionDep, SettingsDep, TransactionsDep
from app.settings import Settings
from app.web.templating import render

router = APIRouter(prefix="/catalogues/{catalogue_id}/anterieur/lecture", route_class=AuthorisedRoute)
_MAX_FIELDS = (limits.MAX_COLUMNS + 20) * limits.MAX_FILES


async def get_fields(request: Request) -> dict[str, str]:
    """A form of plain fields: one for each column of each file, and some for each file."""
    async with request.form(max_files=1, max_fields=_MAX_FIELDS) as form:
        return {key: value for key, value in form.multi_items() if isinstance(value, str)}


Fields = Annotated[Mapping[str, str], Depends(get_fields)]


def reading_url(catalogue_id: int, draft_id: int) -> str:
    """The page on which the reading of files is settled."""
    return f"{address_of(catalogue_id)}/lecture/{draft_id}"


@router.get("/{draft_id}", dependencies=[for_roles(*service.MAY_TAKE)])
def show_reading(
    request: Request,
    transactions: TransactionsDep,
    apart: ApartDep,
    access: CatalogueDep,
    settings: SettingsDep,
    draft_id: int,
    verifier: bool = False,
) -> Response:
    """How the files are understood, and what they would bring."""
    with transactions.reading() as session:
        draft = file_readings.find(session, access, draft_id)
    with drafts.patients_dropped(transactions, access, draft, "earlier"):
        page = _page(apart, access, settings, draft, must_look_again=verifier)
    return render(request, "earlier/reading.html", page)


def _page(
    apart: Apart,
    access: CatalogueAccess,
    settings: Settings,
    draft: UploadDraft,
    *,
    must_look_again: bool = False,
    problems: list[str] | None = None,
) -> ReadingPage:
    seen = apart.run(file_readings.look, draft, settings.max_upload_bytes)
    assert draft.id is not None
    return ReadingPage(
        title="Lire un transcodage antérieur",
        catalogue=access.catalogue,
        back_url=address_of(access.catalogue_id),
        address=reading_url(access.catalogue_id, draft.id),
        files=seen.files,
        others=[(item.name, item.format) for item in seen.others],
        doubts=seen.doubts,
        outcome=seen.outcome,
        problems=problems or [],
        must_look_again=must_look_again,
    )


@router.post("/{draft_id}/reglages", dependencies=[for_roles(*service.MAY_TAKE)])
def do_settle(
    transactions: TransactionsDep,
    apart: ApartDep,
    access: CatalogueDep,
    settings: SettingsDep,
    draft_id: int,
    fields: Fields,
) -> Response:
    """Keep the choices and show the files again."""
    with transactions.reading() as session:
        draft = file_readings.find(session, access, draft_id)
    settle(transactions, apart, access, draft, fields, settings)
    return RedirectResponse(reading_url(access.catalogue_id, draft_id), status_code=303)


@router.post("/{draft_id}/reprendre", dependencies=[for_roles(*service.MAY_TAKE)])
def do_take_up(
    request: Request,
    transactions: TransactionsDep,
    apart: ApartDep,
    access: CatalogueDep,
    settings: SettingsDep,
    draft_id: int,
    fields: Fields,
) -> Response:
    """Keep what the files say, read as the person settled it."""
    with transactions.reading() as session:
        draft = file_readings.find(session, access, draft_id)
    settled = settle(transactions, apart, access, draft, fields, settings)
    if settled.reread:
        return RedirectResponse(f"{reading_url(access.catalogue_id, draft_id)}?verifier=true", status_code=303)
    try:
        if settled.problems:
            raise ImportRefusedError(settled.problems)
        with transactions.reading() as session:
            if not drafts.is_as_settled(session, draft_id, settled.readings):
                # Another tab settled it otherwise meanwhile.
                address = reading_url(access.catalogue_id, draft_id)
                return RedirectResponse(f"{address}?verifier=true", status_code=303)
            files = file_readings.settled_files(session, draft)
        if not files:
            raise file_readings.nothing_kept()
        limit = settings.max_upload_bytes
        report = service.receive(transactions, apart, access, files, request.app.state.jobs, limit)
    except NotFoundError:
        raise
    except WorkbenchError as error:
        told = [str(item) for item in error.problems] if isinstance(error, ImportRefusedError) else [error.message]
        page = _page(apart, access, settings, draft, problems=told)
        return render(request, "earlier/reading.html", page, status_code=error.status_code)
    with transactions.writing() as session:
        drafts.abandon(session, draft)
    home = EarlierQuery().url(address_of(access.catalogue_id), fait=str(report.event_id))
    return RedirectResponse(home, status_code=303)


@router.post("/{draft_id}/abandonner", dependencies=[for_roles(*service.MAY_TAKE)])
def do_abandon(session: SessionDep, access: CatalogueDep, draft_id: int) -> Response:
    """Forget the files."""
    drafts.abandon(session, file_readings.find(session, access, draft_id))
    return RedirectResponse(address_of(access.catalogue_id), status_code=303)
