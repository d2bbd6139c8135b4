"""What the guard finds: the kind of a trace of a patient, and where it stands. Never what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of traces."""

    NUMBER = "number"
    """A social security number (NIR, INS) whose key is right."""
    NUMBER_FORM = "number_form"
    """A number that is written as one, without key."""
    ARTICLE = "article"
    """Thirteen digits that are written as one, here or abroad, and also as an article number (EAN): a person must say
    which."""
    ABROAD = "abroad"
    """A national number of another country, whose key is right."""
    BIRTH = "birth"
    AGE = "age"
    """The age of one person beside a result of hers."""
    NAME = "name"
    HEADING = "heading"
    RESULTS = "results"
    MESSAGE = "message"


SAID: dict[Kind, str] = {
    Kind.NUMBER: "numéro de sécurité sociale (NIR ou INS), dont la clé est juste",
    Kind.NUMBER_FORM: "nombre écrit comme un numéro de sécurité sociale (NIR ou INS)",
    Kind.ARTICLE: "nombre qui se lit comme un numéro de personne (NIR, AVS, matricule) et comme un code article (EAN)",
    Kind.ABROAD: "numéro national d'une personne (Belgique, Luxembourg, Suisse, Italie…), dont la clé est juste",
    Kind.BIRTH: "date de naissance",
    Kind.AGE: "âge d'une personne et son résultat",
    Kind.NAME: "nom et prénom",
    Kind.HEADING: "en-tête de données de patients",
    Kind.RESULTS: "résultats de patients (dossier, résultat, date)",
    Kind.MESSAGE: "message de résultats ou ressource de patient (HL7, HPRIM, ASTM, CDA, FHIR)",
}
OVERRULED = frozenset({Kind.NAME, Kind.HEADING, Kind.AGE})
"""What an administrator may let pass, with a written reason."""
ANSWERED = frozenset({Kind.ARTICLE})
"""What passes once a person said what it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Traces of one kind in one column, by the numbers of their rows. Columns count from 0; None is the whole file."""

    kind: Kind
    column: int | None
    rows: tuple[int, ...]


def kept(findings: Sequence[Finding], cleared: frozenset[Kind]) -> list[Finding]:
    """The findings that still refuse: of what may be cleared, all that was not."""
    passing = cleared & (OVERRULED | ANSWERED)
    return [finding for finding in findings if finding.kind not in passing]
