"""SSSOM/TSV: the map for the tools of those who curate mappings.

SKOS reads from the local test: `skos:broadMatch` says that the LOINC code is broader. Approved rows alone are
written: those with a code, and those for which a biologist approved that no LOINC code exists.
"""

import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import quote

from app.fhir_resources.naming import LEVEL_SLUGS, Canonicals
from app.models import Level, Outcome, Relation
from app.publication.assessment import Assessment
from app.publication.mapping import MapElement, map_groups
from app.publication.schemas import PublishedTest
from app.publication.statement import LABELS, Statement
from app.text import iso_day
from app.web.spreadsheet_csv import safe_cell

PREDICATES = {
    Relation.EQUIVALENT: "skos:exactMatch",
    Relation.LOINC_WIDER: "skos:broadMatch",
    Relation.LOINC_NARROWER: "skos:narrowMatch",
    Relation.RELATED: "skos:closeMatch",
}
NO_TERM_FOUND = "sssom:NoTermFound"
JUSTIFICATION = "semapv:ManualMappingCuration"
LOINC_LICENCE = "https://loinc.org/license/"
COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "object_id", "object_label",
    "mapping_justification", "author_label", "reviewer_label", "mapping_date", "review_date", "subject_source",
    "subject_source_version", "object_source", "object_source_version", "comment",
    "other",
)  # fmt: skip
_PREFIXES = {
    "LOINC": "https://loinc.org/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "web": "http://",
}
REASON_KEY = "no_code_reason"
"""Key, in `other`, of the reason why there is no code where the comment holds a reason and what was added to it."""
LOINC_SOURCE = "web:loinc.org"
"""http://loinc.org; a source, too, is written with a prefix."""


def _prefix(level: Level) -> str:
    return LEVEL_SLUGS[level].replace("-", "_")


def _curie(level: Level, code: str) -> str:
    """A local code as a CURIE; what a CURIE cannot hold is escaped as in a web address."""
    return f"{_prefix(level)}:{quote(code, safe='')}"


def _source(url: str) -> tuple[str, str]:
    """The address of a code system, cut where a prefix ends."""
    cut = max(url.rfind("/"), url.rfind(":")) + 1
    return url[:cut], url[cut:]


def _text(value: str) -> str:
    # Several authors of one row are separated by a bar; a person's name holds none.
    return " ".join(value.replace("|", "/").split())


def _header(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> list[str]:
    groups = map_groups(assessment)
    separator = "#" if canonicals.concept_map().startswith("urn:") else "/"
    prefixes = _PREFIXES | {
        _prefix(group.level): f"{canonicals.code_system(group.level)}{separator}" for group in groups
    }
    if groups:
        prefixes["systeme"] = _source(canonicals.code_system(groups[0].level))[0]
    facts = "\n".join(f"{heading} : {value}" for heading, value in statement.lines() if heading != LABELS)
    values = {
        "mapping_set_id": f"{canonicals.concept_map()}{separator}sssom",
        "mapping_set_version": version,
        "mapping_set_title": f"{statement.laboratory} — {statement.catalogue} : codes LOINC",
        "mapping_set_description": facts,
        "license": LOINC_LICENCE,
        "creator_label": [name for name, _ in assessment.deciders() if name] or [statement.laboratory],
        "publication_date": iso_day(statement.made_at),
        "comment": statement.copyright,
    }
    lines = ["curie_map:", *(f"  {prefix}: {json.dumps(uri)}" for prefix, uri in sorted(prefixes.items()))]
    # A JSON value is a YAML value: texts need no other care.
    lines += [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return [f"#{line}" for line in lines]


def _facts(element: MapElement) -> tuple[PublishedTest, str, str, str, str] | None:
    """The test, the predicate, the object and its label, the comment; None for a row that nobody approved."""
    if element.target is not None:
        target = element.target
        code = f"LOINC:{target.term.loinc_num}"
        return target.test, PREDICATES[target.relation], code, target.term.long_common_name, target.comment
    if element.settled is not None and element.settled.outcome is Outcome.NO_LOINC:
        comment = " ".join(text for text in (element.settled.reason, element.settled.comment) if text)
        return element.settled, PREDICATES[Relation.EQUIVALENT], NO_TERM_FOUND, "", comment
    return None


def _rows(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> Iterator[list[str]]:
    for group in map_groups(assessment):
        source = f"systeme:{_source(canonicals.code_system(group.level))[1]}"
        for element in group.elements:
            facts = _facts(element)
            if facts is None:
                continue
            test, predicate, code, label, comment = facts
            yield [
                _curie(group.level, element.code), _text(element.display), predicate, code,
                label, JUSTIFICATION, _text(test.decided_by), _text(test.approved_by),
                iso_day(test.decided_at), iso_day(test.approved_at), source, version, LOINC_SOURCE,
                statement.loinc_version, _text(comment),
                f"{REASON_KEY}={_text(test.reason)}" if code == NO_TERM_FOUND and test.comment else "",
            ]  # fmt: skip


def sssom_tsv(assessment: Assessment, statement: Statement, canonicals: Canonicals, version: str) -> tuple[bytes, int]:
    """The file, and the number of its rows."""
    rows = list(_rows(assessment, statement, canonicals, version))
    buffer = io.StringIO()
    for line in _header(assessment, statement, canonicals, version):
        buffer.write(f"{line}\n")
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n")
    # `other` is for what SSSOM has no place for: where no row needs it, the file does without.
    width = len(COLUMNS) if any(row[-1] for row in rows) else len(COLUMNS) - 1
    writer.writerow(COLUMNS[:width])
    # Curators open it in a spreadsheet too.
    writer.writerows([safe_cell(cell) for cell in row[:width]] for row in rows)
    return buffer.getvalue().encode(), len(rows)
