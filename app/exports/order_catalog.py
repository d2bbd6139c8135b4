"""The catalogue itself with its LOINC codes, in FHIR R4: what LOINC_4bis, 5bis and 6bis hold, in one collection.

Its code systems state what every export states: the release, the definition, the date, the approvers, the notice.
"""

from collections.abc import Mapping, Sequence

from app.exports.assessment import Assessment
from app.exports.code_systems import code_systems
from app.exports.fhir_bundle import collection
from app.exports.fhir_local import Canonicals, FhirRuleError, described
from app.exports.fhir_provenance import provenances
from app.exports.fhir_values import Resource, published
from app.exports.order_items import Definitions, level_rows
from app.exports.schemas import ExamContent
from app.exports.statement import Statement
from app.models import Level

SECTIONS = (Level.CHAPTER, Level.SUBCHAPTER)
"""Chapters have no definition of their own: their LOINC codes are properties of their codes (LOINC_4bis)."""


def order_catalog(
    assessment: Assessment,
    statement: Statement,
    canonicals: Canonicals,
    version: str,
    contents: Mapping[int, Sequence[ExamContent]],
) -> Resource:
    """The collection; `contents` gives the analyses of each exam."""
    systems = code_systems(assessment, statement, canonicals, version, loinc_levels=SECTIONS)
    if not systems:
        raise FhirRuleError("no local code to publish")
    said = {"description": described(statement), "copyright": statement.copyright}
    write = Definitions(assessment, statement, canonicals, version)
    analyses, exams = level_rows(assessment, Level.ANALYSIS), level_rows(assessment, Level.EXAM)
    resources = [published("CodeSystem", system | said) for system in systems.values()]
    resources += write.specimens((*analyses, *exams))
    resources += [write.observation(test) for test in analyses]
    for test in exams:
        items = contents.get(test.id, ())
        is_panel = len(items) > 1
        if is_panel:
            resources.append(write.plan(test))
        resources.append(write.procedure(test, items, in_plan=is_panel))
    resources += provenances(assessment, statement, canonicals, write.definition_of)
    return collection(statement, canonicals, "demandes", resources)
