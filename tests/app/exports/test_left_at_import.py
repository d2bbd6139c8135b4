"""What a received file brought and the catalogue left out is named in the report of every export, row by row."""

import csv
import io
import zipfile

import pytest

from app.exports.jobs import report_name
from app.exports.left_at_import import CHOICE, LEFT
from app.exports.report import HEADINGS
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.files.choices import Choices, Duplicates, IncomingFile
from app.models import Laboratory
from app.platform.database import Transactions, reading
from app.publication.schemas import Incomplete
from app.publication.statement import REPORT_NAME
from app.settings import Settings
from tests.app.exports.sample import Sample, add_sample
from tests.conftest import TRANSCODER, ClientFor, World

CONTENT = "code;libelle;unite\nNA;Sodium;mmol/L\nNA;Natrémie;mmol/L\n;Sans code;g/L\nK;Potassium;mmol/L\n".encode()
Line = dict[str, str]


def lines(report: bytes) -> list[Line]:
    return list(csv.DictReader(io.StringIO(report.decode("utf-8-sig")), delimiter=";"))


@pytest.fixture
def sample(world: World, request: pytest.FixtureRequest) -> Sample:
    choices = Choices(duplicates=request.param, leaves_rows=True)
    return add_sample(world, [IncomingFile("liste.csv", CONTENT, choices)])


def archived_report(sample: Sample, settings: Settings, kind: ExportKind) -> list[Line]:
    with reading(sample.world.engine) as session:
        laboratory = session.get_one(Laboratory, sample.catalogue.laboratory_id)
    request = ExportRequest(kind, Incomplete.BLANK, Packaging.ZIP)
    file, _ = make_export(Transactions(sample.world.engine), settings, laboratory, sample.catalogue, request)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        return lines(archive.read(REPORT_NAME))


def left(found: list[Line]) -> list[tuple[str, str, str]]:
    return [(line["Code local"], line["Libellé local"], line["Message"]) for line in found if line[HEADINGS[0]] == LEFT]


@pytest.mark.parametrize(
    ("sample", "in_double", "said"),
    [
        (Duplicates.FIRST, ["Natrémie"], "la première ligne de chaque code est gardée"),
        (Duplicates.LEAVE, ["Sodium", "Natrémie"], "toutes ces lignes sont laissées de côté"),
        (Duplicates.KEEP, [], "toutes les lignes sont gardées et numérotées"),
    ],
    indirect=["sample"],
)
@pytest.mark.parametrize("kind", [ExportKind.ORIGINAL, ExportKind.SSSOM])
def test_the_report_names_the_choice_and_each_row_left_out(
    sample: Sample, settings: Settings, client_for: ClientFor, in_double: list[str], said: str, kind: ExportKind
) -> None:
    found = archived_report(sample, settings, kind)
    (choice,) = [line["Message"] for line in found if line[HEADINGS[0]] == CHOICE]
    assert "liste.csv" in choice
    assert said in choice
    named = left(found)
    assert [label for _, label, _ in named] == [*in_double, "Sans code"]
    for code, label, message in named:
        row = CONTENT.decode().split("\n").index(f"{code};{label};{'mmol/L' if code else 'g/L'}") + 1
        assert f"Ligne {row} de « liste.csv »" in message
        assert ("en double" if code else "ne pouvait être reprise") in message
    client = client_for(TRANSCODER)
    page = client.get(f"/catalogues/{sample.catalogue.id}/exports/rapport.csv")
    assert report_name(sample.catalogue.id or 0) in page.headers["content-disposition"]
    assert left(lines(page.content)) == named
