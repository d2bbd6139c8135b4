"""What must hold for any row: an answer, always the same, and never a reward for a contradiction."""

from dataclasses import fields, replace
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher import Engine, Knowledge, LocalTest, Proposal, Tables, Verdict
from matcher.compiled.engine_file import dump_engine, load_engine
from matcher.evidence.property import is_contradicted, property_shares, weigh_property
from matcher.facts import Facts
from matcher.index import TermIndex
from matcher.normalise.units import UnitReading, UnitTable
from tests.bench.matching.datasets import Case
from tests.hypothesis_profiles import costly

TEXT_FIELDS = [item.name for item in fields(LocalTest) if item.name not in ("level", "analyses")]
UNITS = ("g/L", "mmol/L", "UI/L", "G/L", "s", "%", "mmol/24h", "fL", "mg/mmol", "mm/h", "kPa", "log copies/mL", "mg/g")

LABORATORY_LIKE = st.text(alphabet="aeiourstlnmcdpAEIOUéèçµμß°'’()[]/%+-^.,;:*0123456789 \t\n")
ANY_TEXT = st.one_of(st.text(max_size=60), LABORATORY_LIKE)
ROWS = st.builds(
    LocalTest,
    **dict.fromkeys(TEXT_FIELDS, ANY_TEXT),
    level=st.sampled_from(["analysis", "exam"]),
    analyses=st.lists(ANY_TEXT, max_size=3).map(tuple),
)


@costly(2)
@given(row=ROWS)
@example(row=LocalTest())
@example(row=LocalTest(label="\ud800"))
@example(row=LocalTest(label="\x00\u202e{local} %s {}", unit="{", specimen="((((", technique="]]]"))
@example(row=LocalTest(label="a" * 3000, synonym="/" * 3000, unit="10" * 500))
@example(row=LocalTest(label="NFS NFS NFS PLAQ GB GR HB HT VGM CCMH TCMH PNN PNE PNB LYMPHO MONO " * 6))
def test_any_text_is_answered(starter_engine: Engine, row: LocalTest) -> None:
    proposals = starter_engine.propose(row)
    ranks = [item.rank for item in proposals if item.rank > 0]
    assert ranks == list(range(1, len(ranks) + 1))
    for proposal in proposals:
        assert 0.0 <= proposal.confidence <= 1.0
        assert all(item.sentence for item in proposal.evidence)


def answers(engine: Engine, rows: list[LocalTest], size: int) -> list[list[Proposal]]:
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [proposals for batch in batches for proposals in engine.propose_many(batch, explain=True)]


def test_row_order_and_batch_size_never_change_an_answer(
    starter_index: TermIndex, starter_tables: Tables, cases: list[Case]
) -> None:
    rows = [case.test for case in cases[::6]]
    expected = answers(Engine(starter_index, starter_tables), rows, len(rows))
    order = list(range(len(rows)))
    Random(7).shuffle(order)
    shuffled = answers(Engine(starter_index, starter_tables), [rows[position] for position in order], 13)
    assert [shuffled[order.index(position)] for position in range(len(rows))] == expected


def test_the_first_proposal_never_depends_on_how_many_are_asked_for(starter_engine: Engine, cases: list[Case]) -> None:
    with_method = frozenset(term.loinc_num for term in starter_engine.index.terms if term.method_typ)
    knowing = starter_engine.with_knowledge(Knowledge(nabm={"9999": with_method}))
    hard = [LocalTest(label="CA 72-4"), LocalTest(label="CMV"), LocalTest(label="HIV 1/2 Ag/Ab 4th gen")]
    for engine in (starter_engine, knowing):
        for row in (*hard, *(case.test for case in cases[::20])):
            row = replace(row, nabm="9999")
            firsts = {
                tuple((item.loinc_num, item.confidence) for item in engine.propose(row, top, False) if item.rank == 1)
                for top in (1, 2, 10, 40)
            }
            assert len(firsts) == 1, row.label


def test_an_engine_read_from_its_bytes_gives_the_same_answers(starter_engine: Engine, cases: list[Case]) -> None:
    engine = load_engine(dump_engine(starter_engine, "starter"), "starter")
    assert engine is not None
    for number, case in enumerate(cases):
        is_told = number % 25 == 0
        assert engine.propose(case.test, explain=is_told) == starter_engine.propose(case.test, explain=is_told)


