"""Kill the real processes at random, again and again: `python -m tests.chaos.run --kills 200 [--seed N]`.

Prints what held and what did not, by act and by database. Exit status 1 when anything was lost.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import invariants
from tests.chaos.installation import Installation
from tests.chaos.scenarios import SCENARIOS, Expectation, Scene, prepare_scene
from tests.postgresql import cluster

SETTLE_EVERY = 10
JOBS_SECONDS = 300


@dataclass
class Tally:
    """What became of one kind of act."""

    kills: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def kill_again(scene: Scene, kills: int, tallies: dict[str, Tally]) -> None:
    """Kill this many times, the acts in turn; what was found wrong is in the tallies."""
    names = list(SCENARIOS)
    waiting: list[tuple[str, Expectation]] = []
    for number in range(kills):
        scene.rounds += 1
        name = names[number % len(names)]
        tally = tallies.setdefault(name, Tally())
        begun = time.monotonic()
        try:
            waiting.append((name, SCENARIOS[name](scene)))
            invariants.check(scene.place)
        except AssertionError as error:
            tally.faults.append(f"kill {scene.rounds}: {error}")
        tally.kills += 1
        if number % SETTLE_EVERY == SETTLE_EVERY - 1 or number == kills - 1:
            _settle(scene, waiting, tallies)
            waiting = []
        tally.seconds += time.monotonic() - begun


def _settle(scene: Scene, waiting: list[tuple[str, Expectation]], tallies: dict[str, Tally]) -> None:
    """Let the jobs end, those that failed with their server being started again, and look at what was expected."""
    client = scene.client()
    scene.place.wait_for_jobs(JOBS_SECONDS)
    for (job,) in scene.place.rows("SELECT id FROM job WHERE status = 'failed'"):
        client.post(f"/travaux/{job}/relancer", {})
    scene.place.wait_for_jobs(JOBS_SECONDS)
    for name, expected in waiting:
        try:
            expected()
        except AssertionError as error:
            tallies[name].faults.append(str(error))
    try:
        invariants.check(scene.place)
    except AssertionError as error:
        tallies[waiting[-1][0]].faults.append(f"after the jobs: {error}")


def kill(place: Installation, kills: int, seed: int, folder: Path) -> dict[str, Tally]:
    """Tallies by act, for one installation."""
    tallies: dict[str, Tally] = {}
    scene = prepare_scene(place, random.Random(seed), folder)
    try:
        kill_again(scene, kills, tallies)
    finally:
        scene.close()
    return tallies


@contextmanager
def place_on(database: str, folder: Path) -> Iterator[Installation]:
    """An installation still to be made, on a data folder or on a server of its own; raises NoServerError."""
    folder.mkdir(parents=True, exist_ok=True)
    if database == "sqlite":
        yield Installation(folder / "var")
        return
    with cluster() as server, server.database() as address:
        yield Installation(folder / "var", address)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="for all databases together")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--databases", default="sqlite,postgresql")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    databases = arguments.databases.split(",")
    say(f"seed {seed}")
    faults = 0
    for database in databases:
        with tempfile.TemporaryDirectory(prefix="transcodeur-pannes-") as name, place_on(
            database, Path(name)
        ) as place:
            tallies = kill(place, arguments.kills // len(databases), seed, Path(name))
        for act, tally in tallies.items():
            say(
                f"{database:<11} {act:<20} {tally.kills:>4} kills {len(tally.faults):>3} faults "
                f"{tally.seconds / tally.kills:>6.1f} s each"
            )
            for fault in tally.faults:
                say(f"    {fault}")
            faults += len(tally.faults)
    say("nothing was lost" if not faults else f"{faults} faults")
    return int(faults > 0)


if __name__ == "__main__":
    raise SystemExit(main())
