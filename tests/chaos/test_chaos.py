"""Ten kills of real processes lose nothing that was acknowledged; `make chaos` makes two hundred."""

from pathlib import Path

from tests.chaos.installation import Installation
from tests.chaos.run import kill

KILLS = 10
SEED = 20261127


def test_nothing_acknowledged_is_lost_when_processes_are_killed(tmp_path: Path) -> None:
    tallies = kill(Installation(tmp_path / "var"), KILLS, SEED, tmp_path)
    assert {name: tally.faults for name, tally in tallies.items() if tally.faults} == {}
    assert sum(tally.kills for tally in tallies.values()) == KILLS
