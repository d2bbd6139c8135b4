"""The command `transcodeur export`: to a file, to the standard output, and when it cannot be written."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.exports.schemas import ExportKind
from app.models import ExportRecord
from app.platform.database import reading
from app.settings import Settings, get_settings
from tests.app.console.english import english_in
from tests.app.exports.sample import Sample

Export = Callable[..., Result]


@pytest.fixture
def export(decided: Sample, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Export]:
    """`export(kind, output, …)` on the decided sample."""
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr("app.exports.cli.open_ready", lambda _settings: decided.world.engine)
    get_settings.cache_clear()

    def run(kind: ExportKind, output: str, *options: str) -> Result:
        command = ["export", "--catalogue", str(decided.catalogue_id), "--format", kind, "-o", output, *options]
        return CliRunner().invoke(cli, command)

    yield run
    get_settings.cache_clear()


def records(sample: Sample) -> list[ExportRecord]:
    with reading(sample.world.engine) as session:
        return list(session.exec(select(ExportRecord)))


@pytest.mark.parametrize("kind", [ExportKind.LOINC_6, ExportKind.ORIGINAL])
def test_the_standard_output_takes_the_bytes_of_the_file_and_nothing_else(
    export: Export, tmp_path: Path, kind: ExportKind
) -> None:
    written = export(kind, str(tmp_path / "sortie"))
    assert (written.exit_code, written.stdout_bytes) == (0, b"")
    piped = export(kind, "-")
    assert piped.exit_code == 0
    assert piped.stdout_bytes == (tmp_path / "sortie").read_bytes() != b""
    assert "sortie standard : 2 lignes codées sur" in piped.stderr
    assert english_in(piped.stderr) == []


def test_a_workbook_goes_through_the_standard_output_too(export: Export) -> None:
    assert export(ExportKind.XLSX, "-").stdout_bytes.startswith(b"PK\x03\x04")


def test_an_export_that_cannot_be_written_is_not_recorded(export: Export, decided: Sample) -> None:
    refused = export(ExportKind.LOINC_6, "/dev/full")
    assert isinstance(refused.exception, OSError)
    assert refused.exception.filename == "/dev/full"
    assert records(decided) == []
    assert export(ExportKind.LOINC_6, "-").exit_code == 0
    assert len(records(decided)) == 1
