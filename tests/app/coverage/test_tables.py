"""The table of coverage against the plainest counting there is, row by row."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.coverage.definitions import TARGET, CountedCatalogue, CoverageRow, Definition, ExamRule, Measure
from app.coverage.judging import LEAVING
from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing

DEFINITIONS = [
    Definition(level, measure, with_subcontracted, rule)
    for level in (Level.ANALYSIS, Level.EXAM)
    for measure in Measure
    for with_subcontracted in (True, False)
    for rule in ExamRule
]
MAX_ROWS = 12
# Small volumes make ties, and no sum of the large ones fits in 64 bits or in a float.
VOLUMES = st.none() | st.integers(0, 3) | st.integers(0, 10**9) | st.integers(2**62, 2**64)
CHAPTERS = st.sampled_from(["", "Biochimie", "Hématologie", "nan", "None", "Bio\0chimie", "Bio\0logie"])


@st.composite
def catalogues(draw: st.DrawFn) -> list[CoverageRow]:
    count = draw(st.integers(0, MAX_ROWS))
    return [
        CoverageRow(
            id=position + 1,
            level=draw(st.sampled_from([Level.ANALYSIS, Level.EXAM])),
            code=draw(st.sampled_from(["A", "B", f"C{position}"])),
            label="",
            chapter=draw(CHAPTERS),
            is_subcontracted=draw(st.booleans()),
            is_retired=draw(st.integers(0, 5)) == 0,
            annual_volume=draw(VOLUMES),
            status=draw(st.sampled_from([Status.APPROVED, Status.APPROVED, Status.DECIDED, Status.TODO])),
            outcome=draw(st.sampled_from([Outcome.CODE, Outcome.CODE, Outcome.NO_LOINC, Outcome.OUT_OF_SCOPE])),
            loinc_num=draw(st.sampled_from(["2951-2", "2951-2", "2823-3", "19146-0"])),
            code_exists=draw(st.integers(0, 5)) > 0,
            analysis_ids=tuple(draw(st.lists(st.none() | st.integers(1, MAX_ROWS + 1), max_size=3))),
        )
        for position in range(count)
    ]


def plain_count(rows: list[CoverageRow], standings: dict[int, Standing], definition: Definition) -> dict[str, object]:
    """Every number of a figure, counted one row after the other."""

    def is_transcoded(row: CoverageRow) -> bool:
        if row.level is not Level.EXAM or definition.exam_rule is ExamRule.OWN_CODE:
            return standings[row.id] is Standing.TRANSCODED
        found = [standings.get(id_ or 0) for id_ in row.analysis_ids]
        found = [standing for standing in found if standing not in LEAVING]
        return found != [] and set(found) == {Standing.TRANSCODED}

    def is_emptied(row: CoverageRow) -> bool:
        stands = [standings.get(id_ or 0) for id_ in row.analysis_ids]
        by_analyses = row.level is Level.EXAM and definition.exam_rule is ExamRule.ALL_ANALYSES
        return by_analyses and bool(stands) and all(standing in LEAVING for standing in stands)

    numerator = denominator = rows_counted = unknown = emptied = 0
    to_do: list[int] = []
    counter: Counter[Standing] = Counter()
    for row in rows:
        if row.level is not definition.level or (row.is_subcontracted and not definition.with_subcontracted):
            continue
        counter[standings[row.id]] += 1
        if standings[row.id] in LEAVING:
            continue
        if is_emptied(row):
            emptied += 1
            continue
        weight = 1 if definition.measure is Measure.ROWS else row.annual_volume
        if weight is None:
            unknown += 1
            continue
        rows_counted += 1
        denominator += weight
        if is_transcoded(row):
            numerator += weight
        else:
            to_do.append(weight)
    to_do.sort(reverse=True)
    enough = (k for k in range(len(to_do) + 1) if numerator + sum(to_do[:k]) >= TARGET * denominator)
    return {
        "numerator": numerator,
        "denominator": denominator,
        "rows_counted": rows_counted,
        "rows_missing": next(enough),
        "rows_without_volume": unknown,
        "rows_emptied": emptied,
        "standings": dict(counter),
        "is_reached": denominator > 0 and Fraction(numerator, denominator) >= TARGET,
    }


LONE_EXAM = CoverageRow(id=1, level=Level.EXAM, code="E", label="", analysis_ids=(None,))
"""A catalogue of one exam whose only analysis is lost: every column of the table has one value or none."""


@example([LONE_EXAM])
@given(catalogues())
def test_the_table_counts_like_the_plain_count(rows: list[CoverageRow]) -> None:
    catalogue = CountedCatalogue(rows)
    for definition in DEFINITIONS:
        figure = catalogue.figure(definition)
        expected = plain_count(rows, catalogue.standings, definition)
        assert {name: getattr(figure, name) for name in expected} == expected
        chapters = catalogue.by_chapter(definition)
        assert list(chapters) == list(dict.fromkeys(row.chapter for row in rows if row.level is definition.level))
        for chapter, part in chapters.items():
            rows_of_it = [row for row in rows if row.chapter == chapter]
            expected = plain_count(rows_of_it, catalogue.standings, definition)
            assert {name: getattr(part, name) for name in expected} == expected


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_shares_are_integers_of_python(definition: Definition) -> None:
    rows = [
        CoverageRow(id=1, level=definition.level, code="A", label="", annual_volume=3, analysis_ids=(1,)),
        CoverageRow(id=2, level=definition.level, code="B", label="", chapter="Biochimie"),
    ]
    catalogue = CountedCatalogue(rows)
    for figure in (catalogue.figure(definition), *catalogue.by_chapter(definition).values()):
        numbers = (figure.numerator, figure.denominator, figure.rows_counted, figure.rows_missing, figure.missing)
        counts = (figure.rows_without_volume, *figure.standings.values())
        assert {type(number) for number in (*numbers, *counts)} == {int}
        assert {type(standing) for standing in figure.standings} == {Standing}


def test_a_large_sum_is_neither_rounded_nor_cut() -> None:
    huge = 2**63 - 1
    rows = [
        CoverageRow(id=number, level=Level.ANALYSIS, code=str(number), label="", annual_volume=huge)
        for number in range(1, 4)
    ]
    figure = CountedCatalogue(rows).figure(Definition(measure=Measure.VOLUME))
    assert (figure.numerator, figure.denominator, figure.rows_missing) == (0, 3 * huge, 3)
