"""`-` is the standard input or output, in real processes: bytes as they are, messages apart."""

import gzip
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.console.streams import InputFile, OutputFile
from app.console.system_errors import system_sentence
from app.settings import PROJECT_ROOT
from tests.app.console.conftest import RunMain
from tests.app.console.english import english_in

CATALOGUE = "code;libelle;milieu;unite\r\nNA;Sodium;Sérum;mmol/L\r\nCREA;Créatinine;Plasma;µmol/L\r\n"
HEADINGS = b"row,local_code,rank,loinc,confidence\n"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder shared by the runs: the index is built once."""
    return tmp_path_factory.mktemp("streams") / "var"


def transcodeur(data_dir: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"TRANSCODEUR_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(
        command, cwd=PROJECT_ROOT, env=environment, input=given, capture_output=True, check=False, timeout=300
    )


def in_shell(data_dir: Path, line: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"TRANSCODEUR_DATA_DIR": str(data_dir)}
    command = f"{sys.executable} -m app.cli {line}"
    return subprocess.run(
        command, shell=True, cwd=PROJECT_ROOT, env=environment, input=given, capture_output=True, check=False
    )


@pytest.fixture(scope="module")
def expected(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What `propose` writes for the catalogue, from a file to a file."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "catalogue.csv").write_bytes(CATALOGUE.encode("cp1252"))
    result = transcodeur(data_dir, "propose", str(folder / "catalogue.csv"), "-o", str(folder / "out.csv"))
    assert result.returncode == 0, result.stderr
    assert result.stdout == b""
    content = (folder / "out.csv").read_bytes()
    assert content.startswith(HEADINGS)
    assert b"1,NA,1,2951-2," in content
    return content


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_propose_reads_and_writes_the_standard_streams(data_dir: Path, expected: bytes, encoding: str) -> None:
    result = transcodeur(data_dir, "propose", "-", "-o", "-", "--timing", given=CATALOGUE.encode(encoding))
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected
    assert result.stderr.startswith(b'{"rows": 2, ')


def test_a_refused_standard_input_is_named(data_dir: Path) -> None:
    nameless = transcodeur(data_dir, "propose", "-", "-o", "-", given=b"a;b\r\n1;2\r\n")
    assert nameless.returncode == 1
    assert nameless.stdout == b""
    assert "fichier « entree-standard.csv »" in nameless.stderr.decode()
    named = transcodeur(data_dir, "propose", "-", "-o", "-", "--nom", "labo.csv", given=b"a;b\r\n1;2\r\n")
    assert "fichier « labo.csv »" in named.stderr.decode()
    assert english_in(named.stderr.decode()) == []


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"code;libelle\r\n", "entree-standard.csv"),
        (b'{"resourceType": "Bundle"}', "entree-standard.json"),
        ((PROJECT_ROOT / "README.md").read_bytes(), "entree-standard.csv"),
    ],
)
def test_the_standard_input_takes_a_name_from_its_content(
    content: bytes, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_standard(content, monkeypatch) == (name, content)


def test_an_archive_on_the_standard_input_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("LOINC_3.csv", CATALOGUE)
    content = (tmp_path / "x").read_bytes()
    assert read_standard(content, monkeypatch) == ("entree-standard.zip", content)
    assert read_standard(content, monkeypatch, "envoi") == ("envoi", content)


def read_standard(content: bytes, monkeypatch: pytest.MonkeyPatch, name: str = "") -> tuple[str, bytes]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    return InputFile("-").read(name)


def test_the_standard_input_can_be_opened_as_a_file_while_it_is_needed(data_dir: Path) -> None:
    result = transcodeur(data_dir, "load-loinc", "-", given=gzip.compress(b"no release"))
    assert result.returncode == 1
    assert "n'est pas une archive zip lisible" in result.stderr.decode()


SYSTEM = {
    "absent/a.csv": "« absent/a.csv » : ce fichier ou ce dossier n'existe pas.",
    ".": "« . » : c'est un dossier, il faut un fichier.",
    "README.md/a.csv": "« README.md/a.csv » : une partie de ce chemin n'est pas un dossier.",
    "a" * 300: f"« {'a' * 300} » : ce nom est trop long.",
}
READERS = (
    ("propose", "{}", "-o", "-"),
    ("import", "{}", "--laboratoire", "L", "--catalogue", "C"),
    ("load-valueset", "{}"),
    ("restore", "{}", "--remplacer"),
)


@pytest.mark.parametrize("path", SYSTEM, ids=lambda path: path[:20])
@pytest.mark.parametrize("command", READERS, ids=lambda command: command[0])
def test_a_file_that_cannot_be_read_is_refused_alike_everywhere(
    command: tuple[str, ...], path: str, run_main: RunMain
) -> None:
    assert run_main(*(word.format(path) for word in command)) == (1, "", f"Erreur : {SYSTEM[path]}\n")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/dev/full", "« /dev/full » : il n'y a plus de place sur le disque."),
        ("/proc/absent", "« /proc/absent » : ce fichier ou ce dossier n'existe pas."),
        ("docs", "« docs » : c'est un dossier, il faut un fichier."),
    ],
)
def test_a_file_that_cannot_be_written_is_said_in_french(path: str, reason: str) -> None:
    with pytest.raises(OSError, match=r".") as refused, OutputFile(path).text() as file:
        file.write("ligne\n")
    assert system_sentence(refused.value) == reason


def test_a_standard_output_without_room_is_said_in_french(data_dir: Path, expected: bytes) -> None:
    result = in_shell(data_dir, "propose - -o - >/dev/full", CATALOGUE.encode())
    assert expected
    assert result.returncode == 1
    assert result.stderr.decode() == "Erreur : « sortie standard » : il n'y a plus de place sur le disque.\n"


def test_a_reader_that_leaves_ends_the_command_without_a_trace(data_dir: Path, expected: bytes) -> None:
    rows = "".join(f"A{number};Sodium {number};Sérum;mmol/L\r\n" for number in range(300))
    result = in_shell(data_dir, "propose - -o - | head -c 10", f"code;libelle;milieu;unite\r\n{rows}".encode())
    assert result.stdout == expected[:10]
    assert b"Traceback" not in result.stderr
    assert english_in(result.stderr.decode()) == []


def test_an_output_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    assert str(OutputFile("-")) == "sortie standard"
    assert str(OutputFile("x.csv")) == "x.csv"
    OutputFile(str(tmp_path / "x")).write(b"\xff\r\n\x00")
    assert (tmp_path / "x").read_bytes() == b"\xff\r\n\x00"


def test_propose_needs_neither_web_nor_migrations() -> None:
    """What makes a command slow to start is what it imports; a command imports its own room."""
    command = [sys.executable, "-X", "importtime", "-m", "app.cli", "propose", "--help"]
    told = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stderr
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in told.splitlines()}
    assert {"matcher", "typer"} <= loaded
    assert {"fastapi", "uvicorn", "alembic", "pandas", "openpyxl", "huey", "jinja2"} & loaded == set()


def test_an_output_cannot_be_left_out() -> None:
    assert CliRunner().invoke(cli, ["propose", "-"]).exit_code == 2


@pytest.mark.parametrize("line", ["propose - -o -", "import - --laboratoire A --catalogue B", "restore -"])
def test_a_standard_input_that_is_closed_is_said(data_dir: Path, line: str) -> None:
    result = in_shell(data_dir, f"{line} <&-", b"")
    assert result.returncode == 1
    said = result.stderr.decode()
    assert "L'entrée standard est fermée" in said
    assert "Traceback" not in said
