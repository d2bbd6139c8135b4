"""How an earlier statement stood when its file was written: affirmed, still to be looked at, or rejected.

Lists say it in a column « Statut », Usagi in `mappingStatus`, SSSOM in `predicate_modifier`, FHIR in a relationship. A
word that nobody knows is shown as it is, and said: it neither rejects nor affirms in silence.
"""

from collections.abc import Sequence
from enum import StrEnum

from app.files.fields import fold_heading


class Standing(StrEnum):
    """What the file says of its own statement."""

    AFFIRMED = ""
    """Or nothing is said, which is how most lists affirm."""
    TO_REVIEW = "to_review"
    REJECTED = "rejected"


_REJECTED = """
    rejete, rejetee, rejetes, rejet, a rejeter, refuse, refusee, refus, rejected, reject, refused, declined,
    invalide, invalid, incorrect, incorrecte, errone, erronee, wrong, ko, abandonne, abandonnee, annule, annulee,
    cancelled, non retenu, non retenue, not accepted, not, disjoint, not related to, non apparente, supprime,
    supprimee, ecarte, ecartee, a supprimer, ne pas utiliser, do not use, perime, perimee, entered in error
"""
_TO_REVIEW = """
    a revoir, a verifier, a valider, a confirmer, a approuver, a controler, a relire, a discuter, a traiter, a
    faire, en attente, en cours, en revue, en relecture, en discussion, doute, douteux, douteuse, incertain,
    incertaine, brouillon, draft, pending, flagged, unchecked, unreviewed, to review, in review, needs review,
    review, to be reviewed, under review, provisoire, propose, proposee, proposed, proposition, suggested, auto
    mapped, automapped, automatic, automatique, semi automatique, non valide, non validee, non approuve, non
    approuvee, non verifie, non verifiee, non revu, non revue, not validated, not approved, not reviewed, invalid
    target, non confirme, non confirmee, non, no, false, faux, todo, to do, open, tentative, retired, obsolete
"""
_AFFIRMED = """
    valide, validee, validated, valid, approuve, approuvee, approved, accepte, acceptee, accepted, confirme,
    confirmee, confirmed, retenu, retenue, ok, oui, yes, vrai, true, final, finale, finalise, finalisee, definitif,
    definitive, publie, publiee, published, actif, active, en service, en vigueur, verifie, verifiee, verified,
    revu, revue, reviewed, transcode, transcodee, termine, terminee, fait, done, mappe, mapped, trial, discouraged,
    deprecated, relu, relue, complete, completed, correct, correcte, x
"""
"""The words of LOINC for its own codes among them: the release in service says them better."""


_MOSTLY = 0.8


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in text.split(","))


_KNOWN = {
    Standing.REJECTED: _words(_REJECTED), Standing.TO_REVIEW: _words(_TO_REVIEW), Standing.AFFIRMED: _words(_AFFIRMED),
}  # fmt: skip


def _known(written: str) -> Standing | None:
    """What the words say, or the longest beginning of them that is known: « Rejeté le 12/03 »."""
    words = fold_heading(written).split()
    for length in range(len(words), 0, -1):
        start = " ".join(words[:length])
        for standing, known in _KNOWN.items():
            if start in known:
                return standing
    return None


def standing_of(written: str) -> Standing:
    """How a statement stood; words that are not known leave it as it is."""
    return _known(written) or Standing.AFFIRMED


def standing_in_file(relation: str, status: str) -> Standing:
    """How a statement of this relation and status stood."""
    return Standing.REJECTED if is_negation(relation) else standing_of(status)


_EVERYWHERE = _words(
    "oui, non, yes, no, x, ok, vrai, faux, true, false, actif, active, final, fait, done, complete, open"
)


def speaks_of_standing(cells: Sequence[str]) -> bool:
    """Whether these filled cells of a column say how statements stand, whatever its heading.

    Words that stand in columns of all kinds do not show it, and only what is not affirmed is worth finding.
    """
    found = [_known(cell) for cell in cells if fold_heading(cell) not in _EVERYWHERE]
    known = sum(standing is not None for standing in found)
    return known >= _MOSTLY * len(cells) and any(found)


def is_known_standing(written: str) -> bool:
    """Whether these words, if there are any, say how a statement stands."""
    return not fold_heading(written) or _known(written) is not None


NEGATIONS = _words(
    """
    not related to, disjoint, non equivalent, non equivalente, pas equivalent, not equivalent, unequal, not related,
    no relation, aucune, aucune relation, sans relation, non apparente, different, differente
    """
)
"""Relations that say that a code is not the right one: in R5, in R4, and in the words of lists."""

_NEGATION_SIGNS = frozenset({"≠", "!=", "<>", "=/=", "/="})


def is_negation(relation: str) -> bool:
    """Whether a relation says that the code is not the one of the row."""
    return fold_heading(relation) in NEGATIONS or "".join(relation.split()).lstrip("'") in _NEGATION_SIGNS
