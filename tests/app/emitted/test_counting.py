"""What is counted of reports, by expectations written by hand."""

import pickle

import pytest

from app.emitted.counting import MOST_DAMAGED, count
from app.emitted.observed import (
    ILL_FORMED,
    MASKED,
    UNREAD,
    Cluster,
    Damaged,
    ObservedReport,
    ObservedResult,
    Seen,
)
from tests.app.emitted.makers import CREATININE, GLUCOSE, INDEX, IONOGRAM, SODIUM, report, result


def seen_by(*reports: ObservedReport) -> dict[tuple[str, tuple[str, ...]], int]:
    """(local code, LOINC codes) → results."""
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    for seen, results in count(reports, INDEX).seen.items():
        key = (seen.local, seen.loinc)
        found[key] = found.get(key, 0) + results
    return found


def effective_of(one: ObservedResult) -> int:
    """Whether one result alone is effective."""
    return sum(cluster.effective for cluster in count([report(one)], INDEX).clusters if not cluster.domain)


@pytest.mark.parametrize(
    ("local", "loinc", "effective"),
    [
        ("NA", SODIUM, 1),
        ("GLU", "2345-7", 1),
        ("NA", f"{SODIUM} {SODIUM}", 1),
        ("NA", GLUCOSE, 0),
        ("NA", "", 0),
        ("NA", f"{SODIUM} {GLUCOSE}", 0),
        ("NA", f"{SODIUM} 2951-3", 0),
        ("NA", "2951-3", 0),
        ("CREA", CREATININE, 0),
        ("na", SODIUM, 0),
        ("", SODIUM, 0),
        ("INCONNU NA", SODIUM, 1),
        ("VS", "30341-2", 1),
        (f"NA {SODIUM}", "", 0),
    ],
)
def test_effective_is_exactly_the_one_code_approved_for_the_local_code(local: str, loinc: str, effective: int) -> None:
    assert effective_of(result(local, loinc)) == effective


def test_local_codes_are_trimmed_and_their_case_tells() -> None:
    padded = ObservedResult((f" {SODIUM} ",), (" NA ",))
    assert effective_of(padded) == 1
    assert seen_by(report(padded, result("na", SODIUM))) == {("NA", (SODIUM,)): 1, (MASKED, (SODIUM,)): 1}


def test_a_code_of_no_system_with_the_shape_of_loinc_is_one_unless_the_catalogue_has_it() -> None:
    assert seen_by(report(result(SODIUM))) == {("", (SODIUM,)): 1}
    assert seen_by(report(result(f"{SODIUM} GLU"))) == {("GLU", ()): 1}
    assert seen_by(report(result("1-8"))) == {("1-8", ()): 1}
    assert seen_by(report(result("2951-3"))) == {(MASKED, ()): 1}


def test_texts_that_are_no_code_leave_as_a_mark_each() -> None:
    both = ObservedResult(("718-8", "Martin Dupont", SODIUM), ())
    assert seen_by(report(both)) == {("", (SODIUM, ILL_FORMED, ILL_FORMED)): 1}


@pytest.mark.parametrize(
    ("written", "ucum"),
    [
        ("", ""),
        ("mmol/L", "mmol/L"),
        (" mmol/l ", "mmol/L"),
        ("G/L", "10*9/L"),
        ("Giga/L", "10*9/L"),
        ("néant", ""),
        ("nmol/{Dupont}/24h", UNREAD),
        ("DUPONT titer", UNREAD),
        ("Dupont", UNREAD),
        ("mmol/L" * 20, UNREAD),
    ],
)
def test_units_leave_in_ucum_or_as_a_mark(written: str, ucum: str) -> None:
    (seen,) = count([report(ObservedResult((), ("NA",), unit=written))], INDEX).seen
    assert seen.unit == ucum


def test_sections_leave_as_codes_of_loinc_only() -> None:
    counts = count([report(result("NA", section=IONOGRAM), result("NA", section="18717-9x"))], INDEX)
    assert {seen.section for seen in counts.seen} == {IONOGRAM, ""}


def test_reports_and_results_that_carry_the_same_are_counted_apart() -> None:
    counts = count([report(result("NA", SODIUM), result("NA", SODIUM)), report(result("NA", SODIUM))], INDEX)
    seen = Seen("NA", (SODIUM,), "", "")
    assert counts.seen == {seen: 3}
    assert counts.reports_of == {seen: 2}
    assert counts.reports == 2


def test_a_waiting_code_is_seen_beside_the_others() -> None:
    counts = count([report(ObservedResult((), ("NA",), has_waiting_code=True))], INDEX)
    assert counts.seen == {Seen("NA", (), "", "", has_waiting_code=True): 1}


