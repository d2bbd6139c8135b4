"""The usual reasons for leaving a row without code, and the one nearest to what the engine says."""


NO_LOINC_REASONS = (
    "Aucun code LOINC ne correspond à cette analyse",
    "Code absent de la version LOINC chargée",
    "Technique ou méthode sans code LOINC",
    "Analyse propre au laboratoire ou de recherche",
    "Résultat calculé sans code pour cette formule",
)


OUT_OF_SCOPE_REASONS = (
    "Commentaire, conclusion ou texte libre",
    "Acte de prélèvement",
    "Ligne de tarification ou de facturation",
    "Information administrative ou technique",
    "Renseignement clinique demandé au patient",
    "Analyse qui n'est plus réalisée",
    "Ensemble d'analyses qui ont chacune leur ligne",
)


_REASON_WORDS = (
    ("ensemble", 6),
    ("prélèvement", 1), ("prelevement", 1), ("tarif", 2), ("factur", 2), ("forfait", 2), ("cotation", 2), ("frais", 2),
    ("prix", 2), ("clinique", 4), ("patient", 4), ("renseignement", 4), ("questionnaire", 4), ("commentaire", 0),
    ("conclusion", 0), ("texte", 0), ("avis", 0), ("note", 0), ("remarque", 0), ("observation", 0), ("conseil", 0),
    ("interprétation", 0),
)  # fmt: skip


OTHER_ROW = 3
"""The usual reason of a row that is none of the others: administrative or technical information."""


def usual_reason(engine_reason: str) -> str:
    """The usual reason nearest to the one that the engine gives for a row that is no test."""
    text = engine_reason.lower()
    return OUT_OF_SCOPE_REASONS[next((rank for word, rank in _REASON_WORDS if word in text), OTHER_ROW)]
