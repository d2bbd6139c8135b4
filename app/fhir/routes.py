"""The FHIR service: the maps of a laboratory, its local codes, and `$translate`. It only reads."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.routing import Route

from app.fhir.access import Reader, ReaderDep
from app.fhir.answers import respond, respond_with_version
from app.fhir.asked import Pairs, form_of, is_strict, query_of, refuse_unknown, single
from app.fhir.capability import capability_statement
from app.fhir.dialect import FhirDialect, dialect_of, dialect_with
from app.fhir.errors import FhirRequestError
from app.fhir.published import SLUGS, PublishedCatalogue
from app.fhir.questions import Question, from_parameters, from_query, question_of
from app.fhir.searching import PARTS, search_of, searchset, shape_of
from app.fhir.translation import parameters_of, translate
from app.fhir.unserved import NO_HISTORY, Unserved
from app.fhir_resources.naming import LEVEL_SLUGS, Canonicals
from app.fhir_resources.values import Resource
from app.tokens.address import service_address

router = APIRouter(prefix="/fhir")

READ = ["GET", "HEAD"]
MOST_BODY_BYTES = 1_000_000
"""A question or a form is small."""
DialectDep = Annotated[FhirDialect, Depends(dialect_of)]


async def body_of(request: Request) -> bytes:
    """What was sent; refused in FHIR, and before it is all there, when it is too much."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MOST_BODY_BYTES:
            raise FhirRequestError(f"Une question ou un formulaire fait {MOST_BODY_BYTES} octets au plus.", 413)
    return bytes(parts)


BodyDep = Annotated[bytes, Depends(body_of)]


@router.api_route("/metadata", methods=READ)
def show_metadata(request: Request, dialect: DialectDep) -> Response:
    """What the service can do; read without a token."""
    query = query_of(request)
    if single(query, "mode") not in ("", "full", "normative"):
        raise FhirRequestError("mode vaut full ou normative : la déclaration est la même.", code="not-supported")
    refuse_unknown(request, query, frozenset({"mode"}))
    return respond(request, capability_statement(service_address(request), dialect.settled), dialect)


def _search(request: Request, reader: Reader, dialect: FhirDialect, kind: str, sent: Pairs) -> Response:
    search = search_of(sent, strict=is_strict(request))
    found = [item for catalogue in reader.published() for item in catalogue.resources(kind, dialect.settled)]
    return respond(request, searchset(found, search, f"{service_address(request)}/{kind}"), dialect)


def _found(
    reader: Reader, dialect: FhirDialect, kind: str, resource_id: str
) -> tuple[Resource, PublishedCatalogue]:
    if resource_id.startswith("$"):
        raise FhirRequestError(f"L'opération {resource_id[:60]} n'est pas servie pour {kind}.", 404, "not-supported")
    if resource_id == "_history":
        raise FhirRequestError(NO_HISTORY, 404)
    catalogues = reader.published(lambda names: any(names.identifier(slug) == resource_id for slug in SLUGS[kind]))
    for catalogue in catalogues:
        for resource in catalogue.resources(kind, dialect.settled):
            if resource["id"] == resource_id:
                return resource, catalogue
    raise FhirRequestError(f"{kind}/{resource_id[:80]} n'existe pas, ou pas pour ce jeton.", 404)


def _read(
    request: Request, reader: Reader, dialect: FhirDialect, kind: str, resource_id: str, version_id: str = ""
) -> Response:
    query = query_of(request)
    shape = shape_of(query, may_count=False)
    refuse_unknown(request, query, frozenset(PARTS))
    resource, catalogue = _found(reader, dialect, kind, resource_id)
    if version_id and version_id != resource["meta"]["versionId"]:
        raise FhirRequestError(
            f"La version {version_id[:80]} de {kind}/{resource_id[:80]} n'est pas servie : seule l'actuelle l'est, "
            f"{resource['meta']['versionId']}.",
            404,
        )
    return respond_with_version(request, resource, shape.of(resource), catalogue.state.changed_at, dialect)


