"""The page of the command line says what the commands say, and every exit code once."""

import re
import subprocess
import sys

import typer
from typer._click import Context

from app.cli import cli
from app.commands_table import commands_table, documented
from app.console.exit_codes import MEANINGS, ExitCode
from app.settings import PROJECT_ROOT
from tests.app.console.english import english_in

PAGE = PROJECT_ROOT / "docs" / "guide" / "ligne-de-commande.md"


def test_the_page_is_what_the_command_writes() -> None:
    command = [sys.executable, "-m", "app.commands_table"]
    written = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, check=True).stdout
    assert PAGE.read_bytes() == written, "run `make guide`"


def test_every_option_of_every_command_has_its_line() -> None:
    sections = dict(re.findall(r"(?ms)^## `transcodeur ([^`]+)`\n(.*?)(?=^## |\Z)", commands_table()))
    root = typer.main.get_command(cli)
    found = {}
    for command, context in documented(root, Context(root, info_name="transcodeur")):
        found[context.command_path.partition(" ")[2]] = [name for item in command.params for name in item.opts]
    assert set(sections) == set(found)
    for path, names in found.items():
        for name in names:
            shown = name if name.startswith("-") else "(obligatoire)"
            assert shown in sections[path], (path, name)


def test_every_exit_code_is_explained_once() -> None:
    assert list(MEANINGS) == list(ExitCode)
    assert re.findall(r"^\| (\d+) \|", commands_table(), re.MULTILINE) == [str(int(code)) for code in ExitCode]


def test_the_page_is_in_french() -> None:
    assert english_in(commands_table()) == []


def test_no_command_ends_with_a_status_of_its_own() -> None:
    """The statuses are written in one module: nowhere else does a number follow `Exit(` or `exit(`."""
    rooms = [
        path for pattern in ("cli.py", "*/cli.py", "console/*.py") for path in (PROJECT_ROOT / "app").glob(pattern)
    ]
    assert len(rooms) > 8
    for room in rooms:
        assert not re.search(r"[Ee]xit\(\s*(code=)?\d", room.read_text("utf-8")), room
