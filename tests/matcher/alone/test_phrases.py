"""Phrases found in labels, and misspelt words mended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.normalise.phrases import READINGS, Mender, PhraseTable, Repair
from matcher.normalise.text import words

TABLE = PhraseTable(
    [
        ("cholestérol", "total"),
        ("cholestérol HDL", "hdl"),
        ("CA 19-9", "ca199"),
        ("antigène", "ag"),
        ("antigène HBs", "hbs"),
        ("GB", "leucocytes"),
        ("GB", "globules"),
        ("anti-La", "la"),
    ]
)


def scan(text: str) -> list[tuple[str, ...]]:
    return [hit.values for hit in TABLE.scan(words(text))]


def test_the_longest_phrase_wins() -> None:
    assert scan("Cholestérol HDL") == [("hdl",)]
    assert scan("Cholestérol total") == [("total",)]
    assert scan("Recherche de l'antigène HBs") == [("hbs",)]


def test_word_order_and_what_parts_words_do_not_matter() -> None:
    assert scan("HDL-cholestérol") == [("hdl",)]
    assert scan("CA19.9") == scan("ca 19 9") == scan("CA 19-9") == [("ca199",)]


def test_an_ambiguous_phrase_gives_all_its_values_in_order() -> None:
    assert scan("gb") == [("leucocytes", "globules")]
    assert TABLE.get("GB") == ("leucocytes", "globules")
    assert TABLE.get("inconnu") == ()


@given(st.lists(st.sampled_from(["cholesterol", "hdl", "ca", "19", "9", "antigene", "hb", "gb", "x"]), max_size=9))
def test_hits_are_in_order_and_never_overlap(tokens: list[str]) -> None:
    end = 0
    for hit in TABLE.scan(tokens):
        assert end <= hit.start < hit.end <= len(tokens)
        end = hit.end


def test_mending() -> None:
    mender = Mender({"cholesterol": 3, "creatinine": 5, "creatine": 1, "hemoglobine": 4, "hemogramme": 2})
    assert mender.mend("cholesterrol") == "cholesterol"
    assert mender.mend("creatinnie") == "creatinine"
    assert mender.mend("hemog") in ("hemoglobine", "hemogramme")
    assert mender.mend("crp") == "crp"
    assert mender.mend("zzzzzzzz") == "zzzzzzzz"


@given(st.text(alphabet="abcdehilmnorst", max_size=14))
def test_mending_twice_is_mending_once(word: str) -> None:
    mender = Mender({"cholesterol": 3, "creatinine": 5, "creatine": 1, "hemoglobine": 4, "hemogramme": 2})
    assert mender.mend(mender.mend(word)) == mender.mend(word)


def test_a_table_without_rows() -> None:
    empty: PhraseTable[str] = PhraseTable([])
    assert empty.scan(("glucose",)) == []
    assert empty.get("") == ()


MENDER = Mender(
    {
        "creatinine": 30, "creatine": 3, "conjuguee": 6, "conjugue": 9, "protein": 2, "proteine": 20, "ferritine": 9,
        "transferrine": 8, "testosterone": 12, "androsterone": 5, "plaquette": 12, "numeration": 7, "numerique": 2,
        "numero": 1, "numeraire": 1,
    }
)  # fmt: skip


def read(word: str) -> list[tuple[str, Repair]]:
    return [(item.word, item.repair) for item in MENDER.readings(word)]


def test_a_word_near_several_known_ones_is_each_of_them() -> None:
    found = read("creatinne")
    assert found[0] == ("creatinine", Repair.MISSPELT), "the more usual of two as near comes first"
    assert ("creatine", Repair.MISSPELT) in found
    assert all(item.is_doubtful for item in MENDER.readings("creatinne"))


def test_a_usual_word_that_lost_letters_stands_beside_a_nearer_rare_one() -> None:
    assert [word for word, _ in read("creatne")] == ["creatine", "creatinine"]


def test_another_gender_of_a_known_word_is_no_doubt() -> None:
    mender = Mender({"conjugue": 9})
    assert [(item.word, item.is_doubtful) for item in mender.readings("conjuguee")] == [("conjugue", False)]
    assert mender.readings("conjuguee")[0].repair is Repair.INFLECTED


def test_the_beginning_of_one_word_is_that_word() -> None:
    assert read("ferriti") == [("ferritine", Repair.COMPLETED)]
    assert not MENDER.readings("ferriti")[0].is_doubtful
    assert read("transferr") == [("transferrine", Repair.COMPLETED)]


def test_the_forms_of_one_word_are_one_completion() -> None:
    assert read("conjug") == [("conjugue", Repair.COMPLETED)]


def test_the_beginning_of_several_words_is_a_doubt() -> None:
    found = read("numer")
    assert {repair for _, repair in found} == {Repair.CUT}
    assert found[0][0] == "numeration"
    assert len(found) == READINGS, "three of the four"
    assert all(item.is_doubtful for item in MENDER.readings("numer"))


@pytest.mark.parametrize("word", ["", "cr", "tsh", "crea", "b12ab", "zzzzzzzzz", "25oh"])
def test_short_words_numbers_and_far_words_are_not_mended(word: str) -> None:
    assert MENDER.readings(word) == ()
    assert MENDER.mend(word) == word


@given(st.text(alphabet="abcdefnoprstu1 é", max_size=14))
def test_readings_are_known_distinct_and_few(word: str) -> None:
    found = MENDER.readings(word)
    assert len(found) <= READINGS
    assert len({item.word for item in found}) == len(found)
    assert MENDER.readings(word) is found or found == ()
    assert {item.repair for item in found} <= set(Repair)
    assert len({item.repair for item in found}) <= 1
