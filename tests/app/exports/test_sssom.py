"""SSSOM/TSV, read back by the reference library and by hand."""

import csv
import datetime
import io
import re
from typing import Any

import pytest
import sssom_pydantic
import yaml
from sqlmodel import col, update

from app.exports.schemas import ExportKind
from app.fhir_resources.naming import Canonicals
from app.models import Action, Level, LocalTest
from app.platform.database import transaction
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import GLUCOSE, SODIUM, TERMS, Sample
from tests.app.fhir_resources.fhir_sample import exported_file
from tests.conftest import BIOLOGIST, NAMES, TRANSCODER


def read(content: bytes) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The YAML header and the rows."""
    lines = content.decode().split("\n")
    header = yaml.safe_load("\n".join(line[1:] for line in lines if line.startswith("#")))
    body = "\n".join(line for line in lines if not line.startswith("#"))
    return header, list(csv.DictReader(io.StringIO(body), delimiter="\t"))


@pytest.fixture
def content(narrow: Sample, settings: Settings) -> bytes:
    return exported_file(narrow, settings, ExportKind.SSSOM).content


def test_skos_reads_from_the_local_test(content: bytes) -> None:
    _, rows = read(content)
    found = {row["subject_id"]: (row["predicate_id"], row["object_id"]) for row in rows}
    assert found == {
        "analyses:NA": ("skos:exactMatch", f"LOINC:{SODIUM}"),
        # The LOINC code is broader than the local test.
        "analyses:GLY": ("skos:broadMatch", f"LOINC:{GLUCOSE}"),
        "analyses:K": ("skos:narrowMatch", "LOINC:2823-3"),
        "analyses:CREA": ("skos:closeMatch", "LOINC:14682-9"),
        "analyses:RARE": ("skos:exactMatch", "sssom:NoTermFound"),
        "examens:GLY": ("skos:exactMatch", "LOINC:3016-3"),
        "examens:IONO": ("skos:exactMatch", "sssom:NoTermFound"),
        "chapitres:BIO": ("skos:exactMatch", "LOINC:18719-5"),
    }


def test_a_row_names_its_people_and_its_dates(content: bytes) -> None:
    _, rows = read(content)
    glucose = next(row for row in rows if row["object_id"] == f"LOINC:{GLUCOSE}")
    assert glucose["subject_label"] == "GLYCÉMIE à jeun"
    assert glucose["object_label"] == TERMS[GLUCOSE]
    assert glucose["author_label"] == NAMES[TRANSCODER]
    assert glucose["reviewer_label"] == NAMES[BIOLOGIST]
    assert glucose["mapping_justification"] == "semapv:ManualMappingCuration"
    assert glucose["object_source_version"] == "2.80"
    assert glucose["comment"] == "À jeun non précisé ; vu avec le service"
    for column in ("mapping_date", "review_date"):
        assert datetime.date.fromisoformat(glucose[column])
    rare = next(row for row in rows if row["subject_id"] == "analyses:RARE")
    assert rare["comment"] == "aucun terme"


def test_the_header_states_what_every_export_states(content: bytes, narrow: Sample) -> None:
    header, rows = read(content)
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    assert header["license"] == "https://loinc.org/license/"
    assert header["comment"] == LOINC_NOTICE
    assert "Version de LOINC : LOINC 2.80" in header["mapping_set_description"]
    approved_by = f"Approuvé par (lignes avec un code, chapitres compris) : {NAMES[BIOLOGIST]} (6)"
    assert approved_by in header["mapping_set_description"]
    assert re.fullmatch(r"\d{8}\.\d{6}-[0-9a-f]{8}", header["mapping_set_version"])
    assert header["mapping_set_id"].startswith(urls.concept_map())
    assert header["creator_label"] == [NAMES[TRANSCODER]]
    assert {row["subject_source_version"] for row in rows} == {header["mapping_set_version"]}
    assert header["curie_map"]["analyses"].startswith(urls.code_system(Level.ANALYSIS))
    system = rows[0]["subject_source"].removeprefix("systeme:")
    assert header["curie_map"]["systeme"] + system == urls.code_system(Level.ANALYSIS)


@pytest.mark.parametrize("address", ["", "https://labo.exemple.fr/fhir"])
def test_the_reference_library_reads_it(narrow: Sample, settings: Settings, address: str) -> None:
    narrow.world.laboratory.canonical_url = address
    text = io.StringIO(exported_file(narrow, settings, ExportKind.SSSOM).content.decode())
    mappings, _, mapping_set, errors = sssom_pydantic.read(text, return_errors=True)
    assert errors == []
    assert str(mapping_set.license) == "https://loinc.org/license/"
    assert {mapping.object.curie for mapping in mappings} >= {f"LOINC:{SODIUM}", "sssom:NoTermFound"}
    assert {mapping.predicate.curie for mapping in mappings} == {
        "skos:exactMatch",
        "skos:broadMatch",
        "skos:narrowMatch",
        "skos:closeMatch",
    }
    assert all(mapping.justification.curie == "semapv:ManualMappingCuration" for mapping in mappings)
    assert len(mappings) == 8


def test_a_code_that_no_curie_can_hold_is_escaped(narrow: Sample, settings: Settings) -> None:
    with transaction(narrow.world.engine) as session:
        session.execute(
            update(LocalTest).where(col(LocalTest.id) == narrow.test_id("NA")).values(code="/NA K|é\t", label="Na\tK\n")
        )
    content = exported_file(narrow, settings, ExportKind.SSSOM).content
    _, rows = read(content)
    row = next(row for row in rows if row["object_id"] == f"LOINC:{SODIUM}")
    assert row["subject_id"] == "analyses:%2FNA%20K%7C%C3%A9"
    assert row["subject_label"] == "Na K"
    mappings, _, _, errors = sssom_pydantic.read(io.StringIO(content.decode()), return_errors=True)
    assert errors == []
    assert len(mappings) == len(rows)


def test_rows_that_nobody_approved_are_left_out(sample: Sample, settings: Settings) -> None:
    sample.choose("NA", SODIUM, relation="equivalent")
    sample.act(sample.test_id("RARE"), Action.NO_LOINC, reason="aucun terme")
    file = exported_file(sample, settings, ExportKind.SSSOM)
    assert read(file.content)[1] == []
    assert file.business_version.encode() in file.content
    assert file.name.endswith(".sssom.tsv")


def test_no_cell_is_a_formula(narrow: Sample, settings: Settings) -> None:
    with transaction(narrow.world.engine) as session:
        session.execute(update(LocalTest).where(col(LocalTest.code) == "NA").values(label="=HYPERLINK(0)"))
    _, rows = read(exported_file(narrow, settings, ExportKind.SSSOM).content)
    assert "'=HYPERLINK(0)" in {row["subject_label"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]
