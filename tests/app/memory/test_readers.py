"""ConceptMap R4 and R5, SSSOM/TSV and Usagi: what is taken up, and what is not."""

import json

import pytest

from app.files.fhir_json import FhirReadError
from app.memory.concept_maps import read_concept_maps
from app.memory.tables import read_table_of_mappings
from app.models import Level
from tests.app.catalogues.fhir_fixtures import CODE_SYSTEM, LAB, as_bytes, bundle
from tests.app.memory.files import CONCEPT_MAP_R4, CONCEPT_MAP_R5, SSSOM, USAGI, USAGI_FULL, no_names


def test_concept_map_r4() -> None:
    read = read_concept_maps(as_bytes(CONCEPT_MAP_R4))
    assert read.title == "ConceptMap R4"
    assert [(item.local_code, item.label, item.loinc_num, item.relation, item.level) for item in read.mappings] == [
        ("NA", "Sodium sérique", "2951-2", "equivalent", Level.ANALYSIS),
        ("K", "K", "2823-3", "wider", Level.ANALYSIS),
    ]
    assert read.mappings[1].comment == "Sang total accepté"
    assert dict(read.skipped) == {
        "déclarées sans correspondance": 1, "sans code cible": 1, "au code LOINC mal formé": 1,
        "vers un autre système que LOINC": 1,
    }  # fmt: skip


def test_concept_map_r5() -> None:
    read = read_concept_maps(as_bytes(CONCEPT_MAP_R5))
    assert read.title == "ConceptMap R5"
    assert [(item.local_code, item.loinc_num, item.relation) for item in read.mappings] == [
        ("NA", "2951-2", "equivalent"), ("IONO", "24326-1", "source-is-narrower-than-target")
    ]  # fmt: skip
    assert [item.level for item in read.mappings] == [Level.ANALYSIS, Level.EXAM]
    assert dict(read.skipped) == {"déclarées sans correspondance": 1, "à statut rejeté": 1}


def test_code_systems_beside_the_map_describe_the_codes() -> None:
    content = as_bytes(bundle(CODE_SYSTEM, CONCEPT_MAP_R4))
    sodium = read_concept_maps(content).mappings[0]
    assert (sodium.unit, sodium.specimen, sodium.technique) == ("mmol/L", "Sérum", "ISE indirecte")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (as_bytes(CODE_SYSTEM), "aucune ConceptMap"),
        (b'{"a": 1}', "n'est pas une ressource FHIR"),
        (b"{", "bien formé"),
        (b'{"a": "\xe9"}', "UTF-8"),
        (b'{"a":' + b"[" * 200_000, "emboîte trop|bien formé"),
        (as_bytes(bundle({"resourceType": "Patient", "id": "1"})), "ressource Patient"),
    ],
)
def test_other_json_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(FhirReadError, match=message):
        read_concept_maps(content)


def test_sssom() -> None:
    read = read_table_of_mappings(SSSOM.encode(), no_names)
    assert [(item.local_code, item.label, item.loinc_num, item.relation, item.level) for item in read.mappings] == [
        ("NA", "Sodium sérique", "2951-2", "skos:exactMatch", Level.ANALYSIS),
        ("/ALAC", "Acide lactique", "2524-7", "skos:broadMatch", Level.ANALYSIS),
        ("IONO", "Ionogramme", "24326-1", "skos:closeMatch", Level.EXAM),
    ]
    assert dict(read.skipped) == {
        "déclarées sans correspondance": 1, "à statut rejeté": 1, "vers un autre système que LOINC": 1,
        "au code LOINC mal formé ou introuvable": 1, "proposées par un programme, sans personne": 1,
    }  # fmt: skip


def test_usagi_with_names_only() -> None:
    asked: list[str] = []

    def codes_of(names: object) -> dict[str, str]:
        asked.extend(names)  # type: ignore[call-overload]
        return {"Sodium [Moles/volume] in Serum or Plasma": "2951-2"}

    read = read_table_of_mappings(USAGI.encode("cp1252"), codes_of)
    (sodium,) = read.mappings
    assert (sodium.local_code, sodium.label, sodium.loinc_num, sodium.relation) == (
        "NA", "Sodium sérique", "2951-2", "EQUAL"
    )  # fmt: skip
    assert (sodium.unit, sodium.specimen) == ("mmol/L", "Sérum")
    assert len(asked) == 2
    assert dict(read.skipped) == {
        "que personne n'a encore regardées dans Usagi": 1, "au code LOINC mal formé ou introuvable": 1
    }  # fmt: skip


