"""Reports in FHIR, by expectations written by hand."""

import base64
import json
from typing import Any

import pytest

from app.emitted.cda import read_cda
from app.emitted.counting import ELSEWHERE, count
from app.emitted.fhir import read_fhir
from app.emitted.fhir_documents import moment
from app.emitted.fhir_source import DECLARED, NOT_FHIR, NOT_JSON, NOT_TEXT, NOT_XML, TOO_DEEP, TWICE
from app.emitted.observed import (
    CodeSystems,
    Damaged,
    NoReport,
    Observed,
    ObservedReport,
    ObservedResult,
    Refused,
)
from tests.app.emitted.cda_documents import act, chapter, code, document
from tests.app.emitted.cda_documents import observation as cda_observation
from tests.app.emitted.makers import CREATININE, GLUCOSE, INDEX, IONOGRAM, SODIUM
from tests.app.emitted.resources import (
    LOINC,
    OURS,
    Json,
    as_bytes,
    as_xml,
    bundle,
    coding,
    composition,
    diagnostic,
    observation,
    section,
)

SYSTEMS = CodeSystems()
NA, GLU = observation("na", (LOINC, SODIUM), (OURS, "NA")), observation("glu", (LOINC, GLUCOSE), (OURS, "GLU"))


def read(*resources: Json) -> list[Observed]:
    """What a file of these resources reports."""
    return list(read_fhir(as_bytes(*resources), "fichier 1", SYSTEMS, read_cda))


def reports(*resources: Json) -> list[ObservedReport]:
    """Its reports: nothing else is in it."""
    found = read(*resources)
    assert all(isinstance(one, ObservedReport) for one in found), found
    return [one for one in found if isinstance(one, ObservedReport)]


def codes(report: ObservedReport) -> list[tuple[str, str]]:
    """(LOINC, local) of each result that counts."""
    return [(" ".join(one.loinc), " ".join(one.local)) for one in report.results if not one.is_withdrawn]


def test_a_report_of_a_bundle_carries_its_observations() -> None:
    (report,) = reports(bundle(diagnostic("r", "Observation/na", "Observation/glu"), NA, GLU))
    url = "http://sgl.example/fhir/"
    assert report.results == (
        ObservedResult((SODIUM,), ("NA",), unit="mmol/L", slot=f"{url}Observation/na"),
        ObservedResult((GLUCOSE,), ("GLU",), unit="mmol/L", slot=f"{url}Observation/glu"),
    )
    assert report.keys == {"DiagnosticReport/r", f"{url}DiagnosticReport/r"}
    assert (report.is_structured, report.is_whole, report.is_deletion) == (True, True, False)


@pytest.mark.parametrize("type_", ["collection", "transaction", "batch", "searchset", "message", "history"])
def test_bundles_of_every_type_say_the_same(type_: str) -> None:
    (report,) = reports(bundle(NA, diagnostic("r", "Observation/na"), type_=type_))
    assert codes(report) == [(SODIUM, "NA")]


def test_xml_says_what_json_says() -> None:
    battery = observation("b", (LOINC, IONOGRAM), unit="", hasMember=[{"reference": "Observation/na"}])
    yes = observation("yes", (OURS, "VS"), unit="", valueBoolean=False)
    head = diagnostic("r", "Observation/b", "#in", "Observation/yes", contained=[observation("in", (OURS, "GLU"))])
    whole = bundle(head, battery, NA, yes)
    (report,) = reports(whole)
    assert codes(report) == [(SODIUM, "NA"), ("", "GLU"), ("", "VS")]
    assert list(read_fhir(as_xml(whole), "fichier 1", SYSTEMS, read_cda)) == [report]


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("http://loinc.org", ("loinc", False)),
        ("https://loinc.org/", ("loinc", False)),
        ("urn:oid:2.16.840.1.113883.6.1", ("loinc", False)),
        ("urn:oid:1.2.250.1.213.1.1.5.130", ("", True)),
        ("http://snomed.info/sct", ("", False)),
        ("urn:oid:1.2.250.1.213.2.5", ("", False)),
        ("https://mos.esante.gouv.fr/NOS/TRE_A00/FHIR/TRE-A00", ("", False)),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", ("", False)),
        ("http://hl7.org/fhir/sid/icd-10", ("", False)),
        ("urn:oid:2.16.840.1.113883.6.8", ("", False)),
        ("https://sgl.example/nabm", ("", False)),
        ("", ("local", False)),
        (OURS, ("local", False)),
        ("http://sgl.example/hl7.org/codes", ("local", False)),
        ("urn:oid:1.2.250.1.2139", ("local", False)),
    ],
)
def test_codes_are_of_loinc_of_the_laboratory_or_of_others(system: str, expected: tuple[str, bool]) -> None:
    (report,) = reports(bundle(diagnostic("r", "Observation/x"), observation("x", (system, "77"))))
    (one,) = report.results
    whose = "loinc" if one.loinc else "local" if one.local else ""
    assert (whose, one.has_waiting_code) == expected


