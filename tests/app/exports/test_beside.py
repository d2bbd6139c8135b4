"""What somebody else wrote is read again beside the server, within its bounds, or not at all."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from openpyxl import Workbook, load_workbook
from sqlmodel import func, select

from app.exports import completing
from app.files.choices import IncomingFile
from app.models import AuditEvent, ExportRecord
from app.platform.apart import BEYOND_BOUNDS, INTERRUPTED, Beside, Here
from app.platform.database import reading
from app.settings import Settings
from tests.app.catalogues.fhir_fixtures import R4_BUNDLE
from tests.app.exports.sample import SODIUM, Sample, add_sample
from tests.conftest import TRANSCODER, ClientFor, World


def _workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Code", "Libellé", "Unité", "Milieu"])
    sheet.append(["NA", "Sodium", "mmol/L", "Sérum"])
    sheet.append(["K", "Potassium", "", ""])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


LIST = json.dumps([{"Code": "NA", "Libellé": "Sodium"}, {"Code": "K", "Libellé": "Potassium"}]).encode()
FILES = {
    "catalogue.xlsx": (_workbook(), "app.exports.completing.read_table"),
    "catalogue.json": (LIST, "app.exports.completing.read_table"),
    "fhir.json": (json.dumps(R4_BUNDLE).encode(), "app.exports.completing.completed_fhir"),
}


class Stopped(Here):
    """A process that meets its bounds."""

    def __init__(self, error: type[Exception]) -> None:
        super().__init__()
        self._error = error

    def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        raise self._error(INTERRUPTED)


@pytest.fixture
def apart(settings: Settings) -> Iterator[Beside]:
    made = Beside(settings)
    yield made
    made.close()


def _sample(world: World, name: str) -> Sample:
    sample = add_sample(world, [IncomingFile(name, FILES[name][0])])
    sample.approve("NA", SODIUM)
    return sample


def _never(*_given: object) -> None:
    raise AssertionError("read inside of the server")


@pytest.mark.parametrize("name", list(FILES))
def test_a_received_file_is_completed_beside_the_server(
    world: World, client_for: ClientFor, application: FastAPI, apart: Beside, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sample = _sample(world, name)
    client, address = client_for(TRANSCODER), f"/catalogues/{sample.catalogue_id}/exports/original"
    before = client.post(address)
    assert before.status_code == 200
    application.state.apart = apart
    monkeypatch.setattr(FILES[name][1], _never)
    answer = client.post(address)
    assert answer.status_code == 200, answer.text
    if name.endswith(".xlsx"):
        cells = [cell.value for row in load_workbook(io.BytesIO(answer.content)).worksheets[0] for cell in row]
        assert SODIUM in cells
    else:
        assert answer.content == before.content
        assert SODIUM.encode() in answer.content


@pytest.mark.only("sqlite", "nothing of it is asked of the database")
@pytest.mark.parametrize("error", BEYOND_BOUNDS)
def test_one_that_asks_for_too_much_is_said_and_no_export_is_recorded(
    world: World, client_for: ClientFor, application: FastAPI, error: type[Exception]
) -> None:
    sample = _sample(world, "catalogue.xlsx")
    application.state.apart = Stopped(error)
    answer = client_for(TRANSCODER).post(f"/catalogues/{sample.catalogue_id}/exports/original")
    assert answer.status_code == 409
    assert "« catalogue.xlsx » demande plus de mémoire ou de temps" in answer.text
    with reading(world.engine) as session:
        assert session.exec(select(func.count()).select_from(ExportRecord)).one() == 0
        told = AuditEvent.action == "export.create"
        assert session.exec(select(func.count()).select_from(AuditEvent).where(told)).one() == 0


def test_a_text_in_columns_asks_for_no_process(
    world: World, client_for: ClientFor, application: FastAPI
) -> None:
    sample = add_sample(world, [IncomingFile("catalogue.csv", "Code;Libellé\r\nNA;Sodium\r\n".encode())])
    application.state.apart = Stopped(BEYOND_BOUNDS[0])
    answer = client_for(TRANSCODER).post(f"/catalogues/{sample.catalogue_id}/exports/original")
    assert answer.status_code == 200
    assert completing.XLSX_TYPE not in answer.headers["content-type"]
