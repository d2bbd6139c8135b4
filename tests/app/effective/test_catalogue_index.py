"""What a catalogue says of its local codes: only what biologists approved, and what it is worth in the coverage."""

from datetime import UTC, datetime

from app.coverage.definitions import CoverageRow
from app.effective.catalogue_index import analyses_of, index_of
from app.emitted.observed import KnownAnalysis
from app.models import Level, Outcome, Status
from tests.app.effective.hand_made import CHLORIDE, PLACEHOLDER, POTASSIUM, SODIUM, analysis

GONE = datetime(2026, 3, 1, tzinfo=UTC)


def row(number: int, code: str, loinc: str = "", **values: object) -> CoverageRow:
    """An analysis, approved with this code when one is given."""
    given = {
        "status": Status.APPROVED if loinc else Status.TODO, "outcome": Outcome.CODE if loinc else Outcome.NONE,
        "code_exists": bool(loinc), "chapter": "Ions",
    } | values  # fmt: skip
    return CoverageRow(id=number, level=Level.ANALYSIS, code=code, label=code, loinc_num=loinc, **given)


def test_only_what_biologists_approved() -> None:
    rows = [
        row(1, "NA", SODIUM),
        row(2, "K", POTASSIUM, status=Status.DECIDED),
        row(3, "CL", status=Status.APPROVED, outcome=Outcome.NO_LOINC),
    ]
    found = analyses_of(rows)
    assert {code: item.approved for code, item in found.items()} == {"NA": {SODIUM}, "K": set(), "CL": set()}
    assert [code for code, item in found.items() if item.is_without_code] == ["CL"]


def test_a_local_code_is_settled_without_code_only_when_each_of_its_rows_is() -> None:
    settled = {"status": Status.APPROVED, "outcome": Outcome.OUT_OF_SCOPE}
    found = analyses_of([row(1, "COM", **settled), row(2, "NA", **settled), row(3, "NA", SODIUM)])
    assert [code for code, item in found.items() if item.is_out_of_scope] == ["COM"]


def test_approved_codes_that_do_not_count_make_nothing_effective() -> None:
    rows = [
        row(1, "ABSENT", SODIUM, code_exists=False),
        row(2, "RETIRE", CHLORIDE, code_is_left_out=True),
        row(3, "ATTENTE", PLACEHOLDER),
    ]
    assert {code: (item.approved, item.counted) for code, item in analyses_of(rows).items()} == {
        "ABSENT": ({SODIUM}, ""), "RETIRE": ({CHLORIDE}, ""), "ATTENTE": ({PLACEHOLDER}, ""),
    }  # fmt: skip
    assert all(not known.approved for known in index_of(analyses_of(rows)).analyses.values())


def test_rows_that_share_a_local_code() -> None:
    assert analyses_of([row(1, "NA", SODIUM), row(2, " NA", SODIUM)]) == {"NA": analysis(SODIUM)}
    # Two answers: the laboratory system refuses the code, neither counts.
    assert analyses_of([row(1, "NA", SODIUM), row(2, "NA ", POTASSIUM)]) == {"NA": analysis(SODIUM, POTASSIUM)}
    both = [row(1, "NA", SODIUM), row(2, "NA", status=Status.APPROVED, outcome=Outcome.NO_LOINC)]
    assert analyses_of(both) == {"NA": analysis(SODIUM, counted="")}


def test_retired_analyses_keep_their_code() -> None:
    rows = [
        row(1, "NA", SODIUM, is_retired=True),
        row(2, "K", POTASSIUM, retired_at=GONE),
        row(3, "CL", retired_at=GONE),
        row(4, "OLD", SODIUM, retired_at=GONE),
        row(5, "OLD", POTASSIUM),
    ]
    assert analyses_of(rows) == {
        "NA": analysis(SODIUM, is_retired=True),
        "K": analysis(POTASSIUM, is_retired=True),
        "CL": analysis(is_retired=True),
        # Another row has its code now: that one alone speaks.
        "OLD": analysis(POTASSIUM),
    }


def test_chapters_exams_and_rows_without_code_are_no_analyses() -> None:
    exam = CoverageRow(id=1, level=Level.EXAM, code="IONO", label="Ionogramme")
    assert analyses_of([exam, row(2, " ", SODIUM)]) == {}


def test_what_the_reading_process_is_given() -> None:
    given = index_of({"NA": analysis(SODIUM), "DEUX": analysis(SODIUM, POTASSIUM), "K": analysis(is_retired=True)})
    assert given.analyses == {
        "NA": KnownAnalysis(frozenset({SODIUM}), "Ions"),
        "DEUX": KnownAnalysis(frozenset(), "Ions"),
        "K": KnownAnalysis(frozenset(), "Ions", True),
    }
