"""The day of an approval is that of Paris in every file: half past midnight belongs to the day that begins."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from app.exports.schemas import ExportFile, ExportKind, Packaging
from app.exports.service import ExportRequest, build, packed, read_material
from app.models import Action, Level, Relation
from app.platform.database import reading
from app.publication.service import statement_of
from app.settings import Settings
from tests.app.exports.sample import CHEMISTRY, GLUCOSE, SODIUM, Sample
from tests.conftest import BIOLOGIST

FIRST_MINUTES_OF_THE_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
THE_DAY_BEFORE = ("31/12/2026", "20261231", '"2026-12-31"', "\t2026-12-31")
"""As the files write a day without its hour; an instant in UTC says its zone."""


@pytest.fixture
def approved(sample: Sample) -> Sample:
    """Rows decided and approved just after midnight in Paris."""
    with sample.together():
        for code, loinc, level in (
            ("NA", SODIUM, Level.ANALYSIS),
            ("GLY", GLUCOSE, Level.EXAM),
            ("BIO", CHEMISTRY, Level.CHAPTER),
        ):
            test = sample.test_id(code, level)
            facts = {"created_at": FIRST_MINUTES_OF_THE_YEAR}
            sample.act(test, Action.CHOOSE, loinc_num=loinc, relation=Relation.EQUIVALENT, **facts)  # type: ignore[arg-type]
            sample.act(test, Action.APPROVE, email=BIOLOGIST, **facts)  # type: ignore[arg-type]
    return sample


def _made(sample: Sample, settings: Settings, kind: ExportKind) -> ExportFile:
    request = ExportRequest(kind, packaging=Packaging.ZIP)
    with reading(sample.world.engine) as session:
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    file, assessment = build(material, settings, request, FIRST_MINUTES_OF_THE_YEAR, "Test")
    statement = statement_of(material.facts, assessment, FIRST_MINUTES_OF_THE_YEAR, "Test")
    return packed(file, assessment, statement, material)


@pytest.mark.parametrize("kind", list(ExportKind))
def test_no_file_bears_the_day_before(approved: Sample, settings: Settings, kind: ExportKind) -> None:
    file = _made(approved, settings, kind)
    assert "20270101" in file.name
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert {info.date_time[:5] for info in archive.infolist()} == {(2027, 1, 1, 0, 30)}
        said = "\n".join(_texts(name, archive.read(name)) for name in archive.namelist())
    assert "01/01/2027 00:30 (heure de Paris)" in said
    # The version is the second of the last change, in UTC: a name for a state, and no day that somebody reads.
    assert [day for day in THE_DAY_BEFORE if day in said.replace("20261231.233000", "")] == []


def _texts(name: str, content: bytes) -> str:
    """The name and the text of a file; of a workbook, that of its parts."""
    if not name.endswith(".xlsx"):
        return f"{name}\n{content.decode()}"
    with zipfile.ZipFile(io.BytesIO(content)) as workbook:
        return "\n".join((name, *(workbook.read(part).decode() for part in workbook.namelist())))
