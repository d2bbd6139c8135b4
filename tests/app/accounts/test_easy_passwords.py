"""Passwords that a guesser tries first are refused, and the sentence says why."""

import pytest

from app.accounts import easy_passwords as easy
from app.accounts.easy_passwords import why_easy

EMAIL = "marie.durand@chu-exemple.fr"
LABORATORIES = ("Laboratoire du Parc",)


@pytest.mark.parametrize(
    ("reason", "passwords"),
    [
        (easy.DIGITS_ONLY, "000000000000 010120260101 061284937502 12-05-1984-12-05 121212121212"),
        (easy.SEQUENCE, "123456789012 1234567890123 987654321098 abcdefghijkl zyxwvutsrqpo abcd1234abcd"),
        (easy.REPEATED, "aaaaaaaaaaaaaaaa abcabcabcabc AzertyAzerty passwordpassword motdepassemotdepasse aAaAaAaAaA1"),
        (
            easy.WALK,
            "azertyuiop12 azertyuiop123 AZERTYUIOP!! azertyqsdfgh qsdfghjklm12 wxcvbn123456 qwertyuiop12 aqwzsxedcrfv "
            "1a2z3e4r5t6y 1qaz2wsx3edc poiuytreza12",
        ),
        (
            easy.FREQUENT,
            "motdepasse123 motdepasse1234 Motdepasse!2026 password1234 Password2024! iloveyou1234 letmein12345 "
            "bonjour12345 Bonjour2026! soleil123456 admin123456! administrateur laboratoire1 Laboratoire123! "
            "bienvenue2026 Janvier2026! Été2026!!!!!! chocolat1234 Marseille13! hopital2026!! 26biologie26",
        ),
        (easy.EASY, "P@ssw0rd1234 soleilbonjour dragonmonkey1"),
        (easy.HAS_EMAIL, "marie.durand1 MarieDurand26! xX-durand-Xx! M4rie1984-ete ch\u00fb-exemple-9 chuexemple2026"),
        (easy.HAS_LABORATORY, "LaboratoireDuParc26 laboratoire-du-parc!"),
        (easy.HAS_PRODUCT, "transcodeur2026 Transc0deur!! Atelier-de-transcodage"),
    ],
    ids=lambda value: value[20:45] if value.startswith("Ce mot") else "passwords",
)
def test_what_is_tried_first_is_refused_for_its_reason(reason: str, passwords: str) -> None:
    found = passwords.split()
    assert {password: why_easy(password, EMAIL, LABORATORIES) for password in found} == dict.fromkeys(found, reason)


@pytest.mark.parametrize(
    "password",
    [
        "cheval correct pile agrafe",
        "le chat dort sous la table",
        "nuages gris sur Brest",
        "Bilan-Clair-2026",
        "Kx9#vLm2$pQw",
        "abgfk-3kd9z-qpw8m-x7tyh",
        "三つの石と一つの川が流れる",
    ],
)
def test_a_sentence_of_ones_own_passes(password: str) -> None:
    assert why_easy(password, EMAIL, LABORATORIES) == ""


def test_the_longest_password_is_looked_at_quickly() -> None:
    """Its parts are looked for in its beginning only: the work grows with the square of the length."""
    assert why_easy("girafe bleue sur un vélo " * 10 + "!", EMAIL) in ("", easy.REPEATED)
