"""A contradiction of unit, specimen, time or scale puts a candidate behind one that agrees, and says so."""

import pytest

from matcher import Axis, Engine, LocalTest, Proposal, Verdict


def first(engine: Engine, row: LocalTest) -> Proposal:
    return next(item for item in engine.propose(row) if item.rank == 1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (LocalTest(label="Glycémie", unit="mmol/L", specimen="Sérum"), {"14749-6"}),
        (LocalTest(label="Glycémie", unit="g/L", specimen="Sérum"), {"2345-7"}),
        (LocalTest(label="Créatinine", unit="µmol/L", specimen="Sérum"), {"14682-9"}),
        (LocalTest(label="Créatinine", unit="mg/L", specimen="Sérum"), {"2160-0"}),
        (LocalTest(label="Créatinine urinaire", unit="mmol/L", specimen="Urines"), {"14683-7"}),
        (LocalTest(label="Créat. urinaire /24h", unit="mmol/24h"), {"14684-5"}),
        (LocalTest(label="Sodium", unit="mmol/L", specimen="Urines"), {"2955-3"}),
        (LocalTest(label="Sodium", unit="mmol/24h", specimen="Urines de 24h"), {"2956-1"}),
        (LocalTest(label="PNN", unit="%", specimen="Sang"), {"26511-6", "770-8"}),
        (LocalTest(label="PNN", unit="G/L", specimen="Sang"), {"26499-4", "751-8"}),
        (LocalTest(label="Temps de Quick", unit="s"), {"5902-2"}),
        (LocalTest(label="Taux de prothrombine", unit="%"), {"5894-1"}),
        (LocalTest(label="T4L", unit="pmol/L"), {"14920-3"}),
        (LocalTest(label="T4L", unit="ng/dL"), {"3024-7"}),
    ],
)
def test_the_axis_that_the_row_states_decides(starter_engine: Engine, row: LocalTest, expected: set[str]) -> None:
    best = first(starter_engine, row)
    assert best.loinc_num in expected
    assert not best.has_contradiction


@pytest.mark.parametrize(
    ("row", "loinc", "axis"),
    [
        (LocalTest(label="Glycémie", unit="mmol/L", specimen="Sérum"), "2345-7", Axis.PROPERTY),
        (LocalTest(label="Glycémie", unit="mmol/L", specimen="Sérum"), "2345-7", Axis.UNIT),
        (LocalTest(label="Sodium", unit="mmol/L", specimen="Sérum"), "2955-3", Axis.SYSTEM),
        (LocalTest(label="Sodium", unit="mmol/24h", specimen="Urines"), "2955-3", Axis.TIME),
        (LocalTest(label="Antigène HBs", scale="ORD", specimen="Sérum"), "63557-3", Axis.SCALE),
    ],
)
def test_a_contradiction_is_said(starter_engine: Engine, row: LocalTest, loinc: str, axis: Axis) -> None:
    evidence = starter_engine.weigh(row, loinc)
    assert [item for item in evidence if item.axis is axis and item.verdict is Verdict.CONTRADICT], evidence


def test_the_right_code_is_not_contradicted_by_its_own_unit(starter_engine: Engine) -> None:
    rows = {
        "62238-1": LocalTest(label="DFG CKD-EPI", unit="mL/min/1,73m²"),
        "23811-3": LocalTest(label="AFP MoM", unit="MoM"),
        "19048-8": LocalTest(label="Erythroblastes", unit="/100 GB", specimen="Sang"),
    }
    for loinc, row in rows.items():
        evidence = starter_engine.weigh(row, loinc)
        if evidence:
            verdicts = {item.axis: item.verdict for item in evidence}
            assert verdicts[Axis.PROPERTY] is not Verdict.CONTRADICT, loinc


@pytest.mark.parametrize("unit", ["sans", "-", "N/A", "qualitatif"])
def test_a_cell_that_says_no_unit_changes_nothing(starter_engine: Engine, unit: str) -> None:
    expected = first(starter_engine, LocalTest(label="Ag HBs", specimen="Sérum")).loinc_num
    assert first(starter_engine, LocalTest(label="Ag HBs", specimen="Sérum", unit=unit)).loinc_num == expected


def test_methodless_codes_are_preferred_without_a_technique(starter_engine: Engine) -> None:
    for label, unit in (("Réticulocytes", "G/L"), ("Lymphocytes", "G/L"), ("TSH", "mUI/L"), ("Sodium", "mmol/L")):
        best = first(starter_engine, LocalTest(label=label, unit=unit, specimen="Sang"))
        term = starter_engine.index.terms[starter_engine.index.number_of[best.loinc_num]]
        assert term.method_typ == "", label


def test_a_technique_calls_for_its_method(starter_engine: Engine) -> None:
    row = LocalTest(label="Glucose urinaire", specimen="Urines", technique="Bandelette")
    best = first(starter_engine, row)
    assert "strip" in starter_engine.index.terms[starter_engine.index.number_of[best.loinc_num]].method_typ