def test_usagi_with_codes() -> None:
    read = read_table_of_mappings(USAGI_FULL.encode(), no_names)
    assert [(item.local_code, item.loinc_num) for item in read.mappings] == [("K", "2823-3")]
    assert dict(read.skipped) == {"vers un autre système que LOINC": 1}


@pytest.mark.parametrize("content", [b"code;libelle\nNA;Sodium\n", b"\xff\xfe\x00", b"a\n"])
def test_other_tables_are_neither(content: bytes) -> None:
    assert read_table_of_mappings(content, no_names) is None


def test_the_file_says_where_its_codes_are() -> None:
    assert CONCEPT_MAP_R4["group"][0]["source"].startswith(LAB)


def test_an_element_without_code_nor_label_is_counted_and_left_out() -> None:
    target = {"code": "2951-2", "relationship": "equivalent"}
    group = {
        "source": f"{LAB}/CodeSystem/analyses",
        "target": "http://loinc.org",
        "element": [
            {"valueSet": "https://labo.example/ValueSet/x", "target": [target]},
            {"code": "NA", "target": [target]},
        ],
    }
    content = json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [group]}).encode()
    read = read_concept_maps(content)
    assert [item.local_code for item in read.mappings] == ["NA"]
    assert dict(read.skipped) == {"sans code ni libellé local": 1}


CONCEPT_MAP_XML = """<?xml version="1.0" encoding="UTF-8"?>
<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>
<entry><fullUrl value="urn:uuid:1"/><resource><CodeSystem>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p value="x">Analyses</p></div></text>
  <url value="https://labo.example/CodeSystem/analyses"/>
  <concept><code value="NA"/><display value="Sodium sérique"/>
    <property><code value="unite"/><valueString value="mmol/L"/></property></concept>
</CodeSystem></resource></entry>
<entry><resource><ConceptMap><status value="active"/><group>
  <source value="https://labo.example/CodeSystem/analyses"/><target value="http://loinc.org"/>
  <element><code value="NA"/><target><code value="2951-2"/><equivalence value="equivalent"/>
    <comment value="Ligne 1&#10;ligne 2"/></target></element>
  <element><code value="K"/><display value="Potassium"><extension url="u"><valueString value="x"/></extension></display>
    <target><code value="2823-3"/><equivalence value="narrower"/></target></element>
  <element><code value="X"/></element>
</group></ConceptMap></resource></entry></Bundle>"""


def test_a_concept_map_in_xml_is_read_as_in_json() -> None:
    read = read_concept_maps(CONCEPT_MAP_XML.encode())
    assert [(item.local_code, item.label, item.loinc_num, item.relation, item.unit) for item in read.mappings] == [
        ("NA", "Sodium sérique", "2951-2", "equivalent", "mmol/L"),
        ("K", "Potassium", "2823-3", "narrower", ""),
    ]
    assert read.mappings[0].comment == "Ligne 1 ligne 2"
    assert dict(read.skipped) == {"sans code cible": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('<ConceptMap xmlns="http://hl7.org/fhir"><group></ConceptMap>', "bien formé"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><ConceptMap xmlns="http://hl7.org/fhir"/>', "DTD"),
        ('<?xml version="1.0"?><a xmlns="x"><b xmlns="http://hl7.org/fhir"/></a>', "ressource FHIR"),
        ('<ConceptMap xmlns="http://hl7.org/fhir">' + "<group>" * 300 + "</group>" * 300 + "</ConceptMap>", "niveaux"),
        ('<Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>', "patient"),
    ],
)
def test_xml_that_is_no_concept_map_is_refused_with_its_reason(content: str, reason: str) -> None:
    with pytest.raises(FhirReadError, match=reason):
        read_concept_maps(content.encode())


@pytest.mark.parametrize("address", ["obo:LOINC_2951-2", "http://purl.obolibrary.org/obo/LOINC_2951-2",
                                     "https://loinc.org/2951-2/", "http://loinc.org/rdf/2951-2"])  # fmt: skip
def test_sssom_names_loinc_in_several_ways(address: str) -> None:
    rows = [
        "subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification",
        f"analyses:NA\tSodium\tskos:exactMatch\t{address}\tsemapv:ManualMappingCuration",
        f"\t\tskos:exactMatch\t{address}\tsemapv:ManualMappingCuration",
        "analyses:K\tPotassium\tskos:exactMatch\tobo:CHEBI_26216\tsemapv:ManualMappingCuration",
    ]
    read = read_table_of_mappings("\n".join(rows).encode(), no_names)
    assert [item.loinc_num for item in read.mappings] == ["2951-2"]
    assert dict(read.skipped) == {"sans code ni libellé local": 1, "vers un autre système que LOINC": 1}
