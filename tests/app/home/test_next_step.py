"""The next step of each role in each situation."""

import pytest

from app.home.next_step import MOST_READINGS, NextStep, Waiting, next_step
from app.models import Role

WORK = Waiting(todo=12, doubt=2, decided=5, approved=9, sent_back=1, own_decided=2, own_sent_back=1, has_proposals=True)


def asked(role: Role, waiting: Waiting) -> NextStep:
    return next_step(role, waiting, catalogue_id=7, laboratory_id=3, user_id=11)


@pytest.mark.parametrize(
    ("role", "waiting", "sentence", "url"),
    [
        (Role.TRANSCODER, WORK, "1 de vos décisions vous est renvoyée", "/catalogues/7/revue?etat=renvoyee&auteur=11"),
        (Role.BIOLOGIST, WORK, "3 décisions attendent votre approbation.", "/catalogues/7/approbation/lecture"),
        (Role.READER, WORK, "9 lignes sont approuvées ; 20 ne le sont pas encore.", "/catalogues/7/couverture"),
        (
            Role.TRANSCODER,
            Waiting(todo=1, has_proposals=True),
            "1 ligne reste à décider.",
            "/catalogues/7/revue?etat=a-traiter",
        ),
        (
            Role.TRANSCODER,
            Waiting(sent_back=2, has_proposals=True),
            "2 lignes renvoyées sont à revoir.",
            "/catalogues/7/revue?etat=renvoyee",
        ),
        (
            Role.TRANSCODER,
            Waiting(doubt=2, has_proposals=True),
            "2 doutes restent à lever.",
            "/catalogues/7/revue?etat=doute",
        ),
        (Role.TRANSCODER, Waiting(decided=1), "Tout est décidé : 1 ligne attend", "/catalogues/7/couverture"),
        (
            Role.BIOLOGIST,
            Waiting(decided=2, own_decided=2, doubt=1, has_proposals=True),
            "1 doute attend une réponse.",
            "/catalogues/7/revue?etat=doute",
        ),
        (
            Role.BIOLOGIST,
            Waiting(decided=2, own_decided=2, approved=4),
            "2 de vos décisions attendent un autre biologiste.",
            "/catalogues/7/couverture",
        ),
        (
            Role.BIOLOGIST,
            Waiting(todo=3, approved=4, has_proposals=True),
            "Rien n'attend votre approbation ; 3 lignes restent à décider.",
            "/catalogues/7/revue",
        ),
        (Role.BIOLOGIST, Waiting(approved=4), "Tout est approuvé", "/catalogues/7/exports"),
        (Role.TRANSCODER, Waiting(), "Ce catalogue est vide", "/laboratoires/3/importer?catalogue=7"),
        (Role.READER, Waiting(), "Ce catalogue est encore vide.", ""),
        (Role.TRANSCODER, Waiting(todo=4), "Aucune proposition n'est encore calculée", "/catalogues/7"),
        (Role.TRANSCODER, Waiting(todo=4, is_searching=True), "Les propositions sont en cours", "/catalogues/7/revue"),
        (Role.BIOLOGIST, Waiting(todo=4, is_importing=True), "Un import est en cours", ""),
    ],
)
def test_one_sentence_and_the_way_there(role: Role, waiting: Waiting, sentence: str, url: str) -> None:
    found = asked(role, waiting)
    assert found.sentence.startswith(sentence)
    assert found.url == url
    assert bool(found.link) is bool(url)


def test_a_biologist_does_not_wait_for_what_she_decided_herself() -> None:
    assert asked(Role.BIOLOGIST, Waiting(decided=5, own_decided=5, has_proposals=True)).waiting == 0


READINGS = Waiting(todo=12, has_proposals=True, to_read=77, to_reconcile=26)


def test_the_double_reading_is_named_to_whoever_may_act_on_it() -> None:
    biologist, transcoder = asked(Role.BIOLOGIST, READINGS), asked(Role.TRANSCODER, READINGS)
    assert [item.sentence for item in biologist.also] == [
        "26 lectures en désaccord attendent une conciliation.",
        "77 lignes attendent votre deuxième lecture.",
    ]
    assert [item.sentence for item in transcoder.also] == ["77 lignes attendent votre deuxième lecture."]
    assert {item.url for item in biologist.also} == {"/catalogues/7/double-lecture"}
    assert "12 lignes restent à décider. 77 lignes attendent votre deuxième lecture." in transcoder.said
    assert asked(Role.READER, READINGS).also == ()


def test_what_is_counted_no_further_is_said_so() -> None:
    (read,) = asked(Role.TRANSCODER, Waiting(approved=9, to_read=MOST_READINGS)).also
    assert read.sentence == "Plus de 99 lignes attendent votre deuxième lecture."
