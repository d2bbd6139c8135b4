"""Importing files into a catalogue, and giving received files back."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from app.audit.erasing import refuse_erased
from app.catalogues import draft_repository, drafts, profile_repository, profiles, repository
from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.catalogues.drafts import AlreadyConfirmedError
from app.catalogues.pages import DraftLine, ImportPage, Option
from app.catalogues.preview import duplicates_csv, look, odd_cells_csv
from app.catalogues.profile_view import profile_lines
from app.catalogues.service import MAY_IMPORT
from app.catalogues.settling import settle
from app.errors import ImportRefusedError, NotFoundError, WorkbenchError
from app.files import limits
from app.models import Catalogue, UploadDraft, utc_now
from app.patient_guard.refusal import PatientDataError
from app.platform.authorising import AuthorisedRoute
from app.platform.bodies import takes_files
from app.platform.identity import CatalogueDep, LaboratoryAccess, LaboratoryDep, for_roles
from app.platform.open_transactions import forbid_open_transaction
from app.platform.request_session import ApartDep, SessionDep, SettingsDep, TransactionsDep
from app.settings import Settings
from app.text import in_paris, plain_file_name
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(route_class=AuthorisedRoute)
_MAX_FIELDS = (limits.MAX_COLUMNS + 20) * limits.MAX_FILES


async def get_upload(request: Request) -> AsyncIterator[FormData]:
    """The form that carries files; its temporary files are closed once the request is answered."""
    async with request.form(max_files=limits.MAX_FILES + 2, max_fields=20) as form:
        yield form


async def get_fields(request: Request) -> dict[str, str]:
    """A form of plain fields: one for each column of each file, and some for each file."""
    async with request.form(max_files=1, max_fields=_MAX_FIELDS) as form:
        return {key: value for key, value in form.multi_items() if isinstance(value, str)}


Upload = Annotated[FormData, Depends(get_upload)]
Fields = Annotated[Mapping[str, str], Depends(get_fields)]


def _import_page(
    session: Session,
    access: LaboratoryAccess,
    settings: Settings,
    chosen: int | None = None,
    name: str = "",
    error: WorkbenchError | None = None,
    clearance: Clearance = NO_CLEARANCE,
) -> ImportPage:
    prepared = draft_repository.drafts_of(session, access.user_id, access.laboratory_id)
    refused = error.problems if isinstance(error, ImportRefusedError) else []
    names = draft_repository.file_names(session, [draft.id for draft in prepared if draft.id is not None])
    return ImportPage(
        title="Importer un catalogue",
        laboratory_id=access.laboratory_id,
        laboratory_name=access.laboratory.name,
        targets=[
            Option(value=str(item.id), label=item.name, is_chosen=item.id == chosen)
            for item in repository.catalogues_of(session, access.laboratory_id)
        ],
        catalogue_name=name,
        suggested_name=f"Catalogue {in_paris(utc_now()):%Y-%m}",
        max_megabytes=settings.max_upload_bytes // 1_000_000,
        max_files=limits.MAX_FILES,
        drafts=[
            DraftLine(
                id=draft.id,
                target=_target(session, draft),
                file_names=names.get(draft.id, []),
                created_at=draft.created_at,
            )
            for draft in prepared
            if draft.id is not None
        ],
        profiles=profile_lines(session, access.laboratory_id),
        message="" if error is None or refused else error.message,
        problems=[str(problem) for problem in refused],
        asks_articles=clearance.asks_articles(error),
        are_articles=clearance.are_articles,
        asks_names=access.user.is_administrator
        and (clearance.names or (isinstance(error, PatientDataError) and error.may_be_overruled)),
        are_names_cleared=clearance.names,
        names_reason=clearance.reason,
    )


def _target(session: Session, draft: UploadDraft) -> str:
    catalogue = session.get(Catalogue, draft.catalogue_id) if draft.catalogue_id is not None else None
    return catalogue.name if catalogue else draft.catalogue_name


@router.get("/laboratoires/{laboratory_id}/importer")
def show_import(
    request: Request,
    session: SessionDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
    catalogue: int | None = None,
) -> Response:
    """Where files are given."""
    access.require(*MAY_IMPORT)
    apart.prepare()
    return render(request, "catalogues/import.html", _import_page(session, access, settings, catalogue))


@router.post("/laboratoires/{laboratory_id}/importer", dependencies=[for_roles(*MAY_IMPORT)])
@takes_files
def do_upload(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
    form: Upload,
) -> Response:
    """Receive files and show how they are understood; nothing is imported yet."""
    chosen = str(form.get("catalogue", ""))
    catalogue_id = int(chosen) if chosen.isdecimal() and len(chosen) < 18 else None
    name = str(form.get("nom", ""))
    clearance = Clearance.of_form(form)
    # A file larger than allowed is read just far enough to be refused.
    received = [
        (item.filename, item.file.read(settings.max_upload_bytes + 1))
        for item in form.getlist("fichiers")
        if isinstance(item, UploadFile) and item.filename
    ]
    try:
        draft_id = drafts.start(
            transactions, apart, access, received,
            catalogue_id=catalogue_id, catalogue_name=name, settings=settings, clearance=clearance,
        )
    except NotFoundError:
        raise
    except WorkbenchError as error:
        with transactions.reading() as session:
            page = _import_page(session, access, settings, catalogue_id, name, error, clearance)
        return render(request, "catalogues/import.html", page, status_code=error.status_code)
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}/importer/{draft_id}", status_code=303)


@router.get("/laboratoires/{laboratory_id}/importer/{draft_id}")
def show_preview(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
    draft_id: int,
    verifier: bool = False,
) -> Response:
    """How the files are understood, and what the import would write."""
    access.require(*MAY_IMPORT)
    with transactions.reading() as session:
        stored = drafts.find(session, access, draft_id)
        target = _target(session, stored)
        known = profile_repository.profiles_of(session, access.laboratory_id)
    if stored.is_confirmed:
        return RedirectResponse(f"/catalogues/{stored.catalogue_id}", status_code=303)
    forbid_open_transaction("read the files of an import")
    with drafts.patients_dropped(transactions, access, stored):
        seen = apart.run(look, stored, settings.max_upload_bytes, access.laboratory, target, known, (), verifier)
    return render(request, "catalogues/preview.html", seen.page)


@router.get("/laboratoires/{laboratory_id}/importer/{draft_id}/doublons")
def download_duplicates(
    transactions: TransactionsDep, access: LaboratoryDep, settings: SettingsDep, apart: ApartDep, draft_id: int
) -> Response:
    """The rows that share a code and say different things, for a spreadsheet."""
    access.require(*MAY_IMPORT)
    with transactions.reading() as session:
        stored = drafts.find_unconfirmed(session, access, draft_id)
    forbid_open_transaction("read the files of an import")
    with drafts.patients_dropped(transactions, access, stored):
        told = apart.run(duplicates_csv, stored, settings.max_upload_bytes)
    return csv_download("doublons.csv", [told])


@router.get("/laboratoires/{laboratory_id}/importer/{draft_id}/cellules")
def download_odd_cells(
    transactions: TransactionsDep, access: LaboratoryDep, settings: SettingsDep, apart: ApartDep, draft_id: int
) -> Response:
    """The cells that a spreadsheet changed, for a spreadsheet."""
    access.require(*MAY_IMPORT)
    with transactions.reading() as session:
        stored = drafts.find_unconfirmed(session, access, draft_id)
    forbid_open_transaction("read the files of an import")
    with drafts.patients_dropped(transactions, access, stored):
        told = apart.run(odd_cells_csv, stored, settings.max_upload_bytes)
    return csv_download("cellules.csv", [told])


@router.post("/laboratoires/{laboratory_id}/importer/{draft_id}/reglages", dependencies=[for_roles(*MAY_IMPORT)])
def do_settle(
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
    draft_id: int,
    fields: Fields,
) -> Response:
    """Keep the choices of the user and show the preview again."""
    with transactions.reading() as session:
        stored = drafts.find_unconfirmed(session, access, draft_id)
    settle(transactions, apart, access, stored, fields, settings)
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}/importer/{draft_id}", status_code=303)


@router.post("/laboratoires/{laboratory_id}/importer/{draft_id}/confirmer", dependencies=[for_roles(*MAY_IMPORT)])
def do_confirm(
    request: Request,
    transactions: TransactionsDep,
    access: LaboratoryDep,
    settings: SettingsDep,
    apart: ApartDep,
    draft_id: int,
    fields: Fields,
) -> Response:
    """Import, when the user saw what is imported and nothing prevents it."""
    with transactions.reading() as session:
        stored = drafts.find(session, access, draft_id)
        target = _target(session, stored)
        known = profile_repository.profiles_of(session, access.laboratory_id)
    if stored.is_confirmed:
        return RedirectResponse(f"/catalogues/{stored.catalogue_id}", status_code=303)
    address = f"/laboratoires/{access.laboratory_id}/importer/{draft_id}"
    try:
        settled = settle(transactions, apart, access, stored, fields, settings)
    except AlreadyConfirmedError as error:
        # A second click, while the first one was being answered.
        return RedirectResponse(f"/catalogues/{error.catalogue_id}", status_code=303)
    if settled.reread:
        return RedirectResponse(f"{address}?verifier=true", status_code=303)
    with drafts.patients_dropped(transactions, access, stored):
        seen = apart.run(
            look, stored, settings.max_upload_bytes, access.laboratory, target, known, settled.problems, False, True
        )
    if seen.page.problems or seen.page.must_choose:
        return render(request, "catalogues/preview.html", seen.page, status_code=422)
    with transactions.writing() as session:
        if not drafts.is_as_settled(session, draft_id, settled.readings):
            # Another tab settled it otherwise meanwhile: what would be imported is not what was looked at.
            return RedirectResponse(f"{address}?verifier=true", status_code=303)
        _save_profiles(session, access, seen.readings, fields)
        if seen.page.is_update:
            # Nothing is written into the catalogue before the user saw what changes.
            return RedirectResponse(f"{address}/differences", status_code=303)
        catalogue_id = drafts.confirm(session, access, draft_id, request.app.state.jobs)
    return RedirectResponse(f"/catalogues/{catalogue_id}", status_code=303)


def _save_profiles(
    session: Session, access: LaboratoryAccess, readings: Mapping[int, profiles.Reading], fields: Mapping[str, str]
) -> None:
    """Save how files are read, under the names that the user gave."""
    for file_id, reading in readings.items():
        name = fields.get(f"f{file_id}.profile-name", "").strip()
        if name:
            profiles.save(session, access, name, reading)


@router.post("/laboratoires/{laboratory_id}/importer/{draft_id}/abandonner", dependencies=[for_roles(*MAY_IMPORT)])
def do_abandon(session: SessionDep, access: LaboratoryDep, draft_id: int) -> Response:
    """Forget the received files."""
    drafts.abandon(session, drafts.find_unconfirmed(session, access, draft_id))
    return RedirectResponse(f"/laboratoires/{access.laboratory_id}/importer", status_code=303)


@router.get("/catalogues/{catalogue_id}/fichiers/{file_id}")
def download_file(session: SessionDep, access: CatalogueDep, file_id: int) -> Response:
    """A received file, byte for byte."""
    file = repository.find_file(session, access.catalogue_id, file_id)
    if file is None:
        raise NotFoundError("Ce fichier n'existe pas dans ce catalogue.")
    refuse_erased(file)
    name = quote(plain_file_name(file.file_name), safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(file.content, media_type="application/octet-stream", headers=headers)
