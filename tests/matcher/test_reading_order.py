"""Which words of a label are read together, and what a meaning that only agrees with itself is worth."""

import pytest

from matcher import Engine, LocalTest
from matcher.facts import Reading
from matcher.normalise.phrases import PhraseTable
from matcher.types import Term


def first_reading(engine: Engine, **row: str) -> Reading:
    return engine.parser.parse(LocalTest(**row)).readings[0]


def first_term(engine: Engine, **row: str) -> Term:
    best = next(item for item in engine.propose(LocalTest(**row)) if item.rank == 1)
    return engine.index.terms[engine.index.number_of[best.loinc_num]]


def test_a_phrase_that_begins_with_idle_words_yields_to_one_that_reaches_further() -> None:
    table = PhraseTable([("recherche virus", 1), ("virus respiratoire syncytial", 2), ("respiratoire", 3)])
    tokens = ("recherche", "virus", "respiratoire", "syncytial")
    assert [hit.values for hit in table.scan(tokens)] == [(1,), (3,)]
    assert [(hit.start, hit.values) for hit in table.scan(tokens, frozenset({"recherche"}))] == [(1, (2,))]
    assert [hit.values for hit in table.scan(tokens[:2], frozenset({"recherche"}))] == [(1,)]


@pytest.mark.parametrize(
    ("label", "component"),
    [
        ("Recherche de l'antigène HBs", "Hepatitis B virus surface Ag"),
        ("Recherche antigène HBe", "Hepatitis B virus little e Ag"),
        ("Recherche de BK virus par PCR", "BK virus DNA"),
        ("Recherche de mutation Leiden du facteur V", "F5 gene.p.Arg506Gln"),
        ("Anticorps HBc", "Hepatitis B virus core Ab"),
        ("Hormone thyréostimulante", "Thyrotropin"),
        ("Toxines de C. difficile", "Clostridioides difficile toxin A+B"),
    ],
)
def test_the_words_that_name_an_analyte_are_read_together(starter_engine: Engine, label: str, component: str) -> None:
    assert first_term(starter_engine, label=label).component == component


@pytest.mark.parametrize("label", ["COL", "CST", "NA", "CS"])
def test_the_short_name_of_an_antibiotic_is_read_where_something_calls_for_it(
    starter_engine: Engine, label: str
) -> None:
    def says_susceptibility(chapter: str) -> bool:
        readings = starter_engine.parser.parse(LocalTest(label=label, chapter=chapter)).readings
        return any("Susc" in reading.facts.properties for reading in readings)

    assert says_susceptibility("Antibiogramme")
    assert not says_susceptibility("Biochimie")


@pytest.mark.parametrize(
    ("label", "component"),
    [
        ("Sédiment urinaire : cylindres", "Casts"),
        ("Sédiment urinaire cristaux", "Crystals"),
        ("Frottis sanguin schizocytes", "Schistocytes"),
    ],
)
def test_an_examination_beside_what_it_finds_only_tells_the_method(
    starter_engine: Engine, label: str, component: str
) -> None:
    assert first_reading(starter_engine, label=label).analytes == (component.lower(),)


@pytest.mark.parametrize(
    ("label", "system"),
    [
        ("Leucocytes du liquide céphalo-rachidien", "CSF"),
        ("Numération des leucocytes du liquide céphalo-rachidien", "CSF"),
    ],
)
def test_a_fluid_that_is_named_leaves_no_any_fluid(starter_engine: Engine, label: str, system: str) -> None:
    assert first_reading(starter_engine, label=label).facts.systems == (system,)


@pytest.mark.parametrize("label", ["NFS - Plaquettes", "NFS : plaquettes", "NFS – plaquettes"])
def test_an_exam_set_apart_from_an_analyte_is_no_panel(starter_engine: Engine, label: str) -> None:
    assert first_reading(starter_engine, label=label).analytes == ("platelets",)
    assert "panel" in first_reading(starter_engine, label="NFS plaquettes").analytes[0]


def test_a_ratio_that_only_a_lesser_spelling_implies_proves_nothing(starter_engine: Engine) -> None:
    assert first_term(starter_engine, label="Coefficient de saturation").component == "Iron saturation"
    assert first_term(starter_engine, label="Schizocytes").component == "Schistocytes"
    said = first_term(starter_engine, label="Rapport protéines/créatinine urinaires")
    assert said.component == "Protein/Creatinine"


@pytest.mark.parametrize(
    ("label", "number", "share"),
    [
        ("PNN", "26499-4", "26511-6"),
        ("Lymphocytes", "26474-7", "26478-8"),
        ("Monocytes", "26484-6", "26485-3"),
        ("Eosinophiles", "26449-9", "26450-7"),
        ("BASO", "26444-0", "30180-4"),
    ],
)
def test_a_bare_line_of_a_blood_count_is_its_number_then_its_share(
    starter_engine: Engine, label: str, number: str, share: str
) -> None:
    found = [item.loinc_num for item in starter_engine.propose(LocalTest(label=label, chapter="Hématologie"))]
    assert found[:2] == [number, share]
    assert starter_engine.propose(LocalTest(label=label, unit="%", specimen="Sang"))[0].loinc_num == share