def raised_by_contradiction(engine: Engine, units: UnitTable, row: LocalTest, unit: str) -> list[str]:
    """The candidates of a row without unit whose score rises when a unit that contradicts them is added.

    Compared under the same reading of the label: a unit may well show that « Groupage » is no panel here.
    """
    readings = engine.parser.parse(row).readings
    if any(reading.facts.unit.text for reading in readings):
        return []  # A unit in the label is already there.
    understood = {(reading.wanted, reading.leftover) for reading in readings}
    facts = Facts(unit=units.read(unit))
    shares = engine.index.property_by_dimension
    with_unit = {item.position: item for item in engine.candidates(replace(row, unit=unit), 200)}
    raised = []
    for item in engine.candidates(row, 40):
        term = engine.index.terms[item.position]
        other = with_unit.get(item.position)
        if other is None or (other.reading.wanted, other.reading.leftover) not in understood:
            continue
        contradicted = weigh_property(facts, term.property, shares).verdict is Verdict.CONTRADICT
        if contradicted and other.score > item.score + 1e-4:
            raised.append(f"{row.label} + {unit}: {term.loinc_num} {term.component} {term.property}")
    return raised


def test_a_contradicting_unit_never_raises_a_candidate(
    starter_engine: Engine, starter_tables: Tables, cases: list[Case]
) -> None:
    units = UnitTable(starter_tables.units)
    raised: list[str] = []
    for number, case in enumerate(cases[::5]):
        row = replace(case.test, unit="")
        for unit in (UNITS[number % len(UNITS)], UNITS[(number * 5 + 3) % len(UNITS)]):
            raised += raised_by_contradiction(starter_engine, units, row, unit)
    assert raised == []


@pytest.mark.parametrize(
    ("row", "unit"),
    [
        (LocalTest(label="Cortisol, Random", specimen="Serum"), "mmol/24h"),
        (LocalTest(label="Sodium, Random Urine", specimen="Urine"), "mmol/24h"),
        (LocalTest(label="Phénotype RH E (RH3)", specimen="Sang"), "mg/mmol"),
        (LocalTest(label="VMA 24 h", specimen="Urines 24h"), "mg/mmol"),
        (LocalTest(label="Protein, 24 hr Urine", specimen="Urine"), "mg/g"),
        (LocalTest(label="HEMATIES_LCR"), "mmol/24h"),
        (LocalTest(label="Rifampicine", specimen="Souche"), "g/L"),
        (LocalTest(label="AMYLASE", specimen="SERUM"), "mmol/24h"),
    ],
)
def test_a_contradicting_unit_never_raises_these(
    starter_engine: Engine, starter_tables: Tables, row: LocalTest, unit: str
) -> None:
    assert raised_by_contradiction(starter_engine, UnitTable(starter_tables.units), row, unit) == []


def test_a_remembered_strength_is_the_strength(starter_engine: Engine, cases: list[Case]) -> None:
    """Tables of strengths are shared by rows with the same facts: what they depend on must all be in their key."""
    index, strengths = starter_engine.index, starter_engine.strengths
    for case in cases:
        for item in starter_engine.candidates(case.test, 4):
            facts = item.reading.facts
            for axis, codes in index.axis_codes.items():
                value = index.axis_values[axis][codes[item.position]]
                expected = strengths.weigher(axis)(facts, value).strength
                assert strengths.of_term(axis, facts, item.position) == pytest.approx(expected), (case.case_id, axis)


def test_a_contradicted_proposal_is_never_sure(starter_engine: Engine, cases: list[Case]) -> None:
    for case in cases[::4]:
        for proposal in starter_engine.propose(case.test, top=3):
            if proposal.has_contradiction:
                assert proposal.band != "sure", (case.case_id, proposal.loinc_num)


def test_shares_of_properties_are_counted_over_the_terms_of_each_dimension() -> None:
    shares = property_shares([(("mass_conc",), "MCnc", 3), (("mass_conc", "num"), "SCnc", 1), ((), "Time", 9)])
    assert shares == {"mass_conc": {"MCnc": 0.75, "SCnc": 0.25}, "num": {"SCnc": 1.0}}


def test_a_unit_contradicts_a_property_that_neither_its_dimension_nor_the_release_gives_it() -> None:
    grams = UnitReading("g/L", ("g/L",), ("mass_conc",))
    assert not is_contradicted(grams, "MCnc", {})
    assert is_contradicted(grams, "SCnc", {})
    assert is_contradicted(grams, "SCnc", {"mass_conc": {"SCnc": 0.019}})
    assert not is_contradicted(grams, "SCnc", {"mass_conc": {"SCnc": 0.02}})
    assert not is_contradicted(grams, "-", {})
    assert not is_contradicted(UnitReading("foo"), "SCnc", {}), "an unknown unit contradicts nothing"
