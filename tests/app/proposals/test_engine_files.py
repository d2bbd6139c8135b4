"""Engines on the disk: read when they are what was asked for, else built; never half written, never believed when
altered."""

import os
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from app.proposals import engine_files
from app.proposals.engine_files import KEPT_FILES, kept_engine
from app.proposals.engines import engine_of_release_file, engine_of_starter
from loinc_data.release import ReleaseError, main_table_hash
from matcher import Engine, LexiconEntry, LocalTest, Tables, Term
from matcher.index import TermIndex
from tests.conftest import Logs

ROW = LocalTest(label="Glucose", unit="mmol/L")
HEADINGS = "LOINC_NUM,COMPONENT,PROPERTY,TIME_ASPCT,SYSTEM,SCALE_TYP,METHOD_TYP,STATUS,LONG_COMMON_NAME,CLASSTYPE"


def _build() -> Engine:
    term = Term("14749-6", "Glucose", "SCnc", "Pt", "Ser/Plas", "Qn", long_common_name="Glucose [Moles/volume]")
    return Engine(TermIndex.build([term]), Tables(lexicon=(LexiconEntry("glucose", component=("Glucose",)),)))


def _is_not_to_be_built() -> Engine:
    raise AssertionError("it is on the disk")


class Counted:
    """A build that counts how often it is asked for."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Engine:
        self.times += 1
        return _build()


def _file(cache: Path) -> Path:
    (found,) = cache.glob("engine-*.bin")
    return found


def test_a_kept_engine_is_read_and_answers_alike(tmp_path: Path) -> None:
    cache = tmp_path / "var" / "cache"
    first = kept_engine(cache, "terms", _build)
    second = kept_engine(cache, "terms", _is_not_to_be_built)
    assert first.propose(ROW) == second.propose(ROW) == _build().propose(ROW) != []
    assert [file.name for file in cache.iterdir()] == [_file(cache).name]


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _altered(content: bytes) -> bytes:
    return content.replace(b"Glucose", b"Glucase")


@pytest.mark.parametrize("damage", [_cut, _altered, lambda _: b"", lambda content: content + b"x"])
def test_a_damaged_file_is_told_and_built_again(
    tmp_path: Path, damage: Callable[[bytes], bytes], logs: Logs
) -> None:
    kept_engine(tmp_path, "terms", _build)
    file = _file(tmp_path)
    whole = file.read_bytes()
    assert damage(whole) != whole
    file.write_bytes(damage(whole))
    build = Counted()
    engine = kept_engine(tmp_path, "terms", build)
    assert build.times == 1
    assert engine.index.terms[0].component == "Glucose"
    assert [event["file"] for event in logs.events("engine.file_damaged")] == [file.name]
    assert file.read_bytes() == whole, "the next process reads it"
    kept_engine(tmp_path, "terms", _is_not_to_be_built)


def test_a_file_under_the_name_of_another_is_not_believed(tmp_path: Path) -> None:
    kept_engine(tmp_path, "terms", _build)
    file = _file(tmp_path)
    file.rename(file.with_name(file.name.replace("-terms-", "-others-")))
    build = Counted()
    kept_engine(tmp_path, "others", build)
    assert build.times == 1


@pytest.mark.parametrize("part", ["material_hash", "_code_hash"])
def test_other_material_or_another_matcher_makes_another_engine(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_engine(tmp_path, "terms", _build)
    monkeypatch.setattr(engine_files, part, lambda: "another")
    build = Counted()
    kept_engine(tmp_path, "terms", build)
    kept_engine(tmp_path, "terms", build)
    assert build.times == 1


def test_the_format_of_an_earlier_version_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("matcher.compiled.engine_file.FORMAT", 1)
        kept_engine(tmp_path, "terms", _build)
    build = Counted()
    kept_engine(tmp_path, "terms", build)
    assert build.times == 1


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path, logs: Logs) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    build = Counted()
    for _ in range(2):
        assert kept_engine(tmp_path / "var" / "cache", "terms", build).propose(ROW)
    assert build.times == 2
    assert [event["error"] for event in logs.events("engine.file_not_written")] == ["NotADirectoryError"] * 2


@pytest.mark.parametrize(
    ("refused", "event"), [("read_bytes", "engine.file_not_read"), ("write_bytes", "engine.file_not_written")]
)
def test_missing_rights_are_told_and_cost_time(
    tmp_path: Path, refused: str, event: str, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    if refused == "read_bytes":
        kept_engine(tmp_path, "terms", _build)

    def refuse(file: Path, *_content: bytes) -> bytes:
        raise PermissionError(13, "Permission denied", str(file))

    engine_files.material_hash(), engine_files._code_hash()  # which read files of ours
    build = Counted()
    with monkeypatch.context() as without_rights:
        without_rights.setattr(Path, refused, refuse)
        assert kept_engine(tmp_path, "terms", build).propose(ROW)
    assert build.times == 1
    assert [found["error"] for found in logs.events(event)] == ["PermissionError"]


def test_what_cannot_be_read_is_told_and_built(tmp_path: Path, logs: Logs) -> None:
    kept_engine(tmp_path, "terms", _build)
    file = _file(tmp_path)
    file.unlink()
    file.mkdir()
    assert kept_engine(tmp_path, "terms", _build).propose(ROW)
    assert [event["error"] for event in logs.events("engine.file_not_read")] == ["IsADirectoryError"]
    assert logs.events("engine.file_not_written"), "nor is it in the way of another file"
    assert not list(tmp_path.glob("*.tmp"))


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(Path, "replace", full)
        assert kept_engine(tmp_path, "terms", _build).propose(ROW)
    assert list(tmp_path.iterdir()) == []


def _keep(cache: str, rounds: int) -> bool:
    """Read the engine, or build and write it, again and again, as several processes do that start together."""
    for _ in range(rounds):
        engine = kept_engine(Path(cache), "terms", _build)
        if engine.propose(ROW) != _build().propose(ROW):
            return False
        for file in Path(cache).glob("engine-*.bin"):
            file.unlink(missing_ok=True)
    return True


def test_processes_that_write_at_once_leave_a_whole_file(tmp_path: Path, logs: Logs) -> None:
    with get_context("fork").Pool(2) as pool:
        assert all(pool.starmap(_keep, [(str(tmp_path), 20)] * 4))
    kept_engine(tmp_path, "terms", _build)
    kept_engine(tmp_path, "terms", _is_not_to_be_built)
    assert [file.name for file in tmp_path.iterdir()] == [_file(tmp_path).name]
    assert not logs.events("engine.file_damaged")


def test_old_files_leave(tmp_path: Path) -> None:
    def made(name: str, age: int) -> Path:
        file = tmp_path / name
        file.write_bytes(b"")
        now = file.stat().st_mtime
        os.utime(file, (now - age, now - age))
        return file

    old = [made(f"engine-{age}.bin", age) for age in range(100, 100 + KEPT_FILES)]
    earlier = made("index-7-abc.zip", 200)
    dead, alive = made("engine-a.1.tmp", 90_000), made("engine-b.2.tmp", 0)
    other = made("something-else.txt", 90_000)
    kept_engine(tmp_path, "terms", _build)
    assert [file.exists() for file in old] == [True] * (KEPT_FILES - 1) + [False]
    assert [file.exists() for file in (earlier, dead, alive, other)] == [False, False, True, True]


def test_the_starter_terminology_is_read_without_its_terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = engine_of_starter(tmp_path)
    for name in ("load_starter_terms", "load_tables"):
        monkeypatch.setattr(f"app.proposals.engines.{name}", _is_not_to_be_built)
    assert engine_of_starter(tmp_path).propose(ROW) == first.propose(ROW)


def _release(folder: Path, component: str) -> Path:
    table = folder / "LoincTable" / "Loinc.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    row = f"14749-6,{component},SCnc,Pt,Ser/Plas,Qn,,ACTIVE,{component} [Moles/volume] in Serum or Plasma,1"
    table.write_text(f"{HEADINGS}\n{row}\n", encoding="utf-8")
    return folder


def test_a_release_whose_terms_differ_is_another(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    release = _release(tmp_path / "Loinc_9.99", "Glucose")
    before = main_table_hash(release)
    assert engine_of_release_file(release, cache).index.terms[0].component == "Glucose"
    (release / "AccessoryFiles").mkdir()
    (release / "AccessoryFiles" / "frFR18LinguisticVariant.csv").write_text("LOINC_NUM\n", encoding="utf-8")
    assert main_table_hash(release) == before, "which the engine does not read"
    _release(release, "Fructose")
    assert engine_of_release_file(release, cache).index.terms[0].component == "Fructose"
    (release / "LoincTable" / "Loinc.csv").unlink()
    with pytest.raises(ReleaseError, match="variantes linguistiques"):
        engine_of_release_file(release, cache)