def test_the_system_of_the_waiting_codes_is_a_setting() -> None:
    content = as_bytes(bundle(diagnostic("r", "Observation/x"), observation("x", (OURS, "77"))))
    (report,) = read_fhir(content, "", CodeSystems(frozenset({"1.2.250.1.999.7"})), read_cda)
    assert isinstance(report, ObservedReport)
    assert (report.results[0].local, report.results[0].has_waiting_code) == ((), True)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ({"valueQuantity": {"value": 1, "unit": "millimole", "system": "http://unitsofmeasure.org", "code": "mmol/L"}},
         "mmol/L"),
        ({"valueQuantity": {"value": 1, "unit": "mmol/L", "system": "http://sgl.example", "code": "17"}}, "mmol/L"),
        ({"valueQuantity": {"value": 1, "code": "g/L"}}, "g/L"),
        ({"valueQuantity": {"value": 1, "unit": "g/L"}}, "g/L"),
        ({"valueQuantity": {"value": 1}}, ""),
        ({"valueRange": {"high": {"value": 3, "unit": "g/L"}}}, "g/L"),
        ({"valueString": "positif"}, ""),
        ({"valueInteger": 0}, ""),
        ({"valueBoolean": False}, ""),
        ({"_valueString": {"extension": [{"url": "x", "valueCode": "unknown"}]}}, ""),
        ({"dataAbsentReason": coding(("", "unknown"))}, ""),
    ],
)  # fmt: skip
def test_a_result_has_a_value_of_any_type_or_says_why_not(value: Json, unit: str) -> None:
    (report,) = reports(bundle(diagnostic("r", "Observation/x"), observation("x", (OURS, "A"), unit="", **value)))
    assert [one.unit for one in report.results] == [unit]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"valueAttachment": {"contentType": "application/pdf"}},
        {"valueString": ""},
        {"valueQuantity": {}},
        {"hasMember": [{"reference": "Observation/na"}], "dataAbsentReason": coding(("", "not-applicable"))},
    ],
)
def test_batteries_images_and_documents_are_no_results(value: Json) -> None:
    head = diagnostic("r", "Observation/x")
    (report,) = reports(bundle(head, observation("x", (OURS, "A"), unit="", **value), NA))
    assert ("", "A") not in codes(report)


def test_comments_are_no_results() -> None:
    note = observation("c", (LOINC, "8251-1"), unit="", valueString="à jeun")
    (report,) = reports(bundle(diagnostic("r", "Observation/c"), note))
    assert report.results == ()


def test_members_and_components_stand_under_their_battery() -> None:
    part = {"code": coding((OURS, "CREA")), "valueQuantity": {"value": 1, "unit": "umol/L"}}
    empty = {"code": coding((OURS, "VIDE"))}
    inner = observation("inner", (LOINC, GLUCOSE), (OURS, "GLU"), component=[part, empty])
    outer = observation("outer", (LOINC, IONOGRAM), unit="", hasMember=[{"reference": "Observation/inner"}])
    loop = [{"reference": "Observation/outer"}]
    (report,) = reports(bundle(diagnostic("r", "Observation/outer"), outer, inner | {"hasMember": loop}))
    assert [(one.local, one.section, one.unit) for one in report.results] == [
        (("GLU",), IONOGRAM, "mmol/L"),
        (("CREA",), GLUCOSE, "umol/L"),
    ]


