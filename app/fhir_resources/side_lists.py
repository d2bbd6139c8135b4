"""The laboratory's own codes of specimens and of units: definitions cite them, so somebody must publish them."""

from collections.abc import Iterable

from app.fhir_resources.naming import SPECIMENS, UNITS, Canonicals, computable_name, header, status_of
from app.fhir_resources.values import Resource, published
from app.publication.assessment import Assessment
from app.publication.statement import Statement
from app.text import one_line

_TITLES = {SPECIMENS: "codes locaux des milieux", UNITS: "codes locaux des unités"}


def _labels(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Code -> the first label it has."""
    found: dict[str, str] = {}
    for code, label in pairs:
        code, label = one_line(code), one_line(label)
        if code and not found.get(code):
            found[code] = label
    return found


def side_lists(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> list[Resource]:
    """The code system of specimens and that of units, each when the catalogue has such codes."""
    tests = (*assessment.tests, *assessment.removed)
    lists = {
        SPECIMENS: _labels((test.specimen_code, test.specimen) for test in tests),
        UNITS: _labels((test.unit_code, test.unit) for test in tests),
    }
    resources = []
    for slug, labels in lists.items():
        if not labels:
            continue
        values = header(
            statement,
            id=canonicals.identifier(slug),
            url=canonicals.url("CodeSystem", slug),
            version=version,
            name=computable_name(slug),
            title=_TITLES[slug],
        )
        values |= {
            "status": status_of(is_usable=True),
            "caseSensitive": True,
            "content": "complete",
            "count": len(labels),
            "concept": [{"code": code, "display": label or code} for code, label in labels.items()],
        }
        resources.append(published("CodeSystem", values))
    return resources
