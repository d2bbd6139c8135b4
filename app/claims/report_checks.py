"""The coverage report and the report to read, against what the facts of the pack give again. Pure.

The files of `couverture/` are made again, to the byte. Of the report to read, everything up to the double reading is
made again too, what emitted reports carried included, and so are its lists of rows that are not transcoded; the rest
must be text in the tables that we know, so that nothing in it can hide or replace what was verified.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping

from app.claims.coverage_files import REPORT, Told, coverage_files, coverage_of
from app.claims.effective_section import section_of
from app.claims.reading_facts import FactsError
from app.claims.recompute import Moment
from app.coverage.report import CoverageReport
from app.effective.reported import EffectiveSection
from app.reports.content import excluded_of, without_code_of
from app.reports.document import RowFile, effective_html, opening_html, outside_html

REPORT_ROWS, REPORT_DOCUMENT = "rapport/lignes.csv", "rapport/rapport.html"
_DAY = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}")
_READ_TWICE = re.compile(r"\s*<h2>Double lecture</h2>\s*<p>[^<>]*</p>\s*")
_TITLE = re.compile(r"<h2>([^<>]*)</h2>")
_REST = re.compile(
    r"Alertes justifiées par écrit \([0-9\s]+\)\nAnomalies que le SGL signalera \([0-9\s]+\)\nNotice LOINC"
)
_MARKUP = re.compile(r"<[^<>]*>|[<>]")
_COLUMN = re.compile(r'<col class="w[0-9]{1,3}">')
_KNOWN = {
    *(f"<{slash}{name}>" for name in ("h2", "table", "thead", "tbody", "tr", "td", "p") for slash in ("", "/")),
    '<table class="list">', "<colgroup>", "</colgroup>",
    '<th scope="col">', "</th>", '<p class="note">', "</body>", "</html>",
}  # fmt: skip


def check_reports(contents: Mapping[str, bytes], moment: Moment) -> None:
    """Raise FactsError at the first file that the facts do not give."""
    coverage = coverage_of(moment, Told.read(contents[REPORT]))
    for name, content in coverage_files(coverage).items():
        same(name, contents[name], content)
    _check_document(contents, coverage, section_of(moment, coverage))


def same(name: str, found: bytes, expected: bytes) -> None:
    """Refuse a file that is not what the facts, or the other files, give."""
    if found == expected:
        return
    place = next((n for n, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]),
                 min(len(found), len(expected)))  # fmt: skip
    line = found.count(b"\n", 0, place) + 1
    start = expected.rfind(b"\n", 0, place) + 1
    wanted = expected[start : start + 400].partition(b"\n")[0].decode("utf-8", "ignore")
    wanted = " ".join("".join(sign if sign.isprintable() else " " for sign in wanted).split())[:120]
    raise FactsError(
        f"« {name} », ligne {line} (octet {place}) : ce n'est pas ce que donnent les faits et les autres fichiers"
        + (f" ; attendu : « {wanted} »" if wanted else "")
    )


def _check_document(
    contents: Mapping[str, bytes], coverage: CoverageReport, effective: EffectiveSection | None
) -> None:
    """The document is of this version, shows the figures of the facts, and names the table of the rows by its hash."""
    document, rows = contents[REPORT_DOCUMENT], contents[REPORT_ROWS]
    if hashlib.sha256(rows).hexdigest().encode() not in document:
        raise FactsError(f"« {REPORT_DOCUMENT} » ne nomme pas « {REPORT_ROWS} » par son empreinte")
    version = coverage.context.version_label
    opening = opening_html(coverage, version, _changed_at(rows), RowFile.of(REPORT_ROWS, rows)).encode()
    opening += effective_html(effective).encode()
    same(REPORT_DOCUMENT, document[: len(opening)], opening)
    rest = document[len(opening) :].decode("utf-8")
    read_twice = _READ_TWICE.match(rest)
    if read_twice is None:
        raise FactsError(f"« {REPORT_DOCUMENT} » : la double lecture n'est pas dite comme l'atelier la dit")
    outside = outside_html(excluded_of(coverage), without_code_of(coverage)).strip()
    start = len(opening) + len(rest[: read_twice.end()].encode())
    same(REPORT_DOCUMENT, document[: start + len(outside.encode())], document[:start] + outside.encode())
    end = document[start + len(outside.encode()) :].decode("utf-8")
    is_known = set(_MARKUP.findall(_COLUMN.sub("", end))) <= _KNOWN and _REST.fullmatch("\n".join(_TITLE.findall(end)))
    if not is_known or not end.endswith("</body>\n</html>"):
        raise FactsError(f"« {REPORT_DOCUMENT} » : ce qui suit ses chiffres n'est pas ce que l'atelier y écrit")


def _changed_at(rows: bytes) -> str:
    """When the catalogue last changed, as the table of the rows says it: the document must say the same."""
    lines = csv.reader(io.StringIO(rows.decode("utf-8-sig"), newline=""), delimiter=";", strict=True)
    for line in lines:
        if line[:1] == ["État du"] and len(line) == 2 and _DAY.fullmatch(line[1]):
            return line[1]
        if not line:
            break
    raise FactsError(f"« {REPORT_ROWS} » ne dit pas de quel moment il est")
