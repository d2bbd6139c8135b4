"""A release is read beside whoever loads it: what comes of it is the same, and its bounds stop a hostile archive."""

import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel, func, select

from app.errors import InvalidInputError, TooBusyError, WorkbenchError
from app.models import FrenchName, LoincRelease, LoincTerm, MapTo, PanelMember, ValueSetMember
from app.platform.apart import INTERRUPTED, Beside, Here, ReadingStoppedError
from app.platform.apart_process import TOO_MUCH_MEMORY, TooMuchMemoryError
from app.platform.database import reading
from app.settings import Settings
from app.terminology import loading
from app.terminology.release_reading import Finished, read_release
from app.upgrades.service import load_release
from loinc_data.release import MAIN_TABLE
from tests.app.terminology.fixtures.official import first_release, second_release

STORED: tuple[type[SQLModel], ...] = (LoincRelease, LoincTerm, FrenchName, MapTo, PanelMember, ValueSetMember)


def counts(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [session.exec(select(func.count()).select_from(model)).one() for model in STORED]


@pytest.fixture
def apart(settings: Settings) -> Iterator[Beside]:
    made = Beside(settings)
    yield made
    made.close()


def test_it_is_read_in_another_process(
    engine: Engine, tmp_path: Path, apart: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_given: object) -> None:
        raise AssertionError("read where it is loaded")

    path = second_release().write_zip(tmp_path)
    said: list[tuple[int, int, str]] = []
    with monkeypatch.context() as patched:
        for name in ("open_source", "content_hash"):
            patched.setattr(f"app.terminology.release_reading.{name}", never)
        report = load_release(engine, path, lambda *told: said.append(told), apart=apart)
    found = counts(engine)
    assert all(found)
    assert found[1] == report.term_count
    assert (report.term_count, report.term_count, "Lecture des termes") in said
    with reading(engine) as session:
        version, terms_hash = session.exec(select(LoincRelease.version, LoincRelease.terms_hash)).one()
    assert version == "2.81"
    assert terms_hash == loading_hash(path)
    again = load_release(engine, path, apart=apart)
    assert not again.is_new
    assert counts(engine) == found


def loading_hash(path: Path) -> str:
    """The hash of the terms as they are read here."""
    (finished,) = [piece for piece in read_release(None, path, path.name, 1, 1000) if isinstance(piece, Finished)]
    return finished.terms_hash


def test_a_refusal_of_the_other_process_removes_what_was_stored(
    engine: Engine, tmp_path: Path, apart: Beside
) -> None:
    release = first_release()
    path = release.write_zip(tmp_path)
    cut = tmp_path / "coupee.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(cut, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if name.endswith(MAIN_TABLE) else content)
    with pytest.raises(InvalidInputError, match=r"tronqué|coupée|absents"):
        load_release(engine, cut, apart=apart)
    assert counts(engine) == [0] * len(STORED)
    assert load_release(engine, path, apart=apart).is_new, "the process is well"


class StopsHalfWay(Here):
    """A process that meets its bounds once some of the release was handed over."""

    def __init__(self, error: WorkbenchError) -> None:
        super().__init__()
        self._error = error

    def stream(self, function: Callable[..., Iterator[Any]], *arguments: object) -> Generator[Any, None, None]:
        pieces = function(None, *arguments)
        yield next(pieces)
        yield next(pieces)
        raise self._error


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (TooMuchMemoryError(TOO_MUCH_MEMORY), InvalidInputError, loading.TOO_MUCH_MEMORY),
        (ReadingStoppedError(INTERRUPTED), TooBusyError, loading.STOPPED),
    ],
)
def test_bounds_that_are_met_leave_nothing(
    engine: Engine, tmp_path: Path, error: WorkbenchError, kind: type[WorkbenchError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        load_release(engine, first_release().write_zip(tmp_path), apart=StopsHalfWay(error))
    assert caught.value.message == said
    assert counts(engine) == [0] * len(STORED)

