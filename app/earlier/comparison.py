"""How an earlier statement stands to what is proposed today. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.files.loinc_cells import CellFinding
from app.files.standings import Standing
from app.models import EarlierVerdict, LoincTerm
from app.terminology.service import RETIRED_STATUSES
from app.transcoding.evidence import EvidenceLine, by_axis
from matcher.types import Axis, Verdict

AXES: tuple[tuple[Axis, str], ...] = (
    (Axis.COMPONENT, "component"),
    (Axis.PROPERTY, "property"),
    (Axis.TIME, "time_aspct"),
    (Axis.SYSTEM, "system"),
    (Axis.SCALE, "scale_typ"),
    (Axis.METHOD, "method_typ"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing one statement."""

    verdict: EarlierVerdict
    differing: tuple[Axis, ...] = ()
    """Axes in which the first code proposed differs from the earlier one."""
    contradictions: tuple[str, ...] = ()
    """What in the row contradicts the earlier code, in sentences."""
    proposed: str = ""
    rank: int = 0


def differing_axes(one: LoincTerm, other: LoincTerm) -> tuple[Axis, ...]:
    """The axes in which two terms differ."""
    return tuple(axis for axis, name in AXES if getattr(one, name) != getattr(other, name))


def contradictions_of(lines: Sequence[EvidenceLine]) -> tuple[str, ...]:
    """The sentences of the axes that contradict, each once."""
    found = [
        sentence
        for finding in by_axis(lines).values()
        if finding.verdict is Verdict.CONTRADICT
        for sentence in finding.sentences or ("Un axe du code contredit la ligne.",)
    ]
    return tuple(dict.fromkeys(found))


def compare(
    finding: str,
    loinc_num: str,
    term: LoincTerm | None,
    proposals: Sequence[str],
    first: LoincTerm | None,
    lines: Sequence[EvidenceLine],
    standing: Standing = Standing.AFFIRMED,
) -> Compared:
    """Compare a statement with the codes proposed today, best first; `first` is the term of the best one.

    What its own file rejects is compared with nothing: were it proposed today, it would still be no agreement.
    """
    if standing is Standing.REJECTED:
        rank = proposals.index(loinc_num) + 1 if loinc_num and loinc_num in proposals else 0
        return Compared(EarlierVerdict.REJECTED, proposed=proposals[0] if proposals else "", rank=rank)
    if finding in (CellFinding.NO_CODE, CellFinding.OUT_OF_SCOPE):
        return Compared(EarlierVerdict.NO_CODE, proposed=proposals[0] if proposals else "")
    if finding != CellFinding.CODE:
        return Compared(EarlierVerdict.UNREADABLE, proposed=proposals[0] if proposals else "")
    proposed = proposals[0] if proposals else ""
    rank = proposals.index(loinc_num) + 1 if loinc_num in proposals else 0
    differing = differing_axes(term, first) if term and first else ()
    contradictions = contradictions_of(lines)
    found = Compared(EarlierVerdict.SAME, differing, contradictions, proposed, rank)
    return _with(found, _verdict(found, loinc_num, term))


def _with(found: Compared, verdict: EarlierVerdict) -> Compared:
    return Compared(verdict, found.differing, found.contradictions, found.proposed, found.rank)


def _verdict(found: Compared, loinc_num: str, term: LoincTerm | None) -> EarlierVerdict:
    if term is None:
        return EarlierVerdict.ABSENT
    if term.status in RETIRED_STATUSES:
        return EarlierVerdict.DEPRECATED
    if found.proposed == loinc_num:
        return EarlierVerdict.SAME
    if found.contradictions:
        return EarlierVerdict.CONTRADICTED
    if not found.proposed:
        return EarlierVerdict.NOTHING
    return EarlierVerdict.METHOD if found.differing == (Axis.METHOD,) else EarlierVerdict.OTHER
