"""What a later message of HL7 v2 says of results that were sent before."""

from collections import Counter

import pytest

from app.emitted.counting import count
from app.emitted.observed import CatalogueIndex, ObservedReport
from tests.app.emitted.messages import HB, counted, message, msh, obx, read, reports, text

NA = "2951-2^Sodium^LN^NA^Sodium^L"


def one(content: str) -> ObservedReport:
    """The only report of a file."""
    (report,) = reports(content)
    return report


def test_a_correction_has_the_order_the_slot_and_a_later_time() -> None:
    first, second = reports(
        message(obx(HB), obx(NA)) + message(obx(HB, "11.9", status="C"), head=msh(time="20260301113000"))
    )
    assert first.keys == second.keys
    assert first.version < second.version
    assert not first.is_whole
    assert not second.is_whole
    assert second.results[0].slot == first.results[0].slot
    assert first.results[0].slot != first.results[1].slot


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("20260301", "202603011000"),
        ("202603011000", "20260301100001"),
        ("20260301100000+0100", "20260301100001+0100"),
        ("20260301100000.0001+0100", "20260301100001"),
        ("", "2026"),
        ("20260301100000+0100", "20260301093000+0000"),
        ("20260701100000+0200", "20260701090000+0000"),
        ("20260301100000", "202603010930+0000"),
        ("20260301100000+0100^S", "20260301093000+0000^S"),
        ("20260301", "20260301000001 CET"),
    ],
)
def test_times_of_any_precision_are_in_order(earlier: str, later: str) -> None:
    assert one(message(obx(HB), head=msh(time=earlier))).version < one(message(obx(HB), head=msh(time=later))).version


def test_a_slot_is_one_of_an_analysis_whatever_codes_go_with_it() -> None:
    first, second = reports(message(obx("HB^Hémoglobine^L")) + message(obx("718-7^Hémoglobine^LN^HB^Hb^L")))
    assert first.results[0].slot == second.results[0].slot


def test_reports_are_told_by_sender_and_filler_number_or_else_placer_number() -> None:
    def keys(content: str) -> frozenset[str]:
        return one(content).keys

    assert len(keys(message(obx(HB)))) == 1
    assert keys(message(obx(HB))) != keys(message(obx(HB), filler="F2"))
    assert keys(message(obx(HB))) != keys(message(obx(HB)).replace("|LABO|", "|AUTRE|", 1))
    assert keys(message(obx(HB))) == keys(text(msh(), "OBR|1|P9|F1|BILAN^Bilan^L", obx(HB)))
    assert keys(message(obx(HB))) == keys(text(msh(), "ORC|RE||F1", "OBR|1|||BILAN^Bilan^L", obx(HB)))
    assert keys(text(msh(), "OBR|1|P9||BILAN^Bilan^L", obx(HB))) == keys(text(msh(), "ORC|RE|P9", "OBR|1", obx(HB)))
    assert keys(text(msh(), "OBR|1|P9||BILAN^Bilan^L", obx(HB))) != keys(text(msh(), "OBR|1||P9", obx(HB)))
    assert keys(text(msh(), "OBR|1|||BILAN^Bilan^L", obx(HB))) == frozenset()
    assert keys(text(msh(), 'OBR|1|""|""|BILAN^Bilan^L', obx(HB))) == frozenset()
    assert keys(text(msh(), "OBR|1||F1^LABO^^", obx(HB))) != keys(text(msh(), "OBR|1||F1^AUTRE", obx(HB)))


def test_the_number_of_one_order_is_not_that_of_the_next() -> None:
    content = text(msh(), "ORC|RE|P1|F1", "OBR|1", obx(HB), "OBR|2|||IONO^Ionogramme^L", obx(NA))
    assert len(one(content).keys) == 1


def test_orders_of_one_message_are_one_report() -> None:
    report = one(text(msh(), "OBR|1||F1|BILAN^Bilan^L", obx(HB), "OBR|2||F2|IONO^Ionogramme^L", obx(NA)))
    assert len(report.keys) == 2
    assert len(report.results) == 2


