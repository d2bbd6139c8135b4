"""What is being done when the process is killed, and what must be true of it afterwards.

Each scenario begins an act, kills a process at a moment drawn at random, and returns what it expects of the database:
of an act that was acknowledged, that it is there once and whole; of another, that it is there whole or not at all.
"""

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.synthetic_release import write_release
from tests.chaos.installation import Client, Installation, ProcessDiedError, Server, stop

Expectation = Callable[[], None]
"""Raises AssertionError when what was acknowledged is not there."""

IMPORTED_ROWS = 240
TICKED_ROWS = 20
RELEASE_TERMS = 1_500
BASE_ROWS = 900
"""Enough for a round of approvals out of five, over 200 kills."""


@dataclass
class Scene:
    """The running installation and the dice."""

    place: Installation
    dice: random.Random
    folder: Path
    server: Server | None = None
    base: int = 0
    """The catalogue whose rows are decided and approved."""
    undecided: list[int] = field(default_factory=list)
    proposed: int = 0
    """How many of its rows have proposals."""
    rounds: int = 0

    def open_server(self) -> Server:
        """The server, started when it is not there."""
        if self.server is None or self.server.process.poll() is not None:
            self.server = self.place.start_server()
        return self.server

    def close(self) -> None:
        """Stop the server."""
        if self.server is not None:
            stop(self.server.process)

    def client(self, email: str = "transcodeur@exemple.fr") -> Client:
        """A person at the server."""
        return self.open_server().sign_in(email)

    def kill_server_during(self, act: Callable[[], None], longest: float) -> bool:
        """Whether the act ended, acknowledged, before the server was killed; `longest` is in seconds."""
        server = self.open_server()
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
        server.kill()
        thread.join()
        if faults:
            raise faults[0]
        return ended[0]


def prepare_scene(place: Installation, dice: random.Random, folder: Path) -> Scene:
    """An installation with a catalogue to work on, its server running."""
    place.create()
    # The first official release comes into service by itself; the next ones do not.
    place.command("load-loinc", str(write_release(folder / "release.zip", RELEASE_TERMS, "2.100")))
    scene = Scene(place, dice, folder)
    client = scene.client()
    scene.base = client.import_catalogue("Socle", place.catalogue_file(BASE_ROWS))
    client.wait_for_jobs(300)
    found = place.rows("SELECT id FROM local_test WHERE catalogue_id = :id ORDER BY id", id=scene.base)
    scene.undecided = [int(str(row[0])) for row in found]
    scene.proposed = _proposed(scene)
    assert scene.proposed
    return scene


def _proposed(scene: Scene) -> int:
    return scene.place.number(
        "SELECT count(DISTINCT p.local_test_id) FROM proposal p JOIN proposal_run r ON r.id = p.run_id "
        "WHERE r.is_current AND r.catalogue_id = :id", id=scene.base,
    )  # fmt: skip


def during_import(scene: Scene) -> Expectation:
    """An import of 240 rows, between its upload and the end of its job."""
    place, name = scene.place, f"Import {scene.rounds}"
    client = scene.client()
    content = place.catalogue_file(IMPORTED_ROWS, f"I{scene.rounds}-")
    acknowledged = scene.kill_server_during(lambda: _import(client, name, content), 1.0)

    def expected() -> None:
        found = place.rows(
            "SELECT c.id, (SELECT count(*) FROM local_test t WHERE t.catalogue_id = c.id) "
            "FROM catalogue c WHERE c.name = :name", name=name,
        )  # fmt: skip
        counts = [row[1] for row in found]
        allowed = ([IMPORTED_ROWS],) if acknowledged else ([], [IMPORTED_ROWS])
        assert counts in allowed, f"{name}, acknowledged: {acknowledged}: {counts} rows"

    return expected


def _import(client: Client, name: str, content: bytes) -> None:
    client.import_catalogue(name, content)
    # The job goes on; the server may be killed in the middle of it.
    time.sleep(1.0)


