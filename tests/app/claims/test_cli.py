"""The commands evidence and verify-pack, down to the sentence and the exit code."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import app.claims.cli
from app.settings import Settings, get_settings
from tests.app.claims.conftest import Make
from tests.app.console.conftest import RunMain, run_main
from tests.app.console.english import english_in
from tests.app.exports.sample import Sample

__all__ = ["run_main"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evidence(decided: Sample, settings: Settings, run_main: RunMain, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`evidence(output)` on the decided sample."""
    monkeypatch.setattr(app.claims.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.claims.cli, "open_ready", lambda _settings: decided.world.engine)
    number = str(decided.catalogue_id)
    return lambda output, *more: ended(
        run_main, "evidence", "--catalogue", number, "-o", output, *(more or ("--without-pdf",))
    )


def ended(run_main: RunMain, *arguments: str) -> tuple[int, str, str]:
    """What `run_main` gives, for a command that ends well too."""
    return run_main(*arguments)


def test_a_pack_from_the_command_line_verifies_without_a_database(
    evidence: Run, run_main: RunMain, tmp_path: Path, make: Make, decided: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "dossier.zip"
    code, out, err = evidence(str(target))
    assert (code, out) == (0, "")
    assert "PROJET : aucune version" in err
    fingerprint = err.split("Empreinte (SHA-256) ")[1].strip()
    assert make(decided)[1].fingerprint == fingerprint
    nowhere = tmp_path / "ailleurs"
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(nowhere))
    get_settings.cache_clear()
    code, out, err = run_main("verify-pack", str(target), "--expect", fingerprint)
    assert (code, err) == (0, "")
    assert "33,33 %              2 / 6  Analyses, sous-traitées comprises ; 80 % atteint : non" in out
    assert f"Empreinte {fingerprint}\n" in out
    assert out.endswith("C'est le dossier attendu.\n")
    blind = out.split("Tout se tient")[1].splitlines()[1]
    assert blind == app.claims.cli.BLIND_TO
    with zipfile.ZipFile(target) as archive:
        named = [name for name in archive.namelist() if name in blind or name.removeprefix("faits/") in blind]
    assert {"journal/journal.csv", "rapport/lignes.csv", "rapport/rapport.html", "faits/rows.csv"} <= {*named}
    assert "--expect" in blind
    assert "--head" in blind
    assert english_in(out) == []
    assert not nowhere.exists(), "no database was made"


def test_what_does_not_hold_is_said_in_one_sentence(evidence: Run, run_main: RunMain, tmp_path: Path) -> None:
    target = tmp_path / "dossier.zip"
    evidence(str(target))
    content = target.read_bytes()
    place = content.index(b"SODIUM")
    target.write_bytes(content[:place] + b"K" + content[place + 1 :])
    code, out, err = run_main("verify-pack", str(target))
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("Erreur : octets ")
    assert "n'est pas celui que dit son en-tête" in err
    code, _, err = run_main("verify-pack", str(target.with_name("absent.zip")))
    assert code == 1
    assert "absent.zip" in err
    assert run_main("verify-pack")[0] == 2


def test_a_past_day_is_recomputed(evidence: Run, run_main: RunMain, tmp_path: Path) -> None:
    target = tmp_path / "dossier.zip"
    evidence(str(target))
    code, _, err = run_main("verify-pack", str(target), "--jour", "2001-01-01")
    assert (code, err) == (1, "Erreur : le 01/01/2001, ce catalogue n'avait encore rien reçu.\n")
    assert "n'est pas un jour" in run_main("verify-pack", str(target), "--jour", "hier")[2]
    code, out, _ = run_main("verify-pack", str(target), "--jour", "2999-01-01")
    assert code == 0
    assert out.count("33,33 %              2 / 6  Analyses, sous-traitées comprises") == 2