@pytest.mark.parametrize(
    "observation", [obx(HB, status="D"), obx(HB, "", status="D"), obx(HB, status="W"), obx(HB, '""')]
)
def test_a_result_is_taken_back(observation: str) -> None:
    first, second = reports(message(obx(HB), obx(NA)) + message(observation))
    assert [result.is_withdrawn for result in second.results] == [True]
    assert second.results[0].slot == first.results[0].slot
    assert not second.is_deletion


def test_a_change_of_status_alone_says_nothing_of_the_result() -> None:
    assert one(message(obx(HB, "", status="U"))).results == ()


@pytest.mark.parametrize(
    ("control", "is_whole"), [("RE", False), ("XO", False), ("RP", True), ("RU", True), ("", False)]
)
def test_orders_that_replace_say_all_results(control: str, is_whole: bool) -> None:
    assert one(message(obx(HB), control=control)).is_whole is is_whole


def test_the_control_of_one_order_is_not_that_of_the_next() -> None:
    assert not one(text(msh(), "ORC|RP||F1", "OBR|1", obx(HB), "OBR|2||F2|IONO^Ionogramme^L", obx(NA))).is_whole


@pytest.mark.parametrize("control", ["CA", "OC"])
def test_a_cancelled_order_takes_its_report_back(control: str) -> None:
    first, second, third = reports(
        message(obx(HB)) + message(control=control) + message(obx(HB, status="D"), control=control)
    )
    assert (first.is_deletion, second.is_deletion, third.is_deletion) == (False, True, True)
    assert first.keys == second.keys == third.keys


def test_results_that_stand_are_not_taken_back_by_one_cancelled_order() -> None:
    content = message(obx(HB), control="CA") + text(
        msh(), "ORC|CA||F1", "OBR|1||F1|BILAN^Bilan^L", "ORC|RE||F2", "OBR|2||F2|IONO^Ionogramme^L", obx(NA)
    )
    assert [report.is_deletion for report in reports(content)] == [False, False]


def test_an_order_said_cancelled_by_its_own_status_takes_its_report_back() -> None:
    assert one(text(msh(), "OBR|1||F1|BILAN^Bilan^L" + "|" * 21 + "X")).is_deletion
    assert not one(text(msh(), "OBR|1||F1|BILAN^Bilan^L" + "|" * 21 + "F")).is_deletion


def acts(*sent: tuple[str, str, tuple[str, ...]], time: str = "20260301100000") -> str:
    """A message of several acts of one order: name, status of the act (OBR-25), results."""
    lines = [msh(time=time), "PID|1||900100", "ORC|RE|P1|F1"]
    for name, status, results in sent:
        lines += [f"OBR|1|P1|F1|{name}^{name}^L" + "|" * 21 + status, *results]
    return text(*lines)


def test_an_act_that_is_corrected_says_all_its_results_again() -> None:
    first = acts(("IONO", "F", (obx(NA), obx("2823-3^K^LN^K^K^L"))), ("NFS", "F", (obx(HB),)))
    corrected = acts(("IONO", "C", (obx(NA, "139", status="C"),)), time="20260301110000")
    assert counted(None, first) == (1, 0, 3)
    assert counted(None, first + corrected) == counted(None, corrected, first) == (1, 0, 2)
    slot_only = acts(("IONO", "F", (obx(NA, "139", status="C"),)), time="20260301110000")
    assert counted(None, first + slot_only) == (1, 0, 3), "one result is corrected, not its act"
    added = acts(("IONO", "F", (obx("2075-0^Cl^LN^CL^Cl^L"),)), time="20260301120000")
    assert counted(None, first + corrected + added) == (1, 0, 3)
    twice = acts(("IONO", "C", (obx(NA),)), ("IONO", "F", (obx("2823-3^K^LN^K^K^L"),)), time="20260301110000")
    assert counted(None, first + twice) == (1, 0, 3), "two acts of one name, of which one is corrected"
    unnamed = first.replace("IONO^IONO^L", "")
    assert counted(None, unnamed + corrected.replace("IONO^IONO^L", "")) == (1, 0, 2)


K = "2823-3^Potassium^LN^K^Potassium^L"
CL = "2075-0^Chlorure^LN^CL^Chlorure^L"


