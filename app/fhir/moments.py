"""A date of a search, with its prefix: a whole day, month or year when no more is said."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from app.fhir.errors import FhirRequestError
from app.text import PARIS

_DATE = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
    r"(Z|[+ -]\d{2}:\d{2})?)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Moments:
    """The time that a date covers, from `first` on and before `end`, and how a moment must stand to it."""

    prefix: str
    first: datetime
    end: datetime

    @classmethod
    def read(cls, text: str) -> Self:
        """What a value of `_lastUpdated` says; raises FhirRequestError."""
        found = _DATE.fullmatch(text)
        try:
            if found is not None:
                return cls(found[1] or "eq", *_covered(found))
        except (ValueError, OverflowError):
            pass
        raise FhirRequestError(f"« {text[:40]} » n'est pas une date que _lastUpdated sache lire.", code="value")

    def holds(self, written: str) -> bool:
        """Whether an instant, as a resource writes it, stands so."""
        moment = datetime.fromisoformat(written.replace("Z", "+00:00"))
        is_in = self.first <= moment < self.end
        match self.prefix:
            case "ne":
                return not is_in
            case "gt" | "sa":
                return moment >= self.end
            case "lt" | "eb":
                return moment < self.first
            case "ge":
                return moment >= self.first
            case "le":
                return moment < self.end
            case _:
                return is_in


def _covered(found: re.Match[str]) -> tuple[datetime, datetime]:
    year, month, day = int(found[2]), int(found[3] or 1), int(found[4] or 1)
    if found[5] is None:
        # A day without a time zone is a day of Paris, as everywhere in this product.
        first = datetime(year, month, day, tzinfo=PARIS)
        if found[4]:
            end = first + timedelta(days=1)
        elif found[3]:
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=PARIS)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=PARIS)
        return first.astimezone(UTC), end.astimezone(UTC)
    # In a query, an unescaped plus sign arrives as a space.
    zone = (found[8] or "").replace(" ", "+").replace("Z", "+00:00")
    text = f"{found[2]}-{found[3]}-{found[4]}T{found[5]}:{found[6]}:{found[7] or '00'}{zone}"
    first = datetime.fromisoformat(text)
    if first.tzinfo is None:
        first = first.replace(tzinfo=PARIS)
    return first.astimezone(UTC), (first + timedelta(seconds=1 if found[7] else 60)).astimezone(UTC)
