"""The order of the meanings of a writing, the short words, and fluids that have a name."""

from itertools import permutations

import pytest

from matcher import LexiconEntry, Verdict
from matcher.evidence.method import weigh_method
from matcher.evidence.system import ANY_FLUID, NAMED_FLUIDS, weigh_system
from matcher.facts import Facts
from matcher.lexicon import compile_lexicon
from matcher.normalise.text import words
from matcher.normalise.units import UnitReading

MEANINGS = (
    LexiconEntry("ACE", "abbreviation", ("Carcinoembryonic Ag",), priority=1),
    LexiconEntry("A.C.E.", "abbreviation", ("Angiotensin converting enzyme",), priority=2),
    LexiconEntry("ace", "abbreviation", ("Acebutolol",)),
    LexiconEntry("ace", "abbreviation", ("Acetone",), is_english=True),
)


@pytest.mark.parametrize("entries", list(permutations(MEANINGS)), ids=str)
def test_the_rank_written_beside_a_meaning_orders_it_and_never_its_place(entries: tuple[LexiconEntry, ...]) -> None:
    senses = compile_lexicon(entries).get("ACE")
    assert [sense.component for sense in senses] == [
        "Carcinoembryonic Ag",
        "Angiotensin converting enzyme",
        "Acebutolol",
        "Acetone",
    ]
    assert [sense.order for sense in senses] == [0, 1, 2, 3]


def test_an_english_meaning_that_has_a_rank_keeps_it() -> None:
    entries = (
        LexiconEntry("BUN", "abbreviation", ("Other",), priority=2),
        LexiconEntry("BUN", "abbreviation", ("Urea nitrogen",), priority=1, is_english=True),
    )
    assert compile_lexicon(entries).get("BUN")[0].component == "Urea nitrogen"


SHORT = (("facteur", "F"), ("facteur", "fact"), ("anticorps", "ac"))
FACTORS = (
    LexiconEntry("facteur VIII", "analyte", ("Coagulation factor VIII activity",)),
    LexiconEntry("facteur rhumatoïde", "analyte", ("Rheumatoid factor",)),
    LexiconEntry("F rhumatoïde", "abbreviation", ("Something of its own",)),
    LexiconEntry("facteur", "modifier"),
)


def components(text: str) -> list[str]:
    table = compile_lexicon(FACTORS, short_words=SHORT)
    return [sense.component for sense in table.get(text)]


def test_an_expression_is_read_with_its_short_words() -> None:
    for written in ("facteur VIII", "Facteur 8", "F VIII", "F8", "fact 8", "fact. VIII"):
        assert components(written) == ["Coagulation factor VIII activity"], written


def test_a_short_writing_that_is_an_expression_of_its_own_stays_it() -> None:
    assert components("F rhumatoïde") == ["Something of its own"]
    assert components("fact rhumatoïde") == ["Rheumatoid factor"]


def test_a_word_alone_is_never_shortened() -> None:
    assert components("F") == []
    assert components("fact") == []


def test_without_short_words_only_the_expression_is_read() -> None:
    assert not compile_lexicon(FACTORS).get("F VIII")


def test_the_words_of_a_short_expression_stay_in_order() -> None:
    found = compile_lexicon(FACTORS, short_words=SHORT).scan(words("dosage du F VIII antigène"))
    assert [(hit.start, hit.end) for hit in found] == [(1, 3)]


# ---- fluids


@pytest.mark.parametrize("fluid", sorted(NAMED_FLUIDS))
def test_a_fluid_that_has_a_name_is_more_than_any_fluid(fluid: str) -> None:
    facts = Facts(UnitReading(""), systems=(fluid, ANY_FLUID))
    own, makeshift = weigh_system(facts, fluid), weigh_system(facts, ANY_FLUID)
    assert (own.verdict, makeshift.verdict) == (Verdict.AGREE, Verdict.COMPATIBLE)
    assert own.strength > 0.9 > makeshift.strength > 0


def test_any_fluid_is_what_is_meant_when_none_is_named() -> None:
    facts = Facts(UnitReading(""), systems=(ANY_FLUID,))
    assert weigh_system(facts, ANY_FLUID).verdict is Verdict.AGREE
    assert weigh_system(facts, "Plr fld").verdict is not Verdict.AGREE


def test_a_count_in_a_named_fluid_is_by_hand() -> None:
    in_fluid = weigh_method(Facts(UnitReading(""), systems=("CSF",)), "Manual count")
    in_blood = weigh_method(Facts(UnitReading(""), systems=("Bld",)), "Manual count")
    assert in_fluid.strength > 0 > in_blood.strength
