"""The benches measure what they say."""

import re
import subprocess
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest

from matcher import Engine, LocalTest, Tables, Term
from matcher.calibration_data import WITH_UNIT, WITHOUT_UNIT
from matcher.index import TermIndex
from matcher.scoring import WEIGHTS
from tests.bench.matching import before, speed, starter_share
from tests.bench.matching.ablation import variants
from tests.bench.matching.calibrate import TARGET, module_text
from tests.bench.matching.datasets import CASES, Case, answerable, find_release, nabm_cases, read_cases
from tests.bench.matching.isolate import in_own_process, peak_mb
from tests.bench.matching.markdown import RESULTS, page, percent, table
from tests.bench.matching.measure import (
    NO_PROPOSAL,
    Answer,
    answers,
    by_key,
    differing_axes,
    figures,
    share_at_precision,
    wrong_axes,
)
from tests.bench.matching.plain import PLAIN, query_text, term_text
from tests.bench.matching.reliability import Bin, bins_of, expected_error, is_monotone, plot
from tests.bench.matching.synthetic import grown_terms, varied_rows

GLUCOSE = Term("14749-6", "Glucose", "SCnc", "Pt", "Ser/Plas", "Qn", long_common_name="Glucose [Moles/volume] in Serum")
GLUCOSE_MASS = Term("2345-7", "Glucose", "MCnc", "Pt", "Ser/Plas", "Qn", long_common_name="Glucose [Mass/volume]")
SODIUM = Term("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn", long_common_name="Sodium [Moles/volume] in Serum")
TERMS = (GLUCOSE, GLUCOSE_MASS, SODIUM)
BY_NUMBER = {term.loinc_num: term for term in TERMS}


def case(best: str, *acceptable: str, tier: str = "STRONG", group: str = "L1", **row: str) -> Case:
    return Case("c", group, LocalTest(**{"label": "Glucose", **row}), best, frozenset(acceptable), tier)  # type: ignore[arg-type]


def test_an_answer_is_right_when_it_is_the_best_or_an_acceptable_code() -> None:
    assert Answer(case("14749-6"), ("2345-7", "14749-6"), 0.9).rank == 2
    assert Answer(case("14749-6", "2345-7"), ("2345-7", "14749-6"), 0.9).rank == 1
    assert Answer(case("14749-6"), ("2951-2",), 0.9).rank == 0
    assert Answer(case("14749-6"), (), 0.0).rank == 0


def test_figures() -> None:
    items = [
        Answer(case("a"), ("a",), 0.995),
        Answer(case("a"), ("b", "a"), 0.8),
        Answer(case("a"), tuple("bcdefa"), 0.7),
        Answer(case("a"), ("b",), 0.6),
    ]
    got = figures(items)
    assert (got.count, got.top1, got.top5, got.recall50, got.auto99) == (4, 0.25, 0.5, 0.75, 0.25)
    assert (got.sure, got.sure_right) == (0.25, 1.0)
    assert figures([]).count == 0


def test_share_at_precision_counts_ties_whole() -> None:
    assert share_at_precision([(0.9, True), (0.8, True), (0.7, False)], 0.99) == pytest.approx(2 / 3)
    assert share_at_precision([(0.9, True), (0.9, False)], 0.99) == 0.0
    assert share_at_precision([(0.9, False), (0.8, True)], 0.99) == 0.0
    assert share_at_precision([], 0.99) == 0.0


def test_the_wrong_axis_is_named() -> None:
    assert differing_axes(GLUCOSE, GLUCOSE_MASS) == ["property"]
    assert differing_axes(GLUCOSE_MASS, SODIUM) == ["component"]
    items = [
        Answer(case("14749-6"), ("14749-6",), 0.9),
        Answer(case("14749-6"), ("2345-7",), 0.9),
        Answer(case("14749-6"), ("2951-2",), 0.9),
        Answer(case("", "14749-6", "2951-2"), ("2345-7",), 0.9),
        Answer(case("14749-6"), (), 0.0),
    ]
    assert wrong_axes(BY_NUMBER, items) == Counter({"property": 2, "component": 1, NO_PROPOSAL: 1})


def test_groups_are_in_order() -> None:
    items = [Answer(case("a", tier=tier), ("a",), 0.9) for tier in ("WEAK", "STRONG", "WEAK")]
    assert {name: len(found) for name, found in by_key(items, lambda item: item.case.tier).items()} == {
        "STRONG": 1,
        "WEAK": 2,
    }


