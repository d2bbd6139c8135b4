"""A FHIR catalogue in XML is the same catalogue as in JSON, within the same bounds."""

from typing import Any

import pytest

from app.errors import ImportRefusedError
from app.fhir_resources.values import as_xml
from app.files import fhir_xml
from app.files.choices import IncomingFile
from app.files.fhir_catalogue import read_catalogue
from app.files.fhir_json import FhirReadError
from app.files.fhir_syntax import load_fhir
from app.files.foreign import foreign, is_fhir_xml
from app.files.reading import read_file
from app.models import FileKind
from tests.app.catalogues.fhir_fixtures import CODE_SYSTEM, LAB, R4_BUNDLE, R5_BUNDLE, TREE, as_bytes, bundle, coding

Json = dict[str, Any]
RESOURCES = {"r4": R4_BUNDLE, "r5": R5_BUNDLE, "codes": CODE_SYSTEM, "tree": TREE}


def prefixed(content: bytes) -> bytes:
    """The same document with a prefix at every element, as some writers do."""
    text = content.decode().replace("</", "\0").replace("<?", "\1").replace("<", "<f:").replace("\0", "</f:")
    return text.replace("\1", "<?").replace("xmlns=", "xmlns:f=").encode()


@pytest.mark.parametrize("name", RESOURCES)
def test_the_same_catalogue_from_xml_and_from_json(name: str) -> None:
    resource = RESOURCES[name]
    wanted, content = read_catalogue(as_bytes(resource)), as_xml(resource)
    for written in (content, b"\xef\xbb\xbf" + content, prefixed(content)):
        assert is_fhir_xml(written)
        found = read_catalogue(written)
        assert list(found.rows()) == list(wanted.rows()) != []
        assert found.has_maps == wanted.has_maps


def test_utf_16_and_latin_1_are_read_as_they_say() -> None:
    text = as_xml(CODE_SYSTEM).decode()
    wanted = list(read_catalogue(as_bytes(CODE_SYSTEM)).rows())
    for encoding in ("utf-16", "iso-8859-1"):
        content = text.replace("UTF-8", encoding.upper()).encode(encoding)
        assert list(read_catalogue(content).rows()) == wanted
        assert read_file(IncomingFile("catalogue.xml", content), 1 << 20).kind is FileKind.FHIR


