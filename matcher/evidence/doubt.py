"""What keeps a proposal from being sure, whatever its score: a repaired word, a writing nobody settled, a label that
says one specimen and a column another. Each doubt is a line of the explanation."""

from collections.abc import Callable
from dataclasses import dataclass

from matcher.types import Axis, Verdict


@dataclass(frozen=True, slots=True)
class Doubt:
    """A fact about the reading of a row; the docstring of `rule` is its sentence (see `evidence.base`)."""

    axis: Axis
    rule: Callable[..., None]
    local: str
    term: str = ""
    verdict: Verdict = Verdict.UNKNOWN
    is_settled: bool = False
    """Said in the explanation, without keeping anything from being sure."""


def word_is_repaired(local: str, term: str) -> None:
    """« {local} » n'est pas un mot connu : lu « {term} », à vérifier."""


def word_is_cut(local: str, term: str) -> None:
    """« {local} » semble coupé : lu « {term} », parmi d'autres mots possibles."""


def word_is_completed(local: str, term: str) -> None:
    """« {local} » est lu « {term} », le seul mot connu qui convienne."""


def words_left_out(local: str, term: str) -> None:
    """« {local} » n'est pas en entier dans le composant {term}."""


def another_comes_first(local: str, term: str) -> None:
    """« {local} » désigne d'abord {term}."""


def technique_left_out(local: str, term: str) -> None:
    """Le libellé nomme une technique ({local}), que le code LOINC ne porte pas."""


def label_says_otherwise(local: str, term: str) -> None:
    """La ligne dit {local}, et non {term}."""


def divisor_left_out(local: str, term: str) -> None:
    """Le libellé rapporte le résultat à {local}, le code LOINC non."""


def specimen_is_guessed(local: str, term: str) -> None:
    """Milieu {local} : {term} n'est qu'un de ceux qu'il peut vouloir dire."""


def word_is_taken_apart(local: str, term: str) -> None:
    """« {local} » n'est pas un mot connu : pris pour des abréviations collées, « {term} », que rien ne confirme."""


def glued_words(local: str, term: str) -> None:
    """« {local} » est lu « {term} », abréviations collées que l'unité confirme."""


def label_is_cut(local: str, term: str) -> None:
    """Le libellé remplit la largeur de sa colonne ({local} caractères) : il est peut-être coupé."""


def letter_is_lost(local: str, term: str) -> None:
    """Le libellé contient « ? » : une lettre s'y est peut-être perdue."""


def short_and_rare(local: str, term: str) -> None:
    """« {local} » est bien court pour {term}, dont le code est peu courant."""


def weight_left_out(local: str, term: str) -> None:
    """L'unité rapporte le résultat au poids du patient ({local}), celle du code non."""


def range_says_otherwise(local: str, term: str) -> None:
    """Unité {local}, mais les valeurs de référence sont en {term}."""


def writing_is_unsettled(local: str, term: str) -> None:
    """« {local} » : aucune source n'établit encore que ce soit {term}."""


def less_usual_meaning(local: str, term: str) -> None:
    """« {local} » a un autre sens, plus habituel que {term}."""


def short_name_alone(local: str, term: str) -> None:
    """« {local} » est bien court, et rien d'autre (unité, milieu, chapitre) ne dit que c'est {term}."""


def label_against_column(local: str, term: str) -> None:
    """Le libellé dit {local}, la colonne du milieu dit {term}."""


def word_is_unknown(local: str, term: str) -> None:
    """« {local} » n'est connu ni du lexique ni de LOINC : il peut changer ce qui est mesuré."""


def words_are_unread(local: str, term: str) -> None:
    """Mots que rien n'explique : « {local} »."""