@pytest.mark.parametrize(
    ("row", "group", "shape"),
    [
        ({"unit": "g/L", "specimen": "sang"}, "L1", "French: label, specimen, unit"),
        ({"unit": "g/L"}, "L1", "French: label, unit"),
        ({"specimen": "sang"}, "L1", "French: label, specimen"),
        ({}, "L1", "French: label only"),
        ({"unit": "g/L", "specimen": "Blood"}, "L6-US-HOSPITAL", "English"),
    ],
)
def test_shape_of_a_row(row: dict[str, str], group: str, shape: str) -> None:
    assert case("a", group=group, **row).shape == shape


def test_our_cases_are_many_tiered_and_from_several_laboratories() -> None:
    found = read_cases(CASES)
    assert len(found) >= 600
    assert len({item.case_id for item in found}) == len(found)
    assert len({item.group for item in found}) >= 8
    assert {"STRONG", "MEDIUM", "WEAK"} <= {item.tier for item in found}
    assert [item for item in found if not item.right], "rows that are no tests"


def test_only_cases_with_a_right_code_in_the_terminology_are_measured() -> None:
    found = [case("14749-6"), case("x", "2951-2"), case("x"), case("")]
    assert answerable(found, BY_NUMBER) == found[:2]


def test_acts_are_grouped_by_label(tmp_path: Path) -> None:
    file = tmp_path / "acts.csv"
    file.write_text(
        "Code NABM;Libellé NABM;Code LOINC;Libelle LOINC\n1;GLUCOSE;2345-7;x\n1;GLUCOSE;14749-6;x\n2;SODIUM;2951-2;x\n",
        encoding="utf-8",
    )
    first, second = nabm_cases(file)
    assert first.right == {"2345-7", "14749-6"}
    assert (second.test.label, second.tier) == ("SODIUM", "SET")


def test_a_release_is_found_under_the_folder(tmp_path: Path) -> None:
    assert find_release(tmp_path) is None
    table_file = tmp_path / "some" / "Loinc_2.80" / "LoincTable" / "Loinc.csv"
    table_file.parent.mkdir(parents=True)
    table_file.touch()
    assert find_release(tmp_path) == tmp_path / "some" / "Loinc_2.80"


@pytest.mark.parametrize("name", list(PLAIN))
def test_plain_engines_find_what_is_written_the_same(name: str, starter_index: TermIndex) -> None:
    terms = starter_index.terms[:400]
    engine = PLAIN[name]([term_text(term) for term in terms])
    rows = [LocalTest(label=term.long_common_name) for term in terms[:12]]
    found = engine.search([query_text(row) for row in (*rows, LocalTest(label="zzyzx"))], 10)
    assert len(found) == 13
    for position, ranked in enumerate(found[:12]):
        assert position in ranked
        assert len(ranked) <= 10
        assert len(set(ranked)) == len(ranked)


def test_extra_terms_are_new_and_the_same_each_time(starter_index: TermIndex) -> None:
    terms = starter_index.terms[:300]
    grown = grown_terms(terms, 900)
    assert grown == grown_terms(terms, 900)
    assert grown[:300] == terms
    assert len({term.loinc_num for term in grown}) == 900
    assert len({term.component for term in grown}) > len({term.component for term in terms}) * 1.5


def test_rows_of_the_speed_bench_never_repeat_a_label(cases: list[Case]) -> None:
    rows = varied_rows([item.test for item in cases], 3_000)
    assert len(rows) == 3_000
    assert len({row.label for row in rows}) == 3_000
    assert rows == varied_rows([item.test for item in cases], 3_000)


def test_a_measurement_in_its_own_process_sees_its_own_memory() -> None:
    mine = peak_mb()
    assert 0 < in_own_process(peak_mb) < mine


def test_bins() -> None:
    predicted = [0.1, 0.2, 0.65, 0.7, 0.995, 1.0]
    bins = bins_of(predicted, [0, 1, 1, 0, 1, 1])
    assert [(item.count, item.observed) for item in bins] == [(2, 0.5), (2, 0.5), (2, 1.0)]
    assert sum(item.count for item in bins) == len(predicted)
    assert expected_error(bins) == pytest.approx((0.35 + 0.175 + 0.0025) / 3)
    low, high = bins[0].interval
    assert 0.0 <= low < 0.5 < high <= 1.0


def test_monotone_bins() -> None:
    rising = [Bin(0.0, 0.5, 20, 0.4, 0.4), Bin(0.5, 0.9, 20, 0.7, 0.8), Bin(0.9, 1.0, 20, 0.95, 0.95)]
    falling = [rising[0], rising[2], Bin(0.9, 1.0, 20, 0.95, 0.5)]
    tiny = [rising[0], rising[2], Bin(0.9, 1.0, 2, 0.95, 0.5)]
    assert is_monotone(rising)
    assert not is_monotone(falling)
    assert is_monotone(tiny), "two rows say nothing of order"


