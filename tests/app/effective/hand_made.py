"""Counts written by hand, as the process that reads would give them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.effective.catalogue_index import IndexedAnalysis
from app.effective.judging import CodeFacts, TermFacts
from app.emitted.observed import Cluster, Counts, Damaged, Seen

SODIUM, POTASSIUM, CHLORIDE, GLUCOSE, ABSENT = "2951-2", "2823-3", "2075-0", "14749-6", "1751-7"
PLACEHOLDER = "19146-0"

Results = Sequence[Sequence[Seen]]
"""Of each report, the results that it carried."""


def seen(local: str = "", *loinc: str, unit: str = "", section: str = "", waiting: bool = False) -> Seen:
    """What one result carries."""
    return Seen(local, tuple(sorted(loinc)), unit, section, waiting)


def counts_of_results(
    reports: Results,
    level1: int = 0,
    damaged: Sequence[Damaged] = (),
    effective: Iterable[Seen] = (),
    chapters: dict[str, str] | None = None,
) -> Counts:
    """The counts of these reports; `effective` are the kinds of results that are."""
    good, named = set(effective), chapters or {}
    results: Counter[Seen] = Counter(item for report in reports for item in report)
    held: Counter[Seen] = Counter(item for report in reports for item in set(report))
    clusters: Counter[Cluster] = Counter()
    for report in reports:
        domains = {"", *(named.get(item.local, "") for item in report)}
        for domain in domains:
            of_it = [item for item in report if domain in ("", named.get(item.local, ""))]
            clusters[Cluster(domain, len(of_it), sum(item in good for item in of_it))] += 1
    return Counts(len(reports) + level1, level1, dict(results), dict(held), dict(clusters), tuple(damaged))


def analysis(
    *approved: str, counted: str | None = None, chapter: str = "Ions", is_retired: bool = False
) -> IndexedAnalysis:
    """What a catalogue says of a local code; one approved code counts unless another is said to."""
    only = approved[0] if len(approved) == 1 else ""
    return IndexedAnalysis(frozenset(approved), only if counted is None else counted, chapter, is_retired)


TERMS = {
    SODIUM: TermFacts("ACTIVE", "SCnc"),
    POTASSIUM: TermFacts("ACTIVE", "SCnc"),
    CHLORIDE: TermFacts("DEPRECATED", "SCnc"),
    GLUCOSE: TermFacts("ACTIVE", "SCnc"),
}
CODES = CodeFacts(TERMS, frozenset({SODIUM, POTASSIUM, CHLORIDE}))


@dataclass
class Given:
    """Where slow computations are made, that answers what it was given and remembers what it was asked."""

    counts: Counts | Exception
    asked: Any = None

    def run(self, function: Any, *arguments: Any) -> Any:
        """What was given."""
        self.asked = (function, *arguments)
        if isinstance(self.counts, Exception):
            raise self.counts
        return self.counts

    def stream(self, function: Any, *arguments: Any) -> Any:
        """Nothing is asked in pieces."""
        raise AssertionError

    def prepare(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""