Order = tuple[str, str, str, tuple[str, ...]]


def orders(*sent: Order, hour: int = 10) -> str:
    """A message of one report of several orders: control of the order (ORC-1), its filler number, its name, results."""
    lines = [msh(time=f"20260301{hour}0000"), "PID|1||900100"]
    for control, filler, name, results in sent:
        lines += [f"ORC|{control}|P1|{filler}", f"OBR|1|P1|{filler}|{name}^{name}^L", *results]
    return text(*lines)


FIRST = orders(("NW", "A1", "IONO", (obx(NA), obx(K))), ("NW", "A2", "NFS", (obx(HB),)))


def told(*contents: str) -> tuple[int, int, list[str]]:
    """Reports, those that were taken back, and the codes of the results that count."""
    counts = count([item for content in contents for item in read(content)], CatalogueIndex({}))
    seen: Counter[str] = Counter()
    for one_of, number in counts.seen.items():
        seen[one_of.loinc[0]] += number
    return counts.reports, counts.deleted_reports, sorted(seen.elements())


@pytest.mark.parametrize(
    "sent",
    [
        ("CA", "A1", "IONO", ()),
        ("CA", "A1", "IONO", (obx(NA, status="D"), obx(K, status="D"))),
        ("OC", "A1", "", ()),
    ],
)
def test_a_cancelled_order_takes_back_its_own_results_and_no_others(sent: Order) -> None:
    cancelled = orders(sent, hour=11)
    assert told(FIRST, cancelled) == told(cancelled, FIRST) == (1, 0, ["718-7"])
    last = orders(("CA", "A2", "NFS", ()), hour=12)
    assert told(FIRST, cancelled, last) == told(last, FIRST, cancelled) == (0, 1, [])
    again = orders(("NW", "A1", "IONO", (obx(NA),)), hour=12)
    assert told(again, cancelled, FIRST) == (1, 0, ["2951-2", "718-7"])


def test_a_cancelled_order_is_taken_back_beside_one_that_stands() -> None:
    both = orders(("CA", "A1", "IONO", ()), ("NW", "A2", "NFS", (obx(HB),)), hour=11)
    assert told(FIRST, both) == told(both, FIRST) == (1, 0, ["718-7"])
    last = orders(("CA", "A2", "NFS", ()), hour=12)
    assert told(last, FIRST, both) == (0, 1, [])


def test_an_act_said_cancelled_among_others_of_its_order_is_taken_back() -> None:
    first = acts(("IONO", "F", (obx(NA), obx(K))), ("NFS", "F", (obx(HB),)))
    cancelled = acts(("IONO", "X", ()), ("NFS", "F", (obx(HB),)), time="20260301110000")
    assert told(first, cancelled) == told(cancelled, first) == (1, 0, ["718-7"])


def test_a_replaced_order_says_its_own_results_again_and_no_others() -> None:
    replaced = orders(("RP", "A1", "IONO", (obx(CL),)), hour=11)
    assert told(FIRST, replaced) == told(replaced, FIRST) == (1, 0, ["2075-0", "718-7"])
    both = orders(("RP", "A1", "IONO", (obx(CL),)), ("RP", "A2", "NFS", (obx(HB),)), hour=12)
    assert told(both, FIRST, replaced) == (1, 0, ["2075-0", "718-7"])
    beside = orders(("RP", "A1", "IONO", (obx(CL),)), ("NW", "A2", "NFS", ()), hour=11)
    assert told(FIRST, beside) == (1, 0, ["2075-0", "718-7"]), "one order of the message is replaced, not the other"


def test_results_of_one_name_in_two_orders_are_corrected_each_in_its_own() -> None:
    cycle = orders(("NW", "A1", "GLY", (obx("G1^Glucose^L^2951-2^x^LN"),)), ("NW", "A2", "GLY", (obx("G1^Glucose^L"),)))
    second = orders(("RE", "A2", "GLY", (obx("G1^Glucose^L^2823-3^x^LN", status="C"),)), hour=11)
    assert told(cycle, second) == told(second, cycle) == (1, 0, ["2823-3", "2951-2"])
