"""The FHIR R4 ConceptMap: local codes to approved LOINC codes, one group for each kind of local code.

R4 reads from the target: `wider` says that the LOINC code is wider than the local test. A row without
approved code is an element without target, which translators answer by "no match"; `group.unmapped` is never
written. The resource is built with fhir.resources and then held against `fhir_rules`.
"""

from collections.abc import Iterable
from typing import Any

from fhir.resources.R4B.conceptmap import ConceptMap

from app.exports.assessment import DEFINITION, Assessment
from app.exports.fhir_local import (
    LEVEL_ORDER,
    Canonicals,
    FhirRuleError,
    display_of,
    header,
    local_codes,
    status_of,
)
from app.exports.fhir_rules import (
    LOINC_SYSTEM,
    LOINC_VALUE_SET,
    NEEDS_COMMENT,
    equivalence_of,
    problems,
)
from app.exports.schemas import ExportTest, TermName
from app.exports.statement import LABELS, Statement
from app.exports.wording import date_text


def _narrowing(test: ExportTest, term: TermName) -> str:
    """In what sense the LOINC code is narrower, when nobody wrote it."""
    axes = (("milieu", term.system), ("échelle", term.scale), ("méthode", term.method))
    said = ", ".join(f"{axis} {value}" for axis, value in axes if value)
    return f"Le code LOINC est plus précis que le test local ({said})." if said else "Le code LOINC est plus précis."


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _comment(test: ExportTest, term: TermName) -> str:
    parts = [_sentence(test.comment)]
    if not test.comment and equivalence_of(test.relation) in NEEDS_COMMENT:
        parts.append(_narrowing(test, term))
    if test.decided_by:
        parts.append(f"Décidé par {test.decided_by} le {date_text(test.decided_at)}.")
    if test.approved_by:
        parts.append(f"Approuvé par {test.approved_by} le {date_text(test.approved_at)}.")
    return " ".join(part for part in parts if part)


def _target(test: ExportTest, term: TermName) -> dict[str, Any]:
    target = {
        "code": term.loinc_num,
        "display": term.long_common_name,
        "equivalence": equivalence_of(test.relation).value,
    }
    comment = _comment(test, term)
    return {key: value for key, value in (target | {"comment": comment}).items() if value}


def _elements(tests: Iterable[ExportTest], assessment: Assessment) -> list[dict[str, Any]]:
    """One element for each local code, with at most one target."""
    elements: dict[str, dict[str, Any]] = {}
    ordered = list(tests)
    codes = local_codes(ordered)
    for test in ordered:
        code = codes.get(test.id, "")
        if not code:
            continue
        element = elements.setdefault(code, {"code": code})
        label = display_of(test)
        if label:
            element.setdefault("display", label)
        term = assessment.names.get(test.id)
        if term is not None:
            # Rows that share a code share their LOINC code: the assessment withheld the others.
            element.setdefault("target", [_target(test, term)])
    return list(elements.values())


def _description(statement: Statement) -> str:
    what = f"Transcodage LOINC du catalogue « {statement.catalogue} », {statement.laboratory}."
    # Displays of the targets are LOINC's own names, whatever the labels of the other exports are.
    facts = [f"{heading} : {value}" for heading, value in statement.lines()[2:] if heading != LABELS]
    return "\n".join([what, *facts])


def concept_map(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> ConceptMap:
    """The map as a resource; raises FhirRuleError if it breaks a rule."""
    release_version = statement.release.version if statement.release else None
    groups = []
    for level in LEVEL_ORDER:
        elements = _elements((test for test in assessment.tests if test.level is level), assessment)
        if elements:
            group = {
                "source": canonicals.code_system(level),
                "sourceVersion": version,
                "target": LOINC_SYSTEM,
                "targetVersion": release_version,
                "element": elements,
            }
            groups.append({key: value for key, value in group.items() if value})
    values = header(statement, url=canonicals.concept_map(), version=version, name="VersLOINC", title="codes LOINC")
    values |= {
        "status": status_of(bool(assessment.names)),
        "description": _description(statement),
        "purpose": DEFINITION,
        "copyright": statement.copyright,
        "sourceUri": canonicals.value_set(),
        "targetUri": LOINC_VALUE_SET,
    }
    if groups:
        values["group"] = groups
    resource = ConceptMap(**values)
    found = problems(resource.model_dump(mode="json"))
    if found:
        raise FhirRuleError("; ".join(found[:5]))
    return resource
