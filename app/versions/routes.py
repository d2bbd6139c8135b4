"""Signing versions of a mapping, reading what was signed, comparing, and withdrawing a signature."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import ConflictError, InvalidInputError
from app.models import Role, utc_now
from app.platform.authorising import AuthorisedRoute
from app.platform.identity import CallerDep, CatalogueDep, for_roles, recently_authenticated
from app.platform.request_session import SessionDep, SettingsDep, TransactionsDep
from app.transcoding.readers import approved_unread_by, blind_person
from app.versions import repository, service
from app.versions.canonical import FIELDS, parse_content
from app.versions.comparison_pages import (
    HEADER,
    READ_FIRST,
    ComparisonQuery,
    comparison_page,
    comparison_rows,
    read_compared,
)
from app.versions.contents import signed_content
from app.versions.page_building import (
    PREFIX,
    one_signature,
    path_of,
    reading_page,
    signature_page,
    signature_url,
    versions_page,
)
from app.versions.pages import SignatureForm
from app.versions.service import Identification
from app.web.spreadsheet_csv import csv_download, csv_pieces
from app.web.templating import render

router = APIRouter(
    prefix="/catalogues/{catalogue_id}/signature", tags=["signature"], route_class=AuthorisedRoute
)
PageParam = Annotated[int, Query(ge=1, le=100_000)]
ShortText = Annotated[str, Form(max_length=300)]
TICKED_AND_ALL = (
    "Des chapitres sont cochés, et « Tous les chapitres » est choisi : dites si vous signez tout ou seulement ceux que "
    "vous avez cochés. Rien n’est signé."
)
_BY_A_BIOLOGIST = [for_roles(Role.BIOLOGIST), recently_authenticated]


@router.get("")
def show_versions(
    request: Request,
    access: CatalogueDep,
    session: SessionDep,
    settings: SettingsDep,
    caller: CallerDep,
    page: PageParam = 1,
    avant: PageParam = 1,
) -> Response:
    """What can be signed now, and the signatures."""
    limit = timedelta(minutes=settings.reauthentication_minutes)
    is_old = caller.authenticated_at is None or utc_now() - caller.authenticated_at >= limit
    shown = versions_page(session, access, page=page, older=avant, needs_proof=is_old)
    return render(request, "versions/list.html", shown)


@router.post("/relecture", dependencies=_BY_A_BIOLOGIST)
def read_again(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    portee: ShortText = "tout",
    chapitre: Annotated[list[str] | None, Form()] = None,
    titre: ShortText = "",
    rpps: ShortText = "",
    finess_ej: ShortText = "",
    finess_et: ShortText = "",
) -> Response:
    """What this person would sign, to the letter."""
    said = Identification(titre, rpps, finess_ej, finess_et)
    try:
        draft = service.prepare(transactions, access, _chosen(portee, chapitre), said)
    except (InvalidInputError, ConflictError) as error:
        return _again(request, access, transactions, said, portee, chapitre, error)
    return render(request, "versions/reading.html", reading_page(access, draft))


@router.post("", dependencies=_BY_A_BIOLOGIST)
def do_sign(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    caller: CallerDep,
    portee: ShortText = "tout",
    chapitre: Annotated[list[str] | None, Form()] = None,
    titre: ShortText = "",
    rpps: ShortText = "",
    finess_ej: ShortText = "",
    finess_et: ShortText = "",
    vu: ShortText = "",
) -> Response:
    """Sign what was shown."""
    said = Identification(titre, rpps, finess_ej, finess_et)
    try:
        signed = service.sign(transactions, access, _chosen(portee, chapitre), said, vu, caller.token_hash)
    except (InvalidInputError, ConflictError) as error:
        return _again(request, access, transactions, said, portee, chapitre, error)
    return RedirectResponse(signature_url(access.catalogue_id, signed.public_id), status_code=303)


def _chosen(scope: str, chapters: list[str] | None) -> list[str] | None:
    """The chapters that a form names; None for all that can be signed."""
    names = chapters or []
    if scope == "tout":
        if names:
            # Two answers to one question: nobody signs more than she meant.
            raise InvalidInputError(TICKED_AND_ALL)
        return None
    if scope != "chapitres" or not all(name.startswith(PREFIX) for name in names):
        raise InvalidInputError("Ce choix de chapitres est inconnu.")
    return [name.removeprefix(PREFIX) for name in names]


def _again(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    said: Identification,
    scope: str,
    chapters: list[str] | None,
    error: InvalidInputError | ConflictError,
) -> Response:
    """The page of what can be signed, with what was typed and what is wrong with it."""
    form = SignatureForm(
        title=said.title,
        rpps=said.rpps,
        finess_ej=said.finess_ej,
        finess_et=said.finess_et,
        is_all=scope != "chapitres" and not chapters,
        chosen=frozenset(chapters or ()),
    )
    with transactions.reading() as session:
        page = versions_page(session, access, form=form, problem=error.message)
    return render(request, "versions/list.html", page, status_code=error.status_code)


@router.get("/comparaison")
def compare(request: Request, access: CatalogueDep, transactions: TransactionsDep) -> Response:
    """Two versions row by row, or all that differs as CSV."""
    query = ComparisonQuery.from_params(request.query_params)
    with transactions.reading() as session:
        compared = read_compared(session, access, query)
    if request.query_params.get("format") == "csv":
        name = f"comparaison_catalogue_{access.catalogue_id}_{compared.query.de}_{compared.query.a}.csv"
        return csv_download(name, csv_pieces(HEADER, list(comparison_rows(compared))))
    return render(request, "versions/comparison.html", comparison_page(access, compared))


@router.get("/{public_id}")
def show_signature(
    request: Request, access: CatalogueDep, transactions: TransactionsDep, public_id: str
) -> Response:
    """One signature, or the rows that it signed as CSV."""
    if request.query_params.get("format") != "csv":
        with transactions.reading() as session:
            page = signature_page(session, access, public_id)
        return render(request, "versions/signature.html", page)
    with transactions.reading() as session:
        signature = one_signature(session, access.catalogue_id, public_id)
        if approved_unread_by(session, blind_person(access), access.catalogue_id):
            raise ConflictError(READ_FIRST)
        compressed = repository.contents_of(session, [signature.id])[signature.id]
    _, rows = parse_content(signed_content(signature, compressed))
    name = f"version_{signature.version}_catalogue_{access.catalogue_id}_{public_id}.csv"
    return csv_download(name, csv_pieces(FIELDS, [row.values for row in rows]))


@router.post("/{public_id}/retrait", dependencies=_BY_A_BIOLOGIST)
def do_withdraw(
    request: Request,
    access: CatalogueDep,
    transactions: TransactionsDep,
    public_id: str,
    motif: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Say that a signature does not hold any more."""
    try:
        with transactions.writing() as session:
            service.withdraw(session, access, public_id, motif)
    except (InvalidInputError, ConflictError) as error:
        with transactions.reading() as session:
            page = signature_page(session, access, public_id, problem=error.message, typed=motif)
        return render(request, "versions/signature.html", page, status_code=error.status_code)
    return RedirectResponse(path_of(access.catalogue_id), status_code=303)
