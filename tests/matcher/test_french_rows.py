"""What French laboratories write, with the lexicon and tables that ship: read, doubted where it must be, explained."""

import pytest

from matcher import Band, Engine, LocalTest, Proposal


def first(engine: Engine, **row: str) -> Proposal:
    return next(item for item in engine.propose(LocalTest(**row)) if item.rank == 1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"label": "Zinc sg", "unit": "µmol/L"}, {"14955-9"}),
        ({"label": "K U 24", "unit": "mmol/24h"}, {"2829-0"}),
        ({"label": "Na U", "unit": "mmol/L"}, {"2955-3"}),
        ({"label": "PCR N mening"}, {"49671-1"}),
        ({"label": "Coloration de Gram"}, {"664-3"}),
        ({"label": "Leucocytes", "unit": "/mL", "exam": "ECBU"}, {"30405-5"}),
        ({"label": "Glycémie", "unit": "millimoles par litre"}, {"14749-6"}),
        ({"label": "Glycémie", "unit": "grammes par litre"}, {"2345-7"}),
        ({"label": "CrÃ©atinine", "unit": "Âµmol/L", "specimen": "SÃ©rum"}, {"14682-9"}),
        ({"label": "Cr?atinine", "unit": "µmol/L", "specimen": "S?rum"}, {"14682-9"}),
        ({"label": "Dosage de lâ€™urée", "unit": "mmol/L", "specimen": "Sérum"}, {"22664-7"}),
        ({"label": "Créatinne", "unit": "µmol/L", "specimen": "Sérum"}, {"14682-9"}),
        ({"label": "Glycémie à jeun", "unit": "mmol/L", "specimen": "Plasma", "chapter": "Biochimie"}, {"40193-5"}),
        ({"label": "Cortisol matin", "unit": "ng/mL", "specimen": "Sérum", "chapter": "Biochimie"}, {"9813-7"}),
        ({"label": "Ferritine", "reference_range": "H : 30 à 300 µg/L ; F : 10-150 µg/L"}, {"2276-4"}),
    ],
    ids=lambda value: value["label"] if isinstance(value, dict) else "",
)
def test_what_is_written_is_read(starter_engine: Engine, row: dict[str, str], expected: set[str]) -> None:
    assert first(starter_engine, **row).loinc_num in expected


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"label": "Créatinne", "unit": "µmol/L", "specimen": "Sérum"}, "lu « creatinine », à vérifier"),
        ({"label": "Glycémie ronzibule", "unit": "mmol/L", "specimen": "Sérum"}, "« ronzibule » n'est connu ni"),
        ({"label": "Sodium urinaire", "unit": "mmol/L", "specimen": "Sérum"}, "Le libellé dit Urine, la colonne"),
        ({"label": "K"}, "« k » est bien court"),
        ({"label": "CRP", "unit": "mmol/L", "specimen": "Sérum"}, "elle ne peut pas exprimer la grandeur"),
        ({"label": "Sodium", "unit": "mmol/24h", "specimen": "Sérum"}, "contredit"),
    ],
    ids=lambda value: value["label"] if isinstance(value, dict) else "",
)
def test_what_is_doubtful_is_said_and_never_sure(starter_engine: Engine, row: dict[str, str], sentence: str) -> None:
    best = first(starter_engine, **row)
    assert best.band is not Band.SURE
    assert any(sentence in item.sentence for item in best.evidence)
    silent = starter_engine.propose(LocalTest(**row), explain=False)
    assert not any(item.band is Band.SURE for item in silent if item.rank > 0)


def test_every_national_choice_that_has_siblings_is_found_in_its_release(starter_engine: Engine) -> None:
    national = starter_engine.national
    assert national.sources
    for position in national.sources:
        assert position not in national.siblings[position]
        assert national.siblings[position]


def test_a_national_choice_is_named_with_its_source(starter_engine: Engine) -> None:
    chosen = [starter_engine.index.terms[position].loinc_num for position in starter_engine.national.sources]
    said = [
        item.sentence
        for label, unit in (("TSH", "mUI/L"), ("Ferritine", "µg/L"), ("Hémoglobine", "g/dL"), ("Créatinine", "µmol/L"),
                            ("Leucocytes", "G/L"), ("Sodium", "mmol/L"), ("ASAT", "UI/L"), ("HbA1c", "%"))
        for proposal in starter_engine.propose(LocalTest(label=label, unit=unit))[:1]
        if proposal.loinc_num in chosen
        for item in proposal.evidence
        if item.sentence.startswith("Choix national")
    ]  # fmt: skip
    assert said
    assert all("Source : ANS" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("label", "unit"), [("Cholestérol total mmol", "mmol/L"), ("25-OH vitamine D nmol", "nmol/L")]
)
def test_a_label_that_repeats_its_unit_has_read_everything(starter_engine: Engine, label: str, unit: str) -> None:
    said = [item.sentence for item in first(starter_engine, label=label, unit=unit, specimen="Sérum").evidence]
    assert not any(label.split()[-1] in sentence and "explique" in sentence for sentence in said)
    other = first(starter_engine, label=label, unit="%", specimen="Sérum")
    assert any(label.split()[-1] in item.sentence for item in other.evidence)


@pytest.mark.parametrize(
    ("label", "unit", "exam", "expected"),
    [
        ("IgG", "UI/mL", "Sérologie toxoplasmose", "8039-0"),
        ("IgM", "", "Sérologie toxoplasmose", "25542-2"),
        ("IgG", "UI/mL", "Sérologie rubéole", "8014-3"),
        ("Ac", "", "Hépatite C", "16128-1"),
        ("IgG", "g/L", "Dosage des immunoglobulines", "2465-3"),
        ("IgM", "g/L", "Electrophorèse des protéines", "2472-9"),
    ],
)
def test_a_class_of_antibodies_is_about_what_its_exam_names(
    starter_engine: Engine, label: str, unit: str, exam: str, expected: str
) -> None:
    assert first(starter_engine, label=label, unit=unit, exam=exam).loinc_num == expected
