"""The parts of a score that are about no axis: how usual a reading and a code are, its class, status and subject."""


def reading_is_likely(local: str, term: str) -> None:
    """Vraisemblance de la lecture retenue, parmi celles que la ligne permet."""


def code_is_usual(local: str, term: str) -> None:
    """Fréquence d'usage du code."""


def class_meets_chapter(local: str, term: str) -> None:
    """Chapitre de la ligne ({local}) et classe LOINC {term}."""


def status_counts(local: str, term: str) -> None:
    """Statut LOINC du code : {term}."""


def kind_of_code(local: str, term: str) -> None:
    """LOINC réserve ce code à une demande ou à un résultat ({term}), et la ligne est l'autre."""


def subject_counts(local: str, term: str) -> None:
    """Le code parle d'un contrôle, d'un donneur ou d'un fœtus, et non du patient seul."""
