"""A stored row as the matcher reads it: its own words first, then those of its only analysis, and its exams."""

from dataclasses import fields, replace

from app.catalogues.matcher_input import to_matcher
from app.models import Level, LocalTest
from matcher import LocalTest as MatcherTest
from matcher.knowledge import signature


def row(level: Level = Level.ANALYSIS, label: str = "Sodium", **more: str) -> LocalTest:
    return LocalTest(catalogue_id=1, level=level, code="A1", label=label, **more)


def test_the_columns_of_a_row_reach_the_matcher() -> None:
    stored = row(
        synonym="Na", specimen="Sérum", unit="mmol/L", technique="ISE", scale="QN", timing="24h",
        property_kind="concentration", nabm="1610", chapter="Biochimie",
        reference_range="135 - 145", results="138", exam="Ionogramme",
    )  # fmt: skip
    assert to_matcher(stored) == MatcherTest(
        code="A1", label="Sodium", synonym="Na", specimen="Sérum", unit="mmol/L", technique="ISE", scale="QN",
        timing="24h", property_kind="concentration", nabm="1610", chapter="Biochimie", level="analysis",
        reference_range="135 - 145", results="138", exam="Ionogramme",
    )  # fmt: skip


def test_a_code_of_specimen_or_unit_stands_for_an_empty_label() -> None:
    coded = to_matcher(row(specimen_code="SG", unit_code="mmol/L"))
    assert (coded.specimen, coded.unit) == ("SG", "mmol/L")
    both = to_matcher(row(specimen="Urines", specimen_code="SG", unit="g/L", unit_code="mmol/L"))
    assert (both.specimen, both.unit) == ("Urines", "g/L")


def test_an_exam_of_one_analysis_is_measured_like_it() -> None:
    analysis = row(specimen="Sérum", unit="mmol/L", technique="ISE", scale="QN", timing="24h", results="138")
    alone = to_matcher(row(Level.EXAM, "Natrémie"), [analysis])
    assert (alone.specimen, alone.unit, alone.technique, alone.scale, alone.timing, alone.results) == (
        "Sérum", "mmol/L", "ISE", "QN", "24h", "138",
    )  # fmt: skip
    assert alone.analyses == ("Sodium",)
    own = to_matcher(row(Level.EXAM, "Natrémie", specimen="Plasma"), [analysis])
    assert own.specimen == "Plasma"
    two = to_matcher(row(Level.EXAM, "Ionogramme"), [analysis, row(label="Potassium")])
    assert (two.specimen, two.unit) == ("", "")
    assert two.analyses == ("Sodium", "Potassium")


def test_the_exams_of_an_analysis_are_told_and_are_no_part_of_its_signature() -> None:
    plain, told = to_matcher(row()), to_matcher(row(), exams=["ECBU", "Ionogramme"])
    assert told.exam == "ECBU / Ionogramme"
    assert replace(told, exam="") == plain
    assert signature(told) == signature(plain)
    assert {item.name for item in fields(MatcherTest)} >= {"exam"}


def test_what_was_not_kept_at_the_time_is_not_told() -> None:
    before = row(reference_range=None, results=None, exam=None)  # type: ignore[arg-type]
    assert to_matcher(before) == to_matcher(row(reference_range="", results="", exam=""))


def test_linked_exams_are_told_before_a_column_of_exams() -> None:
    assert to_matcher(row(exam="Iono"), exams=["Ionogramme"]).exam == "Ionogramme"
