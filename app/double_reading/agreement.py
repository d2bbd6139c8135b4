"""How far two readers agree: raw agreement and Cohen's kappa, each with its interval. Pure: no database, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Of a two-sided interval of 95 %."""
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa over pairs of categories, with its interval of 95 %, both in [-1, 1]."""

    pairs: int
    value: float
    interval: Interval


def kappa_of(table: Mapping[tuple[str, str], int]) -> Kappa | None:
    """Kappa of (category of the first reader, of the second) -> how many; None where it is undefined.

    It is undefined without a pair, and where both readers used one and the same category only: chance alone would
    then agree always. The variance is the one of Fleiss, Cohen and Everitt (1969), for large samples.
    """
    total = sum(table.values())
    if not total:
        return None
    share = {pair: count / total for pair, count in table.items()}
    first: dict[str, float] = defaultdict(float)
    second: dict[str, float] = defaultdict(float)
    for (one, two), part in share.items():
        first[one] += part
        second[two] += part
    observed = sum(part for (one, two), part in share.items() if one == two)
    expected = sum(part * second.get(name, 0.0) for name, part in first.items())
    if 1 - expected < 1e-12:
        return None
    value = (observed - expected) / (1 - expected)
    rest = 1 - value
    same = sum(part * (1 - (first[one] + second[one]) * rest) ** 2 for (one, two), part in share.items() if one == two)
    other = sum(part * (second[one] + first[two]) ** 2 for (one, two), part in share.items() if one != two)
    variance = (same + rest**2 * other - (value - expected * rest) ** 2) / (total * (1 - expected) ** 2)
    error = sqrt(max(0.0, variance))
    return Kappa(total, value, (max(-1.0, value - Z * error), min(1.0, value + Z * error)))


def share_interval(part: int, total: int) -> Interval:
    """Wilson's interval of 95 % of a share, in [0, 1]; everything where nothing was counted."""
    if not total:
        return 0.0, 1.0
    share, weight = part / total, Z**2 / total
    middle = (share + weight / 2) / (1 + weight)
    half = Z * sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    # The ends are known exactly there, and a rounding would not say them.
    low = 0.0 if part == 0 else max(0.0, middle - half)
    return low, 1.0 if part == total else min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class CountedReadings:
    """So many readings of a discipline by a pair of readers that said the same."""

    discipline: str
    first_id: int
    second_id: int
    first: str
    """The answer of the decision: its code, else its action."""
    second: str
    """The answer of the second reader: a code, else an action."""
    is_agreement: bool
    count: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a group of readings says."""

    readings: int
    agreed: int
    """The same answer: the same code, or no code, or out of scope."""
    doubts: int
    """Second readings that ended in a doubt: they are no agreement, and kappa leaves them out."""
    kappa: Kappa | None

    @property
    def raw(self) -> float | None:
        """The share of the readings that agree, None without a reading."""
        return self.agreed / self.readings if self.readings else None

    @property
    def raw_interval(self) -> Interval:
        """Its interval of 95 %."""
        return share_interval(self.agreed, self.readings)


DOUBT = "doubt"


def agreement_of(counted: Iterable[CountedReadings]) -> Agreement:
    """The agreement of these readings, taken together."""
    lines = list(counted)
    table: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.second != DOUBT:
            table[line.first, line.second] = table.get((line.first, line.second), 0) + line.count
    return Agreement(
        readings=sum(line.count for line in lines),
        agreed=sum(line.count for line in lines if line.is_agreement),
        doubts=sum(line.count for line in lines if line.second == DOUBT),
        kappa=kappa_of(table),
    )
