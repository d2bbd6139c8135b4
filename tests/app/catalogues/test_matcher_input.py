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
    )  # fmt: skip
    assert to_matcher(stored) == MatcherTest(
        code="A1", label="Sodium", synonym="Na", specimen="Sérum", unit="mmol/L", technique="ISE", scale="QN",
        timing="24h", property_kind="concentration", nabm="1610", chapter="Biochimie", level="analysis",
    )  # fmt: skip


def test_a_code_of_specimen_or_unit_stands_for_an_empty_label() -> None:
    coded = to_matcher(row(specimen_code="SG", unit_code="mmol/L"))
    assert (coded.specimen, coded.unit) == ("SG", "mmol/L")
    both = to_matcher(row(specimen="Urines", specimen_code="SG", unit="g/L", unit_code="mmol/L"))
    assert (both.specimen, both.unit) == ("Urines", "g/L")


def test_an_exam_of_one_analysis_is_measured_like_it() -> None:
    analysis = row(specimen="Sérum", unit="mmol/L", technique="ISE", scale="QN", timing="24h")
    alone = to_matcher(row(Level.EXAM, "Natrémie"), [analysis])
    assert (alone.specimen, alone.unit, alone.technique, alone.scale, alone.timing) == (
        "Sérum", "mmol/L", "ISE", "QN", "24h",
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
