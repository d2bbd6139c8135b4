"""What `$translate` is asked, read from a query, or from a Parameters resource in JSON or XML."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.fhir.asked import HOW_TO_WRITE, Pairs
from app.fhir.dialect import FhirVersion, syntax_of
from app.fhir.errors import FhirRequestError
from app.fhir.parameters_xml import read_parameters
from app.fhir_resources.values import Syntax
from app.files.fhir_json import LOINC_SYSTEM, LOINC_SYSTEMS, FhirReadError, is_storable

_SHARED = ("url", "conceptMapVersion", "system", "version")
R4_NAMES = frozenset({*_SHARED, "code", "coding", "codeableConcept", "source", "target", "targetsystem", "reverse"})
R5_NAMES = frozenset(
    {
        *_SHARED, "sourceCode", "sourceCoding", "sourceCodeableConcept", "sourceScope", "targetCode",
        "targetCoding", "targetCodeableConcept", "targetScope", "targetSystem",
    }
)  # fmt: skip
REFUSED_NAMES = frozenset({"conceptMap", "dependency"})
"""Named by the operation and not served: maps brought by the caller, and conditions, which our maps never have."""
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a system."""

    system: str
    code: str
    version: str = ""
    """The version of the system that the code was taken from, when the caller names it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which codes to translate, from which side of the map, and what restricts the answer."""

    version: FhirVersion
    codings: tuple[Coding, ...]
    is_reverse: bool = False
    map_url: str = ""
    map_version: str = ""
    source_scope: str = ""
    target_scope: str = ""
    target_system: str = ""


def from_query(query: Pairs) -> Parameters:
    """The values of a query; a parameter given twice is refused, as each is asked once."""
    values: dict[str, str] = {}
    for name, value in query:
        if name in values:
            raise FhirRequestError(f"Le paramètre {name} est donné deux fois.")
        if name not in HOW_TO_WRITE:
            values[name] = value
    return values


def from_parameters(body: bytes, content_type: str) -> Parameters:
    """The values of a Parameters resource; a parameter given twice is refused, as each is asked once."""
    syntax = syntax_of(content_type)
    if syntax is None:
        raise FhirRequestError("Envoyez une ressource Parameters en application/fhir+json ou +xml.", 415)
    resource = _from_json(body) if syntax is Syntax.JSON else _from_xml(body)
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise FhirRequestError("Le corps doit être une ressource Parameters.", code="structure")
    values: dict[str, Any] = {}
    parameters = resource.get("parameter", [])
    if not isinstance(parameters, list) or not all(isinstance(item, dict) for item in parameters):
        raise FhirRequestError("Parameters.parameter doit être une liste.", code="structure")
    for item in parameters:
        name = item.get("name")
        held = [value for key, value in item.items() if key.startswith("value") or key == "resource"]
        if not isinstance(name, str) or len(held) != 1:
            raise FhirRequestError("Chaque paramètre porte un nom et une valeur.", code="structure")
        if name in values:
            raise FhirRequestError(f"Le paramètre {name} est donné deux fois.")
        values[name] = held[0]
    return values


def _from_json(body: bytes) -> Any:
    try:
        found = json.loads(body)
        may_be_kept = is_storable(found)
    except (ValueError, RecursionError) as error:
        raise FhirRequestError("Le corps n'est pas du JSON bien formé.", code="structure") from error
    if not may_be_kept:
        raise FhirRequestError("Le corps contient un caractère nul ou la moitié d'un caractère.", code="value")
    return found


def _from_xml(body: bytes) -> Any:
    try:
        return read_parameters(body)
    except FhirReadError as error:
        raise FhirRequestError(f"Le corps n'est pas lisible : {error}.", code="structure") from error


def version_of(names: Iterable[str], stated: FhirVersion | None) -> FhirVersion:
    """The release of a question: the one stated, else the one whose names are used, else R4."""
    if stated is not None:
        return stated
    return FhirVersion.R5 if set(names) & (R5_NAMES - R4_NAMES) else FhirVersion.R4


