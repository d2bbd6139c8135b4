"""The page of the settings says what the class says, and what the environment really changes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import PROJECT_ROOT, Settings
from app.settings_table import settings_table

PAGE = PROJECT_ROOT / "docs" / "guide" / "reglages.md"
ROW = re.compile(r"^\| `(TRANSCODEUR_[A-Z_]+)` \| (`[^`]+`|vide) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
OTHER_VALUES: dict[object, tuple[str, object]] = {
    Path: ("/ailleurs", Path("/ailleurs")),
    str: ("autre", "autre"),
    int: ("7", 7),
}


def test_the_page_is_what_the_command_writes() -> None:
    command = [sys.executable, "-m", "app.settings_table"]
    written = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, check=True).stdout
    assert PAGE.read_bytes() == written, "run `make guide`"


def test_writing_the_page_needs_no_database() -> None:
    program = "import sys, app.settings_table; print({'sqlalchemy', 'sqlmodel', 'fastapi'} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "set()"


def test_every_setting_has_its_line() -> None:
    rows = ROW.findall(settings_table())
    assert [name.removeprefix("TRANSCODEUR_").lower() for name, *_ in rows] == list(Settings.model_fields)
    assert all(meaning.endswith(".") for *_, meaning in rows)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_variable_of_each_line_changes_its_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    field = Settings.model_fields[name]
    variable = next(row[0] for row in ROW.findall(settings_table()) if row[0].lower().endswith(f"transcodeur_{name}"))
    text, value = OTHER_VALUES.get(field.annotation) or (str(not field.default).lower(), not field.default)
    monkeypatch.setenv(variable, text)
    assert getattr(Settings(), name) == value != field.default


def test_defaults_are_written_as_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANSCODEUR_DATA_DIR", raising=False)
    for name, default, *_ in ROW.findall(settings_table()):
        if name != "TRANSCODEUR_DATA_DIR":  # written from the project's folder
            monkeypatch.setenv(name, "" if default == "vide" else default.strip("`"))
    assert Settings() == Settings.model_construct(**{name: f.default for name, f in Settings.model_fields.items()})


def test_a_setting_without_description_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings.model_fields["port"], "description", None)
    with pytest.raises(ValueError, match="port"):
        settings_table()
