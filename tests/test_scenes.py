"""Scenes are known by the name of their fixture: no other fixture may bear it, and a copy owes nothing to another."""

import re
from pathlib import Path

import pytest

from app.platform.database import transaction
from tests import scenes
from tests.app.review.conftest import Desk, desk
from tests.conftest import World

__all__ = ["desk"]

TESTS = Path(__file__).parent
FIXTURE = re.compile(r"@pytest\.fixture[^\n]*\ndef (\w+)\(")


def test_the_name_of_a_scene_is_that_of_one_fixture() -> None:
    found = [name for path in TESTS.rglob("*.py") for name in FIXTURE.findall(path.read_text("utf-8"))]
    assert "desk" in scenes.BUILDERS
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
