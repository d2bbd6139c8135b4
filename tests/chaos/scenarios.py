"""What is being done when a process is killed, and what must be true of it once everything is at rest again.

Each act is begun, a process is killed at a moment drawn at random, and the act returns what it expects of the
database: of an act that was acknowledged, that it is there once and whole; of another, that it is there whole or not
at all.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.synthetic_release import write_release
from tests.chaos.installation import ADMINISTRATOR, LABORATORY
from tests.chaos.scene import RELEASE_TERMS, Scene, Victim

Expectation = Callable[[], None]
"""Raises AssertionError when what was acknowledged is not there."""
Act = Callable[[Scene, Victim | None], Expectation]

IMPORTED_ROWS = 120
TICKED_ROWS = 8
COMMAND_SECONDS = 4.0
"""Within which a command is killed: it starts in one or two."""


def importing(scene: Scene, victim: Victim | None) -> Expectation:
    """An import, between its upload and the end of its jobs."""
    name, content = f"Import {scene.rounds}", scene.place.catalogue_file(IMPORTED_ROWS, f"I{scene.rounds}-")

    def act() -> None:
        scene.client().import_catalogue(name, content)
        # The jobs go on; the process may be killed in the middle of them.
        time.sleep(1.0)

    assert victim is not None
    return _imported(scene, name, scene.kill_during(act, victim, 2.0))


def import_command(scene: Scene, _victim: Victim | None) -> Expectation:
    """The command `import`, killed."""
    name, file = f"Import {scene.rounds}", scene.folder / f"import-{scene.rounds}.csv"
    file.write_bytes(scene.place.catalogue_file(IMPORTED_ROWS, f"I{scene.rounds}-"))
    arguments = ("import", str(file), "--laboratoire", LABORATORY, "--catalogue", name)
    return _imported(scene, name, _killed_command(scene, *arguments))


def _imported(scene: Scene, name: str, is_acknowledged: bool) -> Expectation:
    def expected() -> None:
        found = scene.place.rows(
            "SELECT c.id, (SELECT count(*) FROM local_test t WHERE t.catalogue_id = c.id), "
            "(SELECT count(*) FROM proposal_run r WHERE r.catalogue_id = c.id AND r.is_current) "
            "FROM catalogue c WHERE c.name = :name", name=name,
        )  # fmt: skip
        counts = [row[1:] for row in found]
        allowed = ([(IMPORTED_ROWS, 1)],) if is_acknowledged else ([], [(IMPORTED_ROWS, 1)])
        assert counts in allowed, f"{name}, acknowledged: {is_acknowledged}: (rows, runs shown) {counts}"

    return expected


def _killed_command(scene: Scene, *arguments: str) -> bool:
    """Start a command and kill it at some moment; whether it had ended well before."""
    process = scene.place.start(*arguments)
    time.sleep(scene.dice.uniform(0.5, COMMAND_SECONDS))
    process.kill()
    _, errors = process.communicate()
    assert process.returncode in (0, -9), errors[-2000:]
    return process.returncode == 0


def approving(scene: Scene, victim: Victim | None) -> Expectation:
    """Decisions acknowledged one by one, then their approval in bulk."""
    place = scene.place
    rows, scene.undecided = scene.undecided[:TICKED_ROWS], scene.undecided[TICKED_ROWS:]
    assert len(rows) == TICKED_ROWS, "the catalogue is too small for so many rounds"
    transcoder, biologist = scene.client(), scene.client("biologiste@exemple.fr")
    decided: list[int] = []
    approved: list[int] = []

    def act() -> None:
        for row in rows:
            form = {"version": 0, "action": "out_of_scope", "reason": "essai de panne"}
            status, _, _ = transcoder.post(f"/catalogues/{scene.base}/revue/{row}/decision", form)
            assert status == 303, status
            decided.append(row)
        ticked: list[tuple[str, object]] = [("confirme", "oui"), *(("choix", f"{row}:1") for row in rows)]
        status, _, content = biologist.post(f"/catalogues/{scene.base}/approbation", ticked)
        assert status == 303, (status, content[:500])
        approved.extend(rows)

    assert victim is not None
    scene.kill_during(act, victim, 2.0)

    def expected() -> None:
        for row in rows:
            found = place.rows("SELECT action FROM decision WHERE local_test_id = :id ORDER BY id", id=row)
            facts = [fact[0] for fact in found]
            allowed = [["out_of_scope"], ["out_of_scope", "approve"]]
            if row in approved:
                allowed = [["out_of_scope", "approve"]]
            elif row not in decided:
                allowed = [[], ["out_of_scope"]]
            assert facts in allowed, f"row {row}: {facts}, expected one of {allowed}"

    return expected


def proposing(scene: Scene, victim: Victim | None) -> Expectation:
    """A job of proposals over the whole catalogue."""
    asked: list[int] = []

    def act() -> None:
        status, location, _ = scene.client().post(f"/catalogues/{scene.base}/propositions", {})
        found = re.search(r"/travaux/(\d+)", location)
        assert found, (status, location)
        asked.append(int(found[1]))

    assert victim is not None
    scene.kill_during(act, victim, 3.0)
    return lambda: _all_done(scene, asked)


def _all_done(scene: Scene, jobs: list[int]) -> None:
    for job in jobs:
        ((status, message),) = scene.place.rows("SELECT status, message FROM job WHERE id = :id", id=job)
        assert status == "done", f"job {job}: {status}, {message}"


def sending_release(scene: Scene, victim: Victim | None) -> Expectation:
    """A release that is uploaded, and loaded by a job."""
    path, version, terms = _new_release(scene)
    asked: list[int] = []

    def act() -> None:
        client = scene.client(ADMINISTRATOR)
        location = client.send_file(
            "/administration/terminologies/versions", "fichier", path.name, path.read_bytes()
        )
        asked.append(int(location.rpartition("/")[2]))

    assert victim is not None
    scene.kill_during(act, victim, 3.0)

    def expected() -> None:
        _all_done(scene, asked)
        found = scene.place.rows("SELECT status, term_count FROM loinc_release WHERE version = :v", v=version)
        allowed = ([("ready", terms)],) if asked else ([], [("ready", terms)])
        assert found in allowed, f"release {version}, acknowledged: {bool(asked)}: {found}"

    return expected


def load_command(scene: Scene, _victim: Victim | None) -> Expectation:
    """`load-loinc`, killed, then asked for again."""
    path, version, terms = _new_release(scene)
    is_acknowledged = _killed_command(scene, "load-loinc", str(path))
    code, _, errors = scene.place.attempt("load-loinc", str(path))
    assert code == 0, errors[-1000:]

    def expected() -> None:
        found = scene.place.rows("SELECT status, term_count FROM loinc_release WHERE version = :v", v=version)
        assert found == [("ready", terms)], f"release {version}, acknowledged: {is_acknowledged}: {found}"

    return expected


def _new_release(scene: Scene) -> tuple[Path, str, int]:
    """(archive, version, terms) of a release like no other."""
    # No two releases have the same contents: they are known by them.
    terms, version = RELEASE_TERMS + scene.rounds, f"2.{100 + scene.rounds}"
    return write_release(scene.folder / f"release-{scene.rounds}.zip", terms, version), version, terms


def preparing_export(scene: Scene, victim: Victim | None) -> Expectation:
    """An export prepared by a job: one file, one record."""
    place = scene.place
    before = place.number("SELECT coalesce(max(id), 0) FROM job")
    asked: list[bool] = []

    def act() -> None:
        status, _, content = scene.client().post(f"/catalogues/{scene.base}/exports/original", {})
        assert status == 303, (status, content[:500])
        asked.append(True)

    assert victim is not None
    scene.kill_during(act, victim, 2.0)

    def expected() -> None:
        jobs = place.rows("SELECT id, status FROM job WHERE kind = 'exports.file' AND id > :id", id=before)
        assert jobs or not asked, "the export that was asked for has no job"
        for job, status in jobs:
            files = place.number("SELECT count(*) FROM stored_file WHERE published_key = :key", key=f"travail-{job}")
            assert (status, files) == ("done", 1), f"job {job}: {status}, {files} files"

    return expected


def export_command(scene: Scene, _victim: Victim | None) -> Expectation:
    """`export` of the received file completed: the file is absent, or whole."""
    place, target = scene.place, scene.folder / f"export-{scene.rounds}.csv"
    recorded = "SELECT count(*) FROM export_record WHERE created_by_id IS NULL"
    arguments = ("export", "--catalogue", str(scene.base), "--format", "original", "--output")
    before = place.number(recorded)
    is_acknowledged = _killed_command(scene, *arguments, str(target))
    records = place.number(recorded) - before
    assert records in ((1,) if is_acknowledged else (0, 1)), f"{records} records, acknowledged: {is_acknowledged}"
    assert target.exists() or not records, "an export is recorded and its file is not there"
    if target.exists():
        whole = scene.folder / "whole.csv"
        place.command(*arguments, str(whole))
        assert target.read_bytes() == whole.read_bytes(), "half an export was left under its name"
        target.unlink()
    return lambda: None


ACTS: dict[str, tuple[Act, tuple[Victim | None, ...]]] = {
    "import": (importing, (Victim.SERVER, Victim.WORKING_PROCESS)),
    "propositions": (proposing, (Victim.WORKING_PROCESS, Victim.WORKER, Victim.SERVER)),
    "commande import": (import_command, (None,)),
    "approbation en lot": (approving, (Victim.SERVER,)),
    "version de LOINC envoyée": (sending_release, (Victim.WORKING_PROCESS, Victim.SERVER, Victim.WORKER)),
    "commande export": (export_command, (None,)),
    "export préparé": (preparing_export, (Victim.WORKING_PROCESS, Victim.SERVER, Victim.WORKER)),
    "commande load-loinc": (load_command, (None,)),
}
"""French name → the act, and who is killed in turn; the command itself when that is None."""
