"""The page of the settings says what the class says, and what the environment really changes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import WorkbenchError
from app.settings import PROJECT_ROOT, Settings, get_settings
from app.settings_table import settings_table

PAGE = PROJECT_ROOT / "docs" / "guide" / "reglages.md"
ROW = re.compile(r"^\| `(TRANSCODEUR_[A-Z_]+)` \| (`[^`]+`|vide) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
OTHER_VALUES: dict[object, tuple[str, object]] = {
    Path: ("/ailleurs", Path("/ailleurs")),
    str: ("autre", "autre"),
    int: ("7", 7),
}
VALUES_OF = {
    "waiting_code_system": "1.2.3.4",
    "database_url": "postgresql://serveur/base", "redis_url": "redis://serveur/0", "trusted_proxies": "192.0.2.1",
    "log_level": "debug", "secret_key": "0a" * 32, "allowed_hosts": "atelier.local",
    "reading_memory_bytes": "2000000000", "metrics_token": "un-jeton-bien-trop-long-pour-etre-devine",
    "public_address": "https://atelier.exemple.fr", "oidc_issuer": "https://identite.exemple",
    "oidc_discovery": "https://identite.exemple/decouverte", "oidc_profile": "pro-sante-connect",
}  # fmt: skip
"""Of settings that do not take any text."""


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
    if name in VALUES_OF:
        text = VALUES_OF[name]
        value = int(text) if field.annotation is int else text
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "bla"), ("database_url", "postgresql://a:MOTDEPASSE@serveur:port/base"), ("redis_url", "zzz"),
        ("trusted_proxies", "hello"), ("log_level", "zzz"), ("shutdown_seconds", "-5"), ("session_hours", "-1"),
        ("session_idle_minutes", "0"), ("public_address", "loinc.exemple.fr"), ("public_address", "https://a.fr/chemin"),
        ("reauthentication_minutes", "0"), ("max_upload_bytes", "0"),
        ("chapters_file_name", "{date.__class__}.csv"), ("exams_file_name", "{0}.csv"),
        ("results_file_name", "../a.csv"), ("waiting_code_system", "2.16.840.1.113883.6.1"),
    ],
)  # fmt: skip
def test_an_impossible_setting_is_named_in_french(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"TRANSCODEUR_{name.upper()}"
    monkeypatch.setenv(variable, value)
    get_settings.cache_clear()
    with pytest.raises(WorkbenchError) as refused:
        get_settings()
    get_settings.cache_clear()
    assert f"Réglage illisible : {variable}" in refused.value.message
    assert "MOTDEPASSE" not in refused.value.message
