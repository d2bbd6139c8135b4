"""Counting what the results of emitted reports carry: the last version of each report, and nothing of whom it is about.

A result is effective when it carries exactly one LOINC code, approved for its local code in the catalogue. A local code
is compared as it is written but for spaces around it: systems of laboratories tell `k` from `K`. Where a result has
several local codes, the first one that the catalogue has is its own. A code without known system that has the shape
and the check digit of LOINC, and is none of the catalogue's, was meant as one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import repeat

from app.emitted.masking import Masks, folded_words, has_shape_of_code
from app.emitted.merging import WITHDRAWN, Document, Report, merged
from app.emitted.observed import (
    MASKED,
    CatalogueIndex,
    Cluster,
    Counts,
    Damaged,
    Observed,
    ObservedReport,
    ObservedResult,
    Seen,
)
from app.emitted.vocabulary import Units, loinc_codes, section_code
from loinc_data.checkdigit import is_valid_loinc

ELSEWHERE = "ce compte rendu renvoie à des résultats qui ne sont dans aucun de ces fichiers"
MOST_DAMAGED = 200
"""Places of what could not be read that are kept: they are to be looked at one by one."""


def count(observed: Iterable[Observed], index: CatalogueIndex) -> Counts:
    """What these reports carry, in whatever order their versions come; equal for any order of unrelated reports.

    Everything is held until the last one is read, a few hundred bytes a report and sixteen a result.
    """
    reading = _Reading(index)
    for item in observed:
        reading.add(item)
    return _Tally(reading).counts()


class _Reading:
    """What was read so far; what results carry is held once, and referred to by its number."""

    def __init__(self, index: CatalogueIndex) -> None:
        self.index = index
        self.documents: list[Document] = []
        self.seen: list[Seen] = []
        """As read: a local code that is not in the catalogue is still the one that was written."""
        self.damaged: list[Damaged] = []
        self.damaged_total = 0
        self._numbers: dict[Seen, int] = {}
        self._units = Units()

    def add(self, item: Observed) -> None:
        """One more document, or place of what is damaged."""
        if isinstance(item, ObservedReport):
            self.documents.append(self._document(item))
        elif isinstance(item, Damaged):
            self.damaged_total += 1
            if len(self.damaged) < MOST_DAMAGED:
                self.damaged.append(item)

    def _document(self, report: ObservedReport) -> Document:
        document = Document.of(report, len(self.documents), folded_words(report.identities))
        for result, order in zip(report.results, report.orders or repeat(""), strict=False):
            document.add(result.slot, WITHDRAWN if result.is_withdrawn else self._number(result), order)
        return document

    def _number(self, result: ObservedResult) -> int:
        seen = self._seen(result)
        number = self._numbers.setdefault(seen, len(self.seen))
        if number == len(self.seen):
            self.seen.append(seen)
        return number

    def _seen(self, result: ObservedResult) -> Seen:
        codes = [text for code in result.local if (text := code.strip())]
        own = next((code for code in codes if code in self.index.analyses), "")
        meant = () if own else tuple(code for code in codes if is_valid_loinc(code))
        others = [] if own else [code for code in codes if code not in meant]
        if others:
            own = next((code for code in others if has_shape_of_code(code)), MASKED)
        return Seen(
            own,
            loinc_codes((*result.loinc, *meant)),
            self._units.ucum(result.unit),
            section_code(result.section),
            result.has_waiting_code,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is to be counted of results that carry the same."""

    seen: Seen
    domain: str
    is_effective: bool


class _Tally:
    """Puts the documents together, masks what may not leave, and counts."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._analyses = reading.index.analyses
        reports = list(merged(reading.documents))
        self._living = [report for report in reports if not report.is_deleted]
        self._deleted = len(reports) - len(self._living)
        released = self._released()
        self._known = [self._as_known(seen, released) for seen in reading.seen]

    def counts(self) -> Counts:
        """The figures."""
        results: Counter[Seen] = Counter()
        reports: Counter[Seen] = Counter()
        clusters: Counter[Cluster] = Counter()
        for report in self._living:
            known = [self._known[number] for number in report.carried]
            results.update(one.seen for one in known)
            reports.update({one.seen for one in known})
            clusters.update(_clusters(known))
        reading = self._reading
        incomplete = [Damaged(report.incomplete_at, ELSEWHERE) for report in self._living if report.incomplete_at]
        damaged = (*reading.damaged, *incomplete)[:MOST_DAMAGED]
        return Counts(
            reports=len(self._living),
            level1_reports=sum(not report.is_structured for report in self._living),
            seen=dict(results),
            reports_of=dict(reports),
            clusters=dict(clusters),
            damaged=damaged,
            more_damaged=reading.damaged_total + len(incomplete) - len(damaged),
            deleted_reports=self._deleted,
        )

    def _released(self) -> frozenset[str]:
        """The codes that are not in the catalogue and may leave all the same."""
        masks = Masks()
        for document in self._reading.documents:
            masks.note_persons(document.identities)
        for report in self._living:
            for code in self._unknown_codes(report):
                masks.note(code, report.identities)
        return masks.released()

    def _unknown_codes(self, report: Report) -> set[str]:
        codes = {self._reading.seen[number].local for number in report.carried}
        return {code for code in codes if code and code != MASKED and code not in self._analyses}

    def _as_known(self, seen: Seen, released: frozenset[str]) -> _Known:
        analysis = self._analyses.get(seen.local)
        if analysis is None:
            if seen.local and seen.local not in released:
                seen = replace(seen, local=MASKED)
            return _Known(seen, seen.section, is_effective=False)
        is_effective = len(seen.loinc) == 1 and seen.loinc[0] in analysis.approved
        return _Known(seen, analysis.chapter or seen.section, is_effective)


def _clusters(known: list[_Known]) -> Iterator[Cluster]:
    """What one report is in each of its domains, and as a whole; none for a report without results."""
    found: Counter[str] = Counter()
    effective: Counter[str] = Counter()
    for one in known:
        for domain in {"", one.domain}:
            found[domain] += 1
            effective[domain] += one.is_effective
    for domain, results in found.items():
        yield Cluster(domain, results, effective[domain])