def test_the_plot_is_a_drawing_with_a_name() -> None:
    svg = plot([Bin(0.0, 0.5, 20, 0.4, 0.4), Bin(0.9, 1.0, 80, 0.97, 0.98)], "Confidence & share")
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert root.attrib["role"] == "img"
    circles = [item for item in root.iter() if item.tag.endswith("circle")]
    assert len(circles) == 2
    assert "script" not in svg
    assert "style" not in svg


def test_percentages_round_down() -> None:
    assert [percent(share) for share in (0.7999, 0.29, 0.99999, 1.0, 0.0)] == [
        "79.9 %", "29.0 %", "99.9 %", "100.0 %", "0.0 %",
    ]  # fmt: skip


def test_tables_are_markdown() -> None:
    lines = table(("a", "b"), [("x", percent(0.5)), ("long", "1")]).splitlines()
    assert lines[0].startswith("| a ")
    assert set(lines[1]) <= set("|-:")
    assert len({len(line) for line in lines}) == 1
    text = page("Title", "python -m x", ["part"])
    assert "Written by `python -m x` on " in text


def test_ablation_takes_each_part_away_once(starter_tables: Tables) -> None:
    names = [name for name, _, _ in variants(starter_tables)]
    assert len(set(names)) == len(names)
    for weight, _ in WEIGHTS.table():
        assert any(name.startswith(f"weight {weight} =") for name in names)
    assert "table lexicon empty" in names


def test_answers_hold_no_row_that_is_no_test(starter_engine: Engine, cases: list[Case]) -> None:
    some = cases[::40]
    found = answers(starter_engine, some, depth=5)
    assert len(found) == sum(bool(item.right) for item in some)
    assert all(len(item.codes) <= 5 for item in found)


def test_the_shipped_calibration_is_what_the_fit_writes() -> None:
    assert module_text((WITH_UNIT, WITHOUT_UNIT)) == TARGET.read_text(encoding="utf-8")


def test_the_pages_of_results_name_commands_that_exist() -> None:
    pages = sorted(RESULTS.glob("*.md"))
    assert pages
    for file in pages:
        written = re.search(r"^Written by `python -m ([\w.]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert written, file.name
        assert find_spec(written[1]), written[1]


def test_the_share_counts_best_codes_and_right_codes_apart() -> None:
    found = [case("14749-6"), case("x", "2345-7"), case("", "14749-6"), case("x"), case("")]
    codes = frozenset({"14749-6", "2345-7"})
    assert starter_share.share_line("L", found, codes) == ("`L`", 4, "33,3\u00a0%", "75,0\u00a0%")
    assert starter_share.share_line("L", found[2:3], codes) == ("`L`", 1, "–", "100,0\u00a0%")


def test_the_section_replaces_itself_and_nothing_else() -> None:
    first = starter_share.with_section("# Page\n\ntext\n", f"{starter_share.HEADING}\n\nold")
    again = starter_share.with_section(first, f"{starter_share.HEADING}\n\nnew")
    assert again == f"# Page\n\ntext\n\n{starter_share.HEADING}\n\nnew\n"


def test_the_page_of_the_terminology_tells_the_share_of_our_cases() -> None:
    # Other sets follow ours, when the page was written with a folder of them.
    assert starter_share.section(None) in starter_share.PAGE.read_text("utf-8"), f"run {starter_share.COMMAND}"


def test_two_checkouts_are_timed_over_the_same_rows(
    starter_index: TermIndex, cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before, "ROUNDS", 1)
    rows = [case.test for case in cases[:3]]
    costs = before.costs_per_row(before.ROOT, starter_index.terms[:50], rows)
    assert all(cost > 0 for cost in costs)


def test_a_folder_that_is_no_checkout_is_not_timed(tmp_path: Path, starter_index: TermIndex) -> None:
    """It would be the installed engine that is timed, under another name."""
    with pytest.raises(subprocess.CalledProcessError):
        before.costs_per_row(tmp_path, starter_index.terms[:50], [LocalTest(label="Sodium")])


def test_both_ways_to_an_engine_are_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "load_tables", Tables)
    file = tmp_path / "engine.bin"
    speed.write_engine(None, 60, file)
    for given in (file, None):
        timing = speed.time_ours(None, 60, given, 20)
        assert (timing.terms, timing.rows) == (60, 20)
        assert min(timing.ready_s, *timing.per_s, timing.peak_mb) > 0
