"""What the page of exports counts and lists, from the counts and entries kept with the facts."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import CatalogueCount, CountFamily, Level, ValueSetKind, WorklistEntry
from app.publication import repository
from app.publication.assessment import Assessment, LevelCount, assess
from app.publication.schemas import UncodedReason
from app.publication.service import named, unread_twice
from app.transcoding.readers import hidden_among

CODED = "coded"
LEVELS = (Level.CHAPTER, Level.SUBCHAPTER, Level.EXAM, Level.ANALYSIS)


@dataclass(frozen=True, slots=True)
class ExportCounts:
    """How many rows leave, without what, and what the laboratory system will say."""

    levels: list[LevelCount]
    """Levels without rows left out."""
    blocking: dict[Level, int]
    warnings: dict[Level, int]
    producers: list[str]

    def of_reason(self, reason: UncodedReason) -> int:
        """Rows that leave without a code for this reason."""
        return sum(count.without.get(reason, 0) for count in self.levels)


def export_counts(session: Session, catalogue_id: int) -> ExportCounts:
    """The counts of a catalogue."""
    families = (CountFamily.LEAVES, CountFamily.ISSUES, CountFamily.PRODUCER)
    statement = select(CatalogueCount).where(
        CatalogueCount.catalogue_id == catalogue_id, col(CatalogueCount.family).in_(families)
    )
    leaves: dict[Level, dict[str, int]] = defaultdict(dict)
    blocking: dict[Level, int] = {}
    warnings: dict[Level, int] = {}
    producers: dict[str, int] = {}
    for count in session.exec(statement):
        key = json.loads(count.key)
        if count.family == CountFamily.PRODUCER:
            producers[key[0]] = count.rows
        elif count.family == CountFamily.ISSUES:
            blocking[Level(key[0])], warnings[Level(key[0])] = count.rows, count.volume
        elif count.rows:
            leaves[Level(key[0])][key[1]] = count.rows
    return ExportCounts(
        [_level_count(level, leaves[level]) for level in LEVELS if leaves[level]],
        blocking,
        warnings,
        sorted(name for name, rows in producers.items() if rows),
    )


def _level_count(level: Level, leaves: dict[str, int]) -> LevelCount:
    without = {UncodedReason(word): rows for word, rows in leaves.items() if word != CODED}
    return LevelCount(level, sum(leaves.values()), leaves.get(CODED, 0), without)


def ids_without_code(session: Session, catalogue_id: int, reasons: Iterable[UncodedReason], most: int) -> list[int]:
    """The first rows that leave without a code for these reasons, in the order of the files."""
    places: list[tuple[str, int, int]] = []
    for reason in reasons:
        for level in Level:
            statement = select(WorklistEntry.position, WorklistEntry.local_test_id).where(
                WorklistEntry.catalogue_id == catalogue_id,
                WorklistEntry.leaves == reason,
                WorklistEntry.level == level,
            )
            rows = session.exec(_in_order(statement).limit(most))
            places += [(level, position, row_id) for position, row_id in rows]
    return [row_id for _, _, row_id in sorted(places)[:most]]


def ids_with_issues(session: Session, catalogue_id: int, is_blocking: bool, most: int) -> list[int]:
    """The first rows of which the laboratory system will say something, in the order of the files."""
    count = WorklistEntry.blocking if is_blocking else WorklistEntry.warnings
    found: list[int] = []
    for level in sorted(Level):
        statement = select(WorklistEntry.local_test_id).where(
            WorklistEntry.catalogue_id == catalogue_id, WorklistEntry.level == level, col(count) > 0
        )
        found += session.exec(_in_order(statement).limit(most))
    return found[:most]


def _in_order(statement: Any) -> Any:
    return statement.order_by(col(WorklistEntry.position), col(WorklistEntry.local_test_id))


def assessment_of(
    session: Session, catalogue_id: int, ids: Sequence[int], blind_to: int | None = None
) -> Assessment:
    """These rows judged as in the whole catalogue: those that share their local codes are judged with them.

    For a `blind_person`, as `gather` reads them.
    """
    mine, other = aliased(WorklistEntry), aliased(WorklistEntry)
    sharing = (
        select(other.local_test_id)
        .select_from(mine)
        .join(
            other, (col(other.catalogue_id) == col(mine.catalogue_id)) & (col(other.local_key) == col(mine.local_key))
        )
        .where(col(mine.local_test_id).in_(ids))
    )
    wanted = sorted(set(session.exec(sharing)))
    release = repository.current_release(session)
    circuit = repository.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    sections = repository.value_set_labels(session, ValueSetKind.CHAPTERS)
    hidden = hidden_among(session, blind_to, wanted)
    found = repository.export_tests(session, catalogue_id, release, wanted)
    tests = [unread_twice(test) if test.id in hidden else test for test in found]
    allowed = None if circuit is None else frozenset(circuit) | frozenset(sections or {})
    return assess((named(test, circuit or {}, sections or {}) for test in tests), release, allowed)


def last_approval(session: Session, catalogue_id: int) -> datetime | None:
    """When the last of the codes that leave was approved."""
    moments = []
    people = select(CatalogueCount.key).where(
        CatalogueCount.catalogue_id == catalogue_id, CatalogueCount.family == CountFamily.APPROVER
    )
    for person in sorted({json.loads(key)[0] for key in session.exec(people)}):
        statement = select(WorklistEntry.approved_at).where(
            WorklistEntry.catalogue_id == catalogue_id,
            WorklistEntry.approved_by_id == person,
            col(WorklistEntry.approved_at).is_not(None),
            WorklistEntry.leaves == CODED,
        )
        moments.append(session.exec(statement.order_by(col(WorklistEntry.approved_at).desc()).limit(1)).first())
    return max((moment for moment in moments if moment is not None), default=None)