def question_of(values: Parameters, stated: FhirVersion | None) -> Question:
    """The question that these parameters ask; a parameter that would be ignored is refused."""
    version = version_of(values, stated)
    known = R4_NAMES if version is FhirVersion.R4 else R5_NAMES
    for name in values:
        if name in REFUSED_NAMES:
            raise FhirRequestError(f"Le paramètre {name} n'est pas pris en charge.", code="not-supported")
        if name not in known:
            raise FhirRequestError(f"Le paramètre {name} est inconnu de $translate en FHIR {version}.")
    url, _, url_version = _text(values, "url").partition("|")
    is_r4 = version is FhirVersion.R4
    codings, is_reverse = _asked(values, is_r4)
    return Question(
        version=version,
        codings=codings,
        is_reverse=_boolean(values, "reverse") if is_r4 else is_reverse,
        map_url=url,
        map_version=_text(values, "conceptMapVersion") or url_version,
        source_scope=_text(values, "source" if is_r4 else "sourceScope").partition("|")[0],
        target_scope=_text(values, "target" if is_r4 else "targetScope").partition("|")[0],
        target_system=_system(values, "targetsystem" if is_r4 else "targetSystem"),
    )


def _asked(values: Parameters, is_r4: bool) -> tuple[tuple[Coding, ...], bool]:
    """The codes asked for, and whether they are targets of the map (R5 says so by its names)."""
    prefixes = ("",) if is_r4 else ("source", "target")
    given = [
        (kind, prefix, f"{prefix}{kind[0].upper()}{kind[1:]}" if prefix else kind)
        for prefix in prefixes
        for kind in ("code", "coding", "codeableConcept")
    ]
    present = [(kind, prefix, name) for kind, prefix, name in given if name in values]
    if len(present) != 1:
        names = ", ".join(name for _, _, name in given)
        raise FhirRequestError(f"Donnez un et un seul de ces paramètres : {names}.", code="required")
    ((kind, prefix, name),) = present
    if kind == "code":
        # R5 has no parameter of its own for the system of a target code: both readings of its text are taken.
        system = values.get("system") or (values.get("targetSystem") if prefix == "target" else None)
        coding = {"code": values[name], "system": system, "version": values.get("version")}
        return (_coding(coding, name),), prefix == "target"
    if kind == "coding":
        return (_coding(values[name], name),), prefix == "target"
    concept = values[name]
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    if not isinstance(codings, list) or not codings:
        raise FhirRequestError(f"{name} ne porte aucun code.", code="required")
    return tuple(dict.fromkeys(_coding(item, name) for item in codings)), prefix == "target"


def _coding(value: Any, name: str) -> Coding:
    if not isinstance(value, Mapping):
        raise FhirRequestError(f"{name} doit être un Coding ; en GET, donnez le code et son système.")
    system, code = value.get("system"), value.get("code")
    if not isinstance(system, str) or not isinstance(code, str) or not system or not code:
        raise FhirRequestError(f"{name} demande un code et son système (system).", code="required")
    plain, _, behind = system.partition("|")
    version = value.get("version") or behind
    if not isinstance(version, str):
        raise FhirRequestError(f"La version du système de {name} doit être un texte.", code="value")
    return Coding(LOINC_SYSTEM if plain.rstrip("/") in LOINC_SYSTEMS else plain, code, version.strip())


def _system(values: Parameters, name: str) -> str:
    plain = _text(values, name).partition("|")[0]
    return LOINC_SYSTEM if plain.rstrip("/") in LOINC_SYSTEMS else plain


def _text(values: Parameters, name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise FhirRequestError(f"Le paramètre {name} doit être un texte.", code="value")
    return value.strip()


def _boolean(values: Parameters, name: str) -> bool:
    value = values.get(name, False)
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise FhirRequestError(f"Le paramètre {name} vaut true ou false.", code="value")
    return value