def during_approval(scene: Scene) -> Expectation:
    """Decisions acknowledged one by one, then their approval in bulk."""
    place = scene.place
    rows, scene.undecided = scene.undecided[:TICKED_ROWS], scene.undecided[TICKED_ROWS:]
    assert len(rows) == TICKED_ROWS, "the catalogue is too small for so many rounds"
    transcoder = scene.client()
    decided: list[int] = []
    approved: list[int] = []

    def act() -> None:
        for row in rows:
            form = {"version": 0, "action": "out_of_scope", "reason": "essai de panne"}
            status, _, _ = transcoder.post(f"/catalogues/{scene.base}/revue/{row}/decision", form)
            assert status == 303, status
            decided.append(row)
        biologist = scene.client("biologiste@exemple.fr")
        form_rows: list[tuple[str, object]] = [("choix", f"{row}:1") for row in rows]
        status, _, content = biologist.post(f"/catalogues/{scene.base}/approbation", form_rows)
        assert status == 200, (status, content[:500])
        approved.extend(rows)

    scene.kill_server_during(act, 2.0)

    def expected() -> None:
        for row in rows:
            facts = [fact[0] for fact in place.rows(
                "SELECT action FROM decision WHERE local_test_id = :id ORDER BY id", id=row)]  # fmt: skip
            allowed = [["out_of_scope"], ["out_of_scope", "approve"]]
            if row in approved:
                allowed = [["out_of_scope", "approve"]]
            elif row not in decided:
                allowed = [[], ["out_of_scope"]]
            assert facts in allowed, f"row {row}: {facts}, expected one of {allowed}"

    return expected


def during_proposals(scene: Scene) -> Expectation:
    """A job of proposals over the whole catalogue."""
    place, client = scene.place, scene.client()
    asked: list[int] = []

    def act() -> None:
        status, location, _ = client.post(f"/catalogues/{scene.base}/propositions", {})
        found = re.search(r"/travaux/(\d+)", location)
        assert found, (status, location)
        asked.append(int(found[1]))
        time.sleep(5.0)

    scene.kill_server_during(act, 3.0)

    def expected() -> None:
        for job in asked:
            ((status, message),) = place.rows("SELECT status, message FROM job WHERE id = :id", id=job)
            assert status == "done", f"job {job}: {status}, {message}"
        found = _proposed(scene)
        assert found == scene.proposed, f"{found} rows have proposals, {scene.proposed} had some before"

    return expected


def during_release_load(scene: Scene) -> Expectation:
    """`load-loinc`, killed, then asked for again."""
    place = scene.place
    # No two releases have the same contents: they are known by them.
    terms, version = RELEASE_TERMS + scene.rounds, f"2.{100 + scene.rounds}"
    path = write_release(scene.folder / f"release-{scene.rounds}.zip", terms, version)
    process = place.start("load-loinc", str(path))
    time.sleep(scene.dice.uniform(0.5, 3.5))
    process.kill()
    process.communicate()
    acknowledged = process.returncode == 0
    code, _, errors = place.attempt("load-loinc", str(path))
    assert code == 0, errors[-1000:]

    def expected() -> None:
        found = place.rows("SELECT status, term_count FROM loinc_release WHERE version = :version", version=version)
        assert found == [("ready", terms)], f"release {version}, acknowledged: {acknowledged}: {found}"
        left = place.number("SELECT count(*) FROM loinc_release WHERE status <> 'ready'")
        assert left == 0, f"{left} unfinished releases remain"

    return expected


def during_export(scene: Scene) -> Expectation:
    """`export` of the received file completed: the file is absent, or whole."""
    place, target = scene.place, scene.folder / f"export-{scene.rounds}.csv"
    before = place.number("SELECT count(*) FROM export_record")
    process = place.start(
        "export", "--catalogue", str(scene.base), "--format", "original", "--output", str(target)
    )
    time.sleep(scene.dice.uniform(0.8, 2.8))
    process.kill()
    process.communicate()
    acknowledged = process.returncode == 0
    recorded = place.number("SELECT count(*) FROM export_record") - before
    assert recorded in ((1,) if acknowledged else (0, 1)), f"{recorded} records, acknowledged: {acknowledged}"
    assert target.exists() or not recorded, "an export is recorded and its file is not there"
    if target.exists():
        whole = scene.folder / "whole.csv"
        place.command("export", "--catalogue", str(scene.base), "--format", "original", "--output", str(whole))
        assert target.read_bytes() == whole.read_bytes(), "half an export was left under its name"
    target.unlink(missing_ok=True)
    return lambda: None


SCENARIOS: dict[str, Callable[[Scene], Expectation]] = {
    "import": during_import,
    "approbation": during_approval,
    "propositions": during_proposals,
    "chargement de LOINC": during_release_load,
    "export": during_export,
}
