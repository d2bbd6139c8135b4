"""The requests of codes: lists, one request, its follow-up, its files; the codes d'attente of a laboratory.

A file is made by a POST because it leaves a trace.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.code_requests import service
from app.code_requests.pages import ListQuery, list_page, path_of, requests_csv, row_url
from app.code_requests.preparing import FileFormat, RequestFile, national_file, submission_file, submission_lines
from app.code_requests.repository import Declared
from app.code_requests.request_pages import codes_path, request_page, submission_page, waiting_codes_page
from app.code_requests.service import Said
from app.code_requests.waiting_codes import set_rule
from app.code_requests.wording import ACTION_WORD, DECLARED_WORD
from app.errors import ConflictError, InvalidInputError
from app.models import CONTRIBUTORS
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CatalogueDep, CurrentUser, LaboratoryDep, for_roles
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.storage.download import attachment_headers
from app.transcoding.readers import blind_url, hidden_from
from app.web.spreadsheet_csv import csv_download
from app.web.templating import render

router = APIRouter(tags=["demandes de code"], route_class=AuthorisedRoute)
_LIST, _ONE, _LOINC = "code_requests/list.html", "code_requests/request.html", "code_requests/submission.html"
_CODES = "code_requests/waiting_codes.html"
Rows = Annotated[list[int], Form(default_factory=list)]
Short = Annotated[str, Form(max_length=400)]
Long = Annotated[str, Form(max_length=4000)]


@router.get("/demandes-de-code")
def show_all(
    request: Request, user: CurrentUser, session: SessionDep, transactions: TransactionsDep
) -> Response:
    """The requests of every laboratory of the person, or all of them as CSV."""
    query, user_id = ListQuery.from_params(request.query_params), user.id or 0
    if request.query_params.get("format") == "csv":
        return csv_download("demandes_de_code.csv", requests_csv(transactions.engine, user_id, None, query))
    return render(request, _LIST, list_page(session, user_id, None, query))


@router.post("/demandes-de-code/liste-nationale")
def do_national_list_of_all(
    user: CurrentUser,
    transactions: TransactionsDep,
    settings: SettingsDep,
    format_: Annotated[FileFormat, Form(alias="format")] = FileFormat.XLSX,
    decision: Annotated[str, Form(max_length=20)] = "approuvee",
) -> Response:
    """The national list over every laboratory of the person: the same test of several of them on one line."""
    return _sent(national_file(transactions, settings, user, None, _declared(decision), format_))


@router.get("/catalogues/{catalogue_id}/demandes-de-code")
def show_list(
    request: Request, access: CatalogueDep, session: SessionDep, transactions: TransactionsDep
) -> Response:
    """The requests of a catalogue, or all of them as CSV."""
    query = ListQuery.from_params(request.query_params)
    if request.query_params.get("format") == "csv":
        pieces = requests_csv(transactions.engine, access.user_id, access, query)
        return csv_download(f"demandes_de_code_catalogue_{access.catalogue_id}.csv", pieces)
    return render(request, _LIST, list_page(session, access.user_id, access, query))


@router.post("/catalogues/{catalogue_id}/demandes-de-code/liste-nationale", dependencies=[for_roles(*CONTRIBUTORS)])
def do_national_list(
    access: CatalogueDep,
    transactions: TransactionsDep,
    settings: SettingsDep,
    format_: Annotated[FileFormat, Form(alias="format")] = FileFormat.XLSX,
    decision: Annotated[str, Form(max_length=20)] = "approuvee",
) -> Response:
    """The national list of a catalogue."""
    return _sent(national_file(transactions, settings, access.user, access, _declared(decision), format_))


@router.post("/catalogues/{catalogue_id}/demandes-de-code/loinc", dependencies=[for_roles(*CONTRIBUTORS)])
def show_submission(
    request: Request, access: CatalogueDep, transactions: TransactionsDep, settings: SettingsDep, lignes: Rows
) -> Response:
    """What the file for LOINC would say of the chosen requests, and what is to be filled before it is sent."""
    try:
        lines = submission_lines(transactions, settings, access, lignes)
    except InvalidInputError as error:
        return _refused(request, transactions, access, error.message, error.status_code, lignes, {})
    return render(request, _LOINC, submission_page(access, lines))


@router.post("/catalogues/{catalogue_id}/demandes-de-code/fichier", dependencies=[for_roles(*CONTRIBUTORS)])
def do_submission_file(
    access: CatalogueDep,
    transactions: TransactionsDep,
    settings: SettingsDep,
    lignes: Rows,
    format_: Annotated[FileFormat, Form(alias="format")] = FileFormat.XLSX,
) -> Response:
    """The file for LOINC."""
    return _sent(submission_file(transactions, settings, access, lignes, format_))


@router.post("/catalogues/{catalogue_id}/demandes-de-code/suivi", dependencies=[for_roles(*CONTRIBUTORS)])
def do_follow(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    settings: SettingsDep,
    action: Annotated[str, Form(max_length=20)],
    lignes: Rows,
    vu: Annotated[int | None, Form(ge=0)] = None,
    destinataire: Short = "",
    reference: Short = "",
    date: Short = "",
    code: Short = "",
    code_attente: Short = "",
    motif: Long = "",
) -> Response:
    """Add a step to one request, or to those that are ticked; `vu` is sent by the page of one."""
    if action not in ACTION_WORD:
        raise InvalidInputError("Cette action est inconnue.")
    said = Said(destinataire, reference, date, code, code_attente, motif)
    try:
        with transactions.writing() as session:
            service.follow(session, settings, access, lignes, ACTION_WORD[action], said, vu)
    except (InvalidInputError, ConflictError) as error:
        typed = {
            "destinataire": destinataire, "reference": reference, "date": date, "code": code,
            "code_attente": code_attente, "motif": motif, "action": action,
        }  # fmt: skip
        if vu is None or len(lignes) != 1:
            return _refused(request, transactions, access, error.message, error.status_code, lignes, typed)
        with transactions.reading() as session:
            page = request_page(session, settings, access, lignes[0], error.message, typed)
        return render(request, _ONE, page, status_code=error.status_code)
    is_one = vu is not None and len(lignes) == 1
    where = row_url(access.catalogue_id, lignes[0]) if is_one else path_of(access.catalogue_id)
    return RedirectResponse(where, status_code=303)


@router.get("/catalogues/{catalogue_id}/demandes-de-code/{local_test_id}")
def show_request(
    request: Request, access: CatalogueDep, session: SessionDep, settings: SettingsDep, local_test_id: int
) -> Response:
    """One request; whoever may still read the row blind is sent to read it, whatever was decided."""
    if hidden_from(session, access, [local_test_id]):
        return RedirectResponse(blind_url(access.catalogue_id, local_test_id), status_code=303)
    return render(request, _ONE, request_page(session, settings, access, local_test_id))


@router.get("/laboratoires/{laboratory_id}/codes-attente")
def show_waiting_codes(
    request: Request, access: LaboratoryDep, session: SessionDep, settings: SettingsDep
) -> Response:
    """The system and the codes d'attente of a laboratory."""
    notice = "Réglages enregistrés." if request.query_params.get("enregistre") == "1" else ""
    return render(request, _CODES, waiting_codes_page(session, settings, access, notice=notice))


