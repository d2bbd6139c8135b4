"""What definitions tell apart of a row, as one number: its kind, and where the rows of each kind stand. Pure."""

from dataclasses import dataclass, field
from functools import cache
from math import prod

from app.coverage.judging import Judging, ReleaseRule, Statuses
from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing, standing_of

STATUSES = (Status.TODO, Status.DECIDED, Status.APPROVED)
"""By their digit; any other status is no more than the first."""
OUTCOMES = (Outcome.NONE, Outcome.CODE, Outcome.NO_LOINC, Outcome.OUT_OF_SCOPE)
ABSENT, THERE, RETIRED = 0, 1, 2
"""What a release says of a code."""
RUN, NO_LONGER_RUN, GONE = 0, 1, 2
RADICES = (3, len(STATUSES), len(OUTCOMES), 3, 3, 2, 2, 2, 2)
"""How many values each digit of a kind has: whether the row is run, its status and outcome; what the release in
service and that of the decision say of its code; whether the code is a placeholder, and in the list; whether the local
code has several answers, approved or decided."""
WEIGHTS = tuple(prod(RADICES[:place]) for place in range(len(RADICES)))
IS_SUBCONTRACTED = prod(RADICES)
IS_EXAM = 2 * IS_SUBCONTRACTED
"""Added to the kind where it is read, so that the rows are grouped by one number."""
LOST = -1
"""The kind of an analysis that the catalogue does not hold."""


@dataclass(slots=True)
class Counted:
    """The rows of one kind that nothing but their volumes tells apart."""

    level: Level
    value: str
    """Of the axis."""
    is_subcontracted: bool
    kind: int
    analyses: tuple[int, ...]
    """The kinds of the analyses of an exam."""
    rows: int = 0
    rows_with_volume: int = 0
    volume: int = 0
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    """(step, rows, volume) of those whose volume is known; empty when steps are not asked for."""


def counted_of(kind: int, value: str, sets: str) -> Counted:
    """Rows of this kind, none yet; `sets`: the kinds of the analyses of an exam, separated by commas."""
    level = Level.EXAM if kind >= IS_EXAM else Level.ANALYSIS
    is_subcontracted = bool(kind % IS_EXAM // IS_SUBCONTRACTED)
    analyses = tuple(sorted(int(part) for part in sets.split(","))) if sets else ()
    return Counted(level, value, is_subcontracted, kind % IS_SUBCONTRACTED, analyses)


def stands_of(
    item: Counted, judging: Judging, leaves_out_deprecated: bool
) -> tuple[Standing, bool, bool, bool]:
    """Where the rows stand, and whether they are transcoded by their own code, by their analyses, or emptied."""
    standing = standing_of_kind(item.kind, judging, leaves_out_deprecated)
    own = standing is Standing.TRANSCODED
    if item.level is not Level.EXAM:
        return standing, own, own, False
    # An analysis that the catalogue does not hold cannot have been approved.
    stands = [
        Standing.UNFINISHED if kind == LOST else standing_of_kind(kind, judging, leaves_out_deprecated)
        for kind in item.analyses
    ]
    wanted = [found for found in stands if found not in judging.leaving]
    every = bool(wanted) and all(found is Standing.TRANSCODED for found in wanted)
    return standing, own, every, bool(stands) and not wanted


@cache
def standing_of_kind(kind: int, judging: Judging, leaves_out_deprecated: bool) -> Standing:
    """Where the rows of a kind stand when they are judged so."""
    run, status, outcome, now, then, placeholder, circuit, by_approved, by_decided = (
        kind // weight % radix for weight, radix in zip(WEIGHTS, RADICES, strict=True)
    )
    if run == GONE or (run == NO_LONGER_RUN and not judging.with_retired):
        return Standing.RETIRED
    is_decided_enough = judging.statuses is Statuses.DECIDED
    said = STATUSES[status]
    release = then if judging.releases is ReleaseRule.OF_DECISION else now
    found = standing_of(
        Status.APPROVED if said is Status.DECIDED and is_decided_enough else said,
        OUTCOMES[outcome],
        exists=release != ABSENT,
        is_placeholder=bool(placeholder),
        is_left_out=judging.leaves_out(release == RETIRED, leaves_out_deprecated),
        has_several=bool(by_decided if is_decided_enough else by_approved),
    )
    if found is Standing.TRANSCODED and judging.circuit_only and not circuit:
        return Standing.OUTSIDE_CIRCUIT
    return found