def test_the_file_is_read_as_a_catalogue_whatever_it_is_called() -> None:
    for name in ("catalogue.xml", "catalogue.csv", "LOINC_3.txt"):
        file = read_file(IncomingFile(name, as_xml(R4_BUNDLE)), 1 << 20)
        assert file.kind is FileKind.FHIR
        assert len(file.table.data) == len(list(read_catalogue(as_bytes(R4_BUNDLE)).rows()))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<Bundle xmlns="http://hl7.org/fhir"><entry></Bundle>', "bien form"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Bundle xmlns="http://hl7.org/fhir"/>', "DTD"),
        (b'<Bundle xmlns="http://hl7.org/fhir">' + b"<entry>" * 300 + b"</entry>" * 300 + b"</Bundle>", "niveaux"),
        (b'<ConceptMap xmlns="http://hl7.org/fhir"/>', "ConceptMap"),
        (b'<Bundle xmlns="http://hl7.org/fhir"/>', "aucune analyse"),
        (b'<Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>', "Patient"),
        (
            b'<ObservationDefinition xmlns="http://hl7.org/fhir"><contained><Patient/></contained>'
            b"</ObservationDefinition>",
            "Patient",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(FhirReadError, match=reason):
        read_catalogue(content)
    with pytest.raises(ImportRefusedError, match=reason):
        read_file(IncomingFile("catalogue.xml", content), 1 << 20)


def test_too_many_elements_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_xml(R4_BUNDLE)
    monkeypatch.setattr(fhir_xml, "MAX_ELEMENTS", 20)
    monkeypatch.setattr(fhir_xml, "fromstring", lambda *_, **__: pytest.fail("read all the same"))
    with pytest.raises(FhirReadError, match="dépasse 20 éléments"):
        read_catalogue(content)


def test_a_page_that_speaks_of_fhir_is_no_fhir() -> None:
    page = b'<html><body><a href="http://hl7.org/fhir">FHIR</a></body></html>'
    assert not is_fhir_xml(page)
    assert "HTML" in foreign(page)
    other = b'<?xml version="1.0"?><catalogue xmlns="urn:x" norme="http://hl7.org/fhir"/>'
    assert not is_fhir_xml(other)
    assert "fichier XML" in foreign(other)


# ---------- code systems beside those of the tests, and specimens ----------


def analysis(name: str, **values: Any) -> Json:
    code = {"coding": [coding("analyses", name.upper(), name)]}
    return {"resourceType": "ObservationDefinition", "id": name, "code": code, **values}


def exam(name: str, specimen: str, *analyses: str) -> Json:
    return {
        "resourceType": "ActivityDefinition",
        "id": name,
        "status": "active",
        "code": {"coding": [coding("examens", name.upper(), name)]},
        "specimenRequirement": [{"reference": f"SpecimenDefinition/{specimen}"}],
        "observationResultRequirement": [{"reference": f"ObservationDefinition/{item}"} for item in analyses],
    }


def specimen(code: str) -> Json:
    kind = {"coding": [coding("natures", code, code)], "text": code}
    return {"resourceType": "SpecimenDefinition", "id": code.lower(), "typeCollected": kind}


def system(name: str, *codes: str, **values: Any) -> Json:
    concepts = [{"code": code, "display": code} for code in codes]
    return {
        "resourceType": "CodeSystem", "id": name, "url": f"{LAB}/CodeSystem/{name}", "status": "active",
        "content": "complete", "concept": concepts, **values,
    }  # fmt: skip


def specimens_of(resource: Json) -> dict[str, str]:
    return {code: values.get("specimen", "") for code, values in read_catalogue(as_bytes(resource)).analyses.items()}


def test_the_specimen_of_an_exam_is_that_of_its_analyses_when_all_exams_agree() -> None:
    resource = bundle(
        specimen("SERUM"), specimen("URINES"), analysis("na"), analysis("k"),
        exam("iono", "serum", "na", "k"), exam("ionou", "urines", "na"),
    )  # fmt: skip
    assert specimens_of(resource) == {"NA": "", "K": "SERUM"}


def test_a_file_that_lists_the_specimens_of_its_analyses_leaves_none_to_guess() -> None:
    tests = (specimen("SERUM"), analysis("na"), exam("iono", "serum", "na"))
    declared = {"property": [{"code": "milieu", "type": "string"}]}
    assert specimens_of(bundle(*tests, system("analyses", "NA"))) == {"NA": "SERUM"}
    assert specimens_of(bundle(*tests, system("analyses", "NA", **declared))) == {"NA": ""}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("natures", {}),
        ("milieux", {}),
        ("liste-1", {"title": "Laboratoire d'analyses du Parc : codes locaux des unités"}),
        ("liste-2", {"title": "Containers"}),
    ],
)
def test_codes_of_specimens_and_units_are_no_analyses(name: str, values: Json) -> None:
    resource = bundle(specimen("SERUM"), analysis("na"), system(name, "SERUM", "X"), system("analyses", "NA", "K"))
    resource["entry"][2]["resource"] |= values
    assert set(read_catalogue(as_bytes(resource)).analyses) == {"NA", "K"}


def test_one_code_system_for_everything_still_gives_its_tests() -> None:
    resource = bundle(specimen("SERUM"), analysis("na"), system("tout", "NA", "K"))
    resource["entry"][0]["resource"]["typeCollected"]["coding"][0]["system"] = f"{LAB}/CodeSystem/tout"
    resource["entry"][1]["resource"]["code"]["coding"][0]["system"] = f"{LAB}/CodeSystem/tout"
    assert set(read_catalogue(as_bytes(resource)).analyses) == {"NA", "K"}


def test_a_truth_value_is_one_in_both_syntaxes_whatever_element_holds_it() -> None:
    names = ("noMap", "experimental", "inactive", "userSelected", "valueBoolean", "asNeededBoolean", "isDerived")
    values = {"resourceType": "ConceptMap", **dict.fromkeys(names, True), "multipleResultsAllowed": False}
    assert load_fhir(as_xml(values)) == load_fhir(as_bytes(values)) == values


def test_a_decimal_keeps_its_digits_in_both_syntaxes() -> None:
    content = b'{"resourceType": "ObservationDefinition", "valueDecimal": 1.50, "valueQuantity": {"value": 0.10}}'
    written = b"""<ObservationDefinition xmlns="http://hl7.org/fhir"><valueDecimal value="1.50"/>
      <valueQuantity><value value="0.10"/></valueQuantity></ObservationDefinition>"""
    assert load_fhir(content) == load_fhir(written)
    assert load_fhir(content)["valueDecimal"] == "1.50"
