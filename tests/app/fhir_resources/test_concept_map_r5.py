"""The ConceptMap R5: the same map, read from the other side."""

from datetime import datetime

from app.exports.schemas import ExportKind
from app.fhir_resources.naming import Canonicals
from app.fhir_resources.rules_r5 import problems_r5
from app.models import Level
from app.settings import Settings
from app.text import iso_day
from loinc_data.notice import LOINC_NOTICE
from tests.app.exports.sample import GLUCOSE, SODIUM, TSH, Sample
from tests.app.fhir_resources.fhir_sample import elements, exported
from tests.conftest import BIOLOGIST, NAMES, TRANSCODER

R5 = ExportKind.CONCEPT_MAP_R5


def test_the_relations_are_those_of_r4_read_from_the_source(narrow: Sample, settings: Settings) -> None:
    url = Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)
    recent, older = (elements(exported(narrow, settings, kind), url) for kind in (R5, ExportKind.CONCEPT_MAP))
    found = {
        code: (older[code]["target"][0]["equivalence"], recent[code]["target"][0]["relationship"])
        for code in ("NA", "GLY", "K", "CREA")
    }
    assert found == {
        "NA": ("equivalent", "equivalent"),
        "GLY": ("wider", "source-is-narrower-than-target"),
        "K": ("narrower", "source-is-broader-than-target"),
        "CREA": ("relatedto", "related-to"),
    }
    assert {code: [t["code"] for t in e.get("target", [])] for code, e in recent.items()} == {
        code: [t["code"] for t in e.get("target", [])] for code, e in older.items()
    }


def test_only_an_approved_lack_of_code_is_no_map(narrow: Sample, settings: Settings) -> None:
    resource = exported(narrow, settings, R5)
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    analyses = elements(resource, urls.code_system(Level.ANALYSIS))
    # TSH is in doubt: that no code exists is not said of it.
    assert {code: element.get("noMap") for code, element in analyses.items() if "target" not in element} == {
        "TSH": None,
        "COM": True,
        "RARE": True,
    }
    exams = elements(resource, urls.code_system(Level.EXAM))
    assert exams["IONO"]["noMap"] is True
    assert exams["GLY"]["target"][0]["code"] == TSH
    assert all("unmapped" not in group for group in resource["group"])


def test_versions_are_in_the_canonicals(narrow: Sample, settings: Settings) -> None:
    resource = exported(narrow, settings, R5)
    urls = Canonicals(narrow.world.laboratory, narrow.catalogue)
    assert {group["target"] for group in resource["group"]} == {"http://loinc.org|2.80"}
    assert resource["group"][0]["source"] == f"{urls.code_system(Level.ANALYSIS)}|{resource['version']}"
    assert resource["sourceScopeCanonical"] == f"{urls.value_set()}|{resource['version']}"
    assert resource["targetScopeCanonical"] == "http://loinc.org/vs"
    assert resource["url"] == urls.concept_map() == exported(narrow, settings)["url"]


def test_authors_and_approvals_have_their_own_places(narrow: Sample, settings: Settings) -> None:
    resource = exported(narrow, settings, R5)
    assert resource["author"] == [{"name": NAMES[TRANSCODER]}]
    assert resource["reviewer"] == [{"name": NAMES[BIOLOGIST]}]
    assert resource["copyright"] == LOINC_NOTICE
    url = Canonicals(narrow.world.laboratory, narrow.catalogue).code_system(Level.ANALYSIS)
    target = elements(resource, url)["GLY"]["target"][0]
    assert target["code"] == GLUCOSE
    # The comment is what people wrote, and nothing else.
    assert target["comment"] == "À jeun non précisé ; vu avec le service"
    said = {item["code"]: item.get("valueString") or item["valueDateTime"] for item in target["property"]}
    assert said["decidedBy"] == NAMES[TRANSCODER]
    assert said["approvedBy"] == NAMES[BIOLOGIST]
    assert said["approvedOn"].endswith("Z")
    # The day of Paris, also when it is not that of the moment in UTC.
    assert resource["approvalDate"] == iso_day(datetime.fromisoformat(said["approvedOn"]))
    assert {item["code"] for item in resource["property"]} == set(said)
    assert "comment" not in elements(resource, url)["NA"]["target"][0]
    assert elements(resource, url)["NA"]["target"][0]["code"] == SODIUM


def test_nothing_approved_makes_a_draft(sample: Sample, settings: Settings) -> None:
    resource = exported(sample, settings, R5)
    assert resource["status"] == "draft"
    assert not {"author", "reviewer", "approvalDate"} & set(resource)
    assert problems_r5(resource) == []
