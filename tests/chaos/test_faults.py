"""Real processes on a machine that fails them: they say it in French, and nothing acknowledged is lost."""

import resource
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench.synthetic_release import write_release
from tests.chaos import invariants
from tests.chaos.installation import Installation

ROWS = 60


@pytest.fixture
def place(tmp_path: Path, installation: Path) -> Installation:
    """After its first start, which has tests of its own, with its people."""
    made = Installation(tmp_path / "var")
    shutil.copytree(installation, made.data_dir)
    made.create()
    return made


def _database(place: Installation) -> Path:
    return place.data_dir / "transcodeur.sqlite3"


def _damage(place: Installation) -> None:
    """Write over a page of the analyses."""
    with closing(sqlite3.connect(_database(place))) as bare:
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = bare.execute("SELECT rootpage FROM sqlite_master WHERE name = 'local_test'").fetchone()
        (size,) = bare.execute("PRAGMA page_size").fetchone()
    with _database(place).open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("worker",), ("coverage", "--catalogue", "1"),
                ("export", "--catalogue", "1", "--format", "xlsx", "-o", "sortie.xlsx")],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_damaged_database_is_refused(place: Installation, command: tuple[str, ...]) -> None:
    _damage(place)
    code, output, errors = place.attempt(*command)
    assert code == 1
    assert "transcodeur restore" in errors
    assert "http://" not in output


def test_a_server_on_a_taken_port_is_refused_and_one_on_the_same_folder_says_so(place: Installation) -> None:
    with place.serve() as first:
        code, _, errors = place.attempt("serve", "--port", str(first.port))
        assert code == 1
        assert "un autre programme l'occupe déjà" in errors
        assert "--port" in errors
        second = place.start("serve", "--port", "0")
        assert second.stdout is not None
        assert "Un autre serveur travaille déjà" in second.stdout.readline()
        second.kill()
        second.communicate()
        assert first.sign_in().get("/")


def test_a_disk_without_room_loses_nothing(place: Installation) -> None:
    """The processes may write no file beyond the size that the database has now, plus a little."""
    limit = _database(place).stat().st_size + 200_000

    def be_short_of_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    kept, refused = 0, "the disk was never full"
    with place.serve(before=be_short_of_room) as server:
        client = server.sign_in()
        for number in range(12):
            try:
                client.import_catalogue(f"Import {number}", place.catalogue_file(2_000, f"I{number}-"))
                kept += 1
            except AssertionError as error:
                refused = str(error)
                break
        # The place that lacks is told as one or the other: a limit of the system is no full disk.
        assert "507" in refused or "503" in refused, refused
        assert "disque" in refused
        assert client.get("/")
    code, _, errors = place.attempt("backup", str(place.data_dir / "copie.sqlite3"), before=lambda: _tiny())
    assert code == 1
    assert "Traceback" not in errors
    assert not (place.data_dir / "copie.sqlite3").exists()
    with place.serve() as server:
        assert server.sign_in().get("/")
    invariants.check(place)
    assert place.number("SELECT count(*) FROM catalogue") >= kept


def _tiny() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_killed_load_is_cleaned_by_the_next_start(place: Installation, tmp_path: Path) -> None:
    release = write_release(tmp_path / "release.zip", 40_000)
    process = place.start("load-loinc", str(release))
    deadline = time.monotonic() + 60
    while not place.number("SELECT count(*) FROM loinc_term t JOIN loinc_release r ON r.id = t.release_id "
                           "WHERE r.status = 'loading'"):  # fmt: skip
        assert process.poll() is None, "the load ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert place.number("SELECT count(*) FROM loinc_release WHERE status = 'loading'") == 1
    with place.serve():
        assert place.number("SELECT count(*) FROM loinc_release WHERE status = 'loading'") == 0
    left = "SELECT count(*) FROM loinc_term WHERE release_id NOT IN (SELECT id FROM loinc_release)"
    assert place.number(left) == 0
    invariants.check(place)
