"""The running installation whose processes are killed: a server, a worker of two processes, and the dice."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.bench.synthetic_release import write_release
from tests.chaos.installation import Client, Installation, ProcessDiedError, Server
from tests.chaos.processes import Worker, stop

RELEASE_TERMS = 1_200
BASE_ROWS = 400
"""Enough for a round of approvals out of nine, over two hundred kills."""
LEASE_SECONDS = 3
SETTINGS = {
    "TRANSCODEUR_TEST_LEASE_SECONDS": str(LEASE_SECONDS),
    # Every export is then a job.
    "TRANSCODEUR_PREPARED_ABOVE_ROWS": "0",
    "TRANSCODEUR_SERVER_WORKERS": "0",
    "TRANSCODEUR_WORKER_NICENESS": "0",
    "TRANSCODEUR_LOG_LEVEL": "error",
}


class Victim(StrEnum):
    """Who is killed."""

    SERVER = "serveur"
    WORKING_PROCESS = "un processus de travail"
    WORKER = "worker et ses processus"


@dataclass
class Scene:
    """An installation at work."""

    place: Installation
    dice: random.Random
    folder: Path
    server: Server | None = None
    worker: Worker | None = None
    base: int = 0
    """The catalogue whose rows are decided and approved."""
    undecided: list[int] = field(default_factory=list)
    proposed: set[str] = field(default_factory=set)
    """The labels for which something is proposed."""
    rounds: int = 0

    def prepare(self) -> None:
        """Make the installation, a release in service, and a catalogue to work on with its proposals."""
        self.place.settings_of_processes |= SETTINGS
        self.place.create()
        release = write_release(self.folder / "release.zip", RELEASE_TERMS, "2.100")
        # Smaller than a real one, and whole.
        self.place.command("load-loinc", str(release), "--current", "--entiere")
        self.restart()
        client = self.client()
        self.base = client.import_catalogue("Socle", self.place.catalogue_file(BASE_ROWS))
        client.wait_for_jobs(120)
        # Those for which nothing is proposed come first: out of scope, they are approved together without an alert.
        found = self.place.rows(
            "SELECT t.id FROM local_test t WHERE t.catalogue_id = :id ORDER BY EXISTS (SELECT 1 FROM proposal p "
            "WHERE p.local_test_id = t.id AND p.rank = 1), t.id", id=self.base,
        )  # fmt: skip
        self.undecided = [int(str(row[0])) for row in found]
        labels = self.place.rows(
            "SELECT DISTINCT t.label FROM local_test t JOIN proposal p ON p.local_test_id = t.id "
            "JOIN proposal_run r ON r.id = p.run_id AND r.is_current WHERE t.catalogue_id = :id", id=self.base,
        )  # fmt: skip
        self.proposed = {str(label) for (label,) in labels}
        assert self.proposed, "nothing is proposed for the catalogue"

    def restart(self) -> None:
        """Start whatever is dead, as a service manager would."""
        if self.worker is None or self.worker.process.poll() is not None:
            self.worker = self.place.start_worker("--processes", "2")
        if self.server is None or self.server.process.poll() is not None:
            self.server = self.place.start_server()

    def close(self) -> None:
        """Stop everything."""
        for running in (self.server, self.worker):
            if running is not None:
                stop(running.process)

    def client(self, email: str = "transcodeur@exemple.fr") -> Client:
        """A person at the server."""
        self.restart()
        assert self.server is not None
        return self.server.sign_in(email)

    def kill_during(self, act: Callable[[], None], victim: Victim, longest: float) -> bool:
        """Begin an act, and kill within `longest` seconds; whether the act ended, acknowledged.

        It may have ended before the kill, or nobody who was killed took part in it.
        """
        self.restart()
        ended: list[bool] = []
        faults: list[BaseException] = []

        def run() -> None:
            try:
                act()
                ended.append(True)
            except ProcessDiedError:
                ended.append(False)
            except BaseException as error:
                faults.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(self.dice.uniform(0, longest))
        self._kill(victim)
        thread.join()
        if faults:
            raise faults[0]
        return ended[0]

    def _kill(self, victim: Victim) -> None:
        assert self.server is not None
        assert self.worker is not None
        if victim is Victim.SERVER:
            self.server.kill()
        elif victim is Victim.WORKER:
            self.worker.kill()
        else:
            # Whoever started it starts another.
            pid = self.dice.choice(self.worker.processes())
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
