"""What is said of HL7 v2 messages that could not be read: in our words, never theirs; once for each message."""

from collections.abc import Sequence

from app.emitted.observed import Damaged

NO_MESSAGE = "ce fichier ne contient aucun message HL7 v2"
BEFORE = "ce qui précède le premier message n’en est pas un, et n’est pas lu"
TOO_MANY = "ce fichier contient trop de messages\u202f; la suite n’est pas lue"
TOO_LONG = "ce message contient trop de segments\u202f; la suite n’est pas lue"
SEPARATORS = "l’en-tête n’annonce pas de séparateurs qui se distinguent\u202f; ce message n’est pas lu"
NO_TYPE = "l’en-tête ne dit pas le type du message"
CUT = "ce message est coupé avant sa fin"
EMPTY = "ce message de résultats s’arrête avant son premier acte (OBR)"
NO_SEGMENT = "cette ligne n’est pas un segment, et n’est pas lue"
SHORT = "ce segment OBX est coupé avant sa valeur"
NO_ORDER = "les résultats de ce message ne dépendent d’aucun acte (OBR)\u202f; ils ne sont pas comptés"
UNREADABLE = "le document de ce segment n’a pas pu être lu"
REASONS = frozenset(
    {NO_MESSAGE, BEFORE, TOO_MANY, TOO_LONG, SEPARATORS, NO_TYPE, CUT, EMPTY, NO_SEGMENT, SHORT, NO_ORDER, UNREADABLE}
)
"""All that is said."""
MOST_PLACES = 10
"""Segments of one message that are named."""


def told(where: str, found: Sequence[tuple[int, str]]) -> Damaged:
    """What is damaged in one message: its first place with its reason, then the other places.

    `found`: numbers of segments, 0 for the message itself, each with its reason; at least one.
    """
    (first, reason), *rest = sorted(found, key=lambda one: one[0] or len(found) * 2**32)
    others = list(dict.fromkeys(f"segment {number}" for number, _ in rest if number and number != first))
    if others:
        more = ", …" if len(others) > MOST_PLACES else ""
        reason = f"{reason}\u202f; abîmé aussi\u202f: {', '.join(others[:MOST_PLACES])}{more}"
    return Damaged(f"{where}, segment {first}" if first else where, reason)
