"""The local codes of a catalogue as the outside world sees them: trimmed, unambiguous, level by level."""

from collections import defaultdict
from collections.abc import Iterable

from app.models import Level
from app.publication.schemas import PublishedTest
from app.text import one_line

LEVEL_ORDER = (Level.ANALYSIS, Level.EXAM, Level.SUBCHAPTER, Level.CHAPTER)


def local_codes(tests: Iterable[PublishedTest]) -> dict[int, str]:
    """The code of each local test in the map, trimmed as FHIR requires; tests without code are left out.

    A sub-chapter code used under several chapters is written `chapter/sub-chapter`, or it would be ambiguous.
    """
    trimmed = [(test, one_line(test.code)) for test in tests]
    parents: dict[str, set[str]] = defaultdict(set)
    for test, code in trimmed:
        if test.level is Level.SUBCHAPTER:
            parents[code].add(one_line(test.chapter_code))
    return {
        test.id: f"{one_line(test.chapter_code)}/{code}" if len(parents[code]) > 1 else code
        for test, code in trimmed
        if code
    }


def display_of(test: PublishedTest) -> str:
    """The local label on one line."""
    return one_line(test.label)