@router.post("/laboratoires/{laboratory_id}/codes-attente", dependencies=[for_roles(*CONTRIBUTORS)])
def do_set_waiting_codes(
    request: Request,
    access: LaboratoryDep,
    transactions: TransactionsDep,
    settings: SettingsDep,
    systeme: Short = "",
    codes: Annotated[str, Form(max_length=12_000)] = "",
    vu: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Write them."""
    try:
        with transactions.writing() as session:
            set_rule(session, settings, access, systeme, codes, vu)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = waiting_codes_page(session, settings, access, problem=error.message, typed=(systeme, codes))
        return render(request, _CODES, page, status_code=error.status_code)
    return RedirectResponse(f"{codes_path(access.laboratory_id)}?enregistre=1", status_code=303)


def _refused(
    request: Request,
    transactions: TransactionsDep,
    access: CatalogueDep,
    problem: str,
    status: int,
    rows: list[int],
    typed: dict[str, str],
) -> Response:
    with transactions.reading() as session:
        page = list_page(session, access.user_id, access, ListQuery(), problem, rows, typed)
    return render(request, _LIST, page, status_code=status)


def _declared(word: str) -> Declared | None:
    if word == "toutes":
        return None
    if word not in DECLARED_WORD or word == "close":
        raise InvalidInputError("Cette décision est inconnue.")
    return DECLARED_WORD[word]


def _sent(file: RequestFile) -> Response:
    return Response(file.content, media_type=file.media_type, headers=dict(attachment_headers(file.name)))