def test_clusters_are_a_chapter_or_else_a_section_and_the_whole_report() -> None:
    one = report(
        result("NA", SODIUM),
        result("GLU"),
        result("VS", "30341-2"),
        result("", GLUCOSE, section=IONOGRAM),
        result("1-8"),
    )
    counts = count([one, one, report()], INDEX)
    assert counts.clusters == {
        Cluster("", 5, 2): 2,
        Cluster("Biochimie", 2, 1): 2,
        Cluster("Hématologie", 1, 1): 2,
        Cluster(IONOGRAM, 1, 0): 2,
    }
    assert counts.reports == 3


def test_level_1_and_level_3_of_one_report_are_one_structured_report() -> None:
    pdf = report(keys="doc:1 set:A", structured=False, version=(1, "20260102"))
    structured = report(result("NA", SODIUM), keys="doc:2 set:A", version=(1, "20260101"))
    for order in ([pdf, structured], [structured, pdf]):
        counts = count(order, INDEX)
        assert (counts.reports, counts.level1_reports) == (1, 0)
        assert counts.seen == {Seen("NA", (SODIUM,), "", ""): 1}
    assert count([pdf], INDEX).level1_reports == 1


def test_documents_without_keys_are_reports_of_their_own() -> None:
    assert count([report(result("NA")), report(result("NA"))], INDEX).reports == 2


def test_keys_join_through_others() -> None:
    documents = [report(keys="a b"), report(keys="c d"), report(keys="b c"), report(keys="e")]
    assert count(documents, INDEX).reports == 2


def test_only_the_last_version_counts_whatever_the_order_of_reading() -> None:
    first = report(result("NA", slot="1"), result("GLU", slot="2"), keys="set:A", version=(1, "20260103"))
    second = report(result("NA", SODIUM, slot="1"), keys="set:A", version=(2, "20260101"))
    assert seen_by(first, second) == {("NA", (SODIUM,)): 1}
    assert seen_by(second, first) == {("NA", (SODIUM,)): 1}


def test_versions_without_number_follow_their_times_then_the_reading() -> None:
    early = report(result("NA"), keys="A", version=(0, "202601011200"))
    late = report(result("GLU"), keys="A", version=(3, "202601011201"))
    assert seen_by(late, early) == {("GLU", ()): 1}
    assert seen_by(report(result("GLU"), keys="A"), report(result("NA"), keys="A")) == {("NA", ()): 1}


def test_messages_of_plain_results_correct_slot_by_slot() -> None:
    first = report(result("NA", slot="1"), result("GLU", slot="2"), keys="A", version=(0, "1"), whole=False)
    second = report(
        result("NA", SODIUM, slot="1"), result("VS", slot="3"), keys="A", version=(0, "2"), whole=False
    )
    expected = {("NA", (SODIUM,)): 1, ("GLU", ()): 1, ("VS", ()): 1}
    assert seen_by(first, second) == expected
    assert seen_by(second, first) == expected


def test_results_said_side_by_side_in_one_slot_stay_and_are_corrected_together() -> None:
    first = report(result("NA", slot="1"), result("GLU", slot="1"), keys="A", whole=False)
    assert seen_by(first) == {("NA", ()): 1, ("GLU", ()): 1}
    assert seen_by(first, report(result("VS", slot="1"), keys="A", whole=False)) == {("VS", ()): 1}


def test_a_correction_after_a_whole_document_corrects_it_and_one_before_is_replaced() -> None:
    correction = report(result("NA", SODIUM, slot="1"), keys="A", version=(0, "2"), whole=False)
    whole = report(result("NA", slot="1"), result("GLU", slot="2"), keys="A", version=(0, "1"))
    later = report(result("GLU", slot="2"), keys="A", version=(0, "3"))
    assert seen_by(correction, whole) == {("NA", (SODIUM,)): 1, ("GLU", ()): 1}
    assert seen_by(correction, whole, later) == {("GLU", ()): 1}


def test_a_withdrawn_result_counts_no_more_and_may_come_back() -> None:
    first = report(result("NA", slot="1"), result("GLU", slot="2"), keys="A", version=(0, "1"), whole=False)
    back = report(result("NA", slot="1", withdrawn=True), keys="A", version=(0, "2"), whole=False)
    again = report(result("NA", SODIUM, slot="1"), keys="A", version=(0, "3"), whole=False)
    assert seen_by(first, back) == {("GLU", ()): 1}
    assert seen_by(first, back, again) == {("GLU", ()): 1, ("NA", (SODIUM,)): 1}
    assert seen_by(report(result("NA", withdrawn=True), result("GLU"))) == {("GLU", ()): 1}


