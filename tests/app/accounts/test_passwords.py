"""Passwords: hashes, constant work for unknown accounts, and what is refused."""

import time

import pytest

from app.accounts.passwords import (
    check_new_password,
    generate_password,
    hash_password,
    verify_password,
)
from app.errors import InvalidInputError

EMAIL = "marie.durand@exemple.fr"


def test_a_hash_is_argon2_and_verifies() -> None:
    kept = hash_password("une phrase à moi")
    assert kept.startswith("$argon2id$")
    assert verify_password("une phrase à moi", kept)
    assert not verify_password("une phrase à toi", kept)


def test_accents_typed_in_two_ways_are_the_same_password() -> None:
    assert verify_password("e\u0301te\u0301 en Auvergne", hash_password("été en Auvergne"))


def test_an_unknown_account_costs_as_much_as_a_known_one() -> None:
    kept = hash_password("une phrase à moi")
    verify_password("x", None)
    started = time.perf_counter()
    assert not verify_password("une phrase à toi", kept)
    known = time.perf_counter() - started
    started = time.perf_counter()
    assert not verify_password("une phrase à toi", None)
    unknown = time.perf_counter() - started
    assert unknown > known / 5


def test_an_unreadable_hash_and_an_endless_password_are_refused() -> None:
    assert not verify_password("x", "!")
    assert not verify_password("x" * 5000, hash_password("une phrase à moi"))


@pytest.mark.parametrize(
    "password",
    [
        "court",
        "aaaaaaaaaaaaaaaa",
        "motdepasse123456",
        EMAIL,
        "marie.durand1234",
        "x" * 300,
        "laboratoire2026",
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInputError):
        check_new_password(password, EMAIL)


@pytest.mark.parametrize("password", ["cheval correct pile agrafe", "Tr4nsc0d4ge!loinc", generate_password()])
def test_good_passwords_are_accepted(password: str) -> None:
    check_new_password(password, EMAIL)


def test_generated_passwords_differ() -> None:
    assert len({generate_password() for _ in range(50)}) == 50
