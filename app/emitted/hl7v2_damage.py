"""What is said of HL7 v2 messages that could not be read: in our words, never theirs."""

NO_MESSAGE = "ce fichier ne contient aucun message HL7 v2."
BEFORE = "ce qui précède le premier message n’en est pas un, et n’est pas lu."
TOO_MANY = "ce fichier contient trop de messages\u202f; la suite n’est pas lue."
TOO_LONG = "ce message contient trop de segments\u202f; la suite n’est pas lue."
SEPARATORS = "l’en-tête n’annonce pas de séparateurs qui se distinguent\u202f; ce message n’est pas lu."
NO_TYPE = "l’en-tête ne dit pas le type du message."
CUT = "ce message est coupé avant sa fin."
NO_SEGMENT = "cette ligne n’est pas un segment, et n’est pas lue."
SHORT = "ce segment OBX est coupé avant sa valeur."
NO_ORDER = "les résultats de ce message ne dépendent d’aucun acte (OBR)\u202f; ils ne sont pas comptés."
UNREADABLE = "le document de ce segment n’a pas pu être lu."
UNKNOWN_DELETED = "ce segment supprime un document illisible, que le fichier n’a pas transmis avant."
REASONS = frozenset(
    {NO_MESSAGE, BEFORE, TOO_MANY, TOO_LONG, SEPARATORS, NO_TYPE, CUT, NO_SEGMENT, SHORT, NO_ORDER, UNREADABLE,
     UNKNOWN_DELETED}
)  # fmt: skip
"""All that is said."""
