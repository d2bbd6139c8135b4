"""The local codes of a catalogue as FHIR code systems, one for each level, and the value set of them all.

Nobody else publishes these codes: every file that speaks of them carries them, or a server gives them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.fhir_resources.naming import LEVEL_SLUGS, Canonicals, computable_name, described, header, status_of
from app.fhir_resources.values import Resource, filled, published
from app.files.fhir_json import LOINC_SYSTEM
from app.files.kinds import SECTIONS
from app.models import Level
from app.publication.assessment import Assessment
from app.publication.local_codes import LEVEL_ORDER, display_of, local_codes
from app.publication.schemas import PublishedTerm, PublishedTest
from app.publication.statement import Statement
from app.text import one_line

PROPERTIES = {
    "synonyme": "Synonyme, comme le laboratoire l'écrit",
    "grandeur": "Grandeur, comme le laboratoire l'écrit",
    "unite": "Unité du résultat, comme le laboratoire l'écrit",
    "temporalite": "Temporalité, comme le laboratoire l'écrit",
    "milieu": "Milieu, comme le laboratoire l'écrit",
    "echelle": "Échelle, comme le laboratoire l'écrit",
    "technique": "Technique, comme le laboratoire l'écrit",
    "nabm": "Codes NABM ou mention HN, comme le laboratoire les écrit",
    "chapitre": "Chapitre du catalogue",
    "sous-traite": "Examen sous-traité à un autre laboratoire",
    "inactive": "Ligne retirée du catalogue",
    "loinc": "Code LOINC approuvé",
}
_TYPES = {"sous-traite": "boolean", "inactive": "boolean", "loinc": "Coding"}
_URIS = {"inactive": "http://hl7.org/fhir/concept-properties#inactive"}


def loinc_coding(term: PublishedTerm, version: str) -> dict[str, str]:
    """An approved code as a Coding, with LOINC's own name of it."""
    return filled(
        {"system": LOINC_SYSTEM, "version": version, "code": term.loinc_num, "display": term.long_common_name}
    )


def _property_values(test: PublishedTest) -> list[dict[str, Any]]:
    texts = {
        "synonyme": test.synonym,
        "grandeur": test.property_kind,
        "unite": test.unit or test.unit_code,
        "temporalite": test.timing,
        "milieu": test.specimen or test.specimen_code,
        "echelle": test.scale,
        "technique": test.technique,
        "nabm": test.nabm,
        "chapitre": test.chapter if test.level is not Level.CHAPTER else "",
    }
    lines = {code: one_line(value) for code, value in texts.items()}
    values: list[dict[str, Any]] = [{"code": code, "valueString": value} for code, value in lines.items() if value]
    flags = {"sous-traite": test.is_subcontracted, "inactive": test.is_retired}
    return values + [{"code": code, "valueBoolean": True} for code, is_set in flags.items() if is_set]


def _concepts(
    tests: Sequence[PublishedTest],
    removed: Sequence[PublishedTest],
    names: Mapping[int, PublishedTerm],
    loinc_version: str,
) -> list[dict[str, Any]]:
    """One concept for each local code; rows that share a code keep the first label and properties.

    The codes of removed rows follow, inactive: results that carry them are in files, and the list is complete.
    """
    concepts: dict[str, dict[str, Any]] = {}
    # A removed row never changes how the code of another is written.
    codes = local_codes((*tests, *removed)) | local_codes(tests)
    for test in (*tests, *removed):
        code = codes.get(test.id, "")
        if not code or code in concepts:
            continue
        values = _property_values(test)
        if test.id in names:
            values.append({"code": "loinc", "valueCoding": loinc_coding(names[test.id], loinc_version)})
        concepts[code] = filled({"code": code, "display": display_of(test), "property": values})
    return list(concepts.values())


def _code_system(
    level: Level, concepts: list[dict[str, Any]], statement: Statement, canonicals: Canonicals, version: str
) -> Resource:
    slug = LEVEL_SLUGS[level]
    used = {item["code"] for concept in concepts for item in concept.get("property", [])}
    if level is Level.ANALYSIS:
        # Said even when no analysis has one: a reader then knows that the exam's is not theirs.
        used.add("milieu")
    values = header(
        statement,
        id=canonicals.identifier(slug),
        url=canonicals.code_system(level),
        version=version,
        name=computable_name(slug),
        title=f"codes locaux des {slug}",
    )
    declared = [
        filled({"code": code, "uri": _URIS.get(code), "description": text, "type": _TYPES.get(code, "string")})
        for code, text in PROPERTIES.items()
        if code in used
    ]
    values |= {
        "status": status_of(is_usable=True),
        "description": described(statement),
        "copyright": statement.copyright,
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "property": declared,
        "concept": concepts,
    }
    return published("CodeSystem", values)


def code_systems(
    assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str
) -> dict[Level, Resource]:
    """The code system of each level that has codes; the same in R4 and in R5, in every file and in the service.

    Chapters have no definition of their own: their approved LOINC codes are properties of their codes (LOINC_4bis).
    """
    systems = {}
    for level in LEVEL_ORDER:
        names = assessment.names if level in SECTIONS else {}
        tests = [test for test in assessment.tests if test.level is level]
        removed = [test for test in assessment.removed if test.level is level]
        concepts = _concepts(tests, removed, names, statement.loinc_version)
        if concepts:
            systems[level] = _code_system(level, concepts, statement, canonicals, version)
    return systems


def value_set(levels: Iterable[Level], statement: Statement, canonicals: Canonicals, version: str) -> Resource:
    """All local codes of the catalogue."""
    values = header(
        statement,
        id=canonicals.identifier(""),
        url=canonicals.value_set(),
        version=version,
        name="CodesLocaux",
        title="codes locaux",
    )
    include = [{"system": canonicals.code_system(level), "version": version} for level in levels]
    values |= {"status": status_of(is_usable=True), "compose": {"include": include}}
    return published("ValueSet", values)
