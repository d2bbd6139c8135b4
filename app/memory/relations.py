"""How earlier transcodings say the relation of a LOINC code to a local test, in the words of their formats."""

from app.files.fields import fold_heading
from app.models import Relation

_WORDS: dict[Relation, str] = {
    # R4 says how the target stands to the source, R5 and SKOS read from the source: each has words of its own.
    Relation.EQUIVALENT: """
        equivalent, equal, exact, identique, skos exactmatch, exactmatch, exact match, equivalente, equivalence, exacte,
        identical, same, same as, egal, egale, egalite, eq, equ, equivalent to, equal to, correspondance exacte
    """,
    Relation.LOINC_WIDER: """
        wider, subsumes, source is narrower than target, skos broadmatch, broadmatch, broad match, loinc plus large,
        plus large, le code loinc est plus large, loinc wider
    """,
    Relation.LOINC_NARROWER: """
        narrower, specializes, source is broader than target, skos narrowmatch, narrowmatch, narrow match,
        loinc plus etroit, plus etroit, le code loinc est plus etroit commentaire obligatoire,
        le code loinc est plus etroit, loinc narrower
    """,
    Relation.RELATED: """
        relatedto, related to, inexact, skos closematch, closematch, close match, skos relatedmatch, relatedmatch,
        related match, related, apparente, apparentee, apparente seulement, proche, approche, approchee, approximatif,
        approximative, approximate
    """,
}
_SIGNS: dict[Relation, str] = {
    Relation.EQUIVALENT: "= == === ≡ ⇔ <=> ↔",
    # A sign stands between the local test and the code, in this order: « local < LOINC » says that the code is wider.
    Relation.LOINC_WIDER: "< ⊂ ⊆ <= ≤",
    Relation.LOINC_NARROWER: "> ⊃ ⊇ >= ≥",
    Relation.RELATED: "≈ ~ ≃ ≅ ~= ≒ ∼",
}
_RELATIONS = {
    " ".join(word.split()): relation for relation, words in _WORDS.items() for word in words.split(",")
}
_OF_SIGNS = {sign: relation for relation, signs in _SIGNS.items() for sign in signs.split()}


def relation_of(written: str) -> Relation | None:
    """The relation that these words say; None when they say none that is known."""
    # A sign has no letters: folded it would be nothing. Spreadsheets guard one from being a formula by an apostrophe.
    sign = _OF_SIGNS.get("".join(written.split()).lstrip("'"))
    return sign or _RELATIONS.get(fold_heading(written))
