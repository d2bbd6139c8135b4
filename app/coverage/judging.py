"""What a row is worth, as data: a closed vocabulary of choices, and where each row stands by them. Pure.

Each choice says one thing, and none is free text: whoever composes a definition takes one value of each, and the
sentence that is printed is composed from the same values (`app.coverage.wording`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from app.models import Status
from app.transcoding.standing import Standing, counted_standings

if TYPE_CHECKING:
    from app.coverage.definitions import CoverageRow

LEAVING = frozenset({Standing.OUT_OF_SCOPE, Standing.RETIRED})
"""Standings that take a row out of the denominator, by default."""


class Statuses(StrEnum):
    """Whose word is enough."""

    APPROVED = "approved"
    """A biologist's approval."""
    DECIDED = "decided"
    """A decision, approved or not: an indication, never a claim."""


class ReleaseRule(StrEnum):
    """In which release a code must exist."""

    IN_SERVICE = "in_service"
    OF_DECISION = "of_decision"
    """The one in which it was chosen."""


class DeprecatedRule(StrEnum):
    """What the codes that LOINC retired are worth."""

    UNTIL_GRACE = "until_grace"
    """They count until the day that an administrator decided."""
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Judging:
    """One value of each choice; the default follows the ministry's sentence."""

    with_retired: bool = False
    """Whether the rows that the laboratory says it no longer runs count like the others; those that its newest export
    does not hold never do."""
    circuit_only: bool = False
    """Whether a code must be in *Circuit de la biologie*."""
    out_of_scope_leaves: bool = True
    no_code_leaves: bool = False
    """Whether the rows for which no LOINC code exists leave the denominator."""
    statuses: Statuses = Statuses.APPROVED
    releases: ReleaseRule = ReleaseRule.IN_SERVICE
    deprecated: DeprecatedRule = DeprecatedRule.UNTIL_GRACE

    @property
    def leaving(self) -> frozenset[Standing]:
        """The standings that take a row out of the denominator."""
        left = {Standing.RETIRED}
        if self.out_of_scope_leaves:
            left.add(Standing.OUT_OF_SCOPE)
        if self.no_code_leaves:
            left.add(Standing.NO_CODE)
        return frozenset(left)

    def leaves_out(self, is_deprecated: bool, leaves_out_deprecated: bool) -> bool:
        """Whether a code is left out for having been retired; the second says that the day has passed."""
        if self.deprecated is DeprecatedRule.UNTIL_GRACE:
            return is_deprecated and leaves_out_deprecated
        return is_deprecated and self.deprecated is DeprecatedRule.NEVER


AS_THE_MINISTRY = Judging()


def judged_standings(
    rows: Iterable["CoverageRow"], judging: Judging, leaves_out_deprecated: bool
) -> Mapping[int, Standing]:
    """Where each row stands when it is judged so; exactly one standing for each."""
    if judging == AS_THE_MINISTRY:
        return counted_standings(rows)
    seen = [_as_judged(row, judging, leaves_out_deprecated) for row in rows]
    found = counted_standings(seen)
    if judging.circuit_only:
        outside = {row.id for row in seen if not row.in_circuit}
        for row_id, standing in found.items():
            if standing is Standing.TRANSCODED and row_id in outside:
                found[row_id] = Standing.OUTSIDE_CIRCUIT
    return found


def _as_judged(row: "CoverageRow", judging: Judging, leaves_out_deprecated: bool) -> "CoverageRow":
    """The row as the default would have to see it to count it so."""
    is_approved = row.status is Status.DECIDED and judging.statuses is Statuses.DECIDED
    then = judging.releases is ReleaseRule.OF_DECISION
    is_deprecated = row.code_was_deprecated if then else row.code_is_deprecated
    status = Status.APPROVED if is_approved else row.status
    is_retired = row.is_retired and not (judging.with_retired and row.retired_at is None)
    exists = row.code_existed if then else row.code_exists
    is_left_out = judging.leaves_out(is_deprecated, leaves_out_deprecated)
    seen = (status, is_retired, exists, is_left_out)
    if seen == (row.status, row.is_retired, row.code_exists, row.code_is_left_out):
        # Most rows: to copy each of them for each definition cost more than to judge them.
        return row
    return replace(
        row, status=status, is_retired=is_retired, code_exists=exists, code_is_left_out=is_left_out
    )  # fmt: skip
