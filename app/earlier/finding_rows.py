"""Which rows of a catalogue a statement of another file means: by level, by code, of a sub-chapter by its full path."""

from collections.abc import Iterator, Mapping, Sequence

from app.earlier.repository import CodedRow
from app.files.kinds import Level
from app.memory.schemas import EarlierMapping


def codes_said(item: EarlierMapping) -> Iterator[tuple[str, str]]:
    """(code, chapter) that the local code of a statement may say: maps write `chapter/sub-chapter` where a sub-chapter
    alone is not clear."""
    yield item.local_code, item.chapter
    if item.level in (None, Level.SUBCHAPTER):
        for place, character in enumerate(item.local_code):
            if character == "/":
                yield item.local_code[place + 1 :], item.local_code[:place]


def rows_meant(item: EarlierMapping, wanted: Level | None, tests: Mapping[str, Sequence[CodedRow]]) -> list[int]:
    """The rows of which a statement speaks; none where two sub-chapters share its code and it names no chapter."""
    for code, chapter in codes_said(item):
        is_path = code != item.local_code
        found = [
            row
            for row in tests.get(code, ())
            if wanted in (None, row.level) and not (is_path and row.level is not Level.SUBCHAPTER)
        ]
        meant = [row for row in found if row.level is not Level.SUBCHAPTER]
        meant += _of_chapter([row for row in found if row.level is Level.SUBCHAPTER], chapter)
        if meant:
            return [row.id for row in meant]
    return []


def _of_chapter(found: Sequence[CodedRow], chapter: str) -> Sequence[CodedRow]:
    if chapter:
        return [row for row in found if chapter in (row.chapter_code, row.chapter)]
    return found if len({row.chapter_code for row in found}) < 2 else ()
