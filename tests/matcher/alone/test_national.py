"""The national choice among siblings, and what a row contradicts standing behind what it does not."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from matcher import Axis, Engine, LexiconEntry, LocalTest, Term, Verdict
from matcher.index import TermIndex
from matcher.national import NationalChoice

SOURCE = "Jeu de valeurs public"
MORE = (
    Term("14682-9", "Creatinine", "SCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Creatinine [Moles/volume] in Serum or Plasma", units="umol/L",
         usage=1),
    Term("77140-2", "Creatinine", "SCnc", "Pt", "Ser/Plas/Bld", "Qn",
         long_common_name="Creatinine [Moles/volume] in Serum, Plasma or Blood",
         units="umol/L"),
    Term("59826-8", "Creatinine", "SCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Creatinine [Moles/volume] by Enzymatic", units="umol/L",
         method_typ="Enzymatic"),
    Term("2160-0", "Creatinine", "MCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Creatinine [Mass/volume] in Serum or Plasma", units="mg/dL",
         usage=1),
    Term("14683-7", "Creatinine", "SCnc", "Pt", "Urine", "Qn",
         long_common_name="Creatinine [Moles/volume] in Urine", units="umol/L", usage=1),
    Term("99999-9", "Creatinine", "SCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Creatinine in Serum or Plasma --Control", units="umol/L"),
)  # fmt: skip
ENTRIES = (LexiconEntry("créatinine", "analyte", ("Creatinine",)),)
UNITS = (("µmol/L", ("umol/L",), ("subst_conc",)),)
TECHNIQUES = (("enzymatique", ("Enzymatic",)), ("chimiluminescence", ("IA",)))
ROW = LocalTest(label="Créatinine", unit="µmol/L", specimen="sérum")
CHOSEN = "59826-8"


@pytest.fixture(scope="module")
def index(small_index: TermIndex) -> TermIndex:
    return TermIndex.build([*small_index.terms, *MORE])


@pytest.fixture(scope="module")
def choosing(engine_with: Callable[..., Engine], index: TermIndex) -> Callable[[str], Engine]:
    """An engine whose country chose this code; none for an empty one."""

    def make(code: str) -> Engine:
        national = ((code, SOURCE),) if code else ()
        return engine_with(index, lexicon=ENTRIES, units=UNITS, techniques=TECHNIQUES, national=national)

    return make


def codes(engine: Engine, row: LocalTest) -> list[str]:
    return [item.loinc_num for item in engine.propose(row)]


def siblings(index: TermIndex, code: str) -> set[str]:
    choice = NationalChoice.of(index, [(code, SOURCE)])
    return {index.terms[place].loinc_num for others in choice.siblings.values() for place in others}


def test_the_choice_stands_first_among_its_siblings(choosing: Callable[[str], Engine]) -> None:
    assert codes(choosing(""), ROW)[0] == "14682-9"
    for code in ("14682-9", "77140-2", CHOSEN):
        assert codes(choosing(code), ROW)[0] == code


def test_a_technique_that_the_row_names_outweighs_the_choice(choosing: Callable[[str], Engine]) -> None:
    assert codes(choosing("14682-9"), LocalTest(**_with(technique="Enzymatique")))[0] == CHOSEN
    assert codes(choosing(CHOSEN), LocalTest(**_with(technique="Enzymatique")))[0] == CHOSEN
    assert codes(choosing(CHOSEN), LocalTest(**_with(technique="Chimiluminescence")))[0] != CHOSEN


def test_the_choice_changes_no_other_family(choosing: Callable[[str], Engine]) -> None:
    for row in (LocalTest(**_with(unit="mg/L")), LocalTest(**_with(specimen="urines"))):
        assert codes(choosing(CHOSEN), row)[0] == codes(choosing(""), row)[0] != CHOSEN


def test_what_differs_by_more_than_method_or_precision_is_no_sibling(index: TermIndex) -> None:
    assert siblings(index, "14682-9") == {"77140-2", CHOSEN}
    assert siblings(index, "14683-7") == set(), "alone in its family: there is nothing to choose"


def test_a_control_is_nobodys_sibling(index: TermIndex) -> None:
    assert "99999-9" not in siblings(index, "14682-9")
    assert siblings(index, "99999-9") == set()


def test_a_code_that_the_release_does_not_hold_is_no_choice(index: TermIndex) -> None:
    choice = NationalChoice.of(index, [("0-0", SOURCE)])
    assert (dict(choice.sources), dict(choice.siblings)) == ({}, {})


def test_the_choice_is_explained_with_its_source(choosing: Callable[[str], Engine]) -> None:
    def lines(code: str) -> list[str]:
        evidence = {item.loinc_num: item.evidence for item in choosing(CHOSEN).propose(ROW)}[code]
        return [item.sentence for item in evidence if item.axis is Axis.METHOD and item.verdict is Verdict.AGREE]

    assert [line for line in lines(CHOSEN) if "Choix national" in line and SOURCE in line]
    assert not [line for line in lines("14682-9") if "Choix national" in line]
    named = choosing(CHOSEN).weigh(LocalTest(**_with(technique="Chimiluminescence")), CHOSEN)
    assert not [item for item in named if "Choix national" in item.sentence]


def test_confidences_fall_with_the_rank_with_a_choice_too(choosing: Callable[[str], Engine]) -> None:
    for first, second in pairwise(choosing(CHOSEN).propose(ROW)):
        assert first.confidence >= second.confidence


def _with(**changes: str) -> dict[str, str]:
    return {"label": ROW.label, "unit": ROW.unit, "specimen": ROW.specimen, **changes}


# ---- what the row contradicts

ZONULIN = (
    Term("20567-4", "Zonulin", "MCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Zonulin by Immunoassay", units="ug/L", method_typ="IA", usage=1,
         rank=1),
    Term("2276-4", "Zonulin", "MCnc", "Pt", "Ser/Plas", "Qn",
         long_common_name="Zonulin by Nephelometry", units="ug/L", method_typ="Nephelometry"),
)  # fmt: skip


def test_a_contradicted_code_never_stands_before_an_equal_that_is_not(
    engine_with: Callable[..., Engine], small_index: TermIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_with(
        TermIndex.build([*small_index.terms, *ZONULIN]),
        lexicon=(LexiconEntry("zonuline", "analyte", ("Zonulin",)),),
        techniques=(("néphélométrie", ("Nephelometry",)),),
    )
    row = LocalTest(label="Zonuline", unit="mg/L", technique="Néphélométrie")
    raised = engine.retrieval.score_terms

    def favouring(*given: object) -> list[object]:
        # As if everything else spoke for the contradicted one.
        found = raised(*given)  # type: ignore[arg-type]
        for item in found:
            item.score += 9.0 * (engine.index.terms[item.position].loinc_num == "20567-4")
        return found  # type: ignore[return-value]

    monkeypatch.setattr(engine.retrieval, "score_terms", favouring)
    proposals = engine.propose(row)
    assert [item.loinc_num for item in proposals][:2] == ["2276-4", "20567-4"]
    assert [item.has_contradiction for item in proposals[:2]] == [False, True]
    without = LocalTest(label="Zonuline", unit="mg/L")
    assert engine.propose(without)[0].loinc_num == "20567-4", "nothing contradicts it: it stays first"


def test_a_contradicted_code_stays_before_one_of_lesser_worth(
    engine_with: Callable[..., Engine], small_index: TermIndex
) -> None:
    other = Term("00000-0", "Protein S", "SCnc", "Pt", "Ser/Plas", "Qn", long_common_name="Protein S", units="mmol/L")
    proposals = engine_with(TermIndex.build([*small_index.terms, other])).propose(LocalTest(label="CRP", unit="mmol/L"))
    assert [item.has_contradiction for item in proposals if item.loinc_num == "00000-0"] == [False]
    assert proposals[0].loinc_num == "1988-5"
    assert proposals[0].has_contradiction
