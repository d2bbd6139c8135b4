"""Coverage and what goes out agree on every row: they share one definition of where a row stands."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.coverage.definitions import CountedCatalogue, CoverageRow, Definition
from app.models import Level, Outcome, Status
from app.publication.assessment import assess
from app.publication.schemas import PublishedRelease, PublishedTerm, PublishedTest
from app.transcoding.standing import Standing, counted_standings, in_use, standings

RELEASE = PublishedRelease(1, "2.80", "official")
REMOVED = datetime(2026, 11, 1, tzinfo=UTC)
LEVELS = (Level.ANALYSIS, Level.ANALYSIS, Level.EXAM, Level.CHAPTER, Level.SUBCHAPTER)


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[list[CoverageRow], list[PublishedTest]]:
    """The same rows, as coverage reads them and as what goes out reads them."""
    counted, published = [], []
    for id_ in range(draw(st.integers(0, 8))):
        removed = REMOVED if draw(st.integers(0, 6)) == 0 else None
        loinc_num = draw(st.sampled_from(["2951-2", "2947-0", "19146-0", "2951-3", ""]))
        exists = draw(st.integers(0, 4)) > 0
        facts = {
            "id": id_,
            "level": draw(st.sampled_from(LEVELS)),
            "code": draw(st.sampled_from(["NA", " NA", "K", ""])),
            "label": "Test",
            "chapter_code": draw(st.sampled_from(["BIO", "SER"])),
            "is_retired": removed is not None or draw(st.integers(0, 6)) == 0,
            "retired_at": removed,
            "status": draw(st.sampled_from([Status.APPROVED, *Status])),
            "outcome": draw(st.sampled_from([Outcome.CODE, *(o for o in Outcome if o is not Outcome.NONE)])),
            "loinc_num": loinc_num,
        }
        counted.append(CoverageRow(**facts, code_exists=exists))
        published.append(PublishedTest(**facts, term=PublishedTerm(loinc_num, "Name") if exists else None))
    return counted, published


@given(catalogues())
def test_a_row_counts_exactly_when_it_leaves_with_a_code(
    catalogue: tuple[list[CoverageRow], list[PublishedTest]],
) -> None:
    counted, published = catalogue
    stands = CountedCatalogue(counted).standings
    leaving = assess(in_use(published), RELEASE).names
    for row in counted:
        # A row that is no longer run, and a placeholder, which names no test, may leave and never count.
        if stands[row.id] not in (Standing.RETIRED, Standing.PLACEHOLDER):
            assert (row.id in leaving) is (stands[row.id] is Standing.TRANSCODED), row


def test_two_rows_of_one_local_code_are_blocked_and_do_not_count() -> None:
    facts = {"level": Level.ANALYSIS, "code": "NA", "label": "Sodium", "status": Status.APPROVED}
    codes = ("2951-2", "2947-0")
    counted = [
        CoverageRow(id=id_, outcome=Outcome.CODE, loinc_num=code, code_exists=True, **facts)  # type: ignore[arg-type]
        for id_, code in enumerate(codes)
    ]
    published = [
        PublishedTest(id=id_, outcome=Outcome.CODE, loinc_num=code, term=PublishedTerm(code, "Sodium"), **facts)  # type: ignore[arg-type]
        for id_, code in enumerate(codes)
    ]
    figure = CountedCatalogue(counted).figure(Definition())
    assert (figure.numerator, figure.denominator) == (0, 2)
    assert not assess(published, RELEASE).names


def approved(
    id_: int, code: str, loinc_num: str = "2951-2", level: Level = Level.ANALYSIS, **more: object
) -> PublishedTest:
    """A row that a biologist approved with this code, which the release knows."""
    values = {
        "id": id_, "level": level, "code": code, "label": "Test", "status": Status.APPROVED, "outcome": Outcome.CODE,
        "loinc_num": loinc_num, "term": PublishedTerm(loinc_num, "Name"), **more,
    }  # fmt: skip
    return PublishedTest(**values)  # type: ignore[arg-type]


def test_a_code_and_no_code_are_two_answers() -> None:
    """The results of both rows have the same local code: a LOINC code would be given to those that have none."""
    coded, without = approved(1, "NA"), approved(2, " NA", "", outcome=Outcome.NO_LOINC)
    assert standings([coded, without]) == {1: Standing.SEVERAL_CODES, 2: Standing.NO_CODE}
    assert not assess([coded, without], RELEASE).names
    out_of_scope = replace(without, outcome=Outcome.OUT_OF_SCOPE)
    assert standings([coded, out_of_scope]) == {1: Standing.TRANSCODED, 2: Standing.OUT_OF_SCOPE}


def test_a_sub_chapter_code_serves_several_chapters() -> None:
    rows = [
        approved(1, "AUT", "18717-9", Level.SUBCHAPTER, chapter_code="BIO"),
        approved(2, "AUT", "18719-5", Level.SUBCHAPTER, chapter_code="SER"),
    ]
    assert set(standings(rows).values()) == {Standing.TRANSCODED}
    assert set(standings([replace(row, chapter_code="BIO") for row in rows]).values()) == {Standing.SEVERAL_CODES}


def test_a_removed_sub_chapter_is_not_held_by_its_namesake_of_another_chapter() -> None:
    removed = approved(1, "AUT", "18717-9", Level.SUBCHAPTER, chapter_code="BIO", retired_at=REMOVED)
    other = approved(2, "AUT", "18719-5", Level.SUBCHAPTER, chapter_code="SER")
    assert in_use([removed, other]) == [removed, other]
    assert in_use([removed, replace(other, chapter_code="BIO")]) == [replace(other, chapter_code="BIO")]


def test_a_removed_row_whose_code_comes_back_with_other_spaces_is_out_of_use() -> None:
    removed, present = approved(1, "N  A", retired_at=REMOVED), approved(2, " N A", "2947-0")
    assert in_use([removed, present]) == [present]
    assert standings(in_use([removed, present])) == {2: Standing.TRANSCODED}


def test_a_test_no_longer_run_counts_nowhere_and_leaves_with_its_code() -> None:
    retired = approved(1, "NA", is_retired=True)
    assert counted_standings([retired]) == {1: Standing.RETIRED}
    assert set(assess(in_use([retired]), RELEASE).names) == {1}
