"""What the rows of the queue are ordered by when nobody asks otherwise, and the steps by which they are filtered.

Where the yearly volume of a row is known: volume times uncertainty. Where it is not: the usual tests first, by what the
terminology says of the code proposed, the most uncertain first among tests as usual; then the rows without proposal,
then those that seem to be no test. A row of known volume comes before every row of unknown volume.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func

EXPLAINED_WITH_VOLUMES = (
    "volume annuel × incertitude : d’abord ce qui compte le plus et que la machine sait le moins ; une ligne de "
    "volume inconnu vient après, l’analyse usuelle avant la rare"
)
EXPLAINED_WITHOUT_VOLUMES = (
    "analyses usuelles d’abord, les plus incertaines en tête, faute de volumes annuels ; puis les lignes sans "
    "proposition, enfin celles qui ne semblent pas être des analyses"
)
CERTAIN = 1.05
"""Uncertainty is this less the confidence: a sure proposal still counts for a little."""
TIERS = 6


class Margin(StrEnum):
    """How far the best proposal is ahead of the second, in points of confidence."""

    NARROW = "narrow"
    MEDIUM = "medium"
    WIDE = "wide"
    ALONE = "alone"


class VolumeBand(StrEnum):
    """The yearly volume by steps of ten."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    HUGE = "huge"


def margin(best: Any, second: Any) -> ColumnElement[str]:
    """The Margin from the columns of the two proposals; empty without proposal."""
    ahead = best.confidence - second.confidence
    return case(
        (best.id.is_(None), ""),
        (second.id.is_(None), Margin.ALONE.value),
        (ahead < 0.2, Margin.NARROW.value),
        (ahead < 0.6, Margin.MEDIUM.value),
        else_=Margin.WIDE.value,
    )


def volume_band(volume: ColumnElement[Any]) -> ColumnElement[str]:
    """The VolumeBand; empty when the volume is not known."""
    return case(
        (volume.is_(None), ""),
        (volume < 100, VolumeBand.SMALL.value),
        (volume < 1_000, VolumeBand.MEDIUM.value),
        (volume < 10_000, VolumeBand.LARGE.value),
        else_=VolumeBand.HUGE.value,
    )


def _tier(usual: Any) -> ColumnElement[int]:
    """How usual a code is, from 0 to `TIERS` - 1: the usage in French laboratories, else the rank of LOINC."""
    usage, rank = func.coalesce(usual.fr_usage, 0), func.coalesce(usual.common_test_rank, 0)
    return case(
        (usage == 1, 5),
        (and_(rank > 0, rank <= 300), 4),
        (usage == 2, 3),
        (and_(rank > 0, rank <= 2_000), 2),
        (usage == 3, 1),
        else_=0,
    )


def priority(volume: ColumnElement[Any], best: Any, nontest: Any, usual: Any) -> ColumnElement[float]:
    """What the default order falls by; below 1 for rows of unknown volume only."""
    confidence = func.coalesce(best.confidence, 0.0)
    known = case((nontest.confidence > confidence, nontest.confidence), else_=confidence)
    unknown_volume = case(
        (nontest.id.is_not(None), 0.0),
        (best.id.is_(None), 0.001),
        else_=0.01 + (_tier(usual) + (CERTAIN - confidence) / 1.1) / (TIERS + 1),
    )
    return case((volume >= 0, 1 + (volume + 1) * (CERTAIN - known)), else_=unknown_volume)
