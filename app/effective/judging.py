"""What each kind of result is worth against the catalogue, the release and the list in service. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from app.coverage.repository import DEPRECATED
from app.effective.catalogue_index import Analyses, IndexedAnalysis, trimmed
from app.effective.lines import Finding, Line
from app.emitted.observed import ILL_FORMED, MASKED, UNREAD, Counts, Seen
from app.transcoding.standing import PLACEHOLDER_CODES
from app.transcoding.unit_property import unit_contradicts
from matcher.evidence.property import Shares


@dataclass(frozen=True, slots=True)
class TermFacts:
    """What the release says of a code."""

    status: str
    property: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What is known of the LOINC codes that were seen."""

    terms: Mapping[str, TermFacts]
    """Those that the release holds."""
    circuit: frozenset[str] | None
    """Those in *Circuit de la biologie*; None when that list is not loaded."""
    shares: Shares = field(default_factory=dict)
    """P(property | dimension of the unit) over the release."""


def judged(counts: Counts, analyses: Analyses, codes: CodeFacts) -> list[Line]:
    """A line for each kind of result, the most numerous first."""
    approved_somewhere = frozenset(item.counted for item in analyses.values() if item.counted)
    found = [
        _line(seen, number, counts.reports_of.get(seen, 0), analyses, codes, approved_somewhere)
        for seen, number in counts.seen.items()
    ]
    return sorted(found, key=lambda line: (-line.results, line.local, line.loinc, line.unit, line.section))


def seen_codes(counts: Counts) -> set[str]:
    """The LOINC codes of right form that results carried."""
    return {code for seen in counts.seen for code in seen.loinc} - {ILL_FORMED}


def _line(
    seen: Seen, results: int, reports: int, analyses: Analyses, codes: CodeFacts, approved_somewhere: frozenset[str]
) -> Line:
    analysis = analyses.get(trimmed(seen.local)) if seen.local else None
    findings = {
        *_of_the_local_code(seen, analysis, approved_somewhere),
        *_of_the_loinc_codes(seen, codes),
    }
    return Line(
        local=seen.local,
        loinc=seen.loinc,
        unit=seen.unit,
        section=seen.section,
        results=results,
        reports=reports,
        findings=frozenset(findings),
        approved=tuple(sorted(analysis.approved)) if analysis else (),
        chapter=analysis.chapter if analysis else "",
    )


def _of_the_local_code(
    seen: Seen, analysis: IndexedAnalysis | None, approved_somewhere: frozenset[str]
) -> Iterator[Finding]:
    only = seen.loinc[0] if len(seen.loinc) == 1 else ""
    if not seen.local:
        yield Finding.NO_LOCAL_CODE
        yield Finding.BY_LOINC_ALONE if only in approved_somewhere else Finding.NO_LOCAL_UNAPPROVED
        return
    if not seen.loinc:
        yield Finding.LOCAL_ONLY
    if seen.local == MASKED:
        yield Finding.MASKED
    if analysis is None:
        yield Finding.NOT_IN_CATALOGUE
        return
    if analysis.is_retired:
        yield Finding.RETIRED
    if analysis.is_without_code:
        yield Finding.NO_CODE_EXISTS
    if analysis.is_out_of_scope:
        yield Finding.OUT_OF_SCOPE
    if not analysis.counted:
        yield Finding.NOT_APPROVED
    elif only == analysis.counted:
        yield Finding.EFFECTIVE
    if seen.loinc and analysis.approved and analysis.approved.isdisjoint(seen.loinc):
        yield Finding.DIFFERS


def _of_the_loinc_codes(seen: Seen, codes: CodeFacts) -> Iterator[Finding]:
    if seen.has_waiting_code:
        yield Finding.WAITING_CODE
    if seen.unit == UNREAD:
        yield Finding.UNIT_UNREAD
    if not seen.loinc:
        return
    yield Finding.WITH_LOINC
    if len(seen.loinc) > 1:
        yield Finding.SEVERAL_LOINC
    yield from _of_terms(seen.loinc, seen.unit, codes)


def _of_terms(numbers: Iterable[str], unit: str, codes: CodeFacts) -> Iterator[Finding]:
    for number in numbers:
        term = codes.terms.get(number)
        if number in PLACEHOLDER_CODES:
            yield Finding.PLACEHOLDER
        elif term is None:
            # Also what is no code at all: no release holds it.
            yield Finding.UNKNOWN
        if codes.circuit is not None and number != ILL_FORMED and number not in codes.circuit:
            yield Finding.OUTSIDE_CIRCUIT
        if term is None:
            continue
        if term.status == DEPRECATED:
            yield Finding.DEPRECATED
        if unit not in ("", UNREAD) and unit_contradicts(unit, term.property, codes.shares):
            yield Finding.UNIT_CONTRADICTS
