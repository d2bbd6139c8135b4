"""What this application exports, it takes in again: the catalogue in FHIR, and its maps as memory."""

import pytest
from sqlmodel import select

from app.catalogues.fhir_catalogue import read_catalogue
from app.database import reading
from app.exports.schemas import ExportKind
from app.memory.concept_maps import read_concept_maps
from app.memory.tables import read_table_of_mappings
from app.models import Level, LocalTest, LoincRelease
from app.settings import Settings
from tests.app.catalogues.conftest import Importer, loinc_1, loinc_2, loinc_3
from tests.app.catalogues.test_fixtures import exported, release
from tests.app.catalogues.updates import compared, decide
from tests.app.memory.files import no_names

__all__ = ["release"]


@pytest.fixture
def catalogue(importer: Importer) -> int:
    return importer(loinc_1(), loinc_2(), loinc_3()).catalogue_id


def test_the_catalogue_in_fhir_says_the_same(
    importer: Importer, settings: Settings, release: LoincRelease, catalogue: int
) -> None:
    content = exported(importer.world, settings, catalogue, ExportKind.FHIR_CATALOGUE)
    read = read_catalogue(content)
    with reading(importer.engine) as session:
        tests = session.exec(select(LocalTest).where(LocalTest.level == Level.ANALYSIS)).all()
    for test in tests:
        values = read.analyses[test.code]
        for name in ("label", "unit", "specimen", "technique", "synonym", "timing", "chapter"):
            assert values.get(name, "") == getattr(test, name), (test.code, name)
    assert {code: set(found) for code, found in read.contents.items()} == {"IONO": {"NA", "K"}, "KALI": {"K"}}
    assert {code for code, sub in read.sections if not sub} == {"BIO", "HEM"}


def test_a_catalogue_updated_from_its_own_fhir_loses_nothing(
    importer: Importer, settings: Settings, release: LoincRelease, catalogue: int
) -> None:
    from app.catalogues.schemas import IncomingFile

    content = exported(importer.world, settings, catalogue, ExportKind.FHIR_CATALOGUE)
    difference = compared(importer, catalogue, IncomingFile("catalogue.json", content))
    assert difference.count("removed") == 0
    assert not any(test.is_substantive for test in difference.tests if test.level is not Level.CHAPTER)


@pytest.mark.parametrize("kind", [ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5, ExportKind.FHIR_BUNDLE])
def test_maps_come_back_as_memory(
    importer: Importer, settings: Settings, release: LoincRelease, catalogue: int, kind: ExportKind
) -> None:
    decide(importer, importer.test(catalogue, "NA"))
    read = read_concept_maps(exported(importer.world, settings, catalogue, kind))
    assert len(read.mappings) in (0, 1), "without its term in the release, no code leaves"


def test_sssom_comes_back_as_memory(
    importer: Importer, settings: Settings, release: LoincRelease, catalogue: int
) -> None:
    content = exported(importer.world, settings, catalogue, ExportKind.SSSOM)
    assert read_table_of_mappings(content, no_names).title == "SSSOM/TSV"
