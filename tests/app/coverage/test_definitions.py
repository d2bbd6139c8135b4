"""Coverage by hand: small catalogues whose figures were computed on paper."""

from datetime import UTC, datetime

import pytest

from app.coverage.definitions import (
    CountedCatalogue,
    CoverageRow,
    Definition,
    ExamRule,
    Measure,
    target_count,
)
from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing

CODED = {"status": Status.APPROVED, "outcome": Outcome.CODE, "loinc_num": "2951-2", "code_exists": True}
FACTS: dict[Standing, dict[str, object]] = {
    Standing.TRANSCODED: CODED,
    Standing.WAITING: {**CODED, "status": Status.DECIDED},
    Standing.UNFINISHED: {"status": Status.TODO},
    Standing.NO_CODE: {"status": Status.APPROVED, "outcome": Outcome.NO_LOINC},
    Standing.PLACEHOLDER: {**CODED, "loinc_num": "19146-0"},
    Standing.NOT_IN_RELEASE: {**CODED, "code_exists": False},
    Standing.OUT_OF_SCOPE: {"status": Status.APPROVED, "outcome": Outcome.OUT_OF_SCOPE},
    Standing.RETIRED: {**CODED, "is_retired": True},
}


def row(id_: int, standing: Standing = Standing.TRANSCODED, **changes: object) -> CoverageRow:
    """An analysis with this standing."""
    values = {
        "id": id_,
        "level": Level.ANALYSIS,
        "code": f"A{id_}",
        "label": "",
        **FACTS[standing],
        **changes,
    }
    return CoverageRow(**values)  # type: ignore[arg-type]


def standing_of(*rows: CoverageRow) -> Standing:
    """Where the first of these rows stands among them."""
    return CountedCatalogue(rows).standings[rows[0].id]


@pytest.mark.parametrize("standing", list(FACTS))
def test_each_standing_is_recognised(standing: Standing) -> None:
    assert standing_of(row(1, standing)) is standing


def test_a_local_code_with_two_loinc_codes_counts_on_neither_row() -> None:
    one, other = row(1, code="NA"), row(2, code=" NA ", loinc_num="2947-0")
    assert standing_of(one, other) is standing_of(other, one) is Standing.SEVERAL_CODES
    figure = CountedCatalogue([one, other, row(3)]).figure(Definition())
    assert (figure.numerator, figure.denominator) == (1, 3)


def test_a_local_code_shared_with_the_same_loinc_code_counts() -> None:
    assert standing_of(row(1, code="NA"), row(2, code="NA")) is Standing.TRANSCODED


def test_an_undecided_row_makes_no_code_ambiguous() -> None:
    assert standing_of(row(1, code="NA"), row(2, Standing.WAITING, code="NA", loinc_num="2947-0")) is (
        Standing.TRANSCODED
    )


