"""Specimens by their short names, times that a chapter states, conditions, corrections, mixtures, spelt techniques."""

import pytest

from matcher import Engine, LocalTest
from matcher.evidence.component import weigh_challenge
from matcher.evidence.method import weigh_method
from matcher.facts import Facts, Reading
from matcher.normalise.units import UnitReading
from matcher.types import Term, Verdict


def first_reading(engine: Engine, **row: str) -> Reading:
    return engine.parser.parse(LocalTest(**row)).readings[0]


def first_term(engine: Engine, **row: str) -> Term:
    best = next(item for item in engine.propose(LocalTest(**row)) if item.rank == 1)
    return engine.index.terms[engine.index.number_of[best.loinc_num]]


@pytest.mark.parametrize(
    ("specimen", "system"),
    [
        ("SA", "BldA"),
        ("sa", "BldA"),
        ("SG ART", "BldA"),
        ("S VEIN", "BldV"),
        ("SG CAP", "BldC"),
        ("LIQ PLEURAL", "Plr fld"),
        ("Liq. synovial", "Synv fld"),
        ("LQ ASCITE", "Periton fld"),
    ],
)
def test_a_specimen_is_read_by_its_short_name(starter_engine: Engine, specimen: str, system: str) -> None:
    assert starter_engine.parser.gatherer.specimen(specimen)[0] == system


def test_what_stands_at_the_end_of_a_label_names_the_pleura(starter_engine: Engine) -> None:
    assert first_reading(starter_engine, label="Protéines PLEV").facts.systems[0] == "Plr fld"


def test_a_chapter_states_the_time_of_its_rows(starter_engine: Engine) -> None:
    chapter = "Urines de 24 heures"
    assert first_reading(starter_engine, label="Cortisol U", chapter=chapter).facts.times == ("24H",)
    # What the row itself says comes first.
    said = first_reading(starter_engine, label="Sodium sur échantillon", chapter=chapter)
    assert said.facts.times == ("Pt",)
    assert first_reading(starter_engine, label="Cortisol", chapter="Hormonologie").facts.times == ()


@pytest.mark.parametrize(
    ("label", "component"),
    [
        ("HGPO 75 g T30", "Glucose^30M post 75 g glucose PO"),
        ("HGPO 75 g 120 min", "Glucose^2H post 75 g glucose PO"),
        ("Calcium total corrigé par les protéines", "Calcium^^corrected for total protein"),
        ("Cholestérol total/HDL", "Cholesterol.total/Cholesterol.in HDL"),
        ("Cholestérol LDL/HDL", "Cholesterol.in LDL/Cholesterol.in HDL"),
    ],
)
def test_a_condition_a_correction_or_a_ratio_is_read_whole(starter_engine: Engine, label: str, component: str) -> None:
    assert component in [name for _, name in first_reading(starter_engine, label=label).spans]


def test_a_dose_that_only_a_lesser_spelling_implies_proves_nothing(starter_engine: Engine) -> None:
    readings = starter_engine.parser.parse(LocalTest(label="Agrégation plaquettaire à l'ADP")).readings
    plain = next(item for item in readings if not item.facts.challenges)
    dosed = [item for item in readings if item.facts.challenges]
    assert dosed
    assert all(item.prior <= plain.prior - 0.4 for item in dosed)


def test_a_control_that_is_mixed_with_the_patient_is_no_control(starter_engine: Engine) -> None:
    assert first_reading(starter_engine, label="TCA témoin").facts.is_control
    for label in ("TCA mélange malade + témoin", "TP malade/témoin 1+1"):
        assert not first_reading(starter_engine, label=label).facts.is_control


@pytest.mark.parametrize("written", ["Néphélométrie", "Immunonéphélométrie", "néphélométrique"])
def test_a_technique_is_the_same_however_a_release_spells_it(starter_engine: Engine, written: str) -> None:
    facts = first_reading(starter_engine, label="Haptoglobine", technique=written).facts
    for value in ("Nephelometry", "Nephlometry"):
        assert weigh_method(facts, value).verdict is Verdict.AGREE
    other = Facts(UnitReading("", (), ()), methods=("Electrophoresis",))
    assert weigh_method(other, "Nephlometry").verdict is Verdict.CONTRADICT


def test_a_culture_without_specimen_is_of_any_specimen(starter_engine: Engine) -> None:
    assert first_term(starter_engine, label="Culture mycologique").system == "XXX"
    assert first_reading(starter_engine, label="Culture mycologique", specimen="Sang").facts.systems != ("XXX",)


def test_after_without_a_delay_is_not_before() -> None:
    after = Facts(unit=UnitReading("nmol/L"), challenges=("post 1 mg dexamethasone PO overnight",))
    assert weigh_challenge(after, "pre 1 mg dexamethasone PO overnight").verdict is Verdict.CONTRADICT
    assert weigh_challenge(after, "post dose dexamethasone").verdict is not Verdict.AGREE
    before = Facts(unit=UnitReading("nmol/L"), challenges=("pre dose dexamethasone",))
    assert weigh_challenge(before, "post dose dexamethasone").verdict is Verdict.CONTRADICT
    assert weigh_challenge(before, "pre dose dexamethasone").verdict is Verdict.AGREE
