"""Joining what several files say of one catalogue, whatever the order in which they arrive.

LOINC_2 tells which exam contains an analysis, LOINC_1 names the chapters, and LOINC_3 describes the analyses:
after each import, the links are completed and the chapters are carried to exams and analyses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from app.catalogues import repository
from app.models import Level


@dataclass(slots=True)
class _Chapter:
    code: str
    subcode: str


def link_catalogue(session: Session, catalogue_id: int) -> None:
    """Complete links, chapters, and the flags that an exam has from all its analyses.

    Running it twice changes nothing more.
    """
    repository.link_analyses(session, catalogue_id)
    for changes in linking_changes(session, [catalogue_id]):
        repository.update_tests(session, changes)


@dataclass(frozen=True, slots=True)
class _Link:
    exam_id: int
    analysis_code: str
    analysis_id: int | None


def linking_changes(
    session: Session, catalogue_ids: Sequence[int], analyses: Mapping[str, int] | None = None
) -> list[list[dict[str, Any]]]:
    """What the links of a catalogue, taken together with what is stored to join it, change in their tests.

    `id` and columns, by groups of the same columns. `analyses` (code -> test) completes the links that have none.
    """
    tests = repository.tests_for_linking(session, catalogue_ids)
    links = [
        _Link(link.exam_id, link.analysis_code, link.analysis_id or (analyses or {}).get(link.analysis_code))
        for link in repository.links_of(session, catalogue_ids)
    ]
    labels = repository.chapter_labels(session, catalogue_ids)
    return [_carried_chapters(labels, tests, links), _carried_flags(tests, links)]


def _carried_chapters(labels: Mapping[str, str], tests: Any, links: Any) -> list[dict[str, Any]]:
    """An exam names its chapter; an analysis has the chapter of the first exam that contains it."""
    exam_chapters = {
        test.id: _Chapter(test.chapter_code, test.subchapter_code)
        for test in tests
        if test.level == Level.EXAM and (test.chapter_code or test.subchapter_code)
    }
    order = {test.id: rank for rank, test in enumerate(tests)}
    inherited: dict[int, _Chapter] = {}
    for link in sorted(links, key=lambda item: order[item.exam_id]):
        chapter = exam_chapters.get(link.exam_id)
        if chapter is not None and link.analysis_id is not None:
            inherited.setdefault(link.analysis_id, chapter)
    changes: list[dict[str, Any]] = []
    for test in tests:
        chapter = _Chapter(test.chapter_code, test.subchapter_code)
        if not chapter.code and not test.chapter:
            chapter = inherited.get(test.id, chapter)
        label = test.chapter
        if not label or label == chapter.code:
            # The code stands for the label as long as LOINC_1 has not been received.
            label = labels.get(chapter.code) or chapter.code
        if (chapter.code, chapter.subcode, label) != (test.chapter_code, test.subchapter_code, test.chapter):
            changes.append(
                {
                    "id": test.id,
                    "chapter_code": chapter.code,
                    "subchapter_code": chapter.subcode,
                    "chapter": label,
                }
            )
    return changes


def _carried_flags(tests: Any, links: Any) -> list[dict[str, Any]]:
    """An exam is sub-contracted, or retired, when all its analyses are: no file says it of exams."""
    by_id = {test.id: test for test in tests}
    analyses: dict[int, list[Any]] = {}
    for link in links:
        analyses.setdefault(link.exam_id, []).append(by_id.get(link.analysis_id))
    changes: list[dict[str, Any]] = []
    for exam_id, contained in analyses.items():
        exam = by_id[exam_id]
        subcontracted = all(test is not None and test.is_subcontracted for test in contained)
        retired = all(test is not None and test.is_retired for test in contained)
        flags = (exam.is_subcontracted or subcontracted, exam.is_retired or retired)
        if flags != (exam.is_subcontracted, exam.is_retired):
            changes.append({"id": exam_id, "is_subcontracted": flags[0], "is_retired": flags[1]})
    return changes
