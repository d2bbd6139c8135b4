"""The ConceptMap R4: what it says."""

import json
import re
from itertools import product

import pytest

from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.naming import Canonicals, computable_name
from app.fhir_resources.rules import problems
from app.fhir_resources.values import Syntax
from app.models import Action, Laboratory, Level
from app.platform.database import Transactions, transaction
from app.settings import Settings
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import GLUCOSE, SODIUM, TERMS, TSH, Sample, add_release
from tests.app.fhir_resources.fhir_sample import elements, exported
from tests.conftest import BIOLOGIST, NAMES, TRANSCODER


def test_only_approved_rows_have_a_target(narrow: Sample, settings: Settings) -> None:
    resource = exported(narrow, settings)
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    analyses = elements(resource, urls.code_system(Level.ANALYSIS))
    assert {code: [t["code"] for t in e.get("target", [])] for code, e in analyses.items()} == {
        "NA": [SODIUM],
        "K": ["2823-3"],
        "GLY": [GLUCOSE],
        "CREA": ["14682-9"],
        "TSH": [],
        "COM": [],
        "RARE": [],
    }
    exams = elements(resource, urls.code_system(Level.EXAM))
    # The exam GLY is not the analysis GLY.
    assert exams["GLY"]["target"][0]["code"] == TSH
    assert all("unmapped" not in group for group in resource["group"])
    assert {group["targetVersion"] for group in resource["group"]} == {"2.80"}
    assert {group["target"] for group in resource["group"]} == {"http://loinc.org"}


def test_direction_and_comments(narrow: Sample, settings: Settings) -> None:
    url = Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)
    analyses = elements(exported(narrow, settings), url)
    found = {code: analyses[code]["target"][0] for code in ("NA", "GLY", "K", "CREA")}
    assert {code: target["equivalence"] for code, target in found.items()} == {
        "NA": "equivalent",
        "GLY": "wider",
        "K": "narrower",
        "CREA": "relatedto",
    }
    assert found["NA"]["display"] == TERMS[SODIUM]
    # cmd-1: in what sense the code is narrower is said even when nobody wrote it.
    assert found["K"]["comment"].startswith("Le code LOINC est plus précis que le test local (milieu Ser/Plas")
    assert found["GLY"]["comment"].startswith("À jeun non précisé ; vu avec le service — Décidé par")
    assert f"Approuvé par {NAMES[BIOLOGIST]}" in found["GLY"]["comment"]


def test_header(narrow: Sample, settings: Settings) -> None:
    resource = exported(narrow, settings)
    assert resource["resourceType"] == "ConceptMap"
    assert resource["name"] == "CatalogueGeneralVersLOINC"
    assert resource["status"] == "active"
    assert resource["publisher"] == "Laboratoire du Parc"
    assert resource["copyright"] == LOINC_NOTICE
    assert resource["targetUri"] == "http://loinc.org/vs"
    assert resource["sourceUri"].startswith("urn:uuid:")
    assert re.fullmatch(r"\d{8}\.\d{6}-[0-9a-f]{8}", resource["version"])
    assert "LOINC 2.80" in resource["description"]
    assert NAMES[BIOLOGIST] in resource["description"]


def test_url_is_stable_and_the_version_is_that_of_the_state(narrow: Sample, settings: Settings) -> None:
    """Two exports of one state are the same resource; another decision makes another version."""
    urls, states = set(), []
    for _ in range(2):
        versions = set()
        for kind, syntax in product((ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5, ExportKind.SSSOM), Syntax):
            file, exported = make_export(
                Transactions(narrow.world.engine),
                settings,
                narrow.world.laboratory,
                narrow.catalogue,
                ExportRequest(kind, syntax=syntax),
                narrow.world.users[TRANSCODER],
            )
            assert exported.business_version in file.content.decode()
            versions.add(exported.business_version)
            if kind is not ExportKind.SSSOM and syntax is Syntax.JSON:
                urls.add(json.loads(file.content)["url"])
        states.append(versions)
        narrow.act(narrow.test_id("NA"), Action.SEND_BACK, email=BIOLOGIST, reason="à revoir")
    assert [len(versions) for versions in states] == [1, 1]
    assert states[0] != states[1]
    assert len(urls) == 1


def test_the_address_of_the_laboratory_makes_the_urls(narrow: Sample) -> None:
    laboratory = Laboratory(id=1, name="L", canonical_url="https://labo.exemple.fr/fhir/")
    urls = Canonicals(laboratory, narrow.catalogue)
    number = narrow.catalogue_id
    assert urls.concept_map() == f"https://labo.exemple.fr/fhir/ConceptMap/catalogue-{number}-loinc"
    assert urls.code_system(Level.EXAM) == f"https://labo.exemple.fr/fhir/CodeSystem/catalogue-{number}-examens"


def test_shared_sub_chapter_codes_name_their_chapter(decided: Sample, settings: Settings) -> None:
    decided.act(decided.test_id("AUT", Level.SUBCHAPTER, 1), Action.CHOOSE, loinc_num=TSH)
    decided.act(decided.test_id("AUT", Level.SUBCHAPTER, 1), Action.APPROVE, email=BIOLOGIST)
    url = Canonicals(decided.world.laboratory, decided.catalogue).code_system(Level.SUBCHAPTER)
    found = elements(exported(decided, settings), url)
    assert {code: "target" in element for code, element in found.items()} == {
        "ION": False,
        "BIO/AUT": False,
        "SER/AUT": True,
    }


def test_nothing_approved_makes_a_draft_without_targets(sample: Sample, settings: Settings) -> None:
    resource = exported(sample, settings)
    assert resource["status"] == "draft"
    assert not problems(resource)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Catalogue général 2026", "CatalogueGeneral2026"),
        ("2026 — été", "Catalogue2026Ete"),
        ("œuf", "Oeuf"),
        ("…", "Catalogue"),
    ],
)
def test_computable_name(text: str, name: str) -> None:
    assert computable_name(text) == name


def test_a_terminology_that_is_no_loinc_release_claims_no_version(narrow: Sample, settings: Settings) -> None:
    with transaction(narrow.world.engine) as session:
        narrow.release.is_current = False
        session.merge(narrow.release)
    add_release(narrow.world, version="starter-2026.11", kind="starter")
    resource = exported(narrow, settings)
    assert all("targetVersion" not in group for group in resource["group"])
    assert "Terminologie de départ 2026.11" in resource["description"]
    recent = exported(narrow, settings, ExportKind.CONCEPT_MAP_R5)
    assert {group["target"] for group in recent["group"]} == {"http://loinc.org"}
