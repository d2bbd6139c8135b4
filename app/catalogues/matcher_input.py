"""A stored local test as the matcher reads it."""

from collections.abc import Sequence

from app.models import LocalTest
from matcher import LocalTest as MatcherTest


def to_matcher(
    test: LocalTest, analyses: Sequence[LocalTest] = (), exams: Sequence[str] = ()
) -> MatcherTest:
    """A local test as the matcher reads it; an exam of one analysis is measured like that analysis.

    `exams` are the labels of the exams that hold an analysis: what they say is no part of its signature, nor are
    reference values and results. A column of exams is read where no exam is linked.
    """
    only = analyses[0] if len(analyses) == 1 else None
    return MatcherTest(
        code=test.code,
        label=test.label,
        synonym=test.synonym,
        specimen=test.specimen or test.specimen_code or (only.specimen if only else ""),
        unit=test.unit or test.unit_code or (only.unit if only else ""),
        technique=test.technique or (only.technique if only else ""),
        scale=test.scale or (only.scale if only else ""),
        timing=test.timing or (only.timing if only else ""),
        property_kind=test.property_kind,
        nabm=test.nabm,
        chapter=test.chapter,
        level=test.level,
        exam=" / ".join(exams) or test.exam or "",
        reference_range=test.reference_range or (only.reference_range if only else "") or "",
        results=test.results or (only.results if only else "") or "",
        analyses=tuple(analysis.label for analysis in analyses),
    )
