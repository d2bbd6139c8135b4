"""What a check says, and what it asks of the person. Pure: which checks there are is in `app.transcoding.checks`."""

from dataclasses import dataclass
from enum import StrEnum


class CheckSeverity(StrEnum):
    """What a check asks of the person."""

    REFUSED = "refused"
    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Check:
    """Something to know before this code is given to this test."""

    code: str
    severity: CheckSeverity
    sentence: str


class Checked:
    """What a page shows with its checks."""

    __slots__ = ()
    checks: list[Check]

    @property
    def blocking(self) -> list[Check]:
        """The checks that need a justification."""
        return [check for check in self.checks if check.severity is not CheckSeverity.WARNING]

    @property
    def warnings(self) -> list[Check]:
        """The checks that are only shown."""
        return [check for check in self.checks if check.severity is CheckSeverity.WARNING]
