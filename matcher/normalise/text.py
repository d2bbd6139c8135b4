"""Folding of what laboratories write: case, accents, Greek letters, punctuation, elisions, plurals."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from anyascii import anyascii

# anyascii turns β into v and Ω into O: the names of the letters are what laboratories mean.
_GREEK = {
    "ϒ": "gamma", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa", "λ": "lambda",
    "μ": "u", "µ": "u", "ω": "omega", "ß": "beta",
}  # fmt: skip
_UPPER = {letter.upper(): name for letter, name in _GREEK.items() if len(letter.upper()) == 1}
_GREEK_TABLE = str.maketrans({**_GREEK, **_UPPER})
_ELISION = re.compile(r"\b(?:[dljnsmt]|qu)['’`´]", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+|%")
_DOTTED = re.compile(r"\b((?:[a-z]\.){2,}[a-z]?)(?![a-z])")
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")

STOP_WORDS = frozenset(
    (
        "de du des la le les un une et ou en dans sur par pour au aux avec chez ce cette son sa the of "
        "in and by with for from to on est"
    ).split()
)


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case ASCII, Greek letters by name, elisions removed; idempotent."""
    text = unicodedata.normalize("NFKC", text.translate(_GREEK_TABLE)).translate(_GREEK_TABLE)
    text = anyascii(_ELISION.sub(" ", text)).lower().translate(_GREEK_TABLE)
    # V.G.M. is the word vgm.
    text = _DOTTED.sub(lambda match: match.group(1).replace(".", ""), _ELISION.sub(" ", text))
    return re.sub(r"\s+", " ", text).strip()


_ROMAN = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
    "xi": "11", "xii": "12", "xiii": "13",
}  # fmt: skip


def singular(word: str) -> str:
    """Drop the plural mark of a word of more than five letters (DHEAS is no plural); idempotent."""
    while len(word) > 5 and word[-1] in "sx" and word[-2] not in "s0123456789":
        word = word[:-1]
    return word


def _kept(found: Sequence[str]) -> list[str]:
    """The words that say something: an article is dropped, but anti-La is an antibody and PTT-LA a reagent."""
    return [
        word
        for before, word, after in zip(["", *found], found, [*found[1:], ""], strict=False)
        if word not in STOP_WORDS or before == "anti" or (word == "la" and before and not after)
    ]


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, folded, in the singular, decimal marks dropped, stop words removed."""
    kept = _kept(_WORD.findall(_DECIMAL.sub("", fold(text))))
    return tuple(standard(word) for word in kept)


def loses_its_meaning(text: str) -> bool:
    """Whether dropping stop words changes what a phrase names: Le(b), antigène Du."""
    found = _WORD.findall(fold(text))
    kept = _kept(found)
    return 0 < len(found) <= 3 and (found[:1] != kept[:1] or found[-1:] != kept[-1:])


def standard(word: str) -> str:
    """A folded word in the singular, Roman numerals as digits (facteur VIII, facteur 8); idempotent."""
    return _ROMAN.get(word) or singular(word)


def key_of(parts: Sequence[str]) -> str:
    """The key of a phrase: CA 19-9, CA19.9 and ca 199 are one key, but A/G is not the word ag."""
    joined = "".join(parts)
    if len(joined) <= 3 and len(parts) > 1 and joined.isalpha():
        return " ".join(parts)
    return joined
