"""The local code systems: complete, whatever a newer export no longer holds, and the same wherever they are given."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from app.catalogues.service import import_files
from app.exports.schemas import ExportKind
from app.fhir_resources.values import Syntax
from app.files.choices import IncomingFile
from app.models import Level, LocalTest
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.fhir_resources.fhir_sample import exported, exported_file, inside


def remove(sample: Sample, *ids: int) -> None:
    """A newer export no longer holds these rows."""
    with transaction(sample.world.engine) as session:
        for test_id in ids:
            test = session.get_one(LocalTest, test_id)
            test.is_retired, test.retired_at = True, datetime(2026, 11, 20, tzinfo=UTC)


def concepts(resource: dict[str, Any], slug: str) -> dict[str, dict[str, Any]]:
    (system,) = [item for item in inside(resource, "CodeSystem") if item["id"].endswith(f"-{slug}")]
    assert system["content"] == "complete"
    assert system["count"] == len(system["concept"])
    return {concept["code"]: concept for concept in system["concept"]}


@pytest.mark.parametrize("kind", [ExportKind.FHIR_BUNDLE, ExportKind.FHIR_CATALOGUE])
def test_removed_rows_keep_their_codes_in_a_complete_list(narrow: Sample, settings: Settings, kind: ExportKind) -> None:
    before = concepts(exported(narrow, settings, kind), "analyses")
    # TSH is in doubt, RARE has no LOINC code, NA has an approved one.
    remove(narrow, *(narrow.test_id(code) for code in ("TSH", "RARE", "NA")))
    after = concepts(exported(narrow, settings, kind), "analyses")
    assert after.keys() == before.keys()
    inactive = {
        code
        for code, concept in after.items()
        if {"code": "inactive", "valueBoolean": True} in concept.get("property", [])
    }
    assert inactive == {"TSH", "RARE", "NA"}


def test_a_removed_row_never_changes_the_code_of_another(narrow: Sample, settings: Settings) -> None:
    """`AUT` is a sub-chapter of two chapters; once one is gone the other has the code for itself in the map."""
    remove(narrow, narrow.test_id("AUT", Level.SUBCHAPTER, 1))
    bundle = exported(narrow, settings, ExportKind.FHIR_BUNDLE)
    (concept_map,) = inside(bundle, "ConceptMap")
    group = next(item for item in concept_map["group"] if "AUT" in {code["code"] for code in item["element"]})
    assert {element["code"] for element in group["element"]} == {"ION", "AUT"}
    assert set(concepts(bundle, "sous-chapitres")) == {"ION", "AUT", "SER/AUT"}


def test_a_code_that_another_row_has_now_is_there_once_and_active(narrow: Sample, settings: Settings) -> None:
    with transaction(narrow.world.engine) as session:
        old = session.get_one(LocalTest, narrow.test_id("TSH"))
        old.code, old.occurrence = "NA", 1
    remove(narrow, narrow.test_id("TSH"))
    found = concepts(exported(narrow, settings, ExportKind.FHIR_BUNDLE), "analyses")
    assert found["NA"]["display"] == "SODIUM"
    assert "inactive" not in {item["code"] for item in found["NA"]["property"]}


def test_one_code_system_is_the_same_in_every_file(narrow: Sample, settings: Settings) -> None:
    first, second = (exported(narrow, settings, kind) for kind in (ExportKind.FHIR_BUNDLE, ExportKind.FHIR_CATALOGUE))
    assert inside(first, "CodeSystem") == inside(second, "CodeSystem")


@pytest.mark.parametrize("syntax", list(Syntax))
def test_an_analysis_read_back_takes_no_specimen_from_its_exam(
    narrow: Sample, settings: Settings, syntax: Syntax
) -> None:
    with transaction(narrow.world.engine) as session:
        for test in session.exec(select(LocalTest).where(LocalTest.level == Level.ANALYSIS)):
            test.specimen = test.specimen_code = ""
    content = exported_file(narrow, settings, ExportKind.FHIR_CATALOGUE, syntax).content
    with transaction(narrow.world.engine) as session:
        files = [IncomingFile(f"catalogue.{syntax}", content)]
        report = import_files(session, narrow.world.laboratory_id, files, catalogue_name="Relu")
    with reading(narrow.world.engine) as session:
        rows = session.exec(select(LocalTest).where(LocalTest.catalogue_id == report.catalogue_id)).all()
        found = {(test.level, test.code): (test.specimen_code, test.specimen) for test in rows}
    assert {values for (level, _), values in found.items() if level == Level.ANALYSIS} == {("", "")}
    assert found[Level.EXAM, "IONO"] == ("", "Sérum")
    assert len([level for level, _ in found if level == Level.ANALYSIS]) == 7
