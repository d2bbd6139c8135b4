"""How a LOINC term is named on screen: its own names are never altered, our label is marked as ours."""

from dataclasses import dataclass

from app.models import LoincTerm
from app.web.wording import TERM_STATUS


@dataclass(frozen=True, slots=True)
class TermName:
    """The names of a term: LOINC's (French when a French variant is loaded), and our lexicon's label."""

    main: str
    lang: str
    ours: str
    status: str
    """A French word when the term is not active, else empty."""

    @property
    def short(self) -> str:
        """The shortest French text there is, for dense tables."""
        return self.main if self.lang == "fr" or not self.ours else self.ours


def name_of(term: LoincTerm | None) -> TermName:
    """The names of a term; a code that the release does not have says so."""
    if term is None:
        return TermName("absent de la version LOINC chargée", "fr", "", "absent")
    french = term.official_french_name
    return TermName(
        main=french or term.long_common_name or term.component,
        lang="fr" if french else "en",
        ours=term.fr_label,
        status=TERM_STATUS.get(term.status, ""),
    )
