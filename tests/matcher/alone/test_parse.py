"""How a row is read: specimens at the end of labels, techniques beside analytes, exams, ranges, doubts."""

from collections.abc import Callable

import pytest

from matcher import Axis, Engine, LexiconEntry, LocalTest, Verdict
from matcher.evidence import doubt
from matcher.facts import Reading
from matcher.parse import Parser

ENTRIES = (
    LexiconEntry("zinc", "analyte", ("Zinc",)),
    LexiconEntry("potassium", "analyte", ("Potassium",)),
    LexiconEntry("K", "abbreviation", ("Potassium",)),
    LexiconEntry("SG", "abbreviation", ("Specific gravity",)),
    LexiconEntry("sérum", "specimen", system=("Ser",)),
    LexiconEntry("PCR", "abbreviation", ("C reactive protein",)),
    LexiconEntry("N mening", "organism", ("Neisseria meningitidis",)),
    LexiconEntry("protéines", "analyte", ("Protein",)),
    LexiconEntry("coloration de Gram", "method", ("Microscopic observation",), method=("Gram stain",)),
    LexiconEntry("ECBU", "panel", ("Urinalysis",), system=("Urine",)),
    LexiconEntry("ponction lombaire", "panel", ("CSF panel",), system=("CSF",)),
    LexiconEntry("ionogramme", "panel", ("Electrolytes panel",)),
    LexiconEntry("AC", "abbreviation", ("Carbonic acid",), context=(("unite", "mmol/L"),), needs_context=True),
    LexiconEntry("T3", "abbreviation", ("Triiodothyronine",), priority=1),
    LexiconEntry("T3", "abbreviation", ("Third trimester",), priority=2, context=(("chapitre", "obstétrique"),)),
    LexiconEntry("obscur", "synonym", ("Sodium",), is_doubtful=True),
)
TABLES = {
    "lexicon": ENTRIES,
    "suffix_specimens": (("u", ("Urine",)), ("u 24h", ("Urine",)), ("sg", ("Ser/Plas",))),
    "label_specimens": (("sg", ("Ser/Plas", "Bld")), ("sérique", ("Ser/Plas",)), ("urine", ("Urine",))),
    "techniques": (("PCR", ("Probe.amp.tar",)), ("gram", ("Gram stain",))),
    "label_techniques": (("PCR", ("Probe.amp.tar",)),),
    "units": (("pg", ("pg",), ("mass",)), ("µg/L", ("ug/L",), ("mass_conc",)), ("s", ("s",), ("time",)),
              ("ans", ("a",), ("time",)), ("T/L", ("10*12/L",), ("num_conc",))),
}  # fmt: skip


@pytest.fixture(scope="module")
def parser(engine_with: Callable[..., Engine]) -> Parser:
    return engine_with(**TABLES).parser


def best(parser: Parser, label: str, **more: object) -> Reading:
    return parser.parse(LocalTest(label=label, **more)).readings[0]  # type: ignore[arg-type]


def said(reading: Reading) -> list[str]:
    return [item.rule.__name__ for item in reading.doubts]


# ---- the specimen at the end of a label


@pytest.mark.parametrize(
    ("label", "analyte", "system", "times"),
    [
        ("Zinc sg", "zinc", "Ser/Plas", ()),
        ("ZINC U", "zinc", "Urine", ()),
        ("K U", "potassium", "Urine", ()),
        ("K U 24h", "potassium", "Urine", ("24H",)),
        ("K U /24h", "potassium", "Urine", ("24H",)),
    ],
)
def test_a_suffix_names_the_specimen(
    parser: Parser, label: str, analyte: str, system: str, times: tuple[str, ...]
) -> None:
    reading = best(parser, label)
    assert reading.analytes == (analyte,)
    assert reading.facts.systems[0] == system
    assert reading.facts.times == times


def test_alone_or_before_the_analyte_a_suffix_is_no_specimen(parser: Parser) -> None:
    assert best(parser, "SG").analytes == ("specific gravity",)
    assert "Urine" not in best(parser, "U zinc").facts.systems


