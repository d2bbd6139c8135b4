"""The job of an import reads its files beside the worker: what drowns the reader ends the job, not the worker."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from app.errors import ConflictError, InvalidInputError, TooBusyError
from app.files.choices import IncomingFile
from app.jobs.work import Work
from app.platform import apart
from app.platform.apart import Beside, Here, for_jobs, let_jobs_read_beside
from app.reimport.jobs import _read_beside
from app.settings import Settings
from tests.app.files.workbooks import ods_of

once = pytest.mark.only("sqlite", "no file is read by the database")
SMALL = b"Code;Libelle\nGLU;Glucose\n"


class Told:
    """Stands for the work of a job, and keeps what was said of it."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def __call__(self, _done: int, _total: int, message: str) -> None:
        self.steps.append(message)


def told() -> Any:
    return cast(Work, Told())


@pytest.fixture
def limited(settings: Settings) -> Iterator[Beside]:
    """Workers whose readers have the least memory that the settings allow."""
    let_jobs_read_beside(settings.model_copy(update={"reading_memory_bytes": 500_000_000}), workers=1)
    beside = for_jobs(cast(Engine, None))
    assert isinstance(beside, Beside)
    try:
        yield beside
    finally:
        apart._of_jobs.clear()
        beside.close()


@once
def test_a_file_that_takes_too_much_memory_ends_its_job_only(engine: Engine, limited: Beside) -> None:
    text = f'office:value-type="string"><text:p>{"x" * 32_000}</text:p>'
    cell = f'<table:table-cell table:number-columns-repeated="30" {text}</table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="200">{cell}</table:table-row>'
    content = ods_of(f'<table:table table:name="F">{row}</table:table>')
    with pytest.raises((InvalidInputError, TooBusyError), match="mémoire"):
        _read_beside(engine, [IncomingFile("a.ods", content)], 1 << 30, told())
    work = told()
    [read] = _read_beside(engine, [IncomingFile("a.csv", SMALL)], 1 << 20, work)
    assert read.table.rows[1].cells == ("GLU", "Glucose")
    assert work.steps == ["Lecture de a.csv"]


@once
def test_reading_that_is_ended_lets_the_work_say_that_it_stops(engine: Engine, limited: Beside) -> None:
    limited.close()

    class Stopping(Told):
        def __call__(self, done: int, total: int, message: str) -> None:
            if total == 0:
                raise ConflictError("le serveur s'arrête")

    with pytest.raises(ConflictError, match="s'arrête"):
        _read_beside(engine, [IncomingFile("a.csv", SMALL)], 1 << 20, cast(Any, Stopping()))


@once
def test_without_processes_jobs_read_here(engine: Engine, settings: Settings) -> None:
    let_jobs_read_beside(settings.model_copy(update={"reading_processes": 0}), workers=1)
    assert isinstance(for_jobs(engine), Here)