def test_what_is_not_of_a_laboratory_is_left_out() -> None:
    pulse = observation("p", (LOINC, "8867-4"), category="vital-signs")
    (report,) = reports(bundle(diagnostic("r", "Observation/na", "Observation/p"), NA, pulse))
    assert codes(report) == [(SODIUM, "NA")]
    scan = diagnostic("s", "Observation/na", category=[coding(("", "RAD"))])
    assert read(bundle(scan, NA)) == [NoReport("fichier 1")]
    assert read(bundle(pulse)) == [NoReport("fichier 1")]
    assert read(bundle({"resourceType": "Patient", "id": "1"})) == [NoReport("fichier 1")]


def test_an_observation_of_a_laboratory_counts_in_a_report_of_another_kind() -> None:
    letter = composition("c", section("11493-4", "Observation/na", "Observation/p"), type=coding((LOINC, "34105-7")))
    ours = NA | {"category": [coding(("", "laboratory"))]}
    pulse = observation("p", (LOINC, "8867-4"))
    (report,) = reports(bundle(letter, ours, pulse, type_="document"))
    assert codes(report) == [(SODIUM, "NA")]


def test_a_document_is_one_report_with_its_sections() -> None:
    inner = section(IONOGRAM, "Observation/na")
    head = composition("c", section("18719-5", "Observation/glu", "DiagnosticReport/d", sections=(inner,)))
    head["identifier"] = {"system": "urn:ietf:rfc:3986", "value": "set-1"}
    part = diagnostic("d", "Observation/na", "Observation/glu", "Observation/crea")
    crea = observation("crea", (LOINC, CREATININE), (OURS, "CREA"))
    whole = bundle(head, part, NA, GLU, crea, type_="document", identifier={"system": "s", "value": "doc-1"})
    (report,) = reports(whole)
    assert [(one.local, one.section) for one in report.results] == [
        (("GLU",), "18719-5"),
        (("NA",), IONOGRAM),
        (("CREA",), ""),
    ]
    assert {"s|doc-1", "urn:ietf:rfc:3986|set-1"} <= report.keys


def test_a_document_replaces_the_one_that_it_names() -> None:
    old = bundle(composition("c1", section("18719-5", "Observation/na")), NA, type_="document",
                 identifier={"value": "doc-1"})  # fmt: skip
    for relation in (
        {"code": "replaces", "targetIdentifier": {"value": "doc-1"}},
        {"type": "replaces", "resourceReference": {"identifier": {"value": "doc-1"}}},
    ):
        new = bundle(composition("c2", section("18719-5", "Observation/glu"), relatesTo=[relation]), GLU,
                     type_="document", identifier={"value": "doc-2"})  # fmt: skip
        counts = count([*read(new), *read(old)], INDEX)
        assert counts.reports == 1
        assert {seen.local for seen in counts.seen} == {"GLU"}
    appended = {"code": "appends", "targetIdentifier": {"value": "doc-1"}}
    (report,) = reports(bundle(composition("c2", relatesTo=[appended]), type_="document"))
    assert not report.replaces