def test_a_removed_row_whose_code_another_row_has_makes_it_not_ambiguous() -> None:
    removed = row(2, Standing.RETIRED, code="NA", loinc_num="2947-0", retired_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert standing_of(row(1, code="NA"), removed) is Standing.TRANSCODED


@pytest.mark.parametrize("status", [Status.TODO, Status.DOUBT, Status.SENT_BACK])
def test_only_approval_counts(status: Status) -> None:
    assert standing_of(row(1, status=status)) is Standing.UNFINISHED


def test_a_decision_that_waits_for_approval_does_not_leave_the_denominator() -> None:
    waiting = row(1, Standing.OUT_OF_SCOPE, status=Status.DECIDED)
    figure = CountedCatalogue([waiting]).figure(Definition())
    assert (figure.numerator, figure.denominator) == (0, 1)


def test_the_default_figure() -> None:
    standings = [
        *[Standing.TRANSCODED] * 6, Standing.WAITING, Standing.UNFINISHED, Standing.NO_CODE, Standing.PLACEHOLDER,
        Standing.NOT_IN_RELEASE, Standing.OUT_OF_SCOPE, Standing.OUT_OF_SCOPE, Standing.RETIRED,
    ]  # fmt: skip
    rows = [row(position, standing) for position, standing in enumerate(standings)]
    figure = CountedCatalogue(rows).figure(Definition())
    # 14 rows, 2 out of scope and 1 retired leave: 11 remain, 80 % of 11 is 8.8, so 9 are needed.
    assert (figure.numerator, figure.denominator) == (6, 11)
    assert figure.missing == figure.rows_missing == 3
    assert not figure.is_reached
    assert figure.standings[Standing.OUT_OF_SCOPE] == 2
    assert figure.standings[Standing.RETIRED] == 1


@pytest.mark.parametrize(
    ("denominator", "needed"), [(0, 0), (1, 1), (4, 4), (5, 4), (10, 8), (11, 9), (250, 200), (251, 201)]
)
def test_target_count(denominator: int, needed: int) -> None:
    assert target_count(denominator) == needed


def test_exactly_eighty_per_cent_is_reached_and_one_less_is_not() -> None:
    def figure(done: int, total: int) -> bool:
        rows = [row(at, Standing.TRANSCODED if at < done else Standing.UNFINISHED) for at in range(total)]
        return CountedCatalogue(rows).figure(Definition()).is_reached

    assert figure(4, 5)
    assert figure(8, 10)
    assert not figure(7999, 10000)
    assert figure(8000, 10000)


def test_an_empty_catalogue_has_no_rate() -> None:
    figure = CountedCatalogue([]).figure(Definition())
    assert figure.rate is None
    assert not figure.is_reached
    assert figure.rows_missing == 0


def test_subcontracted_rows_can_be_left_out() -> None:
    rows = [row(1), row(2, is_subcontracted=True), row(3, Standing.UNFINISHED, is_subcontracted=True)]
    catalogue = CountedCatalogue(rows)
    both = catalogue.figure(Definition())
    own = catalogue.figure(Definition(with_subcontracted=False))
    assert (both.numerator, both.denominator) == (2, 3)
    assert (own.numerator, own.denominator) == (1, 1)


def test_volumes_weigh_and_unknown_volumes_are_left_aside() -> None:
    rows = [
        row(1, annual_volume=700),
        row(2, Standing.UNFINISHED, annual_volume=200),
        row(3, Standing.UNFINISHED, annual_volume=90),
        row(4, Standing.UNFINISHED, annual_volume=10),
        row(5, Standing.UNFINISHED, annual_volume=None),
        row(6, annual_volume=None),
        row(7, Standing.OUT_OF_SCOPE, annual_volume=5000),
    ]
    figure = CountedCatalogue(rows).figure(Definition(measure=Measure.VOLUME))
    assert (figure.numerator, figure.denominator) == (700, 1000)
    assert figure.missing == 100
    # One row of 200 is enough.
    assert figure.rows_missing == 1
    assert figure.rows_without_volume == 2
    assert figure.rows_counted == 4


def test_a_volume_of_zero_is_known() -> None:
    catalogue = CountedCatalogue([row(1, annual_volume=0)])
    figure = catalogue.figure(Definition(measure=Measure.VOLUME))
    assert catalogue.has_volumes(Level.ANALYSIS)
    assert figure.rate is None
    assert figure.rows_without_volume == 0


def exam(id_: int, analysis_ids: tuple[int | None, ...], standing: Standing = Standing.UNFINISHED) -> CoverageRow:
    return row(id_, standing, level=Level.EXAM, analysis_ids=analysis_ids)


def test_exams_under_both_rules() -> None:
    rows = [
        row(1),
        row(2),
        row(3, Standing.UNFINISHED),
        row(4, Standing.OUT_OF_SCOPE),
        row(5, Standing.RETIRED),
        exam(11, (1, 2)),  # all transcoded, no code of its own
        exam(12, (1, 3), Standing.TRANSCODED),  # its own code, one analysis to do
        exam(13, (1, 4, 5)),  # what is out of scope or retired does not count against it
        exam(14, (4, 5)),  # nothing in scope
        exam(15, (1, None)),  # an analysis that the catalogue does not hold
        exam(16, ()),  # no analysis known
        exam(17, (1,), Standing.OUT_OF_SCOPE),  # leaves the denominator
    ]
    catalogue = CountedCatalogue(rows)
    own = catalogue.figure(Definition(Level.EXAM))
    by_analyses = catalogue.figure(Definition(Level.EXAM, exam_rule=ExamRule.ALL_ANALYSES))
    assert (own.numerator, own.denominator) == (1, 6)
    # The exam that has nothing in scope is no more to transcode than its analyses, and it is said.
    assert (by_analyses.numerator, by_analyses.denominator, by_analyses.rows_emptied) == (2, 5, 1)
    assert own.rows_emptied == 0


def test_chapters_add_up_to_the_whole() -> None:
    rows = [
        row(1, chapter="Biochimie"),
        row(2, Standing.UNFINISHED, chapter="Biochimie"),
        row(3, chapter="Hématologie"),
        row(4, Standing.OUT_OF_SCOPE, chapter=""),
    ]
    chapters = CountedCatalogue(rows).by_chapter(Definition())
    assert list(chapters) == ["Biochimie", "Hématologie", ""]
    assert [(item.numerator, item.denominator) for item in chapters.values()] == [(1, 2), (1, 1), (0, 0)]
    assert chapters[""].rate is None
