"""Which release was in service then is the same answer for whoever asks, also where a session keeps to a laboratory."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app.audit.service import record
from app.models import Catalogue, LoincRelease, User, ValueSet, ValueSetKind, utc_now
from app.models.base import moment_told
from app.platform.database import reading, transaction
from app.platform.scoped import scoped
from app.publication.state import state_of
from app.terminology.past import release_at, value_set_at
from app.versions.repository import last_proof
from tests.conftest import World

NOW = utc_now()


@pytest.fixture
def switched(world: World) -> World:
    """A release used ten days ago and another since five, both told by the trail; a list used since two."""
    with transaction(world.engine) as session:
        for number, days in (("2.79", 10), ("2.80", 5)):
            with moment_told(NOW - timedelta(days=days)):
                release = LoincRelease(version=number, kind="official", is_current=number == "2.80")
                session.add(release)
                session.flush()
                record(
                    session, "terminology.make_current", actor_label="x", object_type="loinc_release",
                    object_id=release.id,
                )  # fmt: skip
        with moment_told(NOW - timedelta(days=2)):
            listed = ValueSet(kind=ValueSetKind.CIRCUIT_BIOLOGIE, title="Circuit", version="1", is_current=True)
            session.add(listed)
            session.flush()
            record(
                session, "terminology.use_value_set", actor_label="x", object_type="value_set", object_id=listed.id,
                kind=ValueSetKind.CIRCUIT_BIOLOGIE.value,
            )  # fmt: skip
    return world


def both(world: World) -> tuple[Engine, Engine]:
    return world.engine, scoped(world.engine, world.laboratory.id)


def test_the_release_of_then_is_told_to_a_laboratory_too(switched: World) -> None:
    for engine in both(switched):
        with reading(engine) as session:
            found = [release_at(session, NOW - timedelta(days=days)) for days in (7, 1)]
            assert [release.version if release else None for release in found] == ["2.79", "2.80"]
            kind = ValueSetKind.CIRCUIT_BIOLOGIE
            listed = [value_set_at(session, kind, NOW - timedelta(days=days)) for days in (3, 1)]
            assert [item.version if item else None for item in listed] == [None, "1"]


def test_the_state_that_is_published_is_one_whoever_asks(switched: World) -> None:
    catalogue_id = switched.add_catalogue().id
    later = NOW + timedelta(hours=1)
    with transaction(switched.engine) as session, moment_told(later):
        record(session, "terminology.make_current", actor_label="x", object_type="loinc_release", object_id=1)
    states = []
    for engine in both(switched):
        with reading(engine) as session:
            states.append(state_of(session, switched.laboratory, session.get_one(Catalogue, catalogue_id)))
    assert states[0] == states[1]
    assert states[0].changed_at == later


def test_how_a_person_proved_who_she_is_is_known_where_she_signs(world: World) -> None:
    with transaction(world.engine) as session:
        person = session.get_one(User, 1)
        record(session, "session.confirm", actor=person, object_type="user", object_id=person.id, kind="key")
    for engine in both(world):
        with reading(engine) as session:
            assert last_proof(session, 1, NOW - timedelta(minutes=1)) == "key"
