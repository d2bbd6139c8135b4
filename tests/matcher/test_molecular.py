"""In a chapter of molecular biology a bare organism is its nucleic acid, by amplification."""

import pytest

from matcher import Axis, Engine, LocalTest, Verdict
from matcher.senses import NA_WORDS
from matcher.types import Term


def first_term(engine: Engine, **row: str) -> Term:
    best = next(item for item in engine.propose(LocalTest(**row)) if item.rank == 1)
    return engine.index.terms[engine.index.number_of[best.loinc_num]]


@pytest.mark.parametrize("chapter", ["Biologie moléculaire", "Molecular Biology", "PCR"])
@pytest.mark.parametrize(
    ("label", "specimen"),
    [
        ("Gonocoque", "Prélèvement vaginal"),
        ("Bordetella pertussis", "Écouvillon nasopharyngé"),
        ("CMV", "Plasma"),
        ("HSV 1", "LCR"),
        ("VRS", "Aspiration nasopharyngée"),
    ],
)
def test_a_bare_organism_is_its_nucleic_acid(starter_engine: Engine, chapter: str, label: str, specimen: str) -> None:
    term = first_term(starter_engine, label=label, specimen=specimen, chapter=chapter)
    assert set(term.component.lower().replace(".", " ").split()) & NA_WORDS, term.long_common_name


@pytest.mark.parametrize("label", ["SARM", "C. difficile"])
@pytest.mark.parametrize("chapter", ["Biologie moléculaire", "Molecular Biology"])
def test_a_germ_of_bacteriology_is_its_genes_in_molecular_biology(
    starter_engine: Engine, label: str, chapter: str
) -> None:
    specimen = "Selles" if "difficile" in label else "Écouvillon nasal"
    reading = starter_engine.parser.parse(LocalTest(label=label, specimen=specimen, chapter=chapter)).readings[0]
    assert reading.facts.nature == "na"
    elsewhere = starter_engine.parser.parse(LocalTest(label=label, specimen=specimen, chapter="Microbiologie"))
    assert elsewhere.readings[0].facts.nature != "na"


def test_what_the_label_says_outweighs_the_chapter(starter_engine: Engine) -> None:
    row = LocalTest(label="Antigène norovirus", specimen="Selles", chapter="Biologie moléculaire")
    assert starter_engine.parser.parse(row).readings[0].facts.nature == "ag"


def test_a_method_of_culture_contradicts_the_chapter_and_says_so(starter_engine: Engine) -> None:
    row = LocalTest(label="Gonocoque", specimen="Prélèvement vaginal", chapter="Biologie moléculaire")
    cultured = next(
        term
        for term in starter_engine.index.terms
        if term.component == "Neisseria gonorrhoeae" and term.method_typ == "Organism specific culture"
    )
    lines = starter_engine.weigh(row, cultured.loinc_num)
    assert [item for item in lines if item.axis is Axis.METHOD and item.verdict is Verdict.CONTRADICT], lines


@pytest.mark.parametrize("label", ["HPV 16/18", "HPV 16-18", "PCR HPV 16 et 18"])
def test_two_types_named_together_are_never_one_of_them(starter_engine: Engine, label: str) -> None:
    readings = starter_engine.parser.parse(LocalTest(label=label, specimen="Frottis cervical")).readings
    assert not [reading for reading in readings if reading.analytes == ("human papilloma virus 16 dna",)]
