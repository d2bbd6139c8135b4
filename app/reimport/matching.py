"""Which stored test a row of a newer export speaks of: by local code, then by code, unit and specimen."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from app.catalogues.plan import PlannedTest
from app.models import Level

Key = tuple[Hashable, ...]


def _code(level: Level, code: str, chapter_code: str) -> Key:
    # The same sub-chapter code under two chapters is two sub-chapters.
    return (level, code, chapter_code if level is Level.SUBCHAPTER else "")


def _full(level: Level, code: str, values: Any) -> Key:
    def get(name: str) -> str:
        return str(values.get(name, "") if isinstance(values, dict) else getattr(values, name))

    return (level, code, get("unit") or get("unit_code"), get("specimen") or get("specimen_code"))


def _grouped(pairs: Iterable[tuple[Key, Any]]) -> dict[Key, list[Any]]:
    groups: dict[Key, list[Any]] = defaultdict(list)
    for key, item in pairs:
        groups[key].append(item)
    return groups


def match(planned: Sequence[PlannedTest], stored: Sequence[Any]) -> dict[int, Any]:
    """Index of a planned test -> the stored test that it is. A test still in the catalogue wins over a removed one."""
    found: dict[int, Any] = {}
    # Removed tests come last: the first of a group is the one in use.
    in_order = sorted(stored, key=lambda test: (test.retired_at is not None, test.occurrence, test.id))
    groups = _grouped((_code(Level(test.level), test.code, test.chapter_code), test) for test in in_order)
    wanted = _grouped(
        (_code(test.level, test.code, test.values.get("chapter_code", "")), index) for index, test in enumerate(planned)
    )
    for key, indexes in wanted.items():
        candidates = groups.get(key, [])
        active = [test for test in candidates if test.retired_at is None] or candidates
        if len(indexes) == 1 and len(active) == 1:
            found[indexes[0]] = active[0]
        elif candidates:
            found |= _by_full_key(planned, indexes, candidates)
    return found


def _by_full_key(planned: Sequence[PlannedTest], indexes: Sequence[int], candidates: Sequence[Any]) -> dict[int, Any]:
    """The rows of one code, told apart by unit and specimen; what fits nothing is new, or gone."""
    by_key: dict[Key, list[Any]] = _grouped((_full(Level(test.level), test.code, test), test) for test in candidates)
    found: dict[int, Any] = {}
    for index in indexes:
        test = planned[index]
        left = by_key.get(_full(test.level, test.code, test.values))
        if left:
            found[index] = left.pop(0)
    return found
