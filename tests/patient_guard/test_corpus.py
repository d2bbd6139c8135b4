"""The guard over the corpus: nothing is missed, nothing innocent is refused, and each part of it is needed."""

from collections.abc import Callable
from typing import Any

import pytest

from app.files import guard
from app.patient_guard import abroad, aged, ages, births, headings, messages, names, numbers, people, results, tables
from tests.patient_guard.corpus import cases
from tests.patient_guard.measure import PAGE, counted, is_refused, page

ALL = list(cases())


def test_the_corpus_is_as_large_as_the_page_says() -> None:
    held = [case for case in ALL if case.holds_patients]
    assert len(held) >= 60
    assert len({case.kind for case in held}) >= 40
    assert len(ALL) - len(held) >= 30


def test_the_page_is_what_the_guard_finds_today() -> None:
    found = counted()
    assert PAGE.read_text(encoding="utf-8") == page(found)
    assert all(files == refused for files, refused in found["patients"].values())
    assert sum(refused for _, refused in found["innocents"].values()) <= 1


def _nothing(*_: Any, **__: Any) -> Any:
    return ()


def _false(*_: Any, **__: Any) -> bool:
    return False


def _no_names(_: object) -> set[int]:
    return set()


@pytest.mark.parametrize(
    ("holder", "name", "instead", "kind"),
    [
        (numbers, "is_keyed", _false, "un seul NIR parmi 3 000 lignes"),
        (numbers, "is_form", _false, "NIR de 13 chiffres"),
        (births, "tells_a_birth", _false, "« né(e) le … » dans un texte"),
        (people, "births_in", lambda *_: set(), "naissances aaaammjj"),
        (people, "names_in", _no_names, "NOM Prénom comme libellé"),
        (people, "_first_names_in", _no_names, "prénoms seuls"),
        (people, "pairs", lambda _: {}, "nom et prénom sur deux colonnes, peu de lignes"),
        (people, "together", lambda _: {}, "deux noms et leur sexe"),
        (names, "addressed", lambda _: "", "une seule civilité"),
        (names, "addressed_by_surname", lambda _: "", "civilités et noms seuls"),
        (tables, "_dated_names", _no_names, "nom et date dans une cellule"),
        (headings, "certain", lambda _: [], "IPP, identité"),
        (results, "results_in", _nothing, "résultats sans en-têtes"),
        (messages, "message_in_cells", _false, "HL7 v2 en colonnes"),
        (messages, "message_in", _false, "CDA"),
        (guard, "message_in_bytes", _false, "FHIR en XML"),
        (guard, "refuse_name", lambda _: None, "NIR dans le nom d'un fichier"),
        (guard, "_attributes", _nothing, "NIR dans un format, un lien, une formule ou un nom de feuille"),
        (guard, "_all_values", _nothing, "FHIR : NIR dans un identifiant ou une adresse"),
        (guard, "_comments", _nothing, "civilité et nom dans un commentaire"),
        (numbers, "holds_card", _false, "NIR en groupes, séparés par autre chose"),
        (numbers, "unveiled", lambda text: text, "NIR aux tirets ou caractères invisibles"),
        (tables, "births_across", _false, "naissances en ligne, une personne par colonne"),
        (ages, "tells_a_person", _false, "âge d'une personne et son résultat, dans un texte"),
        (ages, "tells_a_person", _false, "âge d'une personne, le résultat dans la cellule d'à côté"),
        (aged, "results_of_aged", _nothing, "résultats de personnes sans nom, par leur âge"),
        (tables, "_count_abroad", lambda *_: None, "NISS belge"),
        (abroad, "_is_matricule", _false, "matricule luxembourgeois"),
        (abroad, "is_article", _false, "numéro AVS suisse"),
        (abroad, "_is_fiscal", _false, "numéros italiens, espagnols, allemands, néerlandais"),
        (numbers, "_look_at_typed", lambda *_: None, "NIR où O et l sont tapés pour 0 et 1"),
        (tables, "birth_beside", _false, "naissances sans séparateurs"),
        (people, "beside_a_birth", lambda _: {}, "naissances sans séparateurs"),
        (births, "dated", lambda _: None, "mois de naissance"),
        (guard, "_look_at_titles", lambda *_: None, "nom et jour d'une personne comme nom de feuille"),
        (guard, "names_a_person_and_a_day", _false, "nom et naissance dans le nom d'un fichier"),
        (guard, "look_beside", lambda *_: None, "commentaire d'une cellule"),
    ],
)
def test_each_part_of_the_guard_is_needed(
    monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, instead: Callable[..., Any], kind: str
) -> None:
    of_kind = [case for case in ALL if case.kind == kind]
    assert all(map(is_refused, of_kind))
    monkeypatch.setattr(holder, name, instead)
    assert not all(map(is_refused, of_kind))
