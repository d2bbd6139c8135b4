"""Two versions row by row: what came, what went, and what is said otherwise. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.text import one_line
from app.versions.canonical import FIELDS, CanonicalRow

_OF_THE_CODE = frozenset({"status", "outcome", "loinc_num"})
_OF_THE_APPROVAL = frozenset({"approved_by", "approved_at"})


class Nature(StrEnum):
    """What became of a row between two versions."""

    ADDED = "added"
    REMOVED = "removed"
    CODE = "code"
    """Another code, none any more, or one that was not there."""
    TEXT = "text"
    """Something else that is said of the row or of its decision."""
    APPROVAL = "approval"
    """Approved again with the same words."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that two versions do not hold alike; `before` None when it came, `after` None when it went."""

    nature: Nature
    before: CanonicalRow | None
    after: CanonicalRow | None

    @property
    def row(self) -> CanonicalRow:
        """The row as the newer version names it, where it still does."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def changed(self) -> tuple[str, ...]:
        """The values that differ, in the order of the format; none for a row that came or went."""
        if self.before is None or self.after is None:
            return ()
        return tuple(name for name in FIELDS if getattr(self.before, name) != getattr(self.after, name))


def differences(before: Iterable[CanonicalRow], after: Iterable[CanonicalRow]) -> list[Difference]:
    """Every row that differs, in the order of the canonical content."""
    old, new = {row.key: row for row in before}, {row.key: row for row in after}
    found = []
    for key in sorted(old.keys() | new.keys()):
        was, is_now = old.get(key), new.get(key)
        if was is None or is_now is None:
            found.append(Difference(Nature.ADDED if was is None else Nature.REMOVED, was, is_now))
        elif was != is_now:
            found.append(Difference(_nature(Difference(Nature.TEXT, was, is_now).changed), was, is_now))
    return found


def _nature(changed: Sequence[str]) -> Nature:
    if _OF_THE_CODE & set(changed):
        return Nature.CODE
    return Nature.APPROVAL if set(changed) <= _OF_THE_APPROVAL else Nature.TEXT


def counts_of(found: Iterable[Difference]) -> Mapping[Nature, int]:
    """How many rows of each nature."""
    counts = dict.fromkeys(Nature, 0)
    for item in found:
        counts[item.nature] += 1
    return counts


def narrowed(found: Iterable[Difference], natures: Sequence[Nature], text: str) -> list[Difference]:
    """Those of these natures (all without any) whose code, label or LOINC code holds the text."""
    wanted = one_line(text).casefold()
    return [item for item in found if (not natures or item.nature in natures) and _holds(item, wanted)]


def _holds(item: Difference, wanted: str) -> bool:
    if not wanted:
        return True
    rows = [row for row in (item.before, item.after) if row is not None]
    return any(wanted in f"{row.code} {row.label} {row.loinc_num} {row.chapter}".casefold() for row in rows)
