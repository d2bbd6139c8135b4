"""The order within a family: technique written, rule of the laboratory, Circuit de la biologie, table, habits."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from matcher import Axis, Band, Engine, Habit, Knowledge, LexiconEntry, LocalTest, Proposal, Remembered, Term, Verdict
from matcher.index import TermIndex
from matcher.knowledge import signature
from matcher.learning import Choice, established

PLAIN, AUTOMATED, MANUAL, RARE = "14196-0", "60474-4", "40665-2", "99990-8"
NATIONAL, SISTER = "6690-2", "26464-8"
MOLES, MASS, STRIP = "14682-9", "2160-0", "99991-6"
SOURCE = "Jeu de valeurs public"


def blood(number: str, component: str, method: str = "", **more: object) -> Term:
    axes: dict[str, object] = {"scale_typ": "Qn", "class_name": "HEM/BC", "units": "10*9/L", "usage": 1, **more}
    name = f"{component} [#/volume] in Blood {method}"
    return Term(number, component, "NCnc", "Pt", "Bld", method_typ=method, long_common_name=name, **axes)  # type: ignore[arg-type]


def serum(number: str, prop: str, units: str, **more: object) -> Term:
    axes: dict[str, object] = {"class_name": "CHEM", "usage": 1, **more}
    name = f"Creatinine [{prop}] in Serum or Plasma"
    return Term(number, "Creatinine", prop, "Pt", "Ser/Plas", "Qn", long_common_name=name, units=units, **axes)  # type: ignore[arg-type]


MORE = (
    blood(PLAIN, "Reticulocytes"),
    blood(AUTOMATED, "Reticulocytes", "Automated count"),
    blood(MANUAL, "Reticulocytes", "Manual count"),
    blood(RARE, "Reticulocytes", "Flow cytometry of a rare kind", usage=0),
    *(
        blood(f"{number}-{way}", f"Cell{number}", method)
        for number in range(50, 62)
        for way, method in enumerate(("", "Automated count"))
    ),
    blood("65-0", "Basophils"),
    blood("65-1", "Basophils", "Automated count"),
    blood("65-2", "Basophils", "Coag"),
    blood("63-0", "Platelets"),
    blood("63-1", "Platelets", "Automated count"),
    blood("63-2", "Platelets", "Manual count", usage=3),
    Term("64-0", "Protein", "MCnc", "Pt", "Ser/Plas", "Qn", class_name="CHEM", usage=1, long_common_name="Protein"),
    Term("64-1", "Protein", "SCnc", "Pt", "Ser/Plas", "Qn", class_name="CHEM", usage=0, long_common_name="Protein SC"),
    serum(MOLES, "SCnc", "umol/L"),
    serum(MASS, "MCnc", "mg/dL"),
    serum(STRIP, "SCnc", "umol/L", method_typ="Test strip", usage=0),
)
DISCIPLINES = (
    ("hematology", "Hématologie", ("HEM/BC",)),
    ("chemistry", "Biochimie", ("CHEM",)),
)
ENTRIES = (
    LexiconEntry("réticulocytes", component=("Reticulocytes",)),
    LexiconEntry("créatinine", component=("Creatinine",)),
    LexiconEntry("plaquettes", component=("Platelets",)),
    LexiconEntry("basophiles", component=("Basophils",)),
    LexiconEntry("protéines", component=("Protein",)),
    *(LexiconEntry(f"cellules{number}", component=(f"Cell{number}",)) for number in range(50, 62)),
)
TECHNIQUES = (("automate", ("Automated count",)), ("chambre de Malassez", ("Manual count",)))
ROW = LocalTest(label="Réticulocytes", unit="G/L", specimen="sang")
BASOPHILS = replace(ROW, label="Basophiles")
WHITE = LocalTest(label="Leucocytes", unit="G/L", specimen="sang")
CREATININE = LocalTest(label="Créatinine", specimen="sérum")
WITH, WITHOUT = {"hematology": "with"}, {"hematology": "without"}
AS_AUTOMATED = Habit("method", "hematology", "Automated count", 7, 7, ("Cellules50", "Cellules51"))
IN_MASS = Habit("property", "chemistry", "MCnc", 9, 9, ("Urée",))


@pytest.fixture(scope="module")
def engine(engine_with: Callable[..., Engine], small_index: TermIndex) -> Engine:
    terms = [replace(term, class_name="HEM/BC" if term.system == "Bld" else "CHEM") for term in small_index.terms]
    units = (("µmol/L", ("umol/L",), ("subst_conc",)), ("mg/dL", ("mg/dL",), ("mass_conc",)))
    return engine_with(
        TermIndex.build([*terms, *MORE]),
        lexicon=ENTRIES,
        techniques=TECHNIQUES,
        disciplines=DISCIPLINES,
        national=((NATIONAL, SOURCE), ("63-0", SOURCE)),
        units=units,
    )


@pytest.fixture(scope="module")
def knowing(engine: Engine) -> Callable[..., Engine]:
    def make(**known: object) -> Engine:
        return engine.with_knowledge(Knowledge(**known))  # type: ignore[arg-type]

    return make


Knowing = Callable[..., Engine]


def codes(engine: Engine, row: LocalTest) -> list[str]:
    return [item.loinc_num for item in engine.propose(row)]


def first(engine: Engine, row: LocalTest) -> Proposal:
    return engine.propose(row)[0]


def said(engine: Engine, row: LocalTest, axis: Axis = Axis.METHOD) -> list[tuple[str, Verdict]]:
    """What is said of the first proposal on an axis."""
    return [(item.sentence, item.verdict) for item in first(engine, row).evidence if item.axis is axis]


# ---- the rule of the laboratory


def test_the_rule_decides_whether_a_technique_stands_first(engine: Engine, knowing: Knowing) -> None:
    assert codes(engine, ROW)[0] == PLAIN
    assert codes(knowing(method_rules=WITHOUT), ROW)[0] == PLAIN
    assert codes(knowing(method_rules=WITH), ROW)[0] == AUTOMATED
    assert codes(knowing(method_rules={"chemistry": "with"}), ROW)[0] == PLAIN, "another discipline"
    assert codes(knowing(method_rules={"hematology": "peut-être"}), ROW)[0] == PLAIN


def test_the_rule_is_an_information_on_the_technique(knowing: Knowing) -> None:
    agrees = Verdict.AGREE
    assert said(knowing(method_rules=WITH), ROW) == [
        ("Règle du laboratoire : avec technique en hématologie.", agrees)
    ]
    assert said(knowing(method_rules=WITHOUT), ROW) == [
        ("Règle du laboratoire : sans technique en hématologie.", agrees)
    ]


def test_the_technique_that_a_row_names_outweighs_the_rule(knowing: Knowing) -> None:
    named = replace(ROW, technique="automate")
    assert codes(knowing(method_rules=WITHOUT), named)[0] == AUTOMATED
    assert codes(knowing(method_rules=WITH), replace(ROW, technique="chambre de Malassez"))[0] == MANUAL
    assert not [line for line, _ in said(knowing(method_rules=WITHOUT), named) if "Règle" in line]


def test_the_rule_outweighs_the_country_the_set_and_the_memory(engine: Engine, knowing: Knowing) -> None:
    assert codes(engine, WHITE)[0] == NATIONAL
    assert codes(knowing(method_rules=WITHOUT), WHITE)[0] == SISTER
    assert codes(knowing(method_rules=WITHOUT, preferred=frozenset({NATIONAL})), WHITE)[0] == SISTER
    memory = {signature(WHITE): (Remembered(NATIONAL, 5, ("A",)),)}
    assert codes(knowing(method_rules=WITHOUT, memory=memory), WHITE)[0] == SISTER


def test_a_rule_with_technique_is_no_reason_for_a_rare_one(knowing: Knowing) -> None:
    ruled = knowing(method_rules={"chemistry": "with"})
    row = replace(CREATININE, unit="µmol/L")
    assert codes(ruled, row)[0] == MOLES
    assert not [line for line, _ in said(ruled, row) if "Règle" in line]
    proposals = {item.loinc_num: item for item in knowing(method_rules=WITH).propose(ROW)}
    assert proposals[RARE].rank > proposals[AUTOMATED].rank


def test_a_rule_changes_no_other_family(engine: Engine, knowing: Knowing) -> None:
    for row in (CREATININE, replace(CREATININE, unit="mg/dL"), LocalTest(label="Glycémie", unit="mmol/L")):
        assert codes(knowing(method_rules=WITH), row) == codes(engine, row)


def test_a_rule_that_one_sibling_follows_lets_it_be_believed(engine: Engine, knowing: Knowing) -> None:
    row = LocalTest(label="Cellules50", unit="G/L", specimen="sang")
    ruled, free = knowing(method_rules=WITH), knowing(preferred=frozenset({"50-1"}), method_rules=WITHOUT)
    assert (first(engine, row).loinc_num, first(ruled, row).loinc_num) == ("50-0", "50-1")
    candidates = ruled.candidates(row, 5)
    settled = ruled.signals(candidates, 0.0)
    assert settled.method == engine.signals(engine.candidates(row, 5), 0.0).method, "no technique is asked of the row"
    candidates[0].is_settled = False
    unproved = ruled.signals(candidates, 0.0)
    assert ruled.calibration.probability(settled) > ruled.calibration.probability(unproved)
    assert first(free, row).loinc_num == "50-0"


def test_a_rule_that_several_techniques_follow_is_never_sure(knowing: Knowing) -> None:
    # Basophiles: two techniques that few laboratories write both follow « avec technique ».
    ruled = knowing(method_rules=WITH)
    assert ruled.is_doubtful(ruled.candidates(BASOPHILS, 5)[0])
    one = LocalTest(label="Cellules50", unit="G/L", specimen="sang")
    assert not ruled.is_doubtful(ruled.candidates(one, 5)[0])


# ---- Circuit de la biologie


def test_the_set_is_a_filter_within_a_family(engine: Engine, knowing: Knowing) -> None:
    assert codes(knowing(preferred=frozenset({MANUAL})), ROW)[0] == MANUAL
    inside = frozenset({MANUAL, RARE})
    order = codes(knowing(preferred=inside), ROW)
    assert max(order.index(code) for code in inside) < min(order.index(PLAIN), order.index(AUTOMATED))


def test_a_set_that_holds_all_or_none_of_a_family_orders_nothing(engine: Engine, knowing: Knowing) -> None:
    family = {PLAIN, AUTOMATED, MANUAL, RARE}
    expected = [code for code in codes(engine, ROW) if code in family]
    for preferred in (family, {"2951-2"}):
        assert [code for code in codes(knowing(preferred=frozenset(preferred)), ROW) if code in family] == expected


def test_the_set_outweighs_the_country_which_decides_within_it(knowing: Knowing) -> None:
    assert codes(knowing(preferred=frozenset({SISTER})), WHITE)[0] == SISTER
    assert codes(knowing(preferred=frozenset({SISTER, NATIONAL})), WHITE)[0] == NATIONAL
    lines = [line for line, _ in said(knowing(preferred=frozenset({NATIONAL})), WHITE)]
    assert [("Circuit" in line, SOURCE in line) for line in lines] == [(True, False), (False, True)]


def test_a_set_that_holds_several_techniques_settles_none(engine: Engine, knowing: Knowing) -> None:
    """As on a site that has loaded it: what was sure stays so, and a technique without proof is still said."""
    both = knowing(preferred=frozenset({PLAIN, MANUAL}))
    assert not both.is_doubtful(both.candidates(ROW, 5)[0])
    one = knowing(preferred=frozenset({AUTOMATED, MANUAL}))
    assert (first(one, ROW).loinc_num, "que rien n'indique" in said(one, ROW)[-1][0]) == (AUTOMATED, True)
    alone = knowing(preferred=frozenset({AUTOMATED}))
    assert not [line for line, _ in said(alone, ROW) if "que rien n'indique" in line]


# ---- memory, then habits


def test_what_another_catalogue_validated_outweighs_the_country(knowing: Knowing) -> None:
    memory = {signature(WHITE): (Remembered(SISTER, 2, ("A",)),)}
    assert codes(knowing(memory=memory), WHITE)[0] == SISTER
    memory = {signature(ROW): (Remembered(PLAIN, 2, ("A",)),)}
    assert codes(knowing(memory=memory, habits=(AS_AUTOMATED,)), ROW)[0] == PLAIN


def test_a_habit_orders_what_nothing_else_settles(engine: Engine, knowing: Knowing) -> None:
    habitual = knowing(habits=(AS_AUTOMATED,))
    assert codes(habitual, ROW)[0] == AUTOMATED
    assert said(habitual, ROW) == [
        ("Comme vos décisions sur « Cellules50 », « Cellules51 » : Automated count.", Verdict.AGREE)
    ]
    assert codes(knowing(habits=(replace(AS_AUTOMATED, discipline="chemistry"),)), ROW) == codes(engine, ROW)


def test_a_habit_gives_way_to_row_rule_set_and_country(engine: Engine, knowing: Knowing) -> None:
    habits = (AS_AUTOMATED,)
    assert codes(knowing(habits=habits), replace(ROW, technique="chambre de Malassez"))[0] == MANUAL
    none = (replace(AS_AUTOMATED, value=""),)
    assert codes(knowing(habits=none), replace(ROW, technique="automate"))[0] == AUTOMATED
    assert codes(knowing(habits=habits, method_rules=WITHOUT), ROW)[0] == PLAIN
    assert codes(knowing(habits=habits, preferred=frozenset({PLAIN})), ROW)[0] == PLAIN
    assert knowing(habits=none).propose(WHITE) == engine.propose(WHITE)
    row, by_hand = replace(WHITE, label="Plaquettes"), replace(AS_AUTOMATED, value="Manual count")
    assert codes(knowing(method_rules=WITH), row)[0] == "63-1"
    assert codes(knowing(method_rules=WITH, habits=(by_hand,)), row)[0] == "63-1", "the country settled its family"


def test_a_habit_says_which_technique_a_rule_means(knowing: Knowing) -> None:
    for value, expected in (("Coag", "65-2"), ("Automated count", "65-1")):
        habits = (replace(AS_AUTOMATED, value=value),)
        assert codes(knowing(method_rules=WITH, habits=habits), BASOPHILS)[0] == expected


def test_a_rule_asks_for_no_rare_technique_and_no_precision(knowing: Knowing) -> None:
    assert codes(knowing(method_rules=WITH), ROW)[0] == AUTOMATED


def test_what_a_habit_chose_is_never_sure(knowing: Knowing) -> None:
    for habit, row in ((AS_AUTOMATED, ROW), (IN_MASS, CREATININE)):
        habitual = knowing(habits=(habit,))
        assert habitual.is_doubtful(habitual.candidates(row, 5)[0])
        assert first(habitual, row).band is not Band.SURE


def test_a_habit_of_mass_orders_rows_without_a_unit(engine: Engine, knowing: Knowing) -> None:
    in_moles = replace(IN_MASS, value="SCnc")
    for habit, expected in ((IN_MASS, MASS), (in_moles, MOLES)):
        habitual = knowing(habits=(habit,))
        assert codes(habitual, CREATININE)[0] == expected
        elsewhere = knowing(habits=(replace(habit, discipline="hematology"),))
        assert codes(elsewhere, CREATININE) == codes(engine, CREATININE)
    lines = said(knowing(habits=(IN_MASS,)), CREATININE, Axis.PROPERTY)
    assert lines[-1] == ("Comme vos décisions sur « Urée », sans unité elles aussi : grandeur MCnc.", Verdict.AGREE)


def test_a_habit_brings_no_property_that_nobody_uses(engine: Engine, knowing: Knowing) -> None:
    row = LocalTest(label="Protéines", specimen="sérum")
    assert codes(engine, row)[0] == "64-0"
    assert codes(knowing(habits=(replace(IN_MASS, value="SCnc"),)), row) == codes(engine, row)


@pytest.mark.parametrize("unit", ["µmol/L", "U/zz", "-"])
def test_a_habit_of_mass_touches_no_row_that_writes_its_unit(engine: Engine, knowing: Knowing, unit: str) -> None:
    row = replace(CREATININE, unit=unit)
    assert codes(knowing(habits=(IN_MASS,)), row) == codes(engine, row)


# ---- learning


def decided(engine: Engine, way: int, numbers: Iterable[int], **more: str) -> list[tuple[LocalTest, str]]:
    """Decisions on the rows of these cells, with (1) or without (0) the automated count."""
    row = {"unit": "G/L", "specimen": "sang", **more}
    return [(LocalTest(label=f"Cellules{number}", **row), f"{number}-{way}") for number in numbers]  # type: ignore[arg-type]


def test_a_habit_is_learned_from_what_was_decided_against_the_engine(engine: Engine) -> None:
    (habit,) = engine.learn(decided(engine, 1, range(50, 57)))
    assert (habit.kind, habit.discipline, habit.value) == ("method", "hematology", "Automated count")
    assert (habit.count, habit.total, habit.examples) == (7, 7, ("Cellules50", "Cellules51", "Cellules52"))
    assert engine.learn(decided(engine, 0, range(50, 57))) == (), "whoever follows the engine shows no habit"
    assert engine.learn(decided(engine, 1, range(50, 52))) == (), "twice is no habit"


def test_what_is_learned_orders_the_rest_of_the_catalogue(engine: Engine, knowing: Knowing) -> None:
    habitual = knowing(habits=engine.learn(decided(engine, 1, range(50, 57))))
    for row, code in decided(engine, 1, range(57, 62)):
        assert codes(engine, row)[0] != code
        assert codes(habitual, row)[0] == code


def test_a_wrong_decision_neither_makes_nor_undoes_a_habit(engine: Engine) -> None:
    right = decided(engine, 1, range(50, 59))
    (wrong,) = decided(engine, 0, [59])
    assert [(item.count, item.total) for item in engine.learn([*right, wrong])] == [(9, 10)]
    assert engine.learn([*decided(engine, 0, range(50, 59)), *decided(engine, 1, [59])]) == ()


def test_what_is_half_one_way_and_half_the_other_is_no_habit(engine: Engine) -> None:
    assert engine.learn([*decided(engine, 1, range(50, 56)), *decided(engine, 0, range(56, 62))]) == ()


def test_a_row_that_names_its_technique_shows_no_habit(engine: Engine) -> None:
    assert engine.learn(decided(engine, 1, range(50, 57), technique="automate")) == ()
    assert engine.learn(decided(engine, 0, range(50, 62), technique="automate")) == ()


def test_a_code_that_contradicts_its_row_counts_for_nothing(engine: Engine) -> None:
    assert engine.learn(decided(engine, 1, range(50, 57), unit="mmol/L")) == ()
    contradicted = [(LocalTest(label="Sodium", unit="G/L"), code) for _, code in decided(engine, 1, range(50, 57))]
    assert engine.learn(contradicted) == ()
    assert engine.learn([(ROW, "0-0"), (ROW, "")]) == ()


def test_a_row_that_a_catalogue_repeats_shows_no_more(engine: Engine) -> None:
    assert engine.learn([*decided(engine, 1, [50, 51])] * 9) == ()


def test_what_the_country_settles_shows_no_habit(engine: Engine) -> None:
    labels = ("Leucocytes", "GB", "GB sang", "Leucocytes sang", "GB sanguin", "Leucocytes sanguin", "GB du sang total")
    assert {codes(engine, replace(WHITE, label=label))[0] for label in labels} == {NATIONAL}
    assert engine.learn((replace(WHITE, label=label), SISTER) for label in labels) == ()


def test_what_is_known_of_a_catalogue_does_not_hide_its_habits(engine: Engine, knowing: Knowing) -> None:
    decisions = decided(engine, 1, range(50, 57))
    memory = {signature(row): (Remembered(code, 3, ("A",)),) for row, code in decisions}
    expected = engine.learn(decisions)
    assert knowing(memory=memory).learn(decisions) == knowing(habits=expected).learn(decisions) == expected


def test_the_order_of_the_decisions_changes_no_habit_but_its_examples(engine: Engine) -> None:
    decisions = [*decided(engine, 1, range(50, 60)), *decided(engine, 0, [60, 61])]
    forward, backward = engine.learn(decisions), engine.learn(reversed(decisions))
    assert [replace(item, examples=()) for item in forward] == [replace(item, examples=()) for item in backward]


def choices(count: int, chosen: str, default: str, kind: str = "method", start: int = 0) -> list[Choice]:
    offered = frozenset({"A", "B", ""})
    return [Choice(kind, "chemistry", f"ligne {start + number}", chosen, default, offered) for number in range(count)]


def test_a_habit_holds_where_it_is_disputed_and_where_it_is_not() -> None:
    against = choices(3, "A", "B")
    assert [(item.value, item.count, item.total) for item in established(against)] == [("A", 3, 3)]
    rarely_when_disputed = [*against, *choices(6, "B", "B", start=10), *choices(30, "A", "A", start=20)]
    assert established(rarely_when_disputed) == ()
    rarely_else = [*against, *choices(10, "B", "A", start=10)]
    assert "A" not in {item.value for item in established(rarely_else)}


@pytest.mark.parametrize(("kind", "value", "fewest"), [("method", "A", 3), ("method", "", 5), ("property", "A", 5)])
def test_more_is_asked_against_what_the_engine_has_a_reason_for(kind: str, value: str, fewest: int) -> None:
    assert not established(choices(fewest - 1, value, "B", kind))
    assert established(choices(fewest, value, "B", kind))


def test_a_code_of_no_class_has_the_discipline_of_its_siblings_or_of_its_chapter(
    engine_with: Callable[..., Engine], small_index: TermIndex
) -> None:
    def ruled(*classes: str) -> Engine:
        terms = [replace(term, class_name=name) for term, name in zip(MORE[:3], classes, strict=True)]
        chapters = (("hémato", ("HEM/BC",), ("Bld",)),)
        index = TermIndex.build([*small_index.terms, *terms])
        engine = engine_with(index, lexicon=ENTRIES, chapters=chapters, disciplines=DISCIPLINES)
        return engine.with_knowledge(Knowledge(method_rules=WITH))

    assert codes(ruled("", "", "HEM/BC"), ROW)[0] == AUTOMATED
    assert codes(ruled("", "", ""), ROW)[0] == PLAIN
    assert codes(ruled("", "", ""), replace(ROW, chapter="Hémato"))[0] == AUTOMATED


def test_mass_is_learned_from_rows_without_a_unit_only(
    engine_with: Callable[..., Engine], small_index: TermIndex
) -> None:
    more = [
        Term(f"{number}-{way}", f"Salt{number}", prop, "Pt", "Ser/Plas", "Qn", class_name="CHEM", usage=1, units=unit,
             long_common_name=f"Salt{number} [{prop}]", rank=1 + way)
        for number in range(70, 77)
        for way, (prop, unit) in enumerate((("SCnc", "mmol/L"), ("MCnc", "mg/L")))
    ]  # fmt: skip
    engine = engine_with(
        TermIndex.build([*small_index.terms, *more]),
        lexicon=tuple(LexiconEntry(f"sel{number}", component=(f"Salt{number}",)) for number in range(70, 77)),
        disciplines=DISCIPLINES,
    )
    default = first(engine, LocalTest(label="Sel70", specimen="sérum")).loinc_num
    way = 1 - int(default[-1])
    for unit, count in (("", 1), ("mg/L" if way else "mmol/L", 0)):
        row = LocalTest(label="", specimen="sérum", unit=unit)
        rows = [(replace(row, label=f"Sel{number}"), f"{number}-{way}") for number in range(70, 77)]
        habits = engine.learn(rows)
        assert len(habits) == count
        assert all((item.kind, item.value) == ("property", ("SCnc", "MCnc")[way]) for item in habits)


def test_nothing_that_the_row_contradicts_is_chosen(
    engine_with: Callable[..., Engine], small_index: TermIndex
) -> None:
    whole = [
        replace(serum(number, "SCnc", "umol/L"), component="Lactate", system=system)
        for number, system in (("80-0", "Ser/Plas/Bld"), ("80-1", "Ser/Plas"))
    ]
    engine = engine_with(
        TermIndex.build([*small_index.terms, *whole]),
        lexicon=(LexiconEntry("lactate", component=("Lactate",)),),
        specimens=(("sang total", ("Bld",)),),
    )
    preferring = engine.with_knowledge(Knowledge(preferred=frozenset({"80-1"})))
    for specimen, expected in (("sérum", "80-1"), ("sang total", "80-0")):
        row = LocalTest(label="Lactate", unit="mmol/L", specimen=specimen)
        assert codes(preferring, row)[0] == expected
        ranked = preferring.candidates(row, 10)
        scores = {preferring.index.terms[item.position].loinc_num: item.score for item in ranked}
        assert (scores["80-1"] > scores["80-0"]) is (expected == "80-1")
