"""The FHIR service: the approved maps of a laboratory, its local codes, and `$translate`. It only reads."""

import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from app.fhir.access import Reader, ReaderDep
from app.fhir.answers import respond
from app.fhir.capability import capability_statement
from app.fhir.conditional import FhirRoute, validators
from app.fhir.dialect import FhirDialect, FhirVersion, dialect_of
from app.fhir.errors import FhirRequestError
from app.fhir.published import PublishedCatalogue
from app.fhir.questions import Parameters, Question, from_parameters, question_of
from app.fhir.searching import search_of, searchset
from app.fhir.translation import parameters_of, translate
from app.fhir_resources.naming import LEVEL_SLUGS, SPECIMENS, UNITS, Canonicals
from app.tokens.address import service_address

router = APIRouter(prefix="/fhir", route_class=FhirRoute)
READ = ["GET", "HEAD"]

DialectDep = Annotated[FhirDialect, Depends(dialect_of)]
SLUGS = {"ConceptMap": ("loinc",), "CodeSystem": (*LEVEL_SLUGS.values(), SPECIMENS, UNITS), "ValueSet": ("",)}
"""The kinds of resources that are served, and what ends the identifiers of each."""
MOST_FIELDS = 100
"""Parameters of one search."""
_FORMAT_PARAMETERS = frozenset({"_format", "_pretty"})


async def body_of(request: Request) -> bytes:
    """What was sent."""
    return await request.body()


BodyDep = Annotated[bytes, Depends(body_of)]


@router.api_route("/metadata", methods=READ)
def show_metadata(request: Request, dialect: DialectDep) -> Response:
    """What the service can do; read without a token."""
    return respond(capability_statement(service_address(request), dialect.settled), dialect)


def _resources(catalogues: list[PublishedCatalogue], kind: str, version: FhirVersion) -> list[dict[str, Any]]:
    return [resource for catalogue in catalogues for resource in catalogue.resources(kind, version)]


def _search(
    request: Request,
    reader: Reader,
    dialect: FhirDialect,
    kind: str,
    sent: Sequence[tuple[str, str]] = (),
) -> Response:
    search = search_of([*request.query_params.multi_items(), *sent], is_strict=_is_strict(request))
    resources = _resources(reader.published(), kind, dialect.settled)
    return respond(searchset(resources, search, f"{service_address(request)}/{kind}"), dialect)


def _is_strict(request: Request) -> bool:
    """Whether the caller wants to be refused what would be ignored (`Prefer: handling=strict`)."""
    wishes = re.split(r"[;,]", request.headers.get("prefer", "").lower())
    return "handling=strict" in {"".join(wish.split()).replace('"', "") for wish in wishes}


def _read(reader: Reader, dialect: FhirDialect, kind: str, resource_id: str, version_id: str = "") -> Response:
    catalogues = reader.published(lambda names: any(names.identifier(slug) == resource_id for slug in SLUGS[kind]))
    for resource in _resources(catalogues, kind, dialect.settled):
        if resource["id"] != resource_id:
            continue
        meta = resource["meta"]
        if version_id not in ("", meta["versionId"]):
            raise FhirRequestError(
                f"Seul l'état actuel de {kind}/{resource_id} est servi : versionId {meta['versionId']}.", 404
            )
        # One address answers in several syntaxes, and to one token.
        headers = {**validators(meta["versionId"], meta["lastUpdated"]), "Vary": "Accept, Authorization"}
        return respond(resource, dialect, headers=headers)
    raise FhirRequestError(f"{kind}/{resource_id} n'existe pas, ou pas pour ce jeton.", 404)


def _sent(request: Request, body: bytes) -> list[tuple[str, str]]:
    """The parameters of a search sent as a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "") or (not kind and body):
        raise FhirRequestError("Envoyez les paramètres en application/x-www-form-urlencoded.", 415)
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise FhirRequestError("Les paramètres envoyés ne sont pas lisibles.", code="structure") from error


def _queried(request: Request) -> Parameters:
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in values:
            raise FhirRequestError(f"Le paramètre {name} est donné deux fois.")
        if name not in _FORMAT_PARAMETERS:
            values[name] = value
    return values


def _answer(reader: Reader, question: Question, dialect: FhirDialect, resource_id: str = "") -> Response:
    """Answer with the maps that the question names, or else with those whose codes it holds."""
    version = question.version

    def is_named(names: Canonicals) -> bool:
        return resource_id in ("", names.identifier("loinc")) and question.map_url in ("", names.concept_map())

    def is_asked(names: Canonicals) -> bool:
        systems = {names.code_system(level) for level in LEVEL_SLUGS}
        return is_named(names) and (question.is_reverse or any(item.system in systems for item in question.codings))

    if resource_id or question.map_url:
        catalogues = reader.published(is_named)
        if not catalogues:
            raise FhirRequestError("Cette carte n'existe pas, ou pas pour ce jeton.", 404)
    else:
        catalogues = reader.published(is_asked)
    if question.map_version:
        catalogues = [item for item in catalogues if item.version == question.map_version]
        if not catalogues:
            raise FhirRequestError("Cette version de la carte n'est pas servie : seule l'actuelle l'est.", 404)
    return respond(parameters_of(translate(catalogues, question), version), dialect.as_of(version))


@router.api_route("/ConceptMap/$translate", methods=READ)
def ask_all_maps(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
    """Translate with all maps of the laboratory, or with the one that `url` names."""
    return _answer(reader, question_of(_queried(request), dialect.version), dialect)


@router.post("/ConceptMap/$translate")
def post_to_all_maps(request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep) -> Response:
    """The same, asked by a Parameters resource."""
    values = from_parameters(body, request.headers.get("content-type", ""))
    return _answer(reader, question_of(values, dialect.version), dialect)


@router.api_route("/ConceptMap/{resource_id}/$translate", methods=READ)
def ask_one_map(request: Request, reader: ReaderDep, dialect: DialectDep, resource_id: str) -> Response:
    """Translate with this map."""
    return _answer(reader, question_of(_queried(request), dialect.version), dialect, resource_id)


@router.post("/ConceptMap/{resource_id}/$translate")
def post_to_one_map(
    request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep, resource_id: str
) -> Response:
    """The same, asked by a Parameters resource."""
    values = from_parameters(body, request.headers.get("content-type", ""))
    return _answer(reader, question_of(values, dialect.version), dialect, resource_id)


def _serve(kind: str) -> None:
    """The searches and readings of one kind of resource."""

    def search(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
        return _search(request, reader, dialect, kind)

    def search_by_form(request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep) -> Response:
        return _search(request, reader, dialect, kind, _sent(request, body))

    def read(reader: ReaderDep, dialect: DialectDep, resource_id: str) -> Response:
        return _read(reader, dialect, kind, resource_id)

    def read_state(reader: ReaderDep, dialect: DialectDep, resource_id: str, version_id: str) -> Response:
        return _read(reader, dialect, kind, resource_id, version_id)

    router.add_api_route(f"/{kind}", search, methods=READ)
    router.add_api_route(f"/{kind}/_search", search_by_form, methods=["POST"])
    router.add_api_route(f"/{kind}/{{resource_id}}", read, methods=READ)
    router.add_api_route(f"/{kind}/{{resource_id}}/_history/{{version_id}}", read_state, methods=READ)


for served in SLUGS:
    _serve(served)
