"""The FHIR service: the approved maps of a laboratory, its local codes, and `$translate`. It only reads."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.fhir.access import Reader, ReaderDep
from app.fhir.answers import respond
from app.fhir.capability import capability_statement
from app.fhir.dialect import FhirDialect, FhirVersion, dialect_of
from app.fhir.errors import FhirRequestError
from app.fhir.published import PublishedCatalogue
from app.fhir.questions import Parameters, Question, from_parameters, question_of
from app.fhir.searching import search_of, searchset
from app.fhir.translation import parameters_of, translate
from app.fhir_resources.naming import LEVEL_SLUGS, Canonicals
from app.tokens.address import service_address

router = APIRouter(prefix="/fhir")

DialectDep = Annotated[FhirDialect, Depends(dialect_of)]
_FORMAT_PARAMETERS = frozenset({"_format", "_pretty"})


async def body_of(request: Request) -> bytes:
    """What was sent."""
    return await request.body()


BodyDep = Annotated[bytes, Depends(body_of)]


@router.get("/metadata")
def show_metadata(request: Request, dialect: DialectDep) -> Response:
    """What the service can do; read without a token."""
    return respond(capability_statement(service_address(request), dialect.settled), dialect)


def _resources(catalogues: list[PublishedCatalogue], kind: str, version: FhirVersion) -> list[dict[str, Any]]:
    return [resource for catalogue in catalogues for resource in catalogue.resources(kind, version)]


def _search(request: Request, reader: Reader, dialect: FhirDialect, kind: str) -> Response:
    search = search_of(request.query_params.multi_items())
    resources = _resources(reader.published(), kind, dialect.settled)
    return respond(searchset(resources, search, f"{service_address(request)}/{kind}"), dialect)


def _read(reader: Reader, dialect: FhirDialect, kind: str, resource_id: str) -> Response:
    slugs = ("loinc",) if kind == "ConceptMap" else tuple(LEVEL_SLUGS.values())
    catalogues = reader.published(lambda names: any(names.identifier(slug) == resource_id for slug in slugs))
    for resource in _resources(catalogues, kind, dialect.settled):
        if resource["id"] == resource_id:
            return respond(resource, dialect, headers={"ETag": f'W/"{resource["version"]}"'})
    raise FhirRequestError(f"{kind}/{resource_id} n'existe pas, ou pas pour ce jeton.", 404)


@router.get("/ConceptMap")
def search_concept_maps(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
    """The maps of the laboratory."""
    return _search(request, reader, dialect, "ConceptMap")


@router.get("/CodeSystem")
def search_code_systems(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
    """The local codes of the laboratory."""
    return _search(request, reader, dialect, "CodeSystem")


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


@router.get("/ConceptMap/$translate")
def ask_all_maps(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
    """Translate with all maps of the laboratory, or with the one that `url` names."""
    return _answer(reader, question_of(_queried(request), dialect.version), dialect)


@router.post("/ConceptMap/$translate")
def post_to_all_maps(request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep) -> Response:
    """The same, asked by a Parameters resource."""
    values = from_parameters(body, request.headers.get("content-type", ""))
    return _answer(reader, question_of(values, dialect.version), dialect)


@router.get("/ConceptMap/{resource_id}/$translate")
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


@router.get("/ConceptMap/{resource_id}")
def read_concept_map(reader: ReaderDep, dialect: DialectDep, resource_id: str) -> Response:
    """One map."""
    return _read(reader, dialect, "ConceptMap", resource_id)


@router.get("/CodeSystem/{resource_id}")
def read_code_system(reader: ReaderDep, dialect: DialectDep, resource_id: str) -> Response:
    """The local codes of one level of a catalogue."""
    return _read(reader, dialect, "CodeSystem", resource_id)
