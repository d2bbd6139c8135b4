"""What must hold for any catalogue."""

import random

from hypothesis import given
from hypothesis import strategies as st

from app.coverage.definitions import TARGET, CountedCatalogue, CoverageRow, Definition, ExamRule, Measure
from app.coverage.judging import LEAVING
from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing

definitions = st.builds(
    Definition,
    level=st.sampled_from([Level.ANALYSIS, Level.EXAM]),
    measure=st.sampled_from(Measure),
    with_subcontracted=st.booleans(),
    exam_rule=st.sampled_from(ExamRule),
)


@st.composite
def catalogues(draw: st.DrawFn) -> list[CoverageRow]:
    count = draw(st.integers(0, 12))
    return [
        CoverageRow(
            id=position,
            level=draw(st.sampled_from([Level.ANALYSIS, Level.ANALYSIS, Level.EXAM])),
            code=f"C{position}",
            label="",
            chapter=draw(st.sampled_from(["", "Biochimie", "Hématologie"])),
            is_subcontracted=draw(st.booleans()),
            is_retired=draw(st.integers(0, 5)) == 0,
            annual_volume=draw(st.none() | st.integers(0, 1000)),
            status=draw(st.sampled_from([Status.APPROVED, *Status])),
            outcome=draw(st.sampled_from([Outcome.CODE, *Outcome])),
            loinc_num=draw(st.sampled_from(["2951-2", "19146-0", ""])),
            code_exists=draw(st.booleans()),
            analysis_ids=tuple(draw(st.lists(st.none() | st.integers(0, 12), max_size=3))),
        )
        for position in range(count)
    ]


@given(catalogues(), definitions)
def test_the_numerator_never_exceeds_the_denominator(rows: list[CoverageRow], definition: Definition) -> None:
    figure = CountedCatalogue(rows).figure(definition)
    assert 0 <= figure.numerator <= figure.denominator
    assert figure.rate is None or 0 <= figure.rate <= 1


@given(catalogues(), definitions)
def test_leaving_out_subcontracted_rows_never_adds_anything(rows: list[CoverageRow], definition: Definition) -> None:
    catalogue = CountedCatalogue(rows)
    whole = catalogue.figure(Definition(definition.level, definition.measure, True, definition.exam_rule))
    own = catalogue.figure(Definition(definition.level, definition.measure, False, definition.exam_rule))
    assert own.numerator <= whole.numerator
    assert own.denominator <= whole.denominator
    assert own.rows_counted <= whole.rows_counted


@given(catalogues(), definitions, st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(rows: list[CoverageRow], definition: Definition, seed: int) -> None:
    shuffled = rows[:]
    random.Random(seed).shuffle(shuffled)
    assert CountedCatalogue(shuffled).figure(definition) == CountedCatalogue(rows).figure(definition)


@given(catalogues(), definitions)
def test_chapters_partition_the_whole(rows: list[CoverageRow], definition: Definition) -> None:
    catalogue = CountedCatalogue(rows)
    whole = catalogue.figure(definition)
    chapters = catalogue.by_chapter(definition).values()
    assert sum(item.numerator for item in chapters) == whole.numerator
    assert sum(item.denominator for item in chapters) == whole.denominator


@given(catalogues())
def test_every_row_has_one_standing(rows: list[CoverageRow]) -> None:
    catalogue = CountedCatalogue(rows)
    figure = catalogue.figure(Definition())
    analyses = catalogue.of_level(Level.ANALYSIS)
    assert sum(figure.standings.values()) == len(analyses)
    leaving = sum(count for standing, count in figure.standings.items() if standing in LEAVING)
    assert figure.denominator == len(analyses) - leaving
    assert figure.numerator == figure.standings.get(Standing.TRANSCODED, 0)


@given(catalogues(), definitions)
def test_the_missing_rows_are_just_enough(rows: list[CoverageRow], definition: Definition) -> None:
    figure = CountedCatalogue(rows).figure(definition)
    assert (figure.rows_missing == 0) == (figure.is_reached or figure.denominator == 0)
    assert figure.numerator + figure.missing >= TARGET * figure.denominator
    if figure.missing:
        assert figure.numerator + figure.missing - 1 < TARGET * figure.denominator


@given(catalogues())
def test_approving_one_more_row_never_lowers_the_figure(rows: list[CoverageRow]) -> None:
    before = CountedCatalogue(rows).figure(Definition())
    for position, row in enumerate(rows):
        if row.level is Level.ANALYSIS and CountedCatalogue([row]).standings[row.id] is Standing.UNFINISHED:
            approved = CoverageRow(
                id=row.id, level=row.level, code=row.code, label=row.label, status=Status.APPROVED,
                outcome=Outcome.CODE, loinc_num="2951-2", code_exists=True,
            )  # fmt: skip
            after = CountedCatalogue([*rows[:position], approved, *rows[position + 1 :]]).figure(Definition())
            assert after.numerator == before.numerator + 1
            assert after.denominator == before.denominator
            break
