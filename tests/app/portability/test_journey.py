"""A laboratory that goes on being worked on where it comes: away, further, and home again, the same at each step."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlmodel import col

from app.models import Action, Catalogue, Laboratory, Level, LocalTest, LoincRelease, User, utc_now
from app.platform.database import make_engine, reading, transaction
from app.tallies import marks
from app.tallies.rebuilding import bring_up
from app.text import in_paris
from tests.app.exports.sample import SODIUM, TSH, Sample
from tests.app.portability.every_table import fill_every_table
from tests.app.portability.moving import (
    Place,
    anomalies,
    archived,
    arrived,
    exports,
    figures,
    load_terminology,
    versions,
)
from tests.app.portability.test_closing import closed
from tests.conftest import BIOLOGIST, World, add_members


def _members(engine: Engine) -> dict[str, User]:
    """The people of another installation, whose own laboratories have other names."""
    _, _, users = add_members(engine)
    with transaction(engine) as session:
        for laboratory in session.execute(select(Laboratory)).scalars():
            laboratory.name += " d’ici"
            session.add(laboratory)
    return users


def _sample(engine: Engine, laboratory_id: int, users: dict[str, User]) -> Sample:
    """The laboratory where it came, to be decided by people of there."""
    with reading(engine) as session:
        laboratory = session.get_one(Laboratory, laboratory_id)
        catalogue = session.execute(select(Catalogue).where(col(Catalogue.laboratory_id) == laboratory_id)).scalar_one()
        release = session.execute(select(LoincRelease).where(col(LoincRelease.is_current))).scalar_one()
        tests = select(LocalTest).where(col(LocalTest.catalogue_id) == catalogue.id).order_by(col(LocalTest.id))
        ids: dict[tuple[Level, str], list[int]] = {}
        for test in session.execute(tests).scalars():
            ids.setdefault((Level(test.level), test.code), []).append(test.id or 0)
        session.expunge_all()
    return Sample(World(engine, laboratory, laboratory, users), catalogue, release, ids)


def _bring_up(sample: Sample) -> None:
    with transaction(sample.world.engine) as session:
        marks.mark(session, [sample.catalogue_id], True)
    bring_up(sample.world.engine, sample.catalogue_id)


def test_it_is_worked_on_at_each_place_and_comes_home_the_same(
    decided: Sample, elsewhere: Place, tmp_path: Path, empty_database: Path
) -> None:
    home, name = decided.world.engine, decided.world.laboratory.name
    settings = elsewhere.settings
    further = tmp_path / "plus-loin.sqlite3"
    further.write_bytes(empty_database.read_bytes())
    last = make_engine(f"sqlite:///{further}")
    paths = [tmp_path / f"{number}.zip" for number in range(4)]
    fill_every_table(decided)
    people, others = _members(elsewhere.engine), _members(last)
    load_terminology(home, elsewhere.engine)
    load_terminology(elsewhere.engine, last, above=90)
    closed(decided.world, paths[0])

    away = _sample(elsewhere.engine, arrived(elsewhere.engine, paths[0]).laboratory_id, people)
    with away.together():
        away.approve("TSH", TSH)
        away.act(away.test_id("K"), Action.APPROVE, email=BIOLOGIST)
        away.act(away.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    _bring_up(away)
    archived(elsewhere.engine, away.world.laboratory_id, paths[1])

    other = _sample(last, arrived(last, paths[1]).laboratory_id, others)
    today = in_paris(utc_now()).date()
    days = [today - timedelta(days=number) for number in (0, 1, 2)]
    assert figures(last, name, days) == figures(elsewhere.engine, name, days)
    assert exports(last, settings, name) == exports(elsewhere.engine, settings, name)
    assert versions(last, name) == versions(elsewhere.engine, name)
    other.approve("NA", SODIUM)
    _bring_up(other)
    archived(last, other.world.laboratory_id, paths[2])

    back = arrived(home, paths[2])
    assert figures(home, name, days) == figures(last, name, days)
    assert exports(home, settings, name) == exports(last, settings, name)
    assert versions(home, name) == versions(last, name)
    for engine in (home, elsewhere.engine, last):
        assert anomalies(engine) == []
    # Every chain that it came with goes with it, and it may leave again.
    assert archived(home, back.laboratory_id, paths[3]).rows > archived(last, other.world.laboratory_id, paths[2]).rows
    last.dispose()
