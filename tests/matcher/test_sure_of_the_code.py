"""« Sûr » is sure of the code: no word, nature, scale, divisor, letter or weight of the row may be left out."""

import pytest

from matcher import Band, Engine, Knowledge, LocalTest


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"label": "Facteur VIII inhibiteur", "unit": "%", "specimen": "Plasma"}, "inhibiteur"),
        ({"label": "HDL 3", "unit": "mmol/L", "specimen": "Sérum"}, "3"),
        ({"label": "ASAT mitochondriale", "unit": "UI/L", "specimen": "Sérum"}, ""),
        ({"label": "Calcium qualitatif", "unit": "mmol/L", "specimen": "Sérum"}, "La ligne dit"),
        ({"label": "Ferritine / CRP", "unit": "µg/L", "specimen": "Sérum"}, ""),
        ({"label": "Protéine C mutation", "unit": "%", "specimen": "Plasma"}, ""),
        ({"label": "Urée?", "unit": "mmol/L", "specimen": "Sérum"}, "une lettre s'y est peut-être perdue"),
        ({"label": "Créatin", "unit": "µmol/L", "specimen": "Sérum"}, ""),
        ({"label": "Calcium", "unit": "mg/kg/24h", "specimen": "Urines"}, "au poids du patient"),
        ({"label": "Bê", "unit": "ng/mL", "specimen": "Sérum"}, "bien court"),
        ({"label": "DFG", "unit": "mL/min/1,73m²", "specimen": "Sérum"}, ""),
    ],
)
def test_what_a_code_leaves_out_keeps_it_from_being_sure(
    starter_engine: Engine, row: dict[str, str], said: str
) -> None:
    proposals = [item for item in starter_engine.propose(LocalTest(**row)) if item.rank]
    assert not any(item.band is Band.SURE for item in proposals)
    if said and proposals:
        assert any(said in line.sentence or said in line.local for line in proposals[0].evidence)


@pytest.mark.parametrize(
    ("label", "unit"), [("Calcium", "mmol/L"), ("ASAT", "UI/L"), ("Ferritine", "µg/L"), ("Créatinine", "µmol/L")]
)
def test_the_same_rows_without_it_are_sure(starter_engine: Engine, label: str, unit: str) -> None:
    first = starter_engine.propose(LocalTest(label=label, unit=unit, specimen="Sérum"))[0]
    assert first.band is Band.SURE


def test_doubtful_confidences_are_told_from_one_another(starter_engine: Engine) -> None:
    labels = ("HDL 3", "ASAT mitochondriale", "Ferritine xyz", "Calcium xyz", "TSH xyz", "Sodium abc", "Zinc abc")
    found = {starter_engine.propose(LocalTest(label=label, specimen="Sérum"))[0].confidence for label in labels}
    assert len(found) >= len(labels) - 1


def test_a_written_technique_stands_above_the_set(starter_engine: Engine) -> None:
    row = LocalTest(label="Cholestérol LDL calculé", unit="mmol/L", specimen="Sérum")
    plain = starter_engine.propose(row)[0].loinc_num
    methodless = next(
        item.loinc_num
        for item in starter_engine.propose(LocalTest(label="Cholestérol LDL", unit="mmol/L", specimen="Sérum"))
        if not starter_engine.index.terms[starter_engine.index.number_of[item.loinc_num]].method_typ
    )
    assert plain != methodless
    knowing = starter_engine.with_knowledge(Knowledge(preferred=frozenset({methodless})))
    assert knowing.propose(row)[0].loinc_num == plain


def test_a_rule_with_technique_does_not_make_a_test_high_sensitivity(starter_engine: Engine) -> None:
    row = LocalTest(label="CRP", unit="mg/L", specimen="Sérum", chapter="Biochimie")
    plain = starter_engine.propose(row)[0].loinc_num
    rules = dict.fromkeys(("chemistry", "immunology", "other"), "with")
    assert starter_engine.with_knowledge(Knowledge(method_rules=rules)).propose(row)[0].loinc_num == plain


@pytest.mark.parametrize("field", ["label", "synonym", "exam", "specimen", "reference_range", "results"])
def test_what_is_longer_than_a_name_costs_no_more(starter_engine: Engine, field: str) -> None:
    parsed = starter_engine.parser.parse(LocalTest(**{"label": "TSH", field: "IgG " * 5000}))
    assert all(len(getattr(parsed.test, name)) <= 400 for name in ("label", "synonym", "exam", "specimen"))
    assert len(parsed.test.reference_range) <= 400


@pytest.mark.parametrize(
    ("row", "is_sure"),
    [
        ({"label": "Calcium", "unit": "mmol/L", "reference_range": "85 à 105 mg/L"}, False),
        ({"label": "Calcium", "unit": "mmol/L", "reference_range": "2,2 à 2,6 mmol/L"}, True),
        ({"label": "Calcium", "unit": "mmol/L", "results": "Négatif ; Positif"}, False),
        ({"label": "Calcium", "unit": "mmol/L", "results": "2,4"}, True),
    ],
)
def test_what_stands_beside_the_unit_must_not_say_otherwise(
    starter_engine: Engine, row: dict[str, str], is_sure: bool
) -> None:
    first = starter_engine.propose(LocalTest(specimen="Sérum", **row))[0]
    assert (first.band is Band.SURE) is is_sure
    said = any("valeurs de référence" in line.sentence or "La ligne dit" in line.sentence for line in first.evidence)
    assert said is not is_sure
