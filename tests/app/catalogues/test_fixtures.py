"""Every shape of catalogue is read as it should be, and its own columns come back byte for byte."""

import io

import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from app.catalogues.service import plan_import, read_files
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.fhir_resources.values import Syntax
from app.files.records import Dialect, read_records
from app.models import Catalogue, FileKind, Laboratory, Level, LoincRelease, SourceFile, utc_now
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.app.catalogues.conftest import Importer
from tests.app.catalogues.fhir_fixtures import FHIR_FIXTURES
from tests.app.catalogues.fixtures import FIXTURES, WORKBOOK_FIXTURES, Fixture
from tests.app.reimport.updates import compared, decide
from tests.conftest import World

ALL = [*FIXTURES, *FHIR_FIXTURES]
LEVELS = {
    FileKind.LOINC_1: (Level.CHAPTER, Level.SUBCHAPTER),
    FileKind.LOINC_2: (Level.EXAM,),
    FileKind.LOINC_3: (Level.ANALYSIS,),
    FileKind.TABULAR: (Level.ANALYSIS,),
    FileKind.SIDE_DATA: (),
    FileKind.FHIR: (Level.ANALYSIS,),
}
RETURNED = {
    FileKind.LOINC_1: ExportKind.LOINC_4,
    FileKind.LOINC_2: ExportKind.LOINC_5,
    FileKind.LOINC_3: ExportKind.LOINC_6,
}
IMPORTED = [item for item in ALL if item.kind is not FileKind.SIDE_DATA]


@pytest.fixture
def release(world: World) -> LoincRelease:
    """A release without terms: nothing is coded, every row comes back."""
    with transaction(world.engine) as session:
        release = LoincRelease(version="2.80", kind="official", is_current=True, status="ready")
        session.add(release)
    return release


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 40
    assert len({item.name for item in ALL}) == len(ALL)


@pytest.mark.same_sql("the file differs, and nothing of it is stored")
@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_a_file_is_understood(session: Session, item: Fixture) -> None:
    (file,) = read_files([item.incoming])
    assert file.kind is item.kind
    plan = plan_import(session, [file], None)
    codes_are_unknown = item.kind is FileKind.SIDE_DATA
    assert [str(problem) for problem in plan.problems] == [] or codes_are_unknown
    assert plan.count(*LEVELS[item.kind]) == item.tests
    found = {test.code: test for test in plan.tests if test.level in LEVELS[item.kind]}
    for code, values in item.values.items():
        test = found[code]
        told = test.values | {
            "is_subcontracted": test.is_subcontracted, "is_retired": test.is_retired,
            "annual_volume": test.annual_volume,
        }  # fmt: skip
        assert {name: told.get(name, "") for name in values} == values
    if item.warning:
        assert any(item.warning in warning for warning in plan.warnings), plan.warnings


@pytest.mark.parametrize("item", IMPORTED, ids=lambda item: item.name)
def test_the_same_export_again_finds_nothing_to_change(importer: Importer, item: Fixture) -> None:
    catalogue = importer(item.incoming).catalogue_id
    difference = compared(importer, catalogue, item.incoming)
    assert set(difference.counts) <= {"unchanged"}


def exported(
    world: World, settings: Settings, catalogue_id: int, kind: ExportKind, syntax: Syntax = Syntax.JSON
) -> bytes:
    with reading(world.engine) as session:
        catalogue = session.get_one(Catalogue, catalogue_id)
        request = ExportRequest(kind, syntax=syntax)
        material = read_material(session, session.get_one(Laboratory, catalogue.laboratory_id), catalogue, request)
    return build(material, settings, request, utc_now(), "essai")[0].content


@pytest.mark.same_sql("each of these files is stored on both by the test above")
@pytest.mark.parametrize("item", [item for item in IMPORTED if item.is_text], ids=lambda item: item.name)
def test_received_columns_come_back_byte_for_byte(
    importer: Importer, settings: Settings, release: LoincRelease, item: Fixture
) -> None:
    catalogue = importer(item.incoming).catalogue_id
    for test in importer.tests(catalogue)[:1]:
        decide(importer, test)
    with reading(importer.engine) as session:
        source = session.get_one(SourceFile, 1)
        dialect = Dialect.from_json(source.dialect)
    records = read_records(item.content, dialect.encoding, dialect.delimiter, dialect.quotechar)
    kinds = [ExportKind.ORIGINAL, *([RETURNED[item.kind]] if item.kind in RETURNED else [])]
    for kind in kinds:
        returned = read_records(
            exported(importer.world, settings, catalogue, kind), dialect.encoding, dialect.delimiter, dialect.quotechar
        )
        assert len(returned) == len(records)
        for before, after in zip(records, returned, strict=True):
            assert after.raw.startswith(before.raw)
            assert after.terminator == before.terminator


@pytest.mark.same_sql("each of these files is stored on both by a test above")
@pytest.mark.parametrize("item", WORKBOOK_FIXTURES, ids=lambda item: item.name)
def test_received_cells_of_a_workbook_come_back(
    importer: Importer, settings: Settings, release: LoincRelease, item: Fixture
) -> None:
    catalogue = importer(item.incoming).catalogue_id
    content = exported(importer.world, settings, catalogue, ExportKind.ORIGINAL)
    (file,) = read_files([item.incoming])
    workbook = load_workbook(io.BytesIO(content))
    sheet = workbook[file.table.dialect.sheet]
    for row in file.table.rows:
        for column, cell in enumerate(row.cells, start=1):
            value = sheet.cell(row.row_number, column).value
            shown = "" if value is None else str(int(value)) if isinstance(value, float) else str(value)
            assert shown == cell
    assert set(file.table.sheet_names) <= set(workbook.sheetnames)
