"""Whose codes are whose: one list for documents, messages and FHIR."""

import pytest

from app.emitted.cda_elements import Codes
from app.emitted.code_systems import bare, is_known, is_known_name, is_loinc, is_ucum
from app.emitted.fhir_codes import coded as coded_in_fhir
from app.emitted.observed import CodeSystems
from tests.app.emitted.messages import codes, message, obx

SYSTEMS = CodeSystems()
KNOWN = (
    "2.16.840.1.113883.6.96", "2.16.840.1.113883.6.73", "2.16.840.1.113883.5.4", "2.16.840.1.113883.12.74",
    "2.16.840.1.113883.3.26.1.1", "2.16.840.1.113883.2.8.3.6", "1.2.250.1.213.2.5", "1.2.250.1.215.600.1",
    "1.2.250.1.71.4.2.7", "1.2.208.176.2.1", "1.3.6.1.4.1.19376.1.2.3", "1.0.3166.1.2.2", "1.2.840.10008.2.16.4",
    "http://snomed.info/sct", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "https://mos.esante.gouv.fr/NOS/TRE",
    "https://smt.esante.gouv.fr/terminologie-nabm", "http://www.whocc.no/atc", "http://dicom.nema.org/resources",
    "http://fhir.nabm.example/NABM", "urn:iso:std:iso:3166",
)  # fmt: skip
OURS = (
    "1.2.250.1.99.3.4", "2.16.840.1.113883.4.1234", "2.16.840.1.113883.60.1", "1.2.250.1.2150.1", "1.3.6.1.4.1.5.1",
    "https://labo.example/codes", "https://labo-snomed.example.fr", "http://esante.gouv.fr.labo.example/codes",
)  # fmt: skip


def local_everywhere(system: str) -> set[bool]:
    """Whether each format takes a code of this system for a laboratory's."""
    document = Codes()
    document.add({"code": "ABC", "codeSystem": system}, SYSTEMS)
    resource = coded_in_fhir({"coding": [{"system": system, "code": "ABC"}]}, SYSTEMS)
    ((_, local),) = codes(message(obx(f"2951-2^Sodium^LN^ABC^x^{system}")))
    return {bool(document.local), bool(resource.local), bool(local)}


@pytest.mark.parametrize("system", KNOWN)
def test_national_and_international_systems_are_no_laboratory_s_in_any_format(system: str) -> None:
    written = [system, f"urn:oid:{system}"] if system[0].isdigit() else [system, f"{system}/"]
    for one in written:
        assert local_everywhere(one) == {False}, one


@pytest.mark.parametrize("system", OURS)
def test_other_systems_are_a_laboratory_s_in_every_format(system: str) -> None:
    assert local_everywhere(system) == {True}


@pytest.mark.parametrize(
    "system", ["2.16.840.1.113883.6.1", "urn:oid:2.16.840.1.113883.6.1", "http://loinc.org", "https://loinc.org/"]
)
def test_loinc_is_loinc_in_every_format(system: str) -> None:
    document = Codes()
    document.add({"code": "2951-2", "codeSystem": system}, SYSTEMS)
    resource = coded_in_fhir({"coding": [{"system": system, "code": "2951-2"}]}, SYSTEMS)
    ((loinc, local),) = codes(message(obx(f"2951-2^Sodium^{system}^NA^x^L")))
    assert (tuple(document.loinc), resource.loinc, loinc, local) == (("2951-2",), ("2951-2",), ("2951-2",), ("NA",))


def test_names_tell_where_nothing_else_does() -> None:
    assert is_loinc("LN")
    assert is_known_name("Snomed CT")
    assert is_known_name("JDV_J01")
    assert not is_known_name("Table du laboratoire")
    assert not is_known("")
    assert is_ucum("urn:oid:2.16.840.1.113883.6.8")
    assert bare(" URN:OID:1.2.3 ") == "1.2.3"
    named = Codes()
    named.add({"code": "A", "codeSystemName": "NABM"}, SYSTEMS)
    named.add({"code": "2951-2", "codeSystemName": "LOINC"}, SYSTEMS)
    named.add({"code": "NA", "codeSystemName": "E"}, SYSTEMS)
    assert (list(named.loinc), list(named.local)) == (["2951-2"], ["NA"])
