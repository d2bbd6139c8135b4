"""Folding: what laboratories write, made comparable, and never twice differently."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.normalise.text import fold, key_of, loses_its_meaning, singular, standard, words

TRICKY = st.text(alphabet="aàÀéèçœßµμαβΓΩ'’`´.,;:()/%+-^ \t0123456789ivxlsunedtIVXDL")
ANYTHING = st.one_of(st.text(), TRICKY)


@given(ANYTHING)
@example("V.G.M.")
@example("d'l'x")
@example("1,25 (OH)2")
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANYTHING)
def test_fold_gives_plain_lower_case(text: str) -> None:
    folded = fold(text)
    assert folded.isascii()
    assert folded == folded.lower().strip()


@given(TRICKY)
@example("anti-La")
@example("facteur VIII")
def test_words_of_words_are_the_same_words(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


@given(st.text(alphabet="abcdesx0123456789", max_size=12))
def test_singular_and_standard_are_idempotent(word: str) -> None:
    assert singular(singular(word)) == singular(word)
    assert standard(standard(word)) == standard(word)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GLYCÉMIE  à Jeun", "glycemie a jeun"),
        ("β-hCG", "beta-hcg"),
        ("B2 µglobuline", "b2 uglobuline"),
        ("B2 μglobuline", "b2 uglobuline"),
        ("Temps de céphaline + activateur", "temps de cephaline + activateur"),
        ("Œstradiol", "oestradiol"),
        ("V.G.M.", "vgm"),
        ("Taux d’hémoglobine", "taux hemoglobine"),
        ("γGT", "gammagt"),
    ],
)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Facteur VIII", ("facteur", "8")),
        ("Anticorps anti-La", ("anticorp", "anti", "la")),
        ("Numération des plaquettes", ("numeration", "plaquette")),
        ("CA 19,9", ("ca", "199")),
        ("CA 19.9", ("ca", "199")),
        ("PNN %", ("pnn", "%")),
    ],
)
def test_words(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


def test_emie_and_urie_stay_apart() -> None:
    assert words("glycémie") != words("glycosurie")
    assert words("natrémie") != words("natriurèse")


def test_a_key_joins_what_spaces_part() -> None:
    assert key_of(words("CA 19-9")) == key_of(words("ca19.9"))
    assert key_of(("a", "g")) != key_of(("ag",))


def test_a_phrase_that_stop_words_name_is_kept_out() -> None:
    assert loses_its_meaning("Antigène Du")
    assert not loses_its_meaning("Glucose")
