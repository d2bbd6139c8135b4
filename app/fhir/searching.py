"""Searches of the FHIR service: a laboratory has few resources, so they are filtered here and not by SQL."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.fhir.answers import outcome
from app.fhir.asked import HOW_TO_WRITE, Pairs, single
from app.fhir.errors import FhirRequestError
from app.fhir.moments import is_met
from app.fhir_resources.values import Resource
from matcher.normalise.text import fold

SEARCH_PARAMETERS = {
    "_id": "token",
    "_lastUpdated": "date",
    "date": "date",
    "name": "string",
    "publisher": "string",
    "status": "token",
    "title": "string",
    "url": "uri",
    "version": "token",
}
"""Name -> type, the same for all resource types."""
PAGING = ("_count", "_offset", "_total")
PARTS = ("_summary", "_elements")
LARGE_ELEMENTS = ("group", "concept", "compose", "copyright", "description", "purpose")
"""What a summary leaves out."""
MANDATORY_ELEMENTS = ("resourceType", "id", "meta", "url", "version", "name", "status", "content")
"""What `_elements` keeps in any case."""
MOST_RESULTS = 100
SUMMARIES = ("true", "false", "count", "data")
_TOTALS = ("none", "estimate", "accurate")
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_STATUS_SYSTEM = "http://hl7.org/fhir/publication-status"
_ELEMENT = re.compile(r"[A-Za-z]{1,64}")
_COMMA = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\([,|$\\])")


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of each resource is wanted."""

    summary: str = "false"
    elements: tuple[str, ...] = ()

    @property
    def parameters(self) -> Pairs:
        """The same as parameters, for a link."""
        said = [("_summary", self.summary)] if self.summary != "false" else []
        return said + ([("_elements", ",".join(self.elements))] if self.elements else [])

    def of(self, resource: Resource) -> Resource:
        """The resource, or the part of it that is wanted, which then says that it is one."""
        if self.summary == "true":
            kept = {key: value for key, value in resource.items() if key not in LARGE_ELEMENTS}
        elif self.elements:
            wanted = {*MANDATORY_ELEMENTS, *self.elements}
            kept = {key: value for key, value in resource.items() if key in wanted}
        else:
            return resource
        return kept | {"meta": kept["meta"] | {"tag": [_SUBSETTED]}}


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was understood: its criteria as sent, its page, its shape, and what was left out of it."""

    criteria: tuple[tuple[str, str], ...]
    count: int
    offset: int
    shape: Shape
    ignored: tuple[str, ...] = ()

    def matches(self, resource: Resource) -> bool:
        """Whether a resource meets all criteria."""
        return all(_meets(resource, name, text) for name, text in self.criteria)


def shape_of(parameters: Pairs, *, may_count: bool = True) -> Shape:
    """How much of each resource these parameters want."""
    summary = single(parameters, "_summary") or "false"
    if summary not in SUMMARIES or (summary == "count" and not may_count):
        allowed = [name for name in SUMMARIES if may_count or name != "count"]
        raise FhirRequestError(f"_summary vaut {', '.join(allowed)}.", code="value")
    elements = tuple(name.strip() for name in single(parameters, "_elements").split(",") if name.strip())
    if not all(_ELEMENT.fullmatch(name) for name in elements):
        raise FhirRequestError("_elements attend des noms d'éléments séparés par des virgules.", code="value")
    if elements and summary not in ("false", "data"):
        raise FhirRequestError("_summary et _elements ne vont pas ensemble.")
    return Shape("false" if summary == "data" else summary, elements)


def search_of(parameters: Pairs, *, strict: bool) -> Search:
    """Understand a search. What is not understood is refused, or else left out of the self link and said."""
    criteria, ignored = [], []
    for name, text in parameters:
        base, _, modifier = name.partition(":")
        kind = SEARCH_PARAMETERS.get(base)
        if name in (*PAGING, *PARTS, *HOW_TO_WRITE):
            continue
        if kind is None:
            ignored.append(f"Le paramètre {name[:80]} est inconnu : il n'a restreint aucun résultat.")
        elif not text.strip():
            ignored.append(f"Le paramètre {name[:80]} est vide : il n'a restreint aucun résultat.")
        elif modifier and not (kind == "string" and modifier in ("exact", "contains")):
            raise FhirRequestError(f"Le modificateur :{modifier[:40]} n'est pas pris en charge pour {base}.")
        else:
            # Looked at once against nothing: a wrong value is refused even where no resource would meet it.
            for value in _values(text) if kind == "date" else ():
                is_met(base, value, "")
            criteria.append((name, text))
    if ignored and strict:
        raise FhirRequestError(" ".join(dict.fromkeys(ignored)), code="not-supported")
    total = single(parameters, "_total")
    if total and total not in _TOTALS:
        raise FhirRequestError(f"_total vaut {', '.join(_TOTALS)}.", code="value")
    count = min(_number(parameters, "_count", MOST_RESULTS), MOST_RESULTS)
    offset = _number(parameters, "_offset", 0)
    return Search(tuple(criteria), count, offset, shape_of(parameters), tuple(dict.fromkeys(ignored)))


def _number(parameters: Pairs, name: str, default: int) -> int:
    text = single(parameters, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise FhirRequestError(f"{name} doit être un nombre entier.", code="value")
    return int(text)


def _values(text: str) -> list[str]:
    return [value.strip() for value in _COMMA.split(text) if value.strip()]


def _held(resource: Resource, base: str) -> str:
    if base == "_lastUpdated":
        return str(resource.get("meta", {}).get("lastUpdated", ""))
    return str(resource.get(base.removeprefix("_"), ""))


def _meets(resource: Resource, name: str, text: str) -> bool:
    base, _, modifier = name.partition(":")
    kind, held = SEARCH_PARAMETERS[base], _held(resource, base)
    values = _values(text)
    if kind == "date":
        return any(is_met(base, value, held) for value in values)
    if kind == "uri":
        return any(_is_address(resource, _ESCAPED.sub(r"\1", value)) for value in values)
    if kind == "token":
        return any(_is_token(held, value, _STATUS_SYSTEM if base == "status" else "") for value in values)
    return any(_is_text(held, _ESCAPED.sub(r"\1", value), modifier) for value in values)


def _is_address(resource: Resource, wanted: str) -> bool:
    """A canonical may carry its version behind a bar, as the references in our own resources do."""
    url, _, version = wanted.partition("|")
    return resource.get("url") == url and version in ("", resource.get("version"))


def _is_token(held: str, wanted: str, own_system: str) -> bool:
    system, bar, code = wanted.partition("|") if re.search(r"(?<!\\)\|", wanted) else ("", "", wanted)
    if bar and system not in ("", own_system):
        return False
    return held == _ESCAPED.sub(r"\1", code)


def _is_text(held: str, wanted: str, modifier: str) -> bool:
    if modifier == "exact":
        return held == wanted
    folded, text = fold(wanted), fold(held)
    if not folded:
        # Nothing but signs, which folding drops: it must not match everything.
        folded, text = wanted, held
    return folded in text if modifier == "contains" else text.startswith(folded)


def searchset(resources: Sequence[Resource], search: Search, address: str) -> Resource:
    """The answer to a search; `address` is that of the resource type in this service."""
    found = [resource for resource in resources if search.matches(resource)]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    wants_count = search.shape.summary == "count" or search.count == 0
    page = [] if wants_count else found[search.offset : search.offset + search.count]
    bundle["link"] = [{"relation": name, "url": url} for name, url in _links(search, address, len(found), wants_count)]
    entries = [
        {
            "fullUrl": f"{address}/{resource['id']}",
            "resource": search.shape.of(resource),
            "search": {"mode": "match"},
        }
        for resource in page
    ]
    if search.ignored:
        issues = [outcome(message, "not-supported", "warning")["issue"][0] for message in search.ignored]
        said = {"resourceType": "OperationOutcome", "issue": issues}
        entries.append({"resource": said, "search": {"mode": "outcome"}})
    if entries:
        bundle["entry"] = entries
    return bundle


def _links(search: Search, address: str, total: int, wants_count: bool) -> Iterator[tuple[str, str]]:
    yield "self", _link(search, address, search.offset)
    if wants_count:
        return
    if search.offset:
        yield "previous", _link(search, address, max(0, min(search.offset, total) - search.count))
    if search.offset + search.count < total:
        yield "next", _link(search, address, search.offset + search.count)


def _link(search: Search, address: str, offset: int) -> str:
    parameters = [*search.criteria, *search.shape.parameters]
    if search.count != MOST_RESULTS:
        parameters.append(("_count", str(search.count)))
    if offset:
        parameters.append(("_offset", str(offset)))
    return f"{address}?{urlencode(parameters)}" if parameters else address
