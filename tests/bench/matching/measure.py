"""Figures of one engine over labelled cases: top-1, top-5, recall at 50, share auto-acceptable at 99 % precision."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matcher.calibration import SURE_AT
from matcher.engine import Engine
from matcher.types import Term
from tests.bench.matching.datasets import Case, tests_only

AXES = ("component", "property", "time_aspct", "system", "scale_typ", "method_typ")
NO_PROPOSAL = "no proposal"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine answered to one case: ranked codes and the confidence of the first."""

    case: Case
    codes: tuple[str, ...]
    confidence: float

    @property
    def rank(self) -> int:
        """Rank of the first right code, from 1; 0 when it is absent."""
        return next((rank for rank, code in enumerate(self.codes, start=1) if code in self.case.right), 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares in [0, 1] over one set."""

    count: int
    top1: float
    top5: float
    recall50: float
    auto99: float
    """Largest share of rows, most confident first, of which 99 % are right."""
    sure: float
    """Share of rows in the band "sûr"."""
    sure_right: float
    """Share right among them; 1 when there are none."""


def answers(engine: Engine, cases: Sequence[Case], depth: int = 50) -> list[Answer]:
    """The engine's ranked codes for each case that has a right code."""
    found: list[Answer] = []
    for case in tests_only(cases):
        proposals = [item for item in engine.propose(case.test, depth, explain=False) if item.rank > 0]
        confidence = proposals[0].confidence if proposals else 0.0
        found.append(Answer(case, tuple(item.loinc_num for item in proposals), confidence))
    return found


def figures(items: Sequence[Answer]) -> Figures:
    """The figures of a list of answers."""
    count = len(items)
    if not count:
        return Figures(0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    ranks = [item.rank for item in items]
    sure = [item for item in items if item.confidence >= SURE_AT]
    return Figures(
        count=count,
        top1=sum(rank == 1 for rank in ranks) / count,
        top5=sum(0 < rank <= 5 for rank in ranks) / count,
        recall50=sum(0 < rank <= 50 for rank in ranks) / count,
        auto99=share_at_precision([(item.confidence, item.rank == 1) for item in items], 0.99),
        sure=len(sure) / count,
        sure_right=sum(item.rank == 1 for item in sure) / len(sure) if sure else 1.0,
    )


def share_at_precision(pairs: Sequence[tuple[float, bool]], precision: float) -> float:
    """The largest share of rows, most confident first, that are right at this precision; ties count whole."""
    ordered = sorted(pairs, key=lambda pair: -pair[0])
    best = right = 0
    for position, (confidence, is_right) in enumerate(ordered, start=1):
        right += is_right
        ends_tie = position == len(ordered) or ordered[position][0] < confidence
        if ends_tie and right / position >= precision:
            best = position
    return best / len(ordered) if ordered else 0.0


def differing_axes(mine: Term, theirs: Term) -> list[str]:
    """The axes on which two terms differ; only the component when it differs, for then the rest says little."""
    axes = [axis for axis in AXES if getattr(mine, axis) != getattr(theirs, axis)]
    return ["component"] if "component" in axes else axes


def wrong_axes(terms: Mapping[str, Term], items: Sequence[Answer]) -> Counter[str]:
    """Which axes differ between a wrong first proposal and the best code, or the nearest right one of a set."""
    counter: Counter[str] = Counter()
    for item in items:
        if item.rank == 1:
            continue
        right = [item.case.best] if item.case.best in terms else sorted(item.case.right & terms.keys())
        if not item.codes or not right:
            counter[NO_PROPOSAL] += 1
            continue
        mine = terms[item.codes[0]]
        differing = [differing_axes(mine, terms[code]) for code in right]
        # One wrong axis is nearer than two, and any of them nearer than another component.
        nearest: list[str] = min(differing, key=lambda axes: (axes[:1] == ["component"], len(axes)))
        counter.update(nearest)
    return counter


def by_key(items: Sequence[Answer], key: Callable[[Answer], str]) -> dict[str, list[Answer]]:
    """The answers grouped, groups in alphabetical order."""
    groups: dict[str, list[Answer]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return dict(sorted(groups.items()))
