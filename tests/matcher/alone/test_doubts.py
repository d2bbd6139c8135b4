"""Whatever is doubtful in a row is a line of its explanation, and keeps every proposal from being sure.

The calibration here believes everything: what is not sure is so for its doubt alone.
"""

from collections.abc import Callable

import pytest

from matcher import Band, Engine, Knowledge, LexiconEntry, LocalTest, Remembered, Term
from matcher.calibration import DOUBTFUL_AT, Calibration, Model
from matcher.calibration_data import WITH_UNIT
from matcher.index import TermIndex
from matcher.knowledge import signature

CERTAIN = Model((30.0, *[0.0] * (len(WITH_UNIT[0]) - 1)))
PLAIN = LocalTest(label="Sodium", unit="mmol/L", specimen="sérum")
MORE_TERMS = (
    Term("14761-1", "Glucose^2H post 75 g glucose PO", "SCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Glucose --2 hours post 75 g glucose PO",
         units="mmol/L"),
    Term("12345-5", "Ferritin", "MCnc", "Pt", "BldA", "Qn",
         long_common_name="Ferritin in Arterial blood", units="ug/L"),
    Term("54321-1", "Zinc", "SCnc", "Pt", "Plas^Control", "Qn",
         long_common_name="Zinc in Control plasma", units="umol/L"),
)  # fmt: skip
MORE_ENTRIES = (
    LexiconEntry("ferritine", "analyte", ("Ferritin",)),
    LexiconEntry("zinc", "analyte", ("Zinc",)),
    LexiconEntry("charge glucosée", "synonym", ("Glucose^2H post 75 g glucose PO",)),
    LexiconEntry("sodiure", "brand", ("Glucose",)),
    LexiconEntry("natrix", "synonym", ("Sodium",), is_doubtful=True),
    LexiconEntry("SODC", "synonym", ("C reactive protein",), priority=1),
    LexiconEntry("SODC", "synonym", ("Sodium",), priority=2),
    LexiconEntry("Na", "abbreviation", ("Sodium",)),
)


@pytest.fixture(scope="module")
def engine(engine_with: Callable[..., Engine], small_index: TermIndex) -> Engine:
    index = TermIndex.build([*small_index.terms, *MORE_TERMS])
    made = engine_with(index, lexicon=MORE_ENTRIES, timing=(("post prandial", (), ("post meal",)),))
    made.calibration = Calibration(CERTAIN, CERTAIN)
    return made


@pytest.mark.parametrize(
    "row",
    [
        PLAIN,
        LocalTest(label="Natrémie", unit="mmol/L"),
        LocalTest(label="Sodium urinaire", unit="mmol/L", specimen="urines"),
        LocalTest(label="Na", unit="mmol/L", specimen="sérum"),
        LocalTest(label="Charge glucosée", unit="mmol/L", specimen="sérum"),
    ],
)
def test_without_a_doubt_this_calibration_is_sure(engine: Engine, row: LocalTest) -> None:
    assert engine.propose(row)[0].band is Band.SURE


DOUBTFUL = [
    (LocalTest(label="Soduim", unit="mmol/L", specimen="sérum"), "« soduim » n'est pas un mot connu : lu « sodium »"),
    (LocalTest(label="Sodiu", unit="mmol/L", specimen="sérum"), "« sodiu » semble coupé : lu « sodium »"),
    (LocalTest(label="Sodium ronzibule", unit="mmol/L"), "« ronzibule » n'est connu ni du lexique ni de LOINC"),
    (LocalTest(label="Natrix", unit="mmol/L", specimen="sérum"), "« natrix » : aucune source n'établit encore"),
    (LocalTest(label="SODC", unit="mmol/L", specimen="sérum"), "« SODC » a un autre sens, plus habituel que Sodium"),
    (LocalTest(label="Na", specimen="sérum"), "« na » est bien court"),
    (LocalTest(label="Sodium urinaire", unit="mmol/L", specimen="sérum"), "Le libellé dit Urine, la colonne"),
    (LocalTest(label="Sodium", unit="mmol/L", specimen="sérum", timing="24h"), "contredit"),
    (LocalTest(label="CRP", unit="mmol/L"), "elle ne peut pas exprimer la grandeur"),
    (LocalTest(label="Ferritine", unit="mg/L", specimen="sang"), "compatible avec le système LOINC BldA, sans"),
    (LocalTest(label="Natrémie post prandial", unit="mmol/L"), "Condition post meal : le code LOINC ne la précise pas"),
    (LocalTest(label="Zinc", unit="mmol/L"), "autre sujet que le patient"),
]


@pytest.mark.parametrize(("row", "sentence"), DOUBTFUL, ids=lambda value: str(getattr(value, "label", "")))
@pytest.mark.parametrize("explain", [True, False])
def test_a_doubtful_row_is_never_sure(engine: Engine, row: LocalTest, sentence: str, explain: bool) -> None:
    proposals = engine.propose(row, explain=explain)
    assert proposals
    assert all(item.band is not Band.SURE for item in proposals)
    assert all(item.confidence <= DOUBTFUL_AT for item in proposals)


@pytest.mark.parametrize(("row", "sentence"), DOUBTFUL, ids=lambda value: str(getattr(value, "label", "")))
def test_each_doubt_is_a_line_of_the_explanation(engine: Engine, row: LocalTest, sentence: str) -> None:
    lines = [item.sentence for item in engine.propose(row)[0].evidence]
    assert any(sentence in line for line in lines), lines


def test_memory_never_makes_a_doubt_sure(engine: Engine) -> None:
    for row, _ in DOUBTFUL:
        code = engine.propose(row)[0].loinc_num
        knowing = engine.with_knowledge(Knowledge(memory={signature(row): (Remembered(code, 9, ("A",)),)}))
        assert knowing.propose(row)[0].band is not Band.SURE, row.label


@pytest.mark.parametrize("explain", [True, False])
def test_a_label_that_fills_its_column_is_never_sure(engine: Engine, explain: bool) -> None:
    wide = LocalTest(label="Dosage sodium", unit="mmol/L", specimen="sérum")
    cut = engine.with_knowledge(Knowledge(label_width=len(wide.label)))
    assert engine.propose(wide, explain=explain)[0].band is Band.SURE
    assert cut.propose(wide, explain=explain)[0].band is Band.TO_CHECK
    assert cut.propose(PLAIN, explain=explain)[0].band is Band.SURE, "a shorter label is whole"


def test_a_label_that_fills_its_column_says_so(engine: Engine) -> None:
    cut = engine.with_knowledge(Knowledge(label_width=6))
    lines = [item.sentence for item in cut.propose(PLAIN)[0].evidence]
    assert "Le libellé remplit la largeur de sa colonne (6 caractères) : il est peut-être coupé." in lines
    assert not any("coupé" in item.sentence for item in engine.propose(PLAIN)[0].evidence)


def test_words_that_nothing_explains_are_shown(engine: Engine) -> None:
    lines = [item.sentence for item in engine.propose(LocalTest(label="Sodium XK zz", unit="mmol/L"))[0].evidence]
    assert "Mots que rien n'explique : « xk zz »." in lines
    assert not any("que rien n'explique" in item.sentence for item in engine.propose(PLAIN)[0].evidence)
