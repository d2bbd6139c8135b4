"""Scenes are known by the name of their fixture: no other fixture may bear it, and a copy owes nothing to another."""

import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import SQLModel

from app.models import Catalogue
from app.platform.database import make_engine, transaction
from app.settings import Settings
from tests import scenes
from tests.app.earlier.conftest import Inherited, inherited
from tests.app.earlier.test_round_trip import origin
from tests.app.exports.conftest import decided, narrow, sample
from tests.app.exports.sample import Sample
from tests.app.review.conftest import Desk, desk
from tests.conftest import World

__all__ = ["decided", "desk", "inherited", "narrow", "origin", "sample"]

TESTS = Path(__file__).parent
FIXTURE = re.compile(r"@pytest\.fixture[^\n]*\ndef (\w+)\(")


def test_the_name_of_a_scene_is_that_of_one_fixture() -> None:
    found = [name for path in TESTS.rglob("*.py") for name in FIXTURE.findall(path.read_text("utf-8"))]
    assert {"decided", "desk", "inherited", "narrow", "origin"} == set(scenes.BUILDERS)
    assert {name: found.count(name) for name in scenes.BUILDERS} == dict.fromkeys(scenes.BUILDERS, 1)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_changes_only_its_copy(desk: Desk, world: World, turn: int) -> None:
    """Whichever comes first, the second finds the scene as it was made."""
    assert desk.world is world
    assert desk.engine is world.engine
    assert desk.catalogue.name == "Catalogue général"
    assert len(world.users) == 6
    assert desk.facts(desk.sodium) == []
    assert desk.audit() == []
    desk.decide(desk.sodium)
    assert len(desk.facts(desk.sodium)) == 1
    with transaction(desk.engine) as session:
        desk.catalogue.name = f"Changé {turn}"
        session.add(desk.catalogue)
    world.users.clear()


@pytest.mark.parametrize("turn", [1, 2])
def test_what_is_decided_in_a_copy_is_in_no_other(narrow: Sample, world: World, turn: int) -> None:
    assert narrow.world is world
    assert narrow.session is None
    with transaction(world.engine) as session:
        stored = session.get(Catalogue, narrow.catalogue_id)
        assert stored is not None
        assert stored.name == narrow.catalogue.name == "Catalogue général"
        stored.name = narrow.catalogue.name = f"Changé {turn}"
    narrow.ids.clear()


OWN_TO_EACH = re.compile(r"public_id|(.+_)?at|(previous_)?hash|salts|chain_link\.members")
"""Columns of chance and of the moment, and the links of the chain over both."""


def content(engine: Engine) -> dict[tuple[str, str], list[Any]]:
    """Table and column -> its values in the order of the key."""
    found = {}
    with engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            for column, *values in zip(table.columns, *rows, strict=True):
                if not OWN_TO_EACH.fullmatch(column.name) and not OWN_TO_EACH.fullmatch(f"{table.name}.{column.name}"):
                    found[table.name, column.name] = values
    return found


def test_a_desk_is_as_built(desk: Desk, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    _compare("desk", desk.engine, request, tmp_path)


def test_decisions_are_as_built(decided: Sample, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert decided.ids == _compare("decided", decided.world.engine, request, tmp_path).ids


def test_relations_are_as_built(narrow: Sample, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert narrow.ids == _compare("narrow", narrow.world.engine, request, tmp_path).ids


def test_earlier_codes_are_as_built(inherited: Inherited, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert inherited.catalogue_id == _compare("inherited", inherited.engine, request, tmp_path).catalogue_id


def _compare(name: str, copied: Engine, request: pytest.FixtureRequest, folder: Path) -> Any:
    """The scene built in a database of its own holds what the copy holds; what its builder returned."""
    if copied.dialect.name == "sqlite":
        file, members = request.getfixturevalue("populated_database")
        address = f"sqlite:///{folder / 'built.sqlite3'}"
        shutil.copyfile(file, folder / "built.sqlite3")
    else:
        cluster = request.getfixturevalue("cluster")
        _, populated, members = request.getfixturevalue("server_templates")
        address = cluster.url(cluster.create(populated))
    settings: Settings = request.getfixturevalue("settings")
    engine = make_engine(address)
    try:
        made = scenes.BUILDERS[name](World(engine, *pickle.loads(members)), settings)
        found, expected = content(copied), content(engine)
        differing = [".".join(column) for column in expected if found[column] != expected[column]]
        assert " ".join(differing) == ""
        assert sum(map(len, found.values())) > 500
    finally:
        engine.dispose()
    return made