# ---- techniques


def test_a_technique_beside_an_analyte_measures_no_analyte_of_its_own(parser: Parser) -> None:
    beside = best(parser, "PCR N mening")
    assert beside.analytes == ("neisseria meningitidis",)
    assert beside.facts.methods == ("Probe.amp.tar",)
    alone = best(parser, "PCR")
    assert alone.analytes == ("c reactive protein",)
    assert alone.facts.methods == ()


def test_a_technique_alone_is_what_is_asked_for(parser: Parser) -> None:
    alone = best(parser, "Coloration de Gram")
    assert alone.analytes == ("microscopic observation",)
    assert alone.facts.methods == ("Gram stain",)
    assert best(parser, "Zinc coloration de Gram").analytes == ("zinc",)


# ---- exams


@pytest.mark.parametrize(
    ("exam", "systems"),
    [
        ("ECBU", ("Urine",)),
        ("Ponction lombaire", ("CSF",)),
        ("Ionogramme sur urine", ("Urine",)),
        ("Ionogramme", ()),
        ("ECBU / Ionogramme sur urine", ("Urine",)),
        ("ECBU / Ponction lombaire", ()),
        ("ECBU / Ionogramme", ()),
        ("", ()),
        (" / ", ()),
    ],
)
def test_the_specimen_of_the_exams_is_that_of_the_analysis_when_all_say_it(
    parser: Parser, exam: str, systems: tuple[str, ...]
) -> None:
    assert best(parser, "Protéines", exam=exam).facts.systems == systems


def test_what_the_row_says_outweighs_its_exam(parser: Parser) -> None:
    assert best(parser, "Protéines sérique", exam="ECBU").facts.systems == ("Ser/Plas",)
    assert best(parser, "Protéines", exam="ECBU", specimen="sérum").facts.systems == ("Ser/Plas", "Ser")


def test_an_exam_names_the_analyte_only_when_nothing_else_does(parser: Parser) -> None:
    def named(label: str) -> set[tuple[str, ...]]:
        readings = parser.parse(LocalTest(label=label, exam="Zinc")).readings
        return {reading.analytes for reading in readings if reading.analytes}

    assert named("Résultat") == {("zinc",)}
    assert named("Protéines") == {("protein",)}


# ---- the unit of reference values


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("2,0 à 9,0 µg/L", "µg/L"),
        ("30 à 300 µg/L", "µg/L"),
        ("H : 4-5 T/L ; F : 4-5 T/L", "T/L"),
        ("< 5 µg/L", "µg/L"),
        ("Homme (> 18 ans) : 30-300 µg/L", "µg/L"),
        ("11-13 s", "s"),
        ("de 1 à 5 ans ; 3", ""),
        ("négatif", ""),
        ("", ""),
        ("4 - 5", ""),
    ],
)
def test_the_unit_of_a_range_of_reference(parser: Parser, text: str, unit: str) -> None:
    assert best(parser, "Zinc", reference_range=text).facts.unit.text == unit


def test_a_unit_of_the_column_outweighs_that_of_the_range(parser: Parser) -> None:
    assert best(parser, "Zinc", unit="mmol/L", reference_range="30 à 300 µg/L").facts.unit.text == "mmol/L"


# ---- what is read only in its context, and what is doubted


def test_a_writing_that_needs_its_context_is_read_there_only(parser: Parser) -> None:
    assert best(parser, "AC", unit="mmol/L").analytes == ("carbonic acid",)
    assert not any(reading.analytes for reading in parser.parse(LocalTest(label="AC", unit="µg/L")).readings)
    assert not any(reading.analytes for reading in parser.parse(LocalTest(label="AC")).readings)


