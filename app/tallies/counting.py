"""What each entry adds to the counts of its catalogue. Pure: no database."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.coverage.definitions import volume_step
from app.coverage.judging import LEAVING
from app.models import CountFamily, Level, Status
from app.transcoding.standing import Standing
from app.worklist.facets import BY_KEY, FACETS

COUNTED_LEVELS = (Level.ANALYSIS, Level.EXAM)
CODED = "coded"
ASSIGNED = BY_KEY["attribuee"]
Key = tuple[str, str]
"""(family, the key as a JSON list)."""
Amounts = tuple[int, int, int]
"""Rows, rows of known volume, volume."""
Counts = dict[Key, Amounts]
Entry = Mapping[str, Any]
"""The columns of a WorklistEntry."""


def counts_of(entries: Iterable[Entry]) -> Counts:
    """All that these entries add up to."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for entry in entries:
        for key, rows, with_volume, volume in _told(entry):
            amounts = found.get(key)
            if amounts is None:
                found[key] = [rows, with_volume, volume]
            else:
                amounts[0] += rows
                amounts[1] += with_volume
                amounts[2] += volume
    return {
        (str(family), json.dumps(key, ensure_ascii=False)): (rows, with_volume, volume)
        for (family, *key), (rows, with_volume, volume) in found.items()
    }


def difference(before: Counts, after: Counts) -> Counts:
    """What must be added to go from one to the other; what does not change is left out."""
    changes = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key, (0, 0, 0)), after.get(key, (0, 0, 0))
        if old != new:
            changes[key] = (new[0] - old[0], new[1] - old[1], new[2] - old[2])
    return changes


def reassigned(moved: Iterable[tuple[str, str, int]], assignee: str) -> Counts:
    """What must be added when rows (by their assignee and status, how many) go to this person."""
    changes: dict[Key, Amounts] = {}
    for before, status, rows in moved:
        for value, added in ((before, -rows), (assignee, rows)):
            key = (str(CountFamily.FACET), json.dumps((ASSIGNED.key, value, status), ensure_ascii=False))
            changes[key] = (changes.get(key, (0, 0, 0))[0] + added, 0, 0)
    return changes


def _told(entry: Entry) -> Iterator[tuple[tuple[Any, ...], int, int, int]]:
    """(family and key, rows, rows of known volume, volume) of one entry."""
    level, status, standing = entry["level"], entry["status"], entry["standing"]
    for facet in FACETS:
        yield (CountFamily.FACET, facet.key, entry[facet.column], status), 1, 0, 0
    yield (CountFamily.LEVEL, level, status), 1, 0, 0
    if entry["leaves"]:
        yield (CountFamily.LEAVES, level, entry["leaves"]), 1, 0, 0
    if entry["blocking"] or entry["warnings"]:
        yield (CountFamily.ISSUES, level), entry["blocking"], 0, entry["warnings"]
    if entry["producer"]:
        yield (CountFamily.PRODUCER, entry["producer"]), 1, 0, 0
    if level not in COUNTED_LEVELS:
        return
    has_volume = entry["volume"] >= 0
    volume = entry["volume"] if has_volume else 0
    is_subcontracted, every = entry["subcontracted"] == "1", entry["all_analyses"]
    is_emptied = entry["is_emptied"]
    key = (CountFamily.COVERAGE, level, entry["counted_chapter"], is_subcontracted, standing, every, is_emptied)
    yield key, 1, int(has_volume), volume
    own = standing == Standing.TRANSCODED
    if has_volume and standing not in LEAVING and not (own and every):
        yield (CountFamily.VOLUME, level, is_subcontracted, own, every, is_emptied, volume_step(volume)), 1, 1, volume
    if status == Status.APPROVED and entry["retired"] == "0" and entry["approved_by_id"]:
        yield (CountFamily.APPROVER, entry["approved_by_id"], entry["outcome"] == "code"), 1, 0, 0
    if level == Level.EXAM:
        if entry["lost_links"]:
            yield (CountFamily.LOST,), 1, 0, entry["lost_links"]
        return
    yield (CountFamily.CHAPTER, entry["chapter"], status), 1, 0, 0
    yield (CountFamily.SIDE, is_subcontracted, entry["retired"] == "1"), 1, int(has_volume), volume
    if own:
        yield (CountFamily.CODE, entry["loinc_num"]), 1, 0, 0
