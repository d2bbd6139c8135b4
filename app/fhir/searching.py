"""Searches of the FHIR service: a laboratory has few resources, so they are filtered here and not by SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.fhir.answers import outcome
from app.fhir.errors import FhirRequestError
from app.fhir.moments import Moments
from app.fhir_resources.values import Resource
from matcher.normalise.text import fold

SEARCH_PARAMETERS = {
    "_id": "token",
    "_lastUpdated": "date",
    "name": "string",
    "status": "token",
    "title": "string",
    "url": "uri",
    "version": "token",
}
"""Name -> type, the same for both resources."""
LARGE_ELEMENTS = ("group", "concept", "property")
"""What a summary leaves out."""
MOST_RESULTS = 100
_OPTIONS = frozenset({"_summary", "_count", "_offset"})
_SILENT = frozenset({"_format", "_pretty"})
"""Say how the answer is written."""
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was understood: its criteria as sent, its page, how much of each resource is wanted."""

    criteria: tuple[tuple[str, str], ...]
    count: int
    offset: int
    summary: str
    ignored: tuple[str, ...] = ()
    """Parameters that we do not know: they restrict nothing, and the answer says so."""

    def matches(self, resource: Resource) -> bool:
        """Whether a resource meets all criteria."""
        return all(_meets(resource, name, text) for name, text in self.criteria)


def search_of(parameters: Sequence[tuple[str, str]], *, is_strict: bool = False) -> Search:
    """Understand a search.

    Parameters that we do not know are left out, and out of the self link, as FHIR has it, and the answer names them;
    a caller who asks to be strict with her gets a refusal instead.
    """
    options = dict(parameters)
    summary = options.get("_summary", "false")
    if summary not in ("true", "false", "count"):
        raise FhirRequestError("_summary vaut true, false ou count.", code="value")
    criteria = []
    ignored: dict[str, None] = {}
    for name, text in parameters:
        base, _, modifier = name.partition(":")
        kind = SEARCH_PARAMETERS.get(base)
        if kind is None:
            ignored |= {} if name in _OPTIONS | _SILENT else {name: None}
            continue
        if not text:
            ignored[name] = None
            continue
        if kind == "date":
            for wanted in text.split(","):
                Moments.read(wanted.strip())
        if modifier and not (kind == "string" and modifier in ("exact", "contains")):
            raise FhirRequestError(f"Le modificateur :{modifier} n'est pas pris en charge pour {base}.")
        criteria.append((name, text))
    if ignored and is_strict:
        raise FhirRequestError(f"Paramètres inconnus ou vides : {', '.join(ignored)}.", code="not-supported")
    count = _number(options, "_count", MOST_RESULTS)
    return Search(tuple(criteria), min(count, MOST_RESULTS), _number(options, "_offset", 0), summary,
                  tuple(ignored))  # fmt: skip


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise FhirRequestError(f"{name} doit être un nombre entier.", code="value")
    return int(text)


def _meets(resource: Resource, name: str, text: str) -> bool:
    base, _, modifier = name.partition(":")
    if base == "_lastUpdated":
        updated = str(resource.get("meta", {}).get("lastUpdated", ""))
        return any(Moments.read(wanted.strip()).holds(updated) for wanted in text.split(","))
    held = str(resource.get(base.removeprefix("_"), ""))
    return any(_is(held, wanted.strip(), SEARCH_PARAMETERS[base], modifier) for wanted in text.split(","))


def _is(held: str, wanted: str, kind: str, modifier: str) -> bool:
    if kind == "token":
        # `system|code`: the elements searched here have no system of their own.
        return held == wanted.rpartition("|")[2]
    if kind == "uri" or modifier == "exact":
        return held == wanted
    if modifier == "contains":
        return fold(wanted) in fold(held)
    return fold(held).startswith(fold(wanted))


def _summary_of(resource: Resource) -> Resource:
    kept = {key: value for key, value in resource.items() if key not in LARGE_ELEMENTS}
    return kept | {"meta": kept["meta"] | {"tag": [_SUBSETTED]}}


def searchset(resources: Sequence[Resource], search: Search, address: str) -> Resource:
    """The answer to a search; `address` is that of the resource type in this service."""
    found = [resource for resource in resources if search.matches(resource)]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    wants_count = search.summary == "count" or search.count == 0
    page = [] if wants_count else found[search.offset : search.offset + search.count]
    bundle["link"] = [{"relation": "self", "url": _link(search, address, search.offset)}]
    if not wants_count and search.offset + search.count < len(found):
        bundle["link"].append({"relation": "next", "url": _link(search, address, search.offset + search.count)})
    if page:
        bundle["entry"] = [
            {
                "fullUrl": f"{address}/{resource['id']}",
                "resource": _summary_of(resource) if search.summary == "true" else resource,
                "search": {"mode": "match"},
            }
            for resource in page
        ]
    if search.ignored:
        told = f"Paramètres ignorés, qui n'ont rien restreint : {', '.join(search.ignored)}."
        warning = {"resource": outcome(told, "not-supported", "warning"), "search": {"mode": "outcome"}}
        bundle["entry"] = [*bundle.get("entry", []), warning]
    return bundle


def _link(search: Search, address: str, offset: int) -> str:
    parameters = [*search.criteria]
    if search.summary != "false":
        parameters.append(("_summary", search.summary))
    if search.count != MOST_RESULTS:
        parameters.append(("_count", str(search.count)))
    if offset:
        parameters.append(("_offset", str(offset)))
    return f"{address}?{urlencode(parameters)}" if parameters else address
