"""A laboratory that is closed: its archive first, then nothing of it but what proves it."""

from pathlib import Path

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, func, select
from sqlmodel import Session, col

from app.audit.heads import Head, heads
from app.audit.verification import verify
from app.errors import ConflictError, InvalidInputError
from app.laboratories.service import create_laboratory
from app.models import AuditEvent, ClosedLaboratory, Laboratory, User, metadata
from app.models.append_only import missing_triggers
from app.platform.database import Transactions, reading, transaction
from app.portability.closing import Closed, close_laboratory, laboratory_tables
from app.portability.writing import Archive
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.portability.moving import (
    Place,
    anomalies,
    archived,
    arrived,
    exports,
    figures,
    load_terminology,
)
from tests.conftest import ADMINISTRATOR, World

MARK = "Laboratoire du Parc"


def closed(world: World, path: Path, typed: str = "") -> Closed:
    return close_laboratory(
        Transactions(world.engine), world.laboratory_id, typed or world.laboratory.name, world.users[ADMINISTRATOR],
        lambda file, _said: path.write_bytes(file.read_bytes()),
    )  # fmt: skip


def _rows_of(session: Session, laboratory_id: int) -> dict[str, int]:
    found = {}
    for table in laboratory_tables():
        if "laboratory_id" in table.columns:
            asked = select(func.count()).select_from(table).where(table.c.laboratory_id == laboratory_id)
            found[table.name] = session.execute(asked).scalar_one()
    for name in ("decision", "local_test", "source_row", "proposal", "worklist_entry", "review_state", "catalogue"):
        found[name] = session.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one()
    return found


def test_everything_goes_but_what_proves_it(decided: Sample, tmp_path: Path) -> None:
    world, path = decided.world, tmp_path / "a.zip"
    with reading(world.engine) as session:
        (head,) = [item for item in heads(session) if item.chain == world.laboratory_id]
        others = session.execute(select(func.count()).select_from(metadata.tables["user_account"])).scalar_one()
    done = closed(world, path)
    with reading(world.engine) as session:
        assert not any(_rows_of(session, world.laboratory_id).values())
        assert session.get(Laboratory, world.laboratory_id) is None
        assert session.get(Laboratory, world.other_laboratory.id) is not None
        assert session.execute(select(func.count()).select_from(metadata.tables["user_account"])).scalar_one() == others
        (line,) = session.scalars(select(ClosedLaboratory)).all()
        assert (line.archive_sha256, line.head_hash) == (done.archive.sha256, head.hash)
        events = session.scalars(select(AuditEvent).where(col(AuditEvent.action).startswith("laboratory."))).all()
        assert [event.action for event in events][-2:] == ["laboratory.archive", "laboratory.close"]
        assert {event.details["sha256"] for event in events[-2:]} == {done.archive.sha256}
        assert missing_triggers(session.connection()) == []
        # The head that an operator kept is known still, and one that was not of this chain is told.
        assert verify(session, [Head(head.chain, "", head.position, head.hash)]).findings == []
        assert verify(session, [Head(head.chain, "", head.position, "0" * 64)]).findings
    assert anomalies(world.engine) == []


def test_another_name_erases_nothing(decided: Sample, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with pytest.raises(InvalidInputError, match="son nom exactement"):
        closed(decided.world, path, "Laboratoire du parc")
    assert not path.exists()
    with reading(decided.world.engine) as session:
        assert _rows_of(session, decided.world.laboratory_id)["decision"]


def test_what_is_written_meanwhile_is_not_lost(decided: Sample, tmp_path: Path) -> None:
    world = decided.world

    def deliver(_file: Path, _said: Archive) -> None:
        decided.approve("K", "2823-3")

    with pytest.raises(ConflictError, match="a changé"):
        close_laboratory(
            Transactions(world.engine), world.laboratory_id, world.laboratory.name, world.users[ADMINISTRATOR], deliver
        )
    with reading(world.engine) as session:
        assert _rows_of(session, world.laboratory_id)["decision"]
        assert missing_triggers(session.connection()) == []


def test_its_number_is_never_given_again(decided: Sample, tmp_path: Path) -> None:
    closed(decided.world, tmp_path / "a.zip")
    with transaction(decided.world.engine) as session:
        number = create_laboratory(session, name="Le suivant").id
    assert number is not None
    assert number > decided.world.laboratory_id


def test_it_comes_back_with_its_archive(
    decided: Sample, settings: Settings, elsewhere: Place, tmp_path: Path
) -> None:
    """Away and back: two journeys, two chains, and the accounts of those who are here are left alone."""
    world, name = decided.world, decided.world.laboratory.name
    load_terminology(world.engine, elsewhere.engine)
    before = figures(world.engine, name), exports(world.engine, settings, name)
    path, second = tmp_path / "a.zip", tmp_path / "b.zip"
    closed(world, path)
    away = arrived(elsewhere.engine, path)
    archived(elsewhere.engine, away.laboratory_id, second)
    back = arrived(world.engine, second)
    assert back.laboratory_id > world.laboratory_id
    assert (figures(world.engine, name), exports(world.engine, settings, name)) == before
    assert anomalies(world.engine) == []
    with reading(world.engine) as session:
        chains = [item for item in heads(session) if item.chain < 0]
        assert len(chains) == 2
        local = session.scalars(select(User).where(~col(User.is_foreign))).all()
        assert {person.email for person in local} == {person.email for person in world.users.values()}


FEW = {"laboratory", "catalogue", "source_file", "proposal_run"}
"""Tables of which a laboratory has so few rows that those that refer to them may be looked for by reading all."""


def test_a_row_goes_without_another_table_being_read_whole() -> None:
    """The database looks for what refers to each row that goes: without an index, in the rows of every laboratory."""
    erased = {table.name for table in laboratory_tables()} - FEW
    unread = []
    for table in metadata.sorted_tables:
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading |= {
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
        }
        unread += [
            f"{table.name}.{column.name}"
            for column in table.columns
            for foreign in column.foreign_keys
            if foreign.column.table.name in erased and column.name not in leading and not column.unique
        ]
    assert unread == []