def _add_type(kind: str) -> None:
    """The routes by which a resource type is searched and read."""

    def search(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
        return _search(request, reader, dialect, kind, query_of(request))

    def search_by_form(request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep) -> Response:
        form = form_of(request, body)
        wanted = single(form, "_format")
        sent = [*query_of(request), *form]
        return _search(request, reader, dialect_with(request, wanted) if wanted else dialect, kind, sent)

    def read(request: Request, reader: ReaderDep, dialect: DialectDep, resource_id: str) -> Response:
        return _read(request, reader, dialect, kind, resource_id)

    def read_version(
        request: Request, reader: ReaderDep, dialect: DialectDep, resource_id: str, version_id: str
    ) -> Response:
        return _read(request, reader, dialect, kind, resource_id, version_id)

    def add(path: str, answer: Callable[..., Response], methods: list[str]) -> None:
        router.add_api_route(f"/{kind}{path}", answer, methods=methods)

    add("", search, READ)
    add("/_search", search, READ)
    add("/_search", search_by_form, ["POST"])
    add("/{resource_id}/_history/{version_id}", read_version, READ)
    add("/{resource_id}", read, READ)


def _answer(
    request: Request, reader: Reader, question: Question, dialect: FhirDialect, resource_id: str = ""
) -> Response:
    """Answer with the maps that the question names, or else with those whose codes it holds."""

    def is_named(names: Canonicals) -> bool:
        return resource_id in ("", names.identifier("loinc")) and question.map_url in ("", names.concept_map())

    def is_asked(names: Canonicals) -> bool:
        systems = {names.code_system(level) for level in LEVEL_SLUGS}
        return is_named(names) and (question.is_reverse or any(item.system in systems for item in question.codings))

    if resource_id or question.map_url:
        catalogues = reader.published(is_named)
        if not catalogues:
            named = question.map_url or f"ConceptMap/{resource_id}"
            raise FhirRequestError(f"La carte {named[:200]} n'existe pas, ou pas pour ce jeton.", 404)
    else:
        catalogues = reader.published(is_asked)
    catalogues = _of_version(catalogues, question.map_version)
    answer = parameters_of(translate(catalogues, question), question.version)
    return respond(request, answer, dialect.as_of(question.version))


def _of_version(catalogues: list[PublishedCatalogue], version: str) -> list[PublishedCatalogue]:
    found = [item for item in catalogues if version in ("", item.version)]
    if catalogues and not found:
        raise FhirRequestError(f"La version {version[:80]} de la carte n'est pas servie : seule l'actuelle l'est.", 404)
    return found


@router.api_route("/ConceptMap/$translate", methods=READ)
def ask_all_maps(request: Request, reader: ReaderDep, dialect: DialectDep) -> Response:
    """Translate with all maps of the laboratory, or with the one that `url` names."""
    question = question_of(from_query(query_of(request)), dialect.version)
    return _answer(request, reader, question, dialect)


@router.post("/ConceptMap/$translate")
def post_to_all_maps(request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep) -> Response:
    """The same, asked by a Parameters resource."""
    values = from_parameters(body, request.headers.get("content-type", ""))
    return _answer(request, reader, question_of(values, dialect.version), dialect)


@router.api_route("/ConceptMap/{resource_id}/$translate", methods=READ)
def ask_one_map(request: Request, reader: ReaderDep, dialect: DialectDep, resource_id: str) -> Response:
    """Translate with this map."""
    question = question_of(from_query(query_of(request)), dialect.version)
    return _answer(request, reader, question, dialect, resource_id)


@router.post("/ConceptMap/{resource_id}/$translate")
def post_to_one_map(
    request: Request, reader: ReaderDep, dialect: DialectDep, body: BodyDep, resource_id: str
) -> Response:
    """The same, asked by a Parameters resource."""
    values = from_parameters(body, request.headers.get("content-type", ""))
    return _answer(request, reader, question_of(values, dialect.version), dialect, resource_id)


for _kind in SLUGS:
    _add_type(_kind)
# Last: what none of the above serves, by any method.
router.routes += [Route(path, Unserved(router.routes)) for path in ("/fhir", "/fhir/{path:path}")]
