"""Dates of searches: a value is the span of time that it names, and its prefix says how a moment stands to it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from app.fhir.errors import FhirRequestError
from app.text import PARIS

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
_VALUE = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Span:
    """From its first moment to the first that follows it."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, text: str) -> "Span":
        """The span of a FHIR date, dateTime or instant without prefix; raises ValueError."""
        found = _VALUE.fullmatch(text)
        if found is None or found["prefix"]:
            raise ValueError(text)
        return _span(found)

    def holds(self, other: "Span") -> bool:
        """Whether another span lies within this one."""
        return self.start <= other.start and other.end <= self.end


def _zone(text: str | None) -> tzinfo:
    if text is None:
        # As everywhere in this product.
        return PARIS
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text.startswith("-") else offset)


def _span(found: re.Match[str]) -> Span:
    start = datetime(
        year=int(found["year"]),
        month=int(found["month"] or 1),
        day=int(found["day"] or 1),
        hour=int(found["hour"] or 0),
        minute=int(found["minute"] or 0),
        second=int(found["second"] or 0),
        microsecond=int((found["part"] or "").ljust(6, "0")[:6]),
        tzinfo=_zone(found["zone"]),
    )
    return Span(start.astimezone(UTC), _end(start, found).astimezone(UTC))


def _end(start: datetime, found: re.Match[str]) -> datetime:
    if found["month"] is None:
        return start.replace(year=start.year + 1)
    if found["day"] is None:
        return (start + timedelta(days=31)).replace(day=1)
    if found["part"]:
        return start + timedelta(microseconds=10 ** max(0, 6 - len(found["part"])))
    unit = "seconds" if found["second"] else "minutes" if found["hour"] else "days"
    return start + timedelta(**{unit: 1})


def is_met(name: str, text: str, held: str) -> bool:
    """Whether a moment that a resource holds meets the value of a search; without time zone it is that of Paris."""
    # In a query, an unescaped plus sign arrives as a space.
    found = _VALUE.fullmatch(text.strip().replace(" ", "+"))
    prefix = (found["prefix"] or "eq") if found else ""
    try:
        if found is None or prefix not in PREFIXES:
            raise ValueError(text)
        wanted = _span(found)
    except (ValueError, OverflowError):
        raise FhirRequestError(
            f"{name} attend une date FHIR (2026-11-21, 2026-11-21T14:05:03Z), précédée ou non de "
            f"{', '.join(PREFIXES)}.",
            code="value",
        ) from None
    return _compare(prefix, wanted, Span.of(held)) if held else False


def _compare(prefix: str, wanted: Span, held: Span) -> bool:
    is_equal, is_later, is_sooner = wanted.holds(held), held.end > wanted.end, held.start < wanted.start
    answers = {
        "eq": is_equal,
        "ne": not is_equal,
        "gt": is_later,
        "ge": is_later or is_equal,
        "lt": is_sooner,
        "le": is_sooner or is_equal,
        "sa": held.start >= wanted.end,
        "eb": held.end <= wanted.start,
    }
    return answers[prefix]
