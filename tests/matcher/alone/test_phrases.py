"""Phrases found in labels, and misspelt words mended."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.normalise.phrases import Mender, PhraseTable
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
