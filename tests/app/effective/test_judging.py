"""What results are worth: each finding alone, then all of them against a naive count, result by result."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.effective.judging import CodeFacts, judged, seen_codes
from app.effective.lines import CONTRACT, Figures, Finding
from app.emitted.observed import ILL_FORMED, MASKED, UNREAD, Seen
from tests.app.effective.hand_made import (
    ABSENT,
    CHLORIDE,
    CODES,
    GLUCOSE,
    PLACEHOLDER,
    POTASSIUM,
    SODIUM,
    Results,
    analysis,
    counts_of_results,
    seen,
)

CATALOGUE = {
    "NA": analysis(SODIUM),
    "K": analysis(POTASSIUM, is_retired=True),
    "CL": analysis(CHLORIDE, counted=""),
    "DEUX": analysis(SODIUM, POTASSIUM),
    "RIEN": analysis(),
}
SETTLED = {"SANS": replace(analysis(), is_without_code=True), "COM": replace(analysis(), is_out_of_scope=True)}


def findings_of(item: Seen, codes: CodeFacts = CODES) -> set[Finding]:
    (line,) = judged(counts_of_results([[item]]), CATALOGUE | SETTLED, codes)
    return set(line.findings)


F = Finding


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (seen("NA", SODIUM, unit="mmol/L"), {F.WITH_LOINC, F.EFFECTIVE}),
        (seen(" NA ", SODIUM), {F.WITH_LOINC, F.EFFECTIVE}),
        (seen("NA", POTASSIUM), {F.WITH_LOINC, F.DIFFERS}),
        (seen("NA", SODIUM, POTASSIUM), {F.WITH_LOINC, F.SEVERAL_LOINC}),
        (seen("NA", GLUCOSE, POTASSIUM), {F.WITH_LOINC, F.SEVERAL_LOINC, F.DIFFERS, F.OUTSIDE_CIRCUIT}),
        (seen("NA"), {F.LOCAL_ONLY}),
        (seen("NA", waiting=True), {F.LOCAL_ONLY, F.WAITING_CODE}),
        (seen("NA", SODIUM, unit="g/L"), {F.WITH_LOINC, F.EFFECTIVE, F.UNIT_CONTRADICTS}),
        (seen("NA", SODIUM, unit=UNREAD), {F.WITH_LOINC, F.EFFECTIVE, F.UNIT_UNREAD}),
        (seen("NA", ILL_FORMED), {F.WITH_LOINC, F.DIFFERS, F.UNKNOWN}),
        (seen("NA", ABSENT), {F.WITH_LOINC, F.DIFFERS, F.UNKNOWN, F.OUTSIDE_CIRCUIT}),
        (seen("NA", PLACEHOLDER), {F.WITH_LOINC, F.DIFFERS, F.PLACEHOLDER, F.OUTSIDE_CIRCUIT}),
        (seen("NA", GLUCOSE), {F.WITH_LOINC, F.DIFFERS, F.OUTSIDE_CIRCUIT}),
        (seen("K", POTASSIUM), {F.WITH_LOINC, F.EFFECTIVE, F.RETIRED}),
        # Approved, and worth nothing in the coverage: it is the approved code all the same.
        (seen("CL", CHLORIDE), {F.WITH_LOINC, F.NOT_APPROVED, F.DEPRECATED}),
        (seen("DEUX", SODIUM), {F.WITH_LOINC, F.NOT_APPROVED}),
        (seen("RIEN", SODIUM), {F.WITH_LOINC, F.NOT_APPROVED}),
        (seen("XYZ", SODIUM), {F.WITH_LOINC, F.NOT_IN_CATALOGUE}),
        (seen("SANS"), {F.LOCAL_ONLY, F.NOT_APPROVED, F.NO_CODE_EXISTS}),
        (seen("COM", SODIUM), {F.WITH_LOINC, F.NOT_APPROVED, F.OUT_OF_SCOPE}),
        (seen("XYZ"), {F.LOCAL_ONLY, F.NOT_IN_CATALOGUE}),
        (seen(MASKED, SODIUM), {F.WITH_LOINC, F.NOT_IN_CATALOGUE, F.MASKED}),
        (seen("", SODIUM), {F.WITH_LOINC, F.NO_LOCAL_CODE, F.BY_LOINC_ALONE}),
        # Approved, without counting: nothing is effective by it.
        (seen("", CHLORIDE), {F.WITH_LOINC, F.NO_LOCAL_CODE, F.NO_LOCAL_UNAPPROVED, F.DEPRECATED}),
        (seen("", SODIUM, POTASSIUM), {F.WITH_LOINC, F.SEVERAL_LOINC, F.NO_LOCAL_CODE, F.NO_LOCAL_UNAPPROVED}),
        (seen(""), {F.NO_LOCAL_CODE, F.NO_LOCAL_UNAPPROVED}),
    ],
)
def test_each_finding(item: Seen, expected: set[Finding]) -> None:
    assert findings_of(item) == expected


def test_nothing_is_outside_a_list_that_is_not_loaded() -> None:
    codes = replace(CODES, circuit=None)
    assert F.OUTSIDE_CIRCUIT not in findings_of(seen("NA", GLUCOSE), codes)
    lines = judged(counts_of_results([[seen("NA", GLUCOSE)]]), CATALOGUE, codes)
    figures = Figures(1, 0, 1, 0, lines, has_circuit=False)
    assert figures.count(F.OUTSIDE_CIRCUIT) is None
    assert figures.count(F.UNKNOWN) == 0


@pytest.mark.parametrize(
    ("unit", "term_property", "contradicts"),
    [
        ("mmol/L", "SCnc", False),
        ("g/L", "SCnc", True),
        ("%", "NCnc", True),
        ("10*9/L", "NFr", True),
        ("U/L", "CCnc", False),
        ("s", "MCnc", True),
    ],
)
def test_units_against_properties(unit: str, term_property: str, contradicts: bool) -> None:
    codes = replace(CODES, terms={SODIUM: replace(CODES.terms[SODIUM], property=term_property)})
    assert (F.UNIT_CONTRADICTS in findings_of(seen("NA", SODIUM, unit=unit), codes)) is contradicts


def test_a_property_that_the_release_gives_with_a_unit_is_not_contradicted() -> None:
    codes = replace(CODES, shares={"mass_conc": {"SCnc": 0.05}})
    assert F.UNIT_CONTRADICTS not in findings_of(seen("NA", SODIUM, unit="g/L"), codes)


def test_only_codes_of_right_form_are_looked_up() -> None:
    assert seen_codes(counts_of_results([[seen("NA", SODIUM), seen("K", ILL_FORMED)]])) == {SODIUM}


# ---- all together -----------------------------------------------------------------------------------------------

KINDS = st.builds(
    lambda local, loinc, unit, waiting: seen(local, *loinc, unit=unit, waiting=waiting),
    st.sampled_from(["", *CATALOGUE, "XYZ", MASKED]),
    st.sets(st.sampled_from([SODIUM, POTASSIUM, CHLORIDE, GLUCOSE, ABSENT, PLACEHOLDER, ILL_FORMED]), max_size=2),
    st.sampled_from(["", "mmol/L", "g/L", UNREAD]),
    st.booleans(),
)
REPORTS = st.lists(st.lists(KINDS, max_size=6), max_size=6)


def naive(reports: Results) -> dict[str, int]:
    """Counted result by result, by the words of the definitions."""
    found = dict.fromkeys([finding.value for finding in CONTRACT] + ["results", "effective"], 0)
    approved = {"NA": {SODIUM}, "K": {POTASSIUM}, "CL": {CHLORIDE}, "DEUX": {SODIUM, POTASSIUM}}
    for item in [item for report in reports for item in report]:
        found["results"] += 1
        known = {code for code in item.loinc if code in CODES.terms}
        found["with_loinc"] += bool(item.loinc)
        found["several_loinc"] += len(item.loinc) >= 2
        found["local_only"] += item.local != "" and not item.loinc
        found["no_local_code"] += item.local == ""
        found["not_in_catalogue"] += item.local in ("XYZ", MASKED)
        known_codes = approved.get(item.local, set())
        found["differs_from_approved"] += bool(item.loinc and known_codes) and not known_codes & set(item.loinc)
        found["unknown_code"] += bool({ABSENT, ILL_FORMED} & set(item.loinc))
        found["deprecated"] += CHLORIDE in item.loinc
        found["outside_circuit"] += bool({GLUCOSE, ABSENT, PLACEHOLDER} & set(item.loinc))
        found["placeholder"] += PLACEHOLDER in item.loinc
        found["unit_contradicts"] += item.unit == "g/L" and bool(known)
        found["effective"] += (item.local, item.loinc) in [("NA", (SODIUM,)), ("K", (POTASSIUM,))]
    return found


@given(REPORTS)
def test_figures_are_those_of_a_naive_count(reports: Results) -> None:
    counts = counts_of_results(reports)
    figures = Figures(counts.reports, 0, 1, 0, judged(counts, CATALOGUE, CODES), has_circuit=True)
    expected = naive(reports)
    assert {name: figures.results if name == "results" else figures.count(Finding(name)) for name in expected} == (
        expected
    )
    every = [item for report in reports for item in report]
    locals_seen = {item.local for item in every} - {""}
    whole = {
        code
        for code in locals_seen
        if all((code, item.loinc) in [("NA", (SODIUM,)), ("K", (POTASSIUM,))] for item in every if item.local == code)
    }
    assert (figures.by_codes.part, figures.by_codes.total) == (len(whole), len(locals_seen))
    assert figures.by_results.part == expected["effective"]
    assert sum(share.total for share in figures.by_chapter.values()) == len(every)
    assert sum(share.part for share in figures.by_chapter.values()) == expected["effective"]
    assert figures.with_loinc_alone.part == expected["effective"] + sum(
        item.local == "" and item.loinc in [(SODIUM,), (POTASSIUM,)] for item in every
    )
