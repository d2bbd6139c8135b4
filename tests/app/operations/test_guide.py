"""The guide of operations and its files name settings, events, metrics, checks and files that exist."""

import re
from configparser import RawConfigParser
from pathlib import Path

import pytest

from app.cli import ROOMS, cli
from app.operations.metrics import ACTS, Metrics
from app.operations.readiness import LABELS, Check
from app.platform.database import make_engine
from app.settings import PROJECT_ROOT, Settings

GUIDE = (PROJECT_ROOT / "docs" / "guide" / "exploitation.md").read_text("utf-8")
FOLDER = PROJECT_ROOT / "docs" / "exploitation"
FILES = sorted(path for path in FOLDER.iterdir())
UNITS = [path for path in FILES if path.suffix == ".service"]
SOURCES = "\n".join(path.read_text("utf-8") for path in (PROJECT_ROOT / "app").rglob("*.py"))


def test_every_setting_that_is_named_exists() -> None:
    said = GUIDE + "".join(path.read_text("utf-8") for path in FILES)
    named = set(re.findall(r"TRANSCODEUR_([A-Z_]+)", said))
    assert len(named) > 5
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_every_file_of_the_folder_is_in_the_guide_and_every_one_named_is_there() -> None:
    named = set(re.findall(r"docs/exploitation/([\w.*-]+)", GUIDE))
    assert {path.name for path in FILES} == {path.name for name in named for path in FOLDER.glob(name)}
    assert [name for name in named if not list(FOLDER.glob(name))] == []


def test_every_event_is_one_that_the_application_writes() -> None:
    table = GUIDE.partition("| Événement |")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", line.split("|")[1])}
    written = set(re.findall(r'log\.\w+\(\s*"([\w.]+)"', SOURCES)) | {"Exception in ASGI application"}
    assert named == written


def test_every_metric_is_described_and_exists(settings: Settings) -> None:
    exposed = Metrics(make_engine("sqlite://")).exposition().decode()
    existing = {name.removesuffix("_total") for name in re.findall(r"^# TYPE (transcodeur_\w+)", exposed, re.MULTILINE)}
    rooms = "\n".join(path.read_text("utf-8") for path in (PROJECT_ROOT / "app" / "operations").glob("*.py"))
    existing |= set(re.findall(r'"(transcodeur_\w+)"', rooms))
    described = set(re.findall(r"^\| `(transcodeur_\w+)`", GUIDE, re.MULTILINE))
    assert {name.removesuffix("_total") for name in described} == existing
    acts = GUIDE.partition("`act` : ")[2].partition(" |")[0]
    assert set(re.findall(r"`(\w+)`", acts)) == set(ACTS.values())


@pytest.mark.parametrize("check", Check)
def test_every_check_says_what_to_do(check: Check) -> None:
    assert f"| {LABELS[check]} | `{check}` |" in GUIDE


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_exists(unit: object) -> None:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(str(unit), "utf-8")
    service = parser["Service"]
    command = re.search(r"/opt/transcodeur/\.venv/bin/transcodeur (\w+)", service["ExecStart"])
    assert command is not None
    own = {str(item.callback.__name__) for item in cli.registered_commands if item.callback}
    assert command[1] in own.union(*ROOMS.values())
    assert service["User"] == "transcodeur"
    stop = service.get("TimeoutStopSec")
    assert stop is None or int(stop) > 2 * Settings.model_fields["shutdown_seconds"].default + 5


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_cannot_read_the_history_of_the_project(unit: Path) -> None:
    assert "\nInaccessiblePaths=-/opt/transcodeur/.git\n" in unit.read_text("utf-8")


def test_the_proxy_speaks_tls_and_sends_no_program_to_it_silently() -> None:
    """What a program sends in clear must fail: sent on to HTTPS, its token would travel bare each time."""
    clear, _, ciphered = (FOLDER / "nginx.conf").read_text("utf-8").partition("listen 443")
    assert "location /fhir/ { return 403; }" in clear
    assert "return 301 https://" in clear
    assert "proxy_pass" not in clear
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in ciphered
