"""Coverage and what goes out agree on every row: they share one definition of where a row stands."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.coverage.definitions import CountedCatalogue, CoverageRow, Definition
from app.models import Level, Outcome, Status
from app.publication.assessment import assess
from app.publication.schemas import PublishedRelease, PublishedTerm, PublishedTest
from app.transcoding.standing import Standing, in_use

RELEASE = PublishedRelease(1, "2.80", "official")
REMOVED = datetime(2026, 11, 1, tzinfo=UTC)
LEVELS = (Level.ANALYSIS, Level.ANALYSIS, Level.EXAM)


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[list[CoverageRow], list[PublishedTest]]:
    """The same analyses and exams, as coverage reads them and as what goes out reads them."""
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
            "is_retired": removed is not None,
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
    standings = CountedCatalogue(counted).standings
    leaving = assess(in_use(published), RELEASE).names
    for row in counted:
        if standings[row.id] is Standing.RETIRED:
            continue
        if standings[row.id] is Standing.PLACEHOLDER:
            # It may leave, with a warning, and never counts: it names no test.
            continue
        assert (row.id in leaving) is (standings[row.id] is Standing.TRANSCODED), row


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
