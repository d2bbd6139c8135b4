"""Kills of real processes lose nothing that was acknowledged, on both databases; `make chaos` makes two hundred."""

from tests.chaos.run import kill_on

KILLS = 10
"""On each database."""
SEED = 20261127


def test_nothing_acknowledged_is_lost_when_processes_are_killed(database_kind: str) -> None:
    killing = kill_on(database_kind, KILLS, SEED)
    assert {name: tally.faults for name, tally in killing.tallies.items() if tally.faults} == {}
    assert sum(tally.kills for tally in killing.tallies.values()) == KILLS
