"""How earlier transcodings say the relation of a LOINC code to a local test, in the words of their formats."""

from app.files.fields import fold_heading
from app.models import Relation

_WORDS: dict[Relation, str] = {
    # R4 says how the target stands to the source, R5 and SKOS read from the source: each has words of its own.
    Relation.EQUIVALENT: "equivalent, equal, exact, identique, skos exactmatch, exactmatch, equivalente",
    Relation.LOINC_WIDER: """
        wider, subsumes, source is narrower than target, skos broadmatch, broadmatch, loinc plus large, plus large,
        le code loinc est plus large, loinc wider
    """,
    Relation.LOINC_NARROWER: """
        narrower, specializes, source is broader than target, skos narrowmatch, narrowmatch, loinc plus etroit,
        plus etroit, le code loinc est plus etroit commentaire obligatoire, le code loinc est plus etroit,
        loinc narrower
    """,
    Relation.RELATED: """
        relatedto, related to, inexact, skos closematch, closematch, skos relatedmatch, relatedmatch, related,
        apparente, apparente seulement, proche
    """,
}
_RELATIONS = {
    " ".join(word.split()): relation for relation, words in _WORDS.items() for word in words.split(",")
}


def relation_of(written: str) -> Relation | None:
    """The relation that these words say; None when they say none that is known."""
    return _RELATIONS.get(fold_heading(written))
