"""A row that names no class of antibodies may be about several at once; a virus is isolated from any specimen."""

import pytest

from loinc_data.tables import load_starter_terms
from matcher import Engine, LocalTest, Tables
from matcher.evidence.system import isolate_of_specimen, weigh_system
from matcher.facts import Facts
from matcher.index import TermIndex
from matcher.normalise.units import UnitReading
from matcher.types import Term, Verdict

# Invented: a virus that the starter terminology has not, in one code a class and one of both.
VIRUS = "Testing virus"


def of(loinc_num: str, component: str, prop: str = "PrThr", system: str = "Ser", scale: str = "Ord") -> Term:
    return Term(loinc_num, f"{VIRUS} {component}", prop, "Pt", system, scale)


TERMS = (
    of("1-8", "Ab.IgG"), of("2-6", "Ab.IgM"), of("3-4", "Ab.IgA"), of("4-2", "Ab"),
    of("5-9", "Ab.IgG", "ACnc", scale="Qn"), of("6-7", "Ab.IgM", "ACnc", scale="Qn"),
    of("7-5", "Ab.IgG & IgM", "Imp", scale="Nar"),
)  # fmt: skip


@pytest.fixture(scope="module")
def engine(starter_tables: Tables) -> Engine:
    return Engine(TermIndex.build([*load_starter_terms(), *TERMS]), starter_tables)


def codes(engine: Engine, label: str) -> list[str]:
    found = engine.propose(LocalTest(label=label, specimen="Sérum", chapter="Virologie"), 7)
    return [item.loinc_num for item in found if item.rank]


def test_without_a_class_the_code_of_several_is_in_sight_but_below_that_of_none(engine: Engine) -> None:
    found = codes(engine, "Testing virus")
    assert found.index("4-2") < found.index("7-5") < min(map(found.index, ("1-8", "2-6", "3-4")))


def test_with_a_class_the_code_of_that_class_stands_first(engine: Engine) -> None:
    assert codes(engine, "Testing virus IgG")[0] in {"1-8", "5-9"}
    found = codes(engine, "Testing virus IgG")
    assert found.index("7-5") > max(found.index("1-8"), found.index("5-9"))


def test_the_weights_without_classes_differ_only_where_there_are_several(engine: Engine) -> None:
    index = engine.index
    differs = index.classless_weight != index.analyte_weight
    named = [name for name, is_other in zip(index.analytes, differs, strict=True) if is_other]
    assert f"{VIRUS} Ab.IgG & IgM".lower() in named
    assert all(sum(name.count(word) for word in ("igg", "igm", "iga")) > 1 for name in named)


def test_an_isolate_comes_from_the_specimen_of_the_row() -> None:
    unit = UnitReading("", (), ())
    found = weigh_system(Facts(unit, systems=("Bld",), is_of_isolate=True), "Isolate")
    assert (found.verdict, found.rule) == (Verdict.COMPATIBLE, isolate_of_specimen)
    assert weigh_system(Facts(unit, systems=("Bld",)), "Isolate").verdict is Verdict.CONTRADICT


@pytest.mark.parametrize(
    ("label", "is_of_isolate"),
    [("Résistance aux antirétroviraux", True), ("Génotypage de résistance VIH", True), ("Vancomycine", False)],
)
def test_what_is_sought_in_an_isolate(starter_engine: Engine, label: str, is_of_isolate: bool) -> None:
    readings = starter_engine.parser.parse(LocalTest(label=label, specimen="Sang total")).readings
    assert readings[0].facts.is_of_isolate is is_of_isolate
