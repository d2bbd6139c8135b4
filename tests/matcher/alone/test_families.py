"""Families of siblings, the disciplines, and habits as plain data."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import Habit, Knowledge, Tables, Term
from matcher.disciplines import Disciplines
from matcher.families import Families, family_key, measurement_key
from matcher.habits import habits_from_json, habits_to_json
from matcher.index import TermIndex

DISCIPLINES = Disciplines.of(
    Tables(
        disciplines=(
            ("chemistry", "Biochimie", ("CHEM", "CHAL")),
            ("genetics", "Génétique", ("MOLPATH",)),
        )
    )
)
AXES = st.fixed_dictionaries(
    {
        "component": st.sampled_from(["A", "a", "B", "A/B", "A^post CFst", "A^pre-meal", "A^2H"]),
        "property": st.sampled_from(["MCnc", "SCnc", "NFr", "ACnc"]),
        "time_aspct": st.sampled_from(["Pt", "24H"]),
        "system": st.sampled_from(["Ser/Plas", "Ser", "Plas", "Ser/Plas/Bld", "Bld"]),
        "scale_typ": st.sampled_from(["Qn", "Ord"]),
        "method_typ": st.sampled_from(["", "IA"]),
        "long_common_name": st.sampled_from(["A in Serum", "A --Control"]),
    }
)


@given(st.lists(AXES, min_size=1, max_size=30))
def test_the_families_of_an_index_are_those_of_its_terms(drawn: list[dict[str, str]]) -> None:
    index = TermIndex.build([Term(str(number), **axes) for number, axes in enumerate(drawn)])
    families = Families(index)
    for key_of, numbers in ((family_key, families.of_family), (measurement_key, families.of_measurement)):
        keys = [key_of(term) for term in index.terms]
        pairs = set(zip(keys, numbers.tolist(), strict=True))
        assert len(pairs) == len(set(keys)) == len(set(numbers.tolist()))
    for position in range(len(index.terms)):
        mine = [place for place, number in enumerate(families.of_family) if number == families.of_family[position]]
        assert list(families.members(position)) == mine


def test_siblings_differ_by_method_or_precision_only() -> None:
    term = Term("1", "Creatinine", "SCnc", "Pt", "Ser/Plas", "Qn")
    for same in ({"system": "Ser"}, {"system": "Ser/Plas/Bld"}, {"method_typ": "Enzymatic"}, {"status": "TRIAL"}):
        assert family_key(_with(term, **same)) == family_key(term)
    for other in (
        {"system": "Urine"}, {"property": "MCnc"}, {"time_aspct": "24H"}, {"scale_typ": "Ord"},
        {"component": "Creatinine^2H"}, {"component": "Creatinine/Albumin"}, {"long_common_name": "--Control"},
    ):  # fmt: skip
        assert family_key(_with(term, **other)) != family_key(term)
    assert measurement_key(_with(term, property="MCnc")) == measurement_key(term)
    assert measurement_key(_with(term, property="SRat")) != measurement_key(term)


def _with(term: Term, **changes: str) -> Term:
    axes = {name: getattr(term, name) for name in Term.__dataclass_fields__}
    return Term(**{**axes, **changes})


@pytest.mark.parametrize(
    ("class_name", "key"),
    [
        ("CHEM", "chemistry"),
        ("PANEL.CHEM", "chemistry"),
        ("MOLPATH.MUT", "genetics"),
        ("PANEL.MOLPATH", "genetics"),
        ("H&P.HX", "other"),
        ("", "other"),
    ],
)
def test_the_discipline_of_a_class(class_name: str, key: str) -> None:
    assert DISCIPLINES.of_class(class_name) == key


def test_habits_are_kept_as_plain_data() -> None:
    habits = (Habit("method", "hematology", "", 7, 8, ("Réticulocytes",)), Habit("property", "chemistry", "MCnc", 9, 9))
    assert habits_from_json(json.loads(json.dumps(habits_to_json(habits)))) == habits


@pytest.mark.parametrize(
    "change",
    [{"kind": "unit"}, {"count": "7"}, {"count": True}, {"value": None}, {"examples": "Hb"}, {"examples": [1]}],
)
def test_what_is_no_habit_is_left_out(change: dict[str, object]) -> None:
    (written,) = habits_to_json([Habit("method", "hematology", "", 7, 8)])
    assert habits_from_json([{**written, **change}, "x", None, written]) == (Habit("method", "hematology", "", 7, 8),)


def test_a_rule_or_a_habit_is_something_known() -> None:
    assert not Knowledge()
    assert Knowledge(method_rules={"hematology": "with"})
    assert Knowledge(habits=(Habit("method", "hematology", "", 7, 8),))
