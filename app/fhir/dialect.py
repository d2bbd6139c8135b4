"""What the caller speaks: FHIR R4 or R5, JSON or XML, read from Accept, Content-Type and `_format`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from fastapi import Request

from app.fhir.asked import query_of, single
from app.fhir.errors import FhirRequestError
from app.fhir_resources.values import Syntax


class FhirVersion(StrEnum):
    """The releases served; the values are those of the parameter fhirVersion."""

    R4 = "4.0"
    R5 = "5.0"


@dataclass(frozen=True, slots=True)
class FhirDialect:
    """How to answer. `version` is None when the caller did not say: the names of the parameters then may."""

    syntax: Syntax = Syntax.JSON
    version: FhirVersion | None = None

    def as_of(self, version: FhirVersion) -> "FhirDialect":
        """The same, with the release settled."""
        return replace(self, version=version)

    @property
    def settled(self) -> FhirVersion:
        """The release of the answer: R4 unless R5 was asked for."""
        return self.version or FhirVersion.R4

    @property
    def media_type(self) -> str:
        """The media type of the answer."""
        return f"application/fhir+{self.syntax}; fhirVersion={self.settled}"


_SYNTAXES = {
    "json": Syntax.JSON,
    "application/json": Syntax.JSON,
    "application/fhir+json": Syntax.JSON,
    "text/json": Syntax.JSON,
    "xml": Syntax.XML,
    "application/xml": Syntax.XML,
    "application/fhir+xml": Syntax.XML,
    "text/xml": Syntax.XML,
}
_VERSION = re.compile(r"fhirversion\s*=\s*\"?([^;,\s\"]*)", re.IGNORECASE)
_VERSIONS = {"4.0": FhirVersion.R4, "4.3": FhirVersion.R4, "5.0": FhirVersion.R5}


def _version(media_type: str) -> FhirVersion | None:
    found = _VERSION.search(media_type)
    if found is None:
        return None
    version = _VERSIONS.get(".".join(found[1].split(".")[:2]))
    if version is None:
        raise FhirRequestError(f"La version {found[1][:20]} de FHIR n'est pas servie : 4.0 et 5.0 le sont.", 406)
    return version


def _by_preference(accept: str) -> Iterator[str]:
    """The media types of an Accept header, the preferred first; those of weight zero are what the caller refuses."""
    weighted: list[tuple[float, int, str]] = []
    refused = set()
    for position, item in enumerate(part for part in accept.split(",") if part.strip()):
        quality = re.search(r";\s*q\s*=\s*([0-9.]+)", item)
        try:
            weight = float(quality[1]) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, position, item.strip()))
        else:
            refused.add(syntax_of(item))
    for _, _, item in sorted(weighted):
        if "*" not in item.partition(";")[0]:
            yield item
        else:
            # Any syntax will do: the first that is not refused.
            yield from (f"application/fhir+{syntax}" for syntax in Syntax if syntax not in refused)


def syntax_of(media_type: str) -> Syntax | None:
    """The syntax that a media type names; None for one that we do not speak."""
    return _SYNTAXES.get(media_type.partition(";")[0].strip().lower())


def dialect_of(request: Request) -> FhirDialect:
    """How to answer this request; `_format` wins over Accept, and 406 is the answer to a wish we cannot meet."""
    return dialect_with(request, single(query_of(request), "_format"))


def dialect_with(request: Request, wanted: str) -> FhirDialect:
    """The same, `_format` being given: a search by POST has it in its form."""
    # In a query, an unescaped plus sign arrives as a space.
    wanted = wanted.replace("fhir ", "fhir+")
    if wanted:
        syntax = syntax_of(wanted)
        if syntax is None:
            raise FhirRequestError("Ce format n'est pas servi : json et xml le sont.", 406)
        return FhirDialect(syntax, _version(wanted) or _header_version(request))
    accepted = list(_by_preference(request.headers.get("accept", "") or "*/*"))
    for media_type in accepted:
        syntax = syntax_of(media_type)
        if syntax is not None:
            return FhirDialect(syntax, _version(media_type) or _header_version(request))
    raise FhirRequestError("Aucun format accepté n'est servi : application/fhir+json et +xml le sont.", 406)


def _header_version(request: Request) -> FhirVersion | None:
    """The release named elsewhere: by another accepted type, or by the type of what was sent."""
    for name in ("accept", "content-type"):
        version = _version(request.headers.get(name, ""))
        if version is not None:
            return version
    return None


def forgiving_dialect_of(request: Request) -> FhirDialect:
    """How to answer when the request itself is refused, perhaps for its format, or for a query that is no text."""
    for wish in (dialect_of, lambda asked: dialect_with(asked, "")):
        try:
            return wish(request)
        except FhirRequestError:
            continue
    return FhirDialect()
