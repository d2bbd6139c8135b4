"""Every table is carried or is said not to be, every column is described, and no secret is in an archive."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlmodel import Session, select

from app.models import (
    ApiToken,
    KnownDevice,
    Membership,
    OneTimeLink,
    ProviderIdentity,
    RecoveryCode,
    SecurityKey,
    TotpSecret,
    User,
    UserSession,
    metadata,
    utc_now,
)
from app.platform.database import transaction
from app.portability.carried import CARRIED, NOT_CARRIED, file_of, is_nested, key_of, references, schema_of
from app.portability.carried import written_columns as columns_of
from app.portability.schemas import schema
from app.portability.words import TABLES, said_of
from tests.app.exports.sample import Sample
from tests.app.portability.moving import archived
from tests.app.portability.test_hostile import opened


def test_every_table_is_in_one_of_the_two_lists() -> None:
    assert {*CARRIED, *NOT_CARRIED} == set(metadata.tables)
    assert not {*CARRIED} & {*NOT_CARRIED}
    assert all(why.strip() for why in NOT_CARRIED.values())


def test_tables_come_after_those_that_they_refer_to() -> None:
    for place, name in enumerate(CARRIED):
        for target in references(name).values():
            assert target not in CARRIED or target in CARRIED[: place + 1], (name, target)


@pytest.mark.parametrize("name", CARRIED)
def test_every_column_is_described_and_typed(name: str) -> None:
    assert TABLES[name]
    assert key_of(name) is not None
    for column in columns_of(name):
        assert said_of(name, column.name), column.name
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.only("sqlite", "what is written is the same: the round trip compares both")
def test_every_row_is_as_its_schema_says(decided: Sample, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    seen = 0
    for name in CARRIED:
        said = json.loads(contents[schema_of(name)])
        check = Draft202012Validator(said)
        text = contents[file_of(name)].decode("utf-8-sig")
        rows = (
            [json.loads(line) for line in text.splitlines()] if is_nested(name)
            else list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        )  # fmt: skip
        for row in rows:
            check.validate(row)
            seen += 1
    assert seen > 50
    readme = contents["LISEZMOI.md"].decode()
    for name in (*CARRIED, *NOT_CARRIED):
        assert name in readme
    assert "LOINC" in contents["NOTICE-LOINC.txt"].decode()


SECRETS = {name: f"secret-{name}-0123456789abcdef0123456789abcdef"[:60] for name in (
    "password", "session", "challenge", "link", "device", "totp", "recovery", "credential", "public", "token", "rpps"
)}  # fmt: skip


def _mark_secrets(session: Session) -> None:
    now = utc_now()
    for person in session.exec(select(User)):
        number = person.id or 0

        def of(name: str, number: int = number) -> str:
            return f"{number}{SECRETS[name]}"

        person.password_hash = of("password")
        session.add(person)
        session.add_all([
            UserSession(token_hash=of("session"), user_id=number, expires_at=now + timedelta(days=1),
                        challenge=of("challenge")),
            OneTimeLink(token_hash=of("link"), user_id=number, expires_at=now + timedelta(days=1)),
            KnownDevice(token_hash=of("device"), user_id=number),
            TotpSecret(user_id=number, encrypted=of("totp")),
            RecoveryCode(user_id=number, code_hash=of("recovery")),
            SecurityKey(user_id=number, name="clé", credential_id=of("credential"), public_key=of("public")),
            ProviderIdentity(user_id=number, issuer="https://fournisseur.exemple", identifier=of("rpps")),
        ])  # fmt: skip
        for member in session.exec(select(Membership).where(Membership.user_id == number)):
            session.add(ApiToken(laboratory_id=member.laboratory_id, name="SGL", token_hash=of("token"),
                                 created_by_id=number, expires_at=now + timedelta(days=1)))  # fmt: skip


def test_no_secret_of_an_account_is_in_any_byte(decided: Sample, tmp_path: Path) -> None:
    with transaction(decided.world.engine) as session:
        _mark_secrets(session)
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    whole = path.read_bytes()
    for name, secret in SECRETS.items():
        assert secret.encode() not in whole, name
    # The zip compresses nothing: what is in it would be seen.
    assert decided.world.laboratory.name.encode() in whole
