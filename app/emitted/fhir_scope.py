"""Resources that belong together — those of one Bundle, or the loose ones of a file — and references between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.files.fhir_json import Json, items, one_line

MOST_BUNDLES = 3
"""Bundles in one another: a search that answers with documents, itself in a message."""
_ORDER_NUMBERS = frozenset({"PLAC", "FILL", "ACSN", "PGN", "FGN"})
"""Types of the identifiers of an order or of a specimen: several reports share them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource and where it is said to stand."""

    resource: Json
    full_url: str = ""


@dataclass(slots=True)
class Scope:
    """Resources that refer to each other."""

    bundle: Json
    """The Bundle without its entries; empty for loose resources."""
    entries: list[Entry] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    """Addresses of what a Bundle asks to delete, `DiagnosticReport/1`."""
    _by_key: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """One more resource; of several versions of one, references are to the last."""
        self.entries.append(entry)
        for key in keys_of(entry):
            held = self._by_key.get(key)
            if held is None or version_of(held.resource) <= version_of(entry.resource):
                self._by_key[key] = entry

    def of_type(self, *types: str) -> Iterator[Entry]:
        """The resources of these types, in their order."""
        return (entry for entry in self.entries if entry.resource.get("resourceType") in types)

    def find(self, reference: Json, holder: Json) -> Entry | None:
        """What a Reference of this resource points to, contained in it or beside it."""
        address = one_line(reference.get("reference"))
        if address.startswith("#"):
            inside = (one for one in items(holder, "contained") if one_line(one.get("id")) == address[1:])
            contained = next(inside, None)
            return Entry(contained) if contained is not None else None
        tail = "/".join(address.split("/_history/")[0].rsplit("/", 2)[-2:])
        for key in (address, tail) if address else ():
            if key in self._by_key:
                return self._by_key[key]
        for identifier in items(reference, "identifier"):
            if found := self._by_key.get(identifier_key(identifier)):
                return found
        return None


def scopes(roots: Iterable[Json]) -> Iterator[Scope]:
    """A scope for each Bundle, those inside others first; then one for all loose resources."""
    loose = Scope({})
    for root in roots:
        if root["resourceType"] == "Bundle":
            yield from _of_bundle(root, 1)
        else:
            loose.add(Entry(root))
    if loose.entries:
        yield loose


def _of_bundle(bundle: Json, depth: int) -> Iterator[Scope]:
    scope = Scope({name: value for name, value in bundle.items() if name != "entry"})
    for entry in items(bundle, "entry"):
        resource, request = entry.get("resource"), entry.get("request")
        if isinstance(request, dict) and one_line(request.get("method")).upper() == "DELETE":
            scope.deleted.append(one_line(request.get("url")))
        elif isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
            if resource["resourceType"] != "Bundle":
                scope.add(Entry(resource, one_line(entry.get("fullUrl"))))
            elif depth < MOST_BUNDLES:
                yield from _of_bundle(resource, depth + 1)
    yield scope


def identifier_key(identifier: Json) -> str:
    """An identifier as a key; empty without value."""
    value = one_line(identifier.get("value"))
    return f"{one_line(identifier.get('system'))}|{value}" if value else ""


def as_in_cda(key: str) -> str:
    """An identifier as a clinical document has it (root^extension), so that two forms of a report meet; empty for one
    that no OID names."""
    system, _, value = key.partition("|")
    if system.startswith("urn:oid:"):
        return f"{system.removeprefix('urn:oid:')}^{value}"
    return f"{value.removeprefix('urn:oid:')}^" if value.startswith("urn:oid:") else ""


def keys_of(entry: Entry) -> tuple[str, ...]:
    """What a resource is known by: its own identifiers, and its address, of which the absolute one is the surer."""
    resource = entry.resource
    found = [identifier_key(one) for one in items(resource, "identifier") if not _is_of_order(one)]
    url, id_ = entry.full_url.split("/_history/")[0], one_line(resource.get("id"))
    if id_:
        found.append(f"{resource.get('resourceType')}/{id_}")
    if url:
        found.append(url)
    return tuple(dict.fromkeys(key for key in found if key))


def address_of(entry: Entry) -> str:
    """The surest of its keys, by which it is the same in another file; empty for one that has none."""
    keys = keys_of(entry)
    if "|" in "".join(keys[:1]):
        return keys[0]
    return entry.full_url.split("/_history/")[0] or "".join(keys[:1])


def _is_of_order(identifier: Json) -> bool:
    types = [coding for kind in items(identifier, "type") for coding in items(kind, "coding")]
    return any(one_line(coding.get("code")).upper() in _ORDER_NUMBERS for coding in types)


def version_of(resource: Json) -> int:
    """The number of a version; 0 where it is none."""
    meta: Any = resource.get("meta")
    written = one_line(meta.get("versionId")) if isinstance(meta, dict) else ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
