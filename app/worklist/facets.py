"""The facets of the queue: what a row can be filtered by, each value's word in the address and its label."""

from dataclasses import dataclass, field

from app.models import Level, Outcome, Status
from app.web import wording
from app.worklist.ordering import Margin, VolumeBand
from matcher.types import Band

UNHELD = "2"
"""Of a row: the release in use does not hold its decided code, and no task says so."""


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter on a column of the base query.

    `values` maps a stored value to (its word in the address, its label); empty means the laboratory's own
    texts, which are their own word.
    """

    key: str
    title: str
    column: str
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    empty_label: str = "non précisé"

    @property
    def is_free(self) -> bool:
        """Whether the values are the laboratory's own texts."""
        return not self.values

    def stored(self, word: str) -> str:
        """The stored value of a word of the address."""
        if self.is_free:
            return word
        return next((value for value, (slug, _) in self.values.items() if slug == word), word)

    def word(self, value: str) -> str:
        """The word of a stored value in the address."""
        return self.values[value][0] if value in self.values else value

    def label(self, value: str) -> str:
        """How a stored value is shown."""
        if value in self.values:
            return self.values[value][1]
        return value or self.empty_label

    def knows(self, word: str) -> bool:
        """Whether the address may say this word."""
        return self.is_free or any(slug == word for slug, _ in self.values.values())


def _yes_no(yes: str, no: str, yes_word: str = "oui", no_word: str = "non") -> dict[str, tuple[str, str]]:
    return {"1": (yes_word, yes), "0": (no_word, no)}


FACETS: tuple[Facet, ...] = (
    Facet("etat", "État", "status", {
        Status.TODO: ("a-traiter", wording.STATUS[Status.TODO].text),
        Status.DOUBT: ("doute", wording.STATUS[Status.DOUBT].text),
        Status.SENT_BACK: ("renvoyee", wording.STATUS[Status.SENT_BACK].text),
        Status.DECIDED: ("decidee", wording.STATUS[Status.DECIDED].text),
        Status.APPROVED: ("approuvee", wording.STATUS[Status.APPROVED].text),
    }),
    Facet("decision", "Décision", "outcome", {
        Outcome.CODE: ("code", wording.OUTCOME[Outcome.CODE].text),
        Outcome.NO_LOINC: ("aucun-code", wording.OUTCOME[Outcome.NO_LOINC].text),
        Outcome.OUT_OF_SCOPE: ("hors-perimetre", wording.OUTCOME[Outcome.OUT_OF_SCOPE].text),
        Outcome.NONE: ("aucune", wording.OUTCOME[Outcome.NONE].text),
    }),
    Facet("niveau", "Niveau", "level", {
        Level.ANALYSIS: ("analyse", "Analyses"),
        Level.EXAM: ("examen", "Examens"),
        Level.CHAPTER: ("chapitre", "Chapitres"),
        Level.SUBCHAPTER: ("sous-chapitre", "Sous-chapitres"),
    }),
    Facet("confiance", "Confiance", "band", {
        Band.SURE: ("sure", wording.BAND[Band.SURE].text),
        Band.TO_CHECK: ("a-verifier", wording.BAND[Band.TO_CHECK].text),
        Band.UNCERTAIN: ("incertaine", wording.BAND[Band.UNCERTAIN].text),
        "": ("aucune", "Sans proposition"),
    }),
    Facet("contradiction", "Contradiction", "contradiction",
          _yes_no("Avec contradiction", "Sans contradiction")),
    Facet("proposition", "Proposition", "has_proposal",
          _yes_no("Avec proposition", "Sans proposition", "avec", "sans")),
    Facet("non-analyse", "Nature de la ligne", "nontest",
          _yes_no("Pas une analyse", "Analyse présumée")),
    Facet("chapitre", "Chapitre", "chapter"),
    Facet("milieu", "Milieu", "specimen"),
    Facet("unite", "Unité", "unit", empty_label="sans unité"),
    Facet("sous-traitance", "Sous-traitance", "subcontracted",
          _yes_no("Sous-traitée", "Réalisée sur place")),
    Facet("commentaire", "Commentaire", "comment",
          _yes_no("Avec commentaire", "Sans commentaire", "avec", "sans")),
    Facet("repere", "Repère", "flag", _yes_no("Avec repère", "Sans repère", "avec", "sans")),
    Facet("retiree", "Retrait", "retired", _yes_no("Retirée du catalogue", "En service")),
    Facet("version", "Version de LOINC", "task",
          _yes_no("À revoir après une nouvelle version", "Sans changement", "a-revoir", "inchangee")
          | {UNHELD: ("a-confirmer", "Code à confirmer : absent de la version")}),
    Facet("auteur", "Décidée par", "author", empty_label="personne"),
    Facet("attribuee", "Attribuée à", "assignee", empty_label="personne"),
    Facet("ecart", "Écart avec la deuxième", "margin", {
        Margin.NARROW: ("faible", "Faible (moins de 20 points)"),
        Margin.MEDIUM: ("moyen", "Moyen (20 à 60 points)"),
        Margin.WIDE: ("large", "Large (60 points et plus)"),
        Margin.ALONE: ("seule", "Une seule proposition"),
        "": ("sans", "Sans proposition"),
    }),
    Facet("volume-annuel", "Volume annuel", "volume_band", {
        VolumeBand.HUGE: ("10000", "10 000 et plus"),
        VolumeBand.LARGE: ("1000", "1 000 à 9 999"),
        VolumeBand.MEDIUM: ("100", "100 à 999"),
        VolumeBand.SMALL: ("moins-de-100", "Moins de 100"),
        "": ("inconnu", "Inconnu"),
    }),
)  # fmt: skip
PEOPLE = ("auteur", "attribuee")
"""The facets whose values are identifiers of people."""
BY_KEY = {facet.key: facet for facet in FACETS}
