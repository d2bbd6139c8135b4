"""What this application exports, it takes in again: the catalogue in FHIR, and its maps as memory."""

import pytest
from sqlmodel import select

from app.exports.schemas import ExportKind
from app.files.choices import IncomingFile
from app.files.fhir_catalogue import read_catalogue
from app.memory.concept_maps import read_concept_maps
from app.memory.tables import read_table_of_mappings
from app.models import Level, LocalTest, LoincRelease, LoincTerm
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.app.catalogues.conftest import Importer, loinc_1, loinc_2, loinc_3
from tests.app.catalogues.test_fixtures import exported
from tests.app.memory.files import no_names
from tests.app.reimport.updates import compared, decide
from tests.conftest import World


@pytest.fixture
def release(world: World) -> LoincRelease:
    """A release that knows one code."""
    with transaction(world.engine) as session:
        release = LoincRelease(version="2.80", kind="official", is_current=True, status="ready")
        session.add(release)
        session.flush()
        term = LoincTerm(
            release_id=release.id or 0, loinc_num="2951-2", component="Sodium", property="SCnc", time_aspct="Pt",
            system="Ser/Plas", scale_typ="Qn", status="ACTIVE",
            long_common_name="Sodium [Moles/volume] in Serum or Plasma",
        )  # fmt: skip
        session.add(term)
    return release


@pytest.fixture
def catalogue(importer: Importer, release: LoincRelease) -> int:
    """A catalogue whose sodium has an approved code."""
    catalogue = importer(loinc_1(), loinc_2(), loinc_3()).catalogue_id
    decide(importer, importer.test(catalogue, "NA"))
    return catalogue


def test_the_catalogue_in_fhir_says_the_same(
    importer: Importer, settings: Settings, catalogue: int
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
    importer: Importer, settings: Settings, catalogue: int
) -> None:
    content = exported(importer.world, settings, catalogue, ExportKind.FHIR_CATALOGUE)
    difference = compared(importer, catalogue, IncomingFile("catalogue.json", content))
    assert difference.count("removed") == 0
    assert not any(test.is_substantive for test in difference.tests if test.level is not Level.CHAPTER)


@pytest.mark.parametrize(
    "kind", [ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5, ExportKind.FHIR_BUNDLE, ExportKind.SSSOM]
)
def test_maps_come_back_as_memory(
    importer: Importer, settings: Settings, catalogue: int, kind: ExportKind
) -> None:
    content = exported(importer.world, settings, catalogue, kind)
    read = (
        read_table_of_mappings(content, no_names) if kind is ExportKind.SSSOM else read_concept_maps(content)
    )  # fmt: skip
    (sodium,) = read.mappings
    assert (sodium.local_code, sodium.label, sodium.loinc_num) == ("NA", "Sodium", "2951-2")
    # A laboratory without address names its systems by identifiers that do not tell the level.
    assert sodium.level in (None, Level.ANALYSIS)
    assert sodium.relation in ("equivalent", "skos:exactMatch")