def test_a_replaced_document_counts_no_more_although_it_is_read_later() -> None:
    old = report(result("NA"), result("GLU"), keys="doc:1")
    new = report(result("NA", SODIUM), keys="doc:2", replaces="doc:1")
    newest = report(result("VS"), keys="doc:3", replaces="doc:2")
    assert seen_by(new, old) == {("NA", (SODIUM,)): 1}
    assert count([new, old], INDEX).reports == 1
    assert seen_by(newest, old, new) == {("VS", ()): 1}


def test_a_replacement_ends_plain_results_too() -> None:
    old = report(result("NA", slot="1"), keys="doc:1", whole=False, version=(0, "1"))
    new = report(result("GLU", slot="2"), keys="doc:2", replaces="doc:1", whole=False, version=(0, "2"))
    assert seen_by(old, new) == {("GLU", ()): 1}


def test_versions_that_all_replace_their_set_end_with_the_last() -> None:
    versions = [report(result(code), keys="set:A", replaces="set:A", version=(place, "")) for place, code in
                enumerate(("NA", "GLU", "VS"), 1)]  # fmt: skip
    assert seen_by(*versions) == seen_by(*reversed(versions)) == {("VS", ()): 1}
    pdf = report(keys="set:A", replaces="set:A", version=(3, ""), structured=False)
    assert seen_by(*versions, pdf) == {("VS", ()): 1}


def test_a_document_of_a_later_number_is_not_replaced_by_an_earlier_one() -> None:
    second = report(result("NA"), keys="set:A doc:2", replaces="set:A", version=(2, ""))
    third = report(result("GLU"), keys="set:A doc:3", version=(3, ""))
    assert seen_by(third, second) == {("GLU", ()): 1}


def test_a_report_whose_replacement_is_around_a_pdf_is_of_level_1() -> None:
    old = report(result("NA"), keys="doc:1")
    counts = count([old, report(keys="doc:2", replaces="doc:1", structured=False)], INDEX)
    assert (counts.reports, counts.level1_reports, counts.seen) == (1, 1, {})


def test_documents_that_replace_each_other_in_a_circle_leave_the_last() -> None:
    circle = [report(result(code), keys=f"d{place}", replaces=f"d{(place + 1) % 3}", version=(0, str(place + 1)))
              for place, code in enumerate(("NA", "GLU", "VS"))]  # fmt: skip
    circle = [report(*one.results, keys=" ".join(one.keys), replaces=" ".join(one.replaces)) for one in circle]
    assert seen_by(*circle) == {("VS", ()): 1}


def test_a_deletion_takes_the_report_back_in_any_order_until_it_is_sent_again() -> None:
    first = report(result("NA"), keys="A", version=(0, "1"))
    deletion = report(keys="A", version=(0, "2"), deletion=True)
    again = report(result("GLU"), keys="A", version=(0, "3"))
    for order in ([first, deletion], [deletion, first]):
        counts = count(order, INDEX)
        assert (counts.reports, counts.level1_reports, counts.seen, counts.deleted_reports) == (0, 0, {}, 1)
    counts = count([deletion, again, first], INDEX)
    assert (counts.reports, counts.deleted_reports) == (1, 0)
    assert seen_by(deletion, again, first) == {("GLU", ()): 1}
    assert count([deletion], INDEX).deleted_reports == 0


def test_a_deletion_of_one_version_is_said_after_it_unless_no_version_is_stated() -> None:
    first = report(result("NA"), keys="A", version=(1, "2"))
    assert count([report(keys="A", version=(1, "2"), deletion=True), first], INDEX).reports == 0
    unstated = report(result("NA"), keys="A")
    assert count([report(keys="A", deletion=True), unstated], INDEX).reports == 1
    assert count([unstated, report(keys="A", deletion=True)], INDEX).reports == 0


def test_places_of_damage_are_bounded_and_their_number_is_exact() -> None:
    damaged = [Damaged(f"fichier 1, message {place}", "illisible") for place in range(MOST_DAMAGED + 7)]
    counts = count(damaged, INDEX)
    assert counts.damaged == tuple(damaged[:MOST_DAMAGED])
    assert counts.damaged_total == MOST_DAMAGED + 7


def test_counts_pickle() -> None:
    counts = count([report(result("NA", SODIUM)), Damaged("fichier 2", "illisible")], INDEX)
    assert pickle.loads(pickle.dumps(counts)) == counts
