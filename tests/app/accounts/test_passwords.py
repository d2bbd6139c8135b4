"""Passwords: hashes, constant work for unknown accounts, and what is refused."""

import pytest
from pwdlib import PasswordHash

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


def test_a_long_password_is_as_long_however_its_accents_are_typed() -> None:
    chosen = "e\u0301" * 150
    assert verify_password(chosen, hash_password(chosen)), "300 characters typed, 150 counted when it was chosen"


def cost(kept: str) -> tuple[str, ...]:
    """Algorithm, version and parameters of a hash: what its verification costs."""
    return tuple(kept.split("$")[1:4])


def test_an_unknown_account_costs_as_much_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted, not timed: each way verifies one hash, of the same cost."""
    verified: list[str] = []
    verify = PasswordHash.verify

    def counted(self: PasswordHash, password: str, kept: str) -> bool:
        verified.append(kept)
        return verify(self, password, kept)

    monkeypatch.setattr(PasswordHash, "verify", counted)
    known = hash_password("une phrase à moi")
    assert not verify_password("une phrase à toi", known)
    assert not verify_password("une phrase à toi", None)
    assert len(verified) == 2
    assert verified[0] == known
    assert verified[1] != known
    assert cost(verified[1]) == cost(known)


@pytest.mark.usefixtures("real_passwords")
def test_the_cost_is_the_recommended_one() -> None:
    recommended = PasswordHash.recommended().hash("x")
    assert cost(hash_password("une phrase à moi")) == cost(recommended)
    algorithm, _version, parameters = cost(recommended)
    assert algorithm == "argon2id"
    assert int(dict(item.split("=") for item in parameters.split(","))["m"]) >= 19 * 1024, "KiB of memory"


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
        "marie.DURAND et moi",
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInputError):
        check_new_password(password, EMAIL)


@pytest.mark.parametrize("password", ["cheval correct pile agrafe", "Tr4nsc0d4ge!loinc"])
def test_good_passwords_are_accepted(password: str) -> None:
    check_new_password(password, EMAIL)


def test_generated_passwords_are_accepted() -> None:
    for _ in range(20):
        check_new_password(generate_password(), EMAIL)


def test_generated_passwords_differ() -> None:
    assert len({generate_password() for _ in range(50)}) == 50