def test_the_less_usual_meaning_is_doubted_unless_the_row_calls_for_it(parser: Parser) -> None:
    usual, other = parser.parse(LocalTest(label="T3", unit="µg/L")).readings[:2]
    assert usual.analytes == ("triiodothyronine",)
    assert said(usual) == []
    assert other.analytes == ("third trimester",)
    assert doubt.less_usual_meaning.__name__ in said(other)
    called_for = [
        reading
        for reading in parser.parse(LocalTest(label="T3", unit="µg/L", chapter="Obstétrique")).readings
        if reading.analytes == ("third trimester",)
    ]
    assert called_for
    assert all(said(reading) == [] for reading in called_for)


def test_a_word_that_nothing_knows_is_doubted(parser: Parser) -> None:
    reading = best(parser, "Potassium ronzibule")
    assert reading.leftover == ("ronzibule",)
    assert said(reading) == ["word_is_unknown"]
    assert reading.doubts[0].local == "ronzibule"
    assert said(best(parser, "Potassium XK")) == [], "a mark of the laboratory's own"


def test_the_label_against_the_column_of_specimens(parser: Parser) -> None:
    reading = best(parser, "Potassium U", specimen="sérum")
    assert reading.facts.systems == ("Urine",)
    (found,) = reading.doubts
    assert (found.axis, found.verdict, found.rule) == (Axis.SYSTEM, Verdict.CONTRADICT, doubt.label_against_column)
    assert (found.local, found.term) == ("Urine", "Ser/Plas, Ser")
    assert said(best(parser, "Potassium U", specimen="urines")) == []
    assert said(best(parser, "Potassium sérique", specimen="sang")) == [], "blood is where serum comes from"


def test_a_short_name_alone_is_doubted_and_no_more_with_its_unit(parser: Parser) -> None:
    assert said(best(parser, "K")) == ["short_name_alone"]
    assert said(best(parser, "K", unit="mmol/L")) == []


def test_a_writing_that_no_source_settles_is_doubted(parser: Parser) -> None:
    assert said(best(parser, "Obscur", unit="mmol/L")) == ["writing_is_unsettled"]


def test_a_repaired_word_is_doubted_and_a_completed_one_is_only_said(parser: Parser) -> None:
    repaired, completed = (best(parser, label, unit="mmol/L") for label in ("Potasssium", "Potassi"))
    assert said(repaired) == ["word_is_repaired"]
    assert repaired.is_doubtful
    assert said(completed) == ["word_is_completed"]
    assert not completed.is_doubtful


def test_each_near_word_is_a_reading_of_its_own(engine_with: Callable[..., Engine]) -> None:
    near = (LexiconEntry("glucase", "analyte", ("Sodium",)), LexiconEntry("glucose", "analyte", ("Glucose",)))
    readings = engine_with(lexicon=near).parser.parse(LocalTest(label="Glucuse", unit="mmol/L")).readings
    assert {reading.analytes for reading in readings} == {("glucose",), ("sodium",)}
    assert all("word_is_repaired" in said(reading) for reading in readings)


# ---- damaged rows


def test_every_column_of_a_mangled_row_is_read_again(parser: Parser) -> None:
    row = LocalTest(label="ProtÃ©ines sÃ©rique", unit="Âµg/L", specimen="sÃ©rum")
    reading = parser.parse(row).readings[0]
    assert reading.analytes == ("protein",)
    assert reading.facts.unit.ucum == ("ug/L",)
    assert reading.facts.systems == ("Ser/Plas",)
    assert reading.leftover == ()


# ---- the column of quantities


def test_the_column_of_quantities_states_the_property(engine_with: Callable[..., Engine]) -> None:
    engine = engine_with(properties=(("concentration massique", ("MCnc",)), ("concentration molaire", ("SCnc",))))

    def first(kind: str) -> str:
        row = LocalTest(label="Glycémie", specimen="sérum", property_kind=kind)
        return engine.propose(row)[0].loinc_num

    assert first("Concentration massique") == "2345-7"
    assert first("Concentration molaire") == "14749-6"
    row = LocalTest(label="Glycémie", specimen="sérum", property_kind="Concentration massique")
    assert any(item.sentence.startswith("La colonne des grandeurs dit MCnc") for item in engine.weigh(row, "14749-6"))
