"""The catalogue itself with its LOINC codes, in FHIR R4: what LOINC_4bis, 5bis and 6bis hold, in one collection.

Its code systems state what every export states: the release, the definition, the date, the approvers, the notice.
"""

from collections.abc import Mapping, Sequence

from app.fhir_resources.bundle import collection
from app.fhir_resources.code_systems import code_systems
from app.fhir_resources.naming import Canonicals, FhirRuleError
from app.fhir_resources.order_items import Definitions, level_rows
from app.fhir_resources.provenance import provenances
from app.fhir_resources.side_lists import side_lists
from app.fhir_resources.values import Resource
from app.models import Level
from app.publication.assessment import Assessment
from app.publication.schemas import ExamContent
from app.publication.statement import Statement


def order_catalog(
    assessment: Assessment,
    statement: Statement,
    canonicals: Canonicals,
    version: str,
    contents: Mapping[int, Sequence[ExamContent]],
) -> Resource:
    """The collection; `contents` gives the analyses of each exam."""
    systems = code_systems(assessment, statement, canonicals, version)
    if not systems:
        raise FhirRuleError("no local code to publish")
    write = Definitions(assessment, statement, canonicals, version)
    analyses, exams = level_rows(assessment, Level.ANALYSIS), level_rows(assessment, Level.EXAM)
    resources = [*systems.values(), *side_lists(assessment, statement, canonicals, version)]
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
