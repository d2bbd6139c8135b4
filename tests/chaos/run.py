"""Kill the real processes at random, again and again: `python -m tests.chaos.run --kills 200 [--seed N]`.

Prints what held and what did not, by act and by database. Exit status 1 when anything was lost.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import figures
from tests.chaos import invariants
from tests.chaos.installation import ADMINISTRATOR, Installation
from tests.chaos.scenarios import ACTS, Expectation
from tests.chaos.scene import Scene
from tests.postgresql import cluster

SETTLE_EVERY = 4
JOBS_SECONDS = 60.0
"""Within which every job ends by itself, once what was killed is started again."""


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


class Killing:
    """Kills in one installation; what was found wrong is in `tallies`, by act."""

    def __init__(self, scene: Scene) -> None:
        self.tallies = {name: Tally() for name in ACTS}
        self.slowest = 0.0
        """Seconds, of all the times that everything took to be at rest again."""
        self._scene = scene
        self._waiting: list[tuple[str, Expectation]] = []

    def kill_again(self, kills: int) -> None:
        """Kill this many times, the acts in turn, and the victims of each act in turn."""
        names = list(ACTS)
        for number in range(kills):
            self._scene.rounds += 1
            name = names[number % len(names)]
            begun = time.monotonic()
            self._kill_during(name, number // len(names))
            if number % SETTLE_EVERY == SETTLE_EVERY - 1 or number == kills - 1:
                self._settle(name)
            self.tallies[name].seconds += time.monotonic() - begun

    def _kill_during(self, name: str, turn: int) -> None:
        act, victims = ACTS[name]
        self.tallies[name].kills += 1
        try:
            self._waiting.append((name, act(self._scene, victims[turn % len(victims)])))
            invariants.check(self._scene.place)
        except AssertionError as error:
            self.tallies[name].faults.append(f"kill {self._scene.rounds}: {error}")

    def _settle(self, name: str) -> None:
        """Start what is dead, let the jobs end by themselves, and look at what was expected."""
        scene, waiting, self._waiting = self._scene, self._waiting, []
        scene.restart()
        begun = time.monotonic()
        try:
            scene.place.wait_for_jobs(JOBS_SECONDS)
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self._begin_given_up_again()
            invariants.check_at_rest(scene.place, scene.proposed)
        except AssertionError as error:
            self.tallies[name].faults.append(f"at rest after kill {scene.rounds}: {error}")
        for act, expected in waiting:
            try:
                expected()
            except AssertionError as error:
                self.tallies[act].faults.append(str(error))

    def _begin_given_up_again(self) -> None:
        """A job that was killed each time it was begun is given up, and says that a person can begin it again."""
        place = self._scene.place
        for job, message in place.rows("SELECT id, message FROM job WHERE status = 'failed'"):
            assert "Relancez-le" in str(message), f"job {job} failed: {message}"
            self._scene.client(ADMINISTRATOR).post(f"/travaux/{job}/relancer", {})
            self._scene.client().post(f"/travaux/{job}/relancer", {})
        place.wait_for_jobs(JOBS_SECONDS)


def kill(place: Installation, kills: int, seed: int, folder: Path) -> Killing:
    """Kill this many times in one installation, which is made first."""
    scene = Scene(place, random.Random(seed), folder)
    try:
        scene.prepare()
        killing = Killing(scene)
        killing.kill_again(kills)
    finally:
        scene.close()
    return killing


@contextmanager
def place_on(database: str, folder: Path) -> Iterator[Installation]:
    """An installation still to be made, on a data folder or on a server of its own; raises NoServerError."""
    folder.mkdir(parents=True, exist_ok=True)
    if database == "sqlite":
        yield Installation(folder / "var")
        return
    with cluster() as server, server.database() as address:
        yield Installation(folder / "var", address)


def kill_on(database: str, kills: int, seed: int) -> Killing:
    """The same in an installation of its own on this database."""
    with tempfile.TemporaryDirectory(prefix="transcodeur-pannes-") as name, place_on(database, Path(name)) as place:
        return kill(place, kills, seed, Path(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="for all databases together")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--databases", default="sqlite,postgresql")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    databases = arguments.databases.split(",")
    say(f"Seed {seed}; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.\n")
    shares = [len(range(number, arguments.kills, len(databases))) for number in range(len(databases))]
    with ThreadPoolExecutor(len(databases)) as pool:
        done = dict(zip(databases, pool.map(kill_on, databases, shares, [seed] * len(databases)), strict=True))
    say("| Base | Acte | Processus tués | Fautes | Secondes par essai |")
    say("|---|---|---:|---:|---:|")
    faults: list[str] = []
    for database, killing in done.items():
        for act, tally in killing.tallies.items():
            faults += [f"{database}, {act}: {fault}" for fault in tally.faults]
            each = tally.seconds / tally.kills if tally.kills else 0.0
            say(f"| {database} | {act} | {tally.kills} | {len(tally.faults)} | {each:.1f} |")
        say(f"\n{database}: at rest again within {killing.slowest:.1f} s each time.\n")
    figures.keep({"chaos_kills": arguments.kills, "chaos_faults": len(faults)})
    for fault in faults:
        say(fault)
    say("Nothing was lost." if not faults else f"{len(faults)} faults.")
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main())
