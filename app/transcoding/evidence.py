"""The evidence of a candidate, as stored with its proposal, by axis: one cell of the comparison each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from matcher.types import Axis, Verdict


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One fact for or against a candidate, with the sentence that the biologist reads."""

    axis: Axis
    verdict: Verdict
    sentence: str
    local: str = ""
    term: str = ""
    weight: float = 0.0

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """A line as the proposal stored it."""
        return cls(
            axis=Axis(item["axis"]),
            verdict=Verdict(item["verdict"]),
            sentence=str(item.get("sentence", "")),
            local=str(item.get("local", "")),
            term=str(item.get("term", "")),
            weight=float(item.get("weight", 0.0)),
        )


def lines_of(evidence: Iterable[Mapping[str, Any]]) -> list[EvidenceLine]:
    """The lines of a stored proposal."""
    return [EvidenceLine.from_json(item) for item in evidence]


@dataclass(frozen=True, slots=True)
class AxisFinding:
    """What all lines of one axis say together."""

    verdict: Verdict
    sentences: tuple[str, ...] = ()
    local: str = ""


NOTHING = AxisFinding(Verdict.UNKNOWN)


def finding(lines: Sequence[EvidenceLine]) -> AxisFinding:
    """One verdict for an axis: a contradiction wins, then the doubt of its first line, then any reservation.

    The component has several lines (the substance, what it is divided by, the challenge); lines that know
    nothing add nothing to the first one.
    """
    if not lines:
        return NOTHING
    verdicts = [line.verdict for line in lines]
    told = [line for position, line in enumerate(lines) if position == 0 or line.verdict is not Verdict.UNKNOWN]
    if Verdict.CONTRADICT in verdicts:
        verdict = Verdict.CONTRADICT
    elif verdicts[0] is Verdict.UNKNOWN:
        verdict = Verdict.UNKNOWN
    elif Verdict.COMPATIBLE in verdicts:
        verdict = Verdict.COMPATIBLE
    else:
        verdict = Verdict.AGREE
    local = next((line.local for line in lines if line.local), "")
    return AxisFinding(verdict, tuple(line.sentence for line in told if line.sentence), local)


def by_axis(lines: Iterable[EvidenceLine]) -> dict[Axis, AxisFinding]:
    """The finding of every axis; an axis without line is unknown."""
    grouped: dict[Axis, list[EvidenceLine]] = {axis: [] for axis in Axis}
    for line in lines:
        grouped[line.axis].append(line)
    return {axis: finding(found) for axis, found in grouped.items()}


def weightiest(lines: Iterable[EvidenceLine], limit: int = 4) -> list[EvidenceLine]:
    """The lines that count most, contradictions first."""
    told = [line for line in lines if line.verdict is not Verdict.UNKNOWN and line.sentence]
    told.sort(key=lambda line: (line.verdict is not Verdict.CONTRADICT, -abs(line.weight)))
    return told[:limit]


def reservations(lines: Iterable[EvidenceLine]) -> list[EvidenceLine]:
    """What the matcher did not read, or read without being sure: lines that know nothing, beside those of the axes."""
    seen: set[Axis] = set()
    found: list[EvidenceLine] = []
    for line in lines:
        if line.axis in seen and line.verdict is Verdict.UNKNOWN and not line.weight and line.sentence:
            found.append(line)
        seen.add(line.axis)
    return found


def parts_of_score(lines: Iterable[EvidenceLine]) -> list[EvidenceLine]:
    """Every line that the score is made of, the weightiest first."""
    return sorted((line for line in lines if line.weight), key=lambda line: -abs(line.weight))