def test_a_document_and_its_form_in_cda_share_a_key() -> None:
    (report,) = reports(bundle(diagnostic("r", identifier=[{"system": "urn:oid:1.2.250.1.9", "value": "26-001"}])))
    assert "1.2.250.1.9^26-001" in report.keys
    own = {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.250.1.9.77"}
    (report,) = reports(bundle(composition("c"), type_="document", identifier=own))
    assert "1.2.250.1.9.77^" in report.keys


def described(at: int, data: bytes, **more: Any) -> list[Json]:
    """A document and what describes it, as document registries are sent them."""
    return [
        {
            "resourceType": "DocumentReference",
            "id": f"d{at}",
            "status": "current",
            "type": coding((LOINC, "11502-2")),
            "masterIdentifier": {"value": f"urn:oid:1.2.5.{at}"},
            "content": [{"attachment": {"contentType": "text/xml", "url": f"Binary/b{at}"}}],
            **more,
        },
        {"resourceType": "Binary", "id": f"b{at}", "contentType": "text/xml", "data": base64.b64encode(data).decode()},
    ]


CLINICAL = document(chapter(act(cda_observation(code(SODIUM)))), identifier="1.2.5.1").encode()


def test_clinical_documents_are_found_in_what_carries_them() -> None:
    (report,) = reports(bundle(*described(1, CLINICAL)))
    assert codes(report) == [(SODIUM, "")]
    assert {"1.2.5.1^", "DocumentReference/d1"} <= report.keys
    assert report.place == "fichier 1, document 1"
    replacing = [{"code": "replaces", "target": {"reference": "DocumentReference/d1"}}]
    later = CLINICAL.replace(b"1.2.5.1", b"1.2.5.2").replace(b"1.2.3", b"1.2.4").replace(SODIUM.encode(), b"14749-6")
    new = reports(bundle(*described(2, later, relatesTo=replacing)))
    counts = count([*new, report], INDEX)
    assert (counts.reports, {seen.loinc for seen in counts.seen}) == (1, {(GLUCOSE,)})
    (taken_back,) = reports(bundle(*described(1, CLINICAL, status="entered-in-error")))
    assert count([taken_back, report], INDEX).reports == 0


def test_a_clinical_document_attached_to_a_report_is_a_form_of_it() -> None:
    form = [{"contentType": "text/xml", "data": base64.b64encode(CLINICAL).decode()}]
    counts = count(read(bundle(diagnostic("r", "Observation/na", presentedForm=form), NA)), INDEX)
    assert (counts.reports, sum(counts.seen.values())) == (1, 1)


def test_a_pdf_that_is_described_as_a_report_is_of_level_1() -> None:
    (report,) = reports(bundle(*described(1, b"%PDF-1.7")))
    assert not report.is_structured
    (report,) = reports(bundle(*described(1, b"%PDF-1.7"), diagnostic("r", "Observation/na"), NA))
    assert report.is_structured
    assert read(bundle(*described(1, b"%PDF-1.7", type=coding((LOINC, "18748-4"))))) == [NoReport("fichier 1")]


def test_statuses_take_back() -> None:
    for status in ("entered-in-error", "cancelled"):
        (report,) = reports(bundle(diagnostic("r", "Observation/na"), NA | {"status": status}))
        assert [one.is_withdrawn for one in report.results] == [True]
        (report,) = reports(bundle(diagnostic("r", "Observation/na", status=status), NA))
        assert report.is_deletion


def test_the_last_version_counts() -> None:
    first = diagnostic("r", "Observation/na", "Observation/glu", meta={"versionId": "2"})
    last = diagnostic("r", "Observation/glu", meta={"versionId": "10"}, status="corrected")
    for order in ([bundle(first, NA, GLU), bundle(last, GLU)], [bundle(last, GLU), bundle(first, NA, GLU)]):
        counts = count([one for item in order for one in read(item)], INDEX)
        assert (counts.reports, {seen.local for seen in counts.seen}) == (1, {"GLU"})
    history = count(read(bundle(last, first, NA, GLU, type_="history")), INDEX)
    assert (history.reports, {seen.local for seen in history.seen}) == (1, {"GLU"})


def test_times_order_versions_whatever_their_zone() -> None:
    early = diagnostic("r", "Observation/na", issued="2026-03-01T10:30:00Z")
    late = diagnostic("r", "Observation/glu", issued="2026-03-01T11:45:00+01:00")
    counts = count([*read(bundle(late, GLU)), *read(bundle(early, NA))], INDEX)
    assert {seen.local for seen in counts.seen} == {"GLU"}
    assert moment("2026-03-01T10:30:00Z") == moment("2026-03-01T11:30:00") == "20260301113000"
    assert moment("2026-03") == "20260300000000"
    assert moment("Dupont") == ""


def test_disciplines_under_one_number_are_one_report_and_versions_are_not() -> None:
    number: dict[str, Any] = {"identifier": [{"system": "s", "value": "26-001"}]}
    ions = diagnostic("d1", "Observation/na", issued="2026-03-01", **number)
    sugar = diagnostic("d2", "Observation/glu", "Observation/na", issued="2026-03-01", **number)
    (report,) = reports(bundle(ions, sugar, NA, GLU))
    assert codes(report) == [(SODIUM, "NA"), (GLUCOSE, "GLU")]
    later = diagnostic("d2", "Observation/glu", issued="2026-03-02", **number)
    assert len(reports(bundle(ions, later, NA, GLU))) == 2
    counts = count(read(bundle(ions, later, NA, GLU)), INDEX)
    assert (counts.reports, {seen.local for seen in counts.seen}) == (1, {"GLU"})


def test_numbers_of_orders_make_no_report_of_several() -> None:
    order: dict[str, Any] = {"identifier": [{"type": coding(("", "FILL")), "system": "s", "value": "26-001"}]}
    found = [diagnostic("d1", "Observation/na", **order), diagnostic("d2", "Observation/glu", **order)]
    assert count(read(bundle(*found, NA, GLU)), INDEX).reports == 2


def test_a_report_around_a_pdf_is_of_level_1() -> None:
    form = [{"contentType": "application/pdf", "data": "JVBERi0="}]
    (report,) = reports(bundle(diagnostic("r", presentedForm=form)))
    assert (report.is_structured, report.results) == (False, ())
    (report,) = reports(bundle(diagnostic("r", "Observation/na", presentedForm=form), NA))
    assert report.is_structured
    (report,) = reports(bundle(diagnostic("r")))
    assert report.is_structured


def test_lines_of_json_refer_to_each_other_and_a_damaged_line_is_named() -> None:
    content = as_bytes(diagnostic("r", "Observation/na")) + b"\n{broken\n" + as_bytes(NA) + b"\n\n"
    damaged, report = read_fhir(content, "fichier 1", SYSTEMS, read_cda)
    assert damaged == Damaged("fichier 1, ligne 2", NOT_JSON)
    assert isinstance(report, ObservedReport)
    assert codes(report) == [(SODIUM, "NA")]


def test_bundles_in_lines_and_in_one_another_stand_apart() -> None:
    ones = bundle(diagnostic("r", "Observation/na"), NA)
    others = bundle(diagnostic("r2", "Observation/na"), NA | {"code": coding((OURS, "AUTRE"))})
    assert [codes(one) for one in reports(ones, others)] == [[(SODIUM, "NA")], [("", "AUTRE")]]
    nested = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": ones}, {"resource": others}]}
    found = [one for one in read(nested) if isinstance(one, ObservedReport)]
    assert [codes(one) for one in found] == [[(SODIUM, "NA")], [("", "AUTRE")]]


def test_reports_and_results_of_two_files_meet() -> None:
    heads = as_bytes(diagnostic("r1", "Observation/na", "Observation/glu"), diagnostic("r2", "Observation/crea"))
    crea = observation("crea", (OURS, "CREA"), category="laboratory")
    ours = [one | {"category": [coding(("", "laboratory"))]} for one in (NA, GLU)]
    found = list(read_fhir(heads, "fichier 1", SYSTEMS, read_cda))
    alone = count(found, INDEX)
    assert (alone.reports, alone.damaged) == (2, tuple(Damaged(item.place, ELSEWHERE) for item in found))
    results = list(read_fhir(as_bytes(*ours, crea), "fichier 2", SYSTEMS, read_cda))
    for order in ([*found, *results], [*results, *found]):
        counts = count(order, INDEX)
        assert (counts.reports, sum(counts.seen.values()), counts.damaged) == (2, 3, ())
    some = count([*found, *read_fhir(as_bytes(*ours), "fichier 2", SYSTEMS, read_cda)], INDEX)
    assert [item.place for item in some.damaged] == [found[1].place], "one of the two is still without its results"


def test_loose_observations_of_a_laboratory_are_reports_by_their_order_or_their_time() -> None:
    def loose(id_: str, **more: Any) -> Json:
        return observation(id_, (OURS, "NA"), category="laboratory", **more)

    one = {"basedOn": [{"reference": "ServiceRequest/1"}]}
    two = {"subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-03-01"}
    found = reports(bundle(loose("a", **one), loose("b", **two), loose("c", **one), loose("d", **two), loose("e")))
    assert sorted(len(report.results) for report in found) == [1, 2, 2]
    assert not any(report.is_whole for report in found)
    assert reports(bundle(loose("x", valueString="y"), observation("z", (OURS, "A"))))[0].results[0].local == ("NA",)


def test_a_deletion_takes_the_report_back() -> None:
    sent = bundle(diagnostic("r", "Observation/na"), NA, timestamp="2026-03-01T10:00:00Z")

    def deletion(url: str) -> Json:
        entry = [{"request": {"method": "DELETE", "url": url}}]
        return {"resourceType": "Bundle", "type": "transaction", "timestamp": "2026-03-02T10:00:00Z", "entry": entry}

    counts = count([*read(deletion("DiagnosticReport/r")), *read(sent)], INDEX)
    assert (counts.reports, counts.deleted_reports) == (0, 1)
    (report,) = reports(deletion("DiagnosticReport?identifier=s|9"))
    assert report.keys == {"s|9"}
    assert report.is_deletion
    assert read(deletion("Patient/1")) == [NoReport("fichier 1")]


def test_each_report_names_its_own_persons() -> None:
    def person(id_: str, name: str) -> Json:
        return {
            "resourceType": "Patient",
            "id": id_,
            "name": [{"family": name, "given": ["Zoé"]}],
            "birthDate": "1980-02-14",
            "identifier": [{"system": "urn:x", "value": f"8{id_}"}],
            "text": {"div": "<div>Narratif</div>"},
        }

    kin = {"resourceType": "RelatedPerson", "id": "k", "patient": {"reference": "Patient/1"}, "name": [{"text": "Kin"}]}
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Doktor"}]}
    stranger = {"resourceType": "Practitioner", "id": "s", "name": [{"family": "Stranger"}]}
    performer = [{"reference": "Practitioner/d", "display": "Dr Affiché"}]
    heads = [
        diagnostic(f"r{at}", "Observation/na", subject={"reference": f"Patient/{at}"}, performer=performer)
        for at in (1, 2)
    ]
    first, second = reports(bundle(*heads, NA, person("1", "Alpha"), person("2", "Bêta"), kin, doctor, stranger))
    assert {"alpha", "zoe", "1980", "19800214", "81", "kin", "doktor", "affiche", "stranger"} <= first.identities
    assert {"beta", "82", "doktor"} <= second.identities
    assert first.identities.isdisjoint({"beta", "82"})
    assert second.identities.isdisjoint({"alpha", "81", "kin"})
    assert first.identities.isdisjoint({"narratif", "urn"})


def test_a_report_whose_subject_is_not_told_names_everybody() -> None:
    patient = {"resourceType": "Patient", "id": "1", "name": [{"text": "Alpha"}]}
    (report,) = reports(bundle(diagnostic("r", "Observation/na"), NA, patient))
    assert "alpha" in report.identities


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", Damaged("fichier 1, ligne 1", NOT_JSON)),
        (b'{"resourceType":"Bundle","id":"1","id":"2"}', Damaged("fichier 1, ligne 1", TWICE)),
        (b'{"a":' * 100_000, Damaged("fichier 1, ligne 1", TOO_DEEP)),
        (b'{"resourceType":"Bundle","a":"\xe9"}', Damaged("fichier 1", NOT_TEXT)),
        (b'{"nom":"Dupont"}', Refused("fichier 1", NOT_FHIR)),
        (b'[{"nom":"Dupont"},3]', Refused("fichier 1", NOT_FHIR)),
        (b'<Bundle xmlns="http://hl7.org/fhir"><a>', Damaged("fichier 1", NOT_XML)),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Bundle xmlns="http://hl7.org/fhir">&a;</Bundle>',
         Refused("fichier 1", DECLARED)),
        (b'<Bundle xmlns="http://hl7.org/fhir">' + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</Bundle>",
         Damaged("fichier 1", NOT_XML)),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_its_place(content: bytes, expected: Damaged) -> None:
    assert list(read_fhir(content, "fichier 1", SYSTEMS, read_cda)) == [expected]


def test_utf_16_is_read() -> None:
    content = json.dumps(bundle(diagnostic("r", "Observation/na"), NA)).encode("utf-16")
    (report,) = read_fhir(content, "fichier 1", SYSTEMS, read_cda)
    assert isinstance(report, ObservedReport)
    assert codes(report) == [(SODIUM, "NA")]


@pytest.mark.parametrize(
    "shape",
    [None, 3, "text", [], [None, 3, []], {}, {"coding": 3}, {"coding": [None, {"code": {}}]}, {"reference": {"a": []}}],
)
@pytest.mark.parametrize(
    "name",
    ["result", "code", "category", "subject", "meta", "identifier", "contained", "presentedForm", "section",
     "extension", "relatesTo", "status", "issued", "component", "hasMember", "valueQuantity", "composition", "type"],
)  # fmt: skip
def test_elements_of_any_shape_are_read_over(name: str, shape: Any) -> None:
    for resource in (
        diagnostic("r", "Observation/na") | {name: shape},
        composition("c", section("18719-5", "Observation/na")) | {name: shape},
    ):
        for item in read(bundle(resource, NA | {name: shape}, type_="document")):
            assert isinstance(item, ObservedReport | NoReport | Damaged)
