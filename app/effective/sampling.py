"""How sure a share is, and how many reports to read: results of one report stand and fall together. Pure.

A laboratory system sends the results of a report with the same settings, so that a hundred results of five reports say
little more than five. The unit that is drawn is the report: intervals come from drawing reports again (bootstrap), and
the number of reports from how the shares of reports differ (variance of a ratio of sums over reports).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, sqrt

from app.emitted.observed import Cluster

Z = 1.959963984540054
"""Of a normal law: 95 % lie within."""
LEVEL_PERCENT = 95
DRAWS = 2_000
SEED = 20_260_101
LEAST_REPORTS = 30
"""Below, an interval is only an indication: too few reports to be drawn again."""
AT_ONCE = 2_000_000
"""Numbers drawn in one go."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the reports of one domain told."""

    reports: int
    results: int
    effective: int
    low: float
    """Bounds of the share, in [0, 1]; both 0 and 1 where nothing can be said."""
    high: float
    variance: float
    """Of the share, reports being drawn; 0 where all reports tell the same."""

    @property
    def share(self) -> float:
        """The share, in [0, 1]; 0 without results."""
        return self.effective / self.results if self.results else 0.0

    @property
    def is_sure(self) -> bool:
        """Whether there are enough reports for the interval to mean what it says."""
        return self.reports >= LEAST_REPORTS

    @property
    def design_effect(self) -> float | None:
        """How many times wider, squared, than if each result had been drawn alone; None where nothing varies."""
        alone = self.share * (1 - self.share) / self.results if self.results else 0.0
        return self.variance / alone if alone > 0 and self.reports > 1 else None

    def reports_for(self, margin: float) -> int:
        """Reports to read for the share to be known within ± margin (in [0, 1]), 95 times in a hundred.

        Never fewer than LEAST_REPORTS; where all reports read so far tell the same, as if nothing had been read.
        """
        if self.reports < 2 or self.variance <= 0:
            return reports_without_pilot(margin)
        return max(LEAST_REPORTS, ceil(Z**2 * self.variance * self.reports / margin**2))


def reports_without_pilot(margin: float) -> int:
    """Reports to read where none was: the worst share (one half), and results of a report that all tell the same."""
    return max(LEAST_REPORTS, ceil(Z**2 * 0.25 / margin**2))


def samples(clusters: Mapping[Cluster, int]) -> dict[str, Sample]:
    """By domain, the whole (empty name) first, then those with most results."""
    domains: dict[str, list[tuple[int, int, int]]] = {}
    for cluster, reports in clusters.items():
        if cluster.results > 0:
            domains.setdefault(cluster.domain, []).append((cluster.results, cluster.effective, reports))
    found = {name: sample_of(kinds) for name, kinds in domains.items()}
    order = sorted(found, key=lambda name: (name != "", -found[name].results, name))
    return {name: found[name] for name in order}


def sample_of(kinds: Iterable[tuple[int, int, int]]) -> Sample:
    """What (results, effective results, reports alike) tell, in any order."""
    known = sorted(kinds)
    reports = sum(number for _, _, number in known)
    results = sum(held * number for held, _, number in known)
    effective = sum(good * number for _, good, number in known)
    if not reports:
        return Sample(0, 0, 0, 0.0, 1.0, 0.0)
    share = effective / results
    spread = sum(number * (good - share * held) ** 2 for held, good, number in known)
    # Below that nothing differs but by rounding.
    is_alike = reports < 2 or spread < 1e-9 * results
    variance = 0.0 if is_alike else reports / (reports - 1) * spread / results**2
    low, high = _all_alike(share, reports) if is_alike else _drawn_again(known, reports)
    return Sample(reports, results, effective, min(low, share), max(high, share), variance)


def _all_alike(share: float, reports: int) -> tuple[float, float]:
    """Bounds where every report tells the same: those of a share of reports (Wilson), whatever they hold."""
    centre = (share + Z**2 / (2 * reports)) / (1 + Z**2 / reports)
    half = Z / (1 + Z**2 / reports) * sqrt(share * (1 - share) / reports + Z**2 / (4 * reports**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _drawn_again(kinds: list[tuple[int, int, int]], reports: int) -> tuple[float, float]:
    """Bounds within which 95 % of the shares fall when as many reports are drawn again among those read."""
    # Late: most commands and pages draw nothing.
    import numpy as np

    held, good, number = (np.array(column, dtype=np.float64) for column in zip(*kinds, strict=True))
    generator = np.random.default_rng(SEED)
    chances = number / number.sum()
    chances[-1] = max(0.0, 1.0 - float(chances[:-1].sum()))
    rows = max(1, AT_ONCE // len(kinds))
    shares = []
    for start in range(0, DRAWS, rows):
        drawn = generator.multinomial(reports, chances, size=min(rows, DRAWS - start))
        shares.append((drawn @ good) / (drawn @ held))
    low, high = np.quantile(np.concatenate(shares), [(1 - LEVEL_PERCENT / 100) / 2, (1 + LEVEL_PERCENT / 100) / 2])
    return float(low), float(high)


def numpy_version() -> str:
    """What draws reports again: another version may draw others."""
    # Late, as above.
    import numpy as np

    return str(np.__version__)
