"""What `make` asks of the machine (Debian's packages, all at once, of root or an administrator), and how it stops."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import PROJECT_ROOT

Make = Callable[..., subprocess.CompletedProcess[str]]
ROOT, SOMEBODY = 0, 1000


def cluster_settings(folder: Path) -> Path:
    """Where the stand-in of Debian's settings of new clusters is."""
    return folder / "postgresql-common" / "createcluster.conf"


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Where the stand-in for apt-get writes what it is asked, one call a line."""
    return tmp_path / "asked"


@pytest.fixture
def make(tmp_path: Path, asked: Path) -> Make:
    """`make("test", user, venv=…, chromium=…)`: what comes first in this goal, on a machine that has these packages.

    Nothing is installed: apt-get and python3 are stand-ins.
    """
    tools = tmp_path / "bin"
    tools.mkdir()

    def stand_in(name: str, lines: str) -> None:
        (tools / name).write_text(f"#!/bin/sh\n{lines}\n", "utf-8")
        (tools / name).chmod(0o755)

    def run(
        goal: str, user: int, *, venv: bool, chromium: bool, server: bool = True, recent: bool = True
    ) -> subprocess.CompletedProcess[str]:
        stand_in("apt-get", f'echo "$@" >> {asked}')
        refused = ["*ensurepip*"] * (not venv) + ["*version_info*"] * (not recent)
        stand_in("python3", f'case "$2" in {"|".join(refused) or "nothing"}) exit 1;; esac')
        browser = tools / "chromium"
        if chromium:
            stand_in("chromium", "")
        if server:
            (tmp_path / "servers" / "15" / "bin").mkdir(parents=True, exist_ok=True)
            (tmp_path / "servers" / "15" / "bin" / "postgres").touch()
        variables = [f"USER_ID={user}", f"VENV={tmp_path / 'venv'}", f"CHROMIUM={browser}", "PYTHON=python3"]
        variables += [f"POSTGRESQL={tmp_path / 'servers'}", f"CLUSTER_SETTINGS={cluster_settings(tmp_path)}"]
        target = {"run": f"{tmp_path / 'venv'}/bin/python", "test": "packages-for-tests"}[goal]
        return subprocess.run(
            ["make", "--no-print-directory", *variables, target],
            cwd=PROJECT_ROOT,
            env={"PATH": f"{tools}:/usr/bin:/bin"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("goal", "venv", "chromium", "sentence"),
    [
        ("run", False, True, "apt-get install --no-install-recommends python3-venv\nPuis"),
        ("run", False, False, "d'y ajouter : chromium\nPuis"),
        ("test", False, False, "apt-get install --no-install-recommends python3-venv chromium\nPuis"),
        ("test", True, False, "apt-get install --no-install-recommends chromium\nPuis"),
        ("test", False, True, "apt-get install --no-install-recommends python3-venv\nPuis"),
    ],
)
def test_a_plain_user_learns_at_once_what_to_ask_for(
    make: Make, asked: Path, goal: str, venv: bool, chromium: bool, sentence: str
) -> None:
    done = make(goal, SOMEBODY, venv=venv, chromium=chromium)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert not asked.exists()


@pytest.mark.parametrize(
    ("goal", "venv", "chromium", "packages"),
    [
        ("run", False, False, "python3-venv"),
        ("test", False, False, "python3-venv chromium"),
        ("test", True, False, "chromium"),
    ],
)
def test_root_gets_them_in_one_call(
    make: Make, asked: Path, goal: str, venv: bool, chromium: bool, packages: str
) -> None:
    done = make(goal, ROOT, venv=venv, chromium=chromium)
    assert done.returncode == 0, done.stderr
    update, install = asked.read_text("utf-8").splitlines()
    assert update.endswith(" update")
    assert install.endswith(f" install -y --no-install-recommends {packages}")


@pytest.mark.parametrize(("goal", "ending"), [("run", "d'y ajouter : postgresql"), ("test", "recommends postgresql")])
def test_a_plain_user_learns_that_the_tests_need_a_server(make: Make, goal: str, ending: str) -> None:
    done = make(goal, SOMEBODY, venv=goal == "test", chromium=True, server=False)
    assert done.returncode != 0
    assert f"{ending}\nPuis" in done.stderr


def test_root_gets_the_server_without_a_cluster_of_debian(make: Make, asked: Path, tmp_path: Path) -> None:
    done = make("test", ROOT, venv=True, chromium=True, server=False)
    assert done.returncode == 0, done.stderr
    assert asked.read_text("utf-8").splitlines()[1].endswith(" install -y --no-install-recommends postgresql")
    assert cluster_settings(tmp_path).read_text("utf-8") == "create_main_cluster = false\n"


def test_the_choice_of_an_administrator_about_clusters_is_kept(make: Make, tmp_path: Path) -> None:
    cluster_settings(tmp_path).parent.mkdir()
    cluster_settings(tmp_path).write_text("create_main_cluster = true\n", "utf-8")
    assert make("test", ROOT, venv=True, chromium=True, server=False).returncode == 0
    assert cluster_settings(tmp_path).read_text("utf-8") == "create_main_cluster = true\n"


@pytest.mark.parametrize("user", [ROOT, SOMEBODY])
@pytest.mark.parametrize("goal", ["run", "test"])
def test_nothing_is_asked_of_a_machine_that_has_all(make: Make, asked: Path, goal: str, user: int) -> None:
    done = make(goal, user, venv=True, chromium=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not asked.exists()


def test_running_needs_neither_browser_nor_server(make: Make, asked: Path) -> None:
    assert make("run", SOMEBODY, venv=True, chromium=False, server=False).returncode == 0
    assert not asked.exists()


@pytest.mark.parametrize("goal", ["run", "test"])
def test_an_old_python_is_said_before_packages_are_asked_for(make: Make, asked: Path, goal: str) -> None:
    done = make(goal, ROOT, venv=False, chromium=False, recent=False)
    assert done.returncode != 0
    assert "Il faut Python 3.11 ou plus récent" in done.stderr
    assert not asked.exists()


@pytest.mark.parametrize(
    ("goal", "opened"), [("run", f"{PROJECT_ROOT / 'var' / 'demonstration'} serve --demo"), ("serve", "/ours serve")]
)
def test_stopping_make_closes_the_server(tmp_path: Path, goal: str, opened: str) -> None:
    venv = tmp_path / "venv"
    server = venv / "bin" / "transcodeur"
    server.parent.mkdir(parents=True)
    server.write_text(
        "#!/bin/sh\ntrap 'echo closed; exit' TERM\necho \"$TRANSCODEUR_DATA_DIR $@\"\nwhile :; do sleep 0.05; done\n",
        "utf-8",
    )
    server.chmod(0o755)
    installed = ["-o", f"{venv}/stamps/application", "-o", "static/vendor/.stamp"]
    with subprocess.Popen(
        ["make", "--no-print-directory", f"VENV={venv}", *installed, goal],
        cwd=PROJECT_ROOT,
        env={"PATH": "/usr/bin:/bin"} | ({"TRANSCODEUR_DATA_DIR": "/ours"} if goal == "serve" else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == opened
            process.terminate()  # make alone, unlike Ctrl+C, which reaches the whole group
            assert process.communicate(timeout=20)[0] == "closed\n"
            assert process.returncode != 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
