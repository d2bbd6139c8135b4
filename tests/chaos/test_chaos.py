"""Kills of real processes lose nothing that was acknowledged, on both databases; `make chaos` makes two hundred."""

from pathlib import Path

import pytest

from tests.chaos.run import kill, place_on

KILLS = 10
"""On each database: each act twice."""
SEED = 20261127


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_when_processes_are_killed(tmp_path: Path, database: str) -> None:
    with place_on(database, tmp_path) as place:
        tallies = kill(place, KILLS, SEED, tmp_path)
    assert {name: tally.faults for name, tally in tallies.items() if tally.faults} == {}
    assert sum(tally.kills for tally in tallies.values()) == KILLS
