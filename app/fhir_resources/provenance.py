"""The FHIR R4 Provenance of an export: who decided and who approved, for which R4 has no elements elsewhere."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from app.fhir_resources.naming import Canonicals
from app.fhir_resources.values import Resource, instant, published
from app.publication.assessment import Assessment
from app.publication.schemas import PublishedTest
from app.publication.statement import Statement
from app.text import one_line

_ACTIVITY = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion",
    "code": "AU",
    "display": "authenticated",
}
_PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def _agent(code: str, display: str, person: str) -> dict[str, Any]:
    kind = {"coding": [{"system": _PARTICIPANTS, "code": code, "display": display}]}
    return {"type": kind, "who": {"type": "Practitioner", "display": one_line(person)}}


def _approved(assessment: Assessment) -> dict[tuple[str, str], list[PublishedTest]]:
    """(decider, approver) -> the approved rows, with a code or with an approved reason for having none."""
    found: dict[tuple[str, str], list[PublishedTest]] = defaultdict(list)
    for test in assessment.tests:
        reason = assessment.reasons.get(test.id)
        is_settled = test.id in assessment.names or (reason is not None and reason.is_settled)
        if is_settled and test.approved_at is not None and test.approved_by:
            found[test.decided_by, test.approved_by].append(test)
    return found


def provenances(
    assessment: Assessment,
    statement: Statement,
    canonicals: Canonicals,
    target_of: Callable[[PublishedTest], dict[str, str]],
) -> list[Resource]:
    """One Provenance for each pair of a decider and an approver; `target_of` gives the resource of a row."""
    resources = []
    for number, ((decider, approver), tests) in enumerate(sorted(_approved(assessment).items()), start=1):
        moments = sorted(instant(test.approved_at) for test in tests if test.approved_at)
        coded = sum(test.id in assessment.names for test in tests)
        what = f"Approbation : {coded} codes LOINC, {len(tests) - coded} lignes sans code."
        verifier = _agent("verifier", "Verifier", approver) | {
            "onBehalfOf": {"display": one_line(statement.laboratory)}
        }
        targets = {target["reference"]: target for target in map(target_of, tests)}
        values = {
            "id": canonicals.identifier(f"approbation-{number}"),
            "language": "fr",
            "target": list(targets.values()),
            "occurredPeriod": {"start": moments[0], "end": moments[-1]},
            "recorded": moments[-1],
            "activity": {"coding": [_ACTIVITY], "text": what},
            "agent": [*([_agent("author", "Author", decider)] if decider else []), verifier],
        }
        resources.append(published("Provenance", values))
    return resources
