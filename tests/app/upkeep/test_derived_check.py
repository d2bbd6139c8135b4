"""Words under a decision, and rights that no event gave, are found though their tables may change."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text, update
from sqlmodel import Session, select

from app.accounts.service import create_user, set_active, set_administrator, set_role
from app.audit.service import record
from app.models import Membership, Role, SourceFile, User, metadata
from app.platform.database import transaction
from app.settings import Settings
from app.upkeep import erasure
from app.upkeep.audit_check import audit
from app.upkeep.erasure_places import Wanted
from tests.app.exports.conftest import narrow, sample
from tests.app.exports.sample import Sample
from tests.conftest import ADMINISTRATOR, World

__all__ = ["narrow", "sample"]


def found(connection: Connection) -> list[tuple[str, str, int | None]]:
    with Session(connection) as session:
        return [(item.kind, item.table, item.row) for item in audit(session).findings]


@pytest.fixture
def words(sample: Sample) -> Iterator[Connection]:
    with sample.world.engine.connect() as connection:
        assert ("forged_state", "local_test") not in {item[:2] for item in found(connection)}
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    "change",
    ["unit = 'g/L'", "label = 'POTASSIUM'", "specimen = 'Urines'", "code = 'AUTRE'", "technique = 'autre'",
     "source_row_id = NULL"],
)  # fmt: skip
def test_words_that_were_changed_under_a_decision_are_found(words: Connection, change: str) -> None:
    number = words.exec_driver_sql("SELECT id FROM local_test WHERE code = 'CREA' AND level = 'analysis'").scalar()
    words.exec_driver_sql(f"UPDATE local_test SET {change} WHERE id = {number}")
    assert ("forged_state", "local_test", number) in found(words)


def test_a_file_that_moved_to_another_catalogue_is_found(words: Connection, sample: Sample) -> None:
    other = sample.world.add_catalogue()
    words.rollback()
    words.execute(update(SourceFile).values(catalogue_id=other.id))
    assert ("forged_state", "local_test") in {item[:2] for item in found(words)}


def test_words_that_were_erased_are_no_forgery(sample: Sample, tmp_path: object) -> None:
    done = erasure.erase(
        sample.world.engine, Settings(data_dir=tmp_path), Wanted(["DOSAGE RARE"]),  # type: ignore[arg-type]
        email=ADMINISTRATOR, reason="un nom est entré",
    )  # fmt: skip
    assert dict(done.rows)["local_test"] == 1
    with sample.world.engine.connect() as connection:
        assert ("forged_state", "local_test") not in {item[:2] for item in found(connection)}


@pytest.fixture
def rights(world: World) -> Iterator[Connection]:
    """Accounts that were opened, promoted, closed and given roles as an administrator does."""
    with transaction(world.engine) as session:
        # The accounts of every test are written by hand, before the journal.
        for person in session.exec(select(User)).all():
            _tell(session, person)
        laboratory = session.merge(world.laboratory)
        for name in ("un", "deux", "trois"):
            person, _ = create_user(session, email=f"{name}@exemple.fr", display_name=name)
            set_role(session, person, laboratory, Role.READER)
            set_role(session, person, laboratory, Role.TRANSCODER)
        set_administrator(session, person, True)
        set_role(session, person, laboratory, None)
        second, _ = create_user(session, email="quatre@exemple.fr", display_name="quatre")
        set_active(session, second, False)
    with world.engine.connect() as connection:
        assert found(connection) == []
        yield connection
        connection.rollback()


def _tell(session: Session, person: User) -> None:
    record(session, "user.create", object_type="user", object_id=person.id, email=person.email,
           is_administrator=person.is_administrator)  # fmt: skip
    for member in session.exec(select(Membership).where(Membership.user_id == person.id)):
        record(session, "membership.change", object_type="user", object_id=person.id,
               laboratory_id=member.laboratory_id, before="", after=str(member.role))  # fmt: skip


FORGED = {
    "a role raised": ("UPDATE membership SET role = 'biologist' WHERE role = 'transcoder'", "membership"),
    "a role taken away": ("DELETE FROM membership WHERE role = 'transcoder'", "membership"),
    "an administrator": ("UPDATE user_account SET is_administrator = {true} WHERE email = 'un@exemple.fr'",
                         "user_account"),
    "an account opened again": ("UPDATE user_account SET is_active = {true} WHERE email = 'quatre@exemple.fr'",
                                "user_account"),
    "another address": ("UPDATE user_account SET email = 'a@b.fr' WHERE email = 'un@exemple.fr'", "user_account"),
}  # fmt: skip


@pytest.mark.parametrize("way", FORGED)
def test_rights_that_no_event_gave_are_found(rights: Connection, way: str) -> None:
    statement, table = FORGED[way]
    rights.execute(text(statement.format(true="true" if rights.dialect.name == "postgresql" else "1")))
    assert {item[:2] for item in found(rights)} == {("forged_right", table)}


def test_a_role_that_was_inserted_is_found(rights: Connection, world: World) -> None:
    person = rights.exec_driver_sql("SELECT id FROM user_account WHERE email = 'trois@exemple.fr'").scalar()
    rights.execute(
        metadata.tables["membership"].insert(),
        {"user_id": person, "laboratory_id": world.laboratory_id, "role": "biologist"},
    )
    assert {item[:2] for item in found(rights)} == {("forged_right", "membership")}


def test_an_account_that_nobody_opened_is_found(rights: Connection) -> None:
    table = metadata.tables["user_account"]
    rights.execute(table.insert(), User(email="intrus@exemple.fr", display_name="I", password_hash="!").model_dump(
        exclude={"id"}
    ))  # fmt: skip
    assert {item[:2] for item in found(rights)} == {("forged_right", "user_account")}


def test_the_name_of_who_decided_is_that_of_the_journal(words: Connection) -> None:
    """A decision bears the number of its author: who gives that account another name gives it another author."""
    author = words.exec_driver_sql("SELECT max(actor_id) FROM audit_event").scalar()
    assert author is not None
    words.execute(update(User).where(User.id == author).values(display_name="Docteur Autre"))  # type: ignore[arg-type]
    assert ("forged_right", "user_account", author) in found(words)
