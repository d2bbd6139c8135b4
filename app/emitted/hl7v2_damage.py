"""What is said of HL7 v2 messages that could not be read: in our words, never theirs."""

NO_MESSAGE = "aucun message HL7 v2"
BEFORE = "texte avant le premier message"
TOO_MANY = "trop de messages : la suite du fichier n’est pas lue"
TOO_LONG = "trop de segments : la suite du message n’est pas lue"
SEPARATORS = "en-tête illisible : ses séparateurs manquent ou se confondent"
NO_TYPE = "en-tête sans type de message"
CUT = "message coupé avant sa fin"
NO_SEGMENT = "ligne qui n’est pas un segment"
SHORT = "résultat incomplet"
NO_ORDER = "résultats sans demande"
UNREADABLE = "document encapsulé illisible"
UNKNOWN_DELETED = "suppression d’un document illisible, qu’aucun message lu n’avait transmis"
REASONS = frozenset(
    {NO_MESSAGE, BEFORE, TOO_MANY, TOO_LONG, SEPARATORS, NO_TYPE, CUT, NO_SEGMENT, SHORT, NO_ORDER, UNREADABLE,
     UNKNOWN_DELETED}
)  # fmt: skip
"""All that is said."""
