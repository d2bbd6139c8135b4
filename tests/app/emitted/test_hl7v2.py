"""Plain results of HL7 v2: which observations are results, with which codes, unit and battery."""

import pytest

from app.emitted.hl7v2 import looks_like_hl7v2
from tests.app.emitted.messages import HB, codes, damaged, message, msh, obx, others, read, reports, results, text


def test_a_result_has_its_codes_its_unit_and_the_battery_it_stands_under() -> None:
    (report,) = reports(
        text(
            msh(),
            "PID|1||900100^^^LABO||GRANDJEAN^Maëlys",
            "OBR|1|P1|F1|58410-2^Numération^LN^NFS^Numération^L",
            obx(HB),
            obx("HT^Hématocrite^L^4544-3^Hématocrite^LN", "41", "%^pour cent^UCUM"),
            "OBR|2|P1|F1|IONO^Ionogramme^L",
            obx("2951-2^Sodium^LN", "140", "mmol/L"),
        )
    )
    assert report.place == "fichier 1, message 1"
    assert report.is_structured
    assert [(one.loinc, one.local, one.unit, one.section) for one in report.results] == [
        (("718-7",), ("HB",), "g/dL", "58410-2"),
        (("4544-3",), ("HT",), "%", "58410-2"),
        (("2951-2",), (), "mmol/L", ""),
    ]


@pytest.mark.parametrize(
    ("written", "loinc", "local"),
    [
        ("718-7^Hb^LN", ("718-7",), ()),
        ("718-7^Hb^LN^HB^Hb^L", ("718-7",), ("HB",)),
        ("HB^Hb^L^718-7^Hb^LN", ("718-7",), ("HB",)),
        ("HB^Hb^99LAB^718-7^Hb^LN", ("718-7",), ("HB",)),
        ("HB^Hb^SYNERGIE", (), ("HB",)),
        ("HB^Hb", (), ("HB",)),
        ("HB", (), ("HB",)),
        ("718-7", (), ("718-7",)),
        ("718-7^Hb^http://loinc.org", ("718-7",), ()),
        ("718-7^Hb^2.16.840.1.113883.6.1", ("718-7",), ()),
        ("718-7^Hb^urn:oid:2.16.840.1.113883.6.1", ("718-7",), ()),
        ("718-7^Hb^^^^^^^^^^^^2.16.840.1.113883.6.1", ("718-7",), ()),
        ("718-7^Hb^LN^20570-8^Ht^LN", ("718-7", "20570-8"), ()),
        ("718-7^Hb^LN^718-7^Hb^LN", ("718-7",), ()),
        ("7187^Hb^LN", ("7187",), ()),
        ("HB^Hb^L^1104^Hb^NABM", (), ("HB",)),
        ("38082009^Hb^SCT^HB^Hb^L", (), ("HB",)),
        ("HB^Hb^L^A1^Hb^TRE_R01-X^^^^718-7^Hb^LN", ("718-7",), ("HB",)),
        ("HB^Hb^L^A1^Hb^1.2.250.1.213.3.4", (), ("HB",)),
        ("HB^Hb^L^H1^Hb^99AUTRE", (), ("HB", "H1")),
        ("HB^Hb^1.2.250.1.999.4", (), ("HB",)),
        (" HB ^Hb^L~718-7^Hb^LN", ("718-7",), ("HB",)),
        ("^Hémoglobine", (), ()),
    ],
)
def test_codes_are_told_apart_by_their_systems(written: str, loinc: tuple[str, ...], local: tuple[str, ...]) -> None:
    assert codes(message(obx(written))) == [(loinc, local)]


def test_a_waiting_code_is_of_neither() -> None:
    (by_name, by_oid, without) = results(
        message(
            obx("X1^Test^1.2.250.1.213.1.1.5.130^HB^Hb^L"),
            obx("HT^Test^L^X2^Test^ATTENTE^^^^^^^^^^^1.2.250.1.213.1.1.5.130"),
            obx("NA^Sodium^L"),
        )
    )
    assert (by_name.local, by_name.loinc, by_name.has_waiting_code) == (("HB",), (), True)
    assert (by_oid.local, by_oid.loinc, by_oid.has_waiting_code) == (("HT",), (), True)
    assert not without.has_waiting_code


@pytest.mark.parametrize(
    ("written", "unit"),
    [("g/dL", "g/dL"), ("g/dL^gramme^UCUM", "g/dL"), ("^g par dL", "g par dL"), ("^^UCUM^G/100", "G/100"), ("", ""),
     ("10\\S\\9/L", "10^9/L"), ("µmol/L~mg/L", "µmol/L"), ("mmol\\T\\L", "mmol&L"),
     ("MM^millimole^L^mmol/L^^UCUM", "mmol/L"), ("MM^^99U^mmol/L^^2.16.840.1.113883.6.8", "mmol/L"),
     ("mmol/L^^ucum^MM^millimole^L", "mmol/L"), ("MM^millimole^L^^^^^^^mmol/L^^UCUM", "mmol/L"),
     ("MM^millimole^L^^^UCUM", "MM")],
)  # fmt: skip
def test_the_unit_is_a_code_or_else_a_text(written: str, unit: str) -> None:
    assert [result.unit for result in results(message(obx(HB, unit=written)))] == [unit]


@pytest.mark.parametrize(
    ("observation", "is_result"),
    [
        (obx(HB), True),
        (obx(HB, status=""), True),
        (obx(HB, status="P"), True),
        (obx(HB, status="R"), True),
        (obx(HB, status="A"), True),
        (obx(HB, "", status="X"), True),
        (obx(HB, '""', status="X"), True),
        (obx(HB, ""), False),
        (obx(HB, "^~&"), False),
        (obx(HB, "", status="I"), False),
        (obx(HB, "en cours", status="I", kind="ST"), False),
        (obx(HB, "", status="N"), False),
        (obx(HB, "5", status="O"), False),
        (obx("5778-6^Couleur^LN", "JA^Jaune^L~TR^Trouble^L", kind="CWE"), True),
        (obx("5778-6^Couleur^LN", "^&lt;^10", kind="SN"), True),
        (obx("630-4^Culture^LN", "Escherichia coli", kind="TX"), True),
        (obx("COM^Commentaire^L", "Sérum lactescent", kind="FT"), True),
        (obx("^Commentaire", "Sérum lactescent", kind="FT"), False),
        (obx("", "Sérum lactescent", kind="TX"), False),
        (obx("8251-1^Commentaire^LN", "Sérum lactescent", kind="ST"), False),
        (obx("48767-8^Commentaire^LN^COM^Commentaire^L", "Sérum lactescent", kind="TX"), False),
        (obx("11502-2^CR^LN", "Tout le compte rendu", kind="FT"), False),
        (obx("MASQUE_PS^Masqué^MetaDMPMSS", "N^^expandedYes-NoIndicator", "", kind="CE"), False),
        (obx(HB) + "|" * 17 + "AOE", True),
        (obx(HB) + "|" * 18 + "AOE", False),
        (obx(HB) + "|" * 18 + "RSLT", True),
        ("NTE|1|L|Sérum lactescent", False),
    ],
)
def test_what_is_a_result(observation: str, is_result: bool) -> None:
    assert len(results(message(observation))) == is_result


def test_what_cannot_be_obtained_is_not_taken_back() -> None:
    assert not any(result.is_withdrawn for result in results(message(obx(HB, '""', status="X"))))


def test_one_battery_may_be_of_loinc_in_one_message_alone() -> None:
    with_code, without = (
        text(msh(), f"OBR|1||{number}|{battery}", obx(HB))
        for number, battery in (("F1", "NFS^Numération^L^58410-2^NFS^LN"), ("F2", "NFS^Numération^L"))
    )
    found = [report.results[0].section for report in reports(with_code + without)]
    assert found == ["58410-2", ""]


def test_lines_of_one_text_are_one_result_and_repeated_measures_are_not() -> None:
    culture, sugar = "630-4^Culture^LN", "GLY^Glycémie^L"
    found = results(
        message(
            obx(culture, "Escherichia coli", kind="TX"),
            obx(culture, "10*5 UFC/mL", kind="TX"),
            obx(culture, "Candida", kind="TX", sub="2"),
            obx(sugar, "5.1"),
            obx(sugar, "7.2"),
        )
    )
    assert [result.loinc or result.local for result in found] == [("630-4",)] * 2 + [("GLY",)] * 2
    assert len({result.slot for result in found}) == 4


def test_observations_of_the_patient_and_of_the_specimen_are_none() -> None:
    found = codes(
        text(
            msh(),
            "PID|1||900100^^^LABO||GRANDJEAN^Maëlys",
            obx("8302-2^Taille^LN", "172"),
            "OBR|1|P1|F1|BILAN^Bilan^L",
            obx(HB),
            "SPM|1|S1",
            obx("19151-0^Aspect^LN", "clair", kind="ST"),
            "OBR|2|P1|F1|IONO^Ionogramme^L",
            "SPM|2|S2",
            obx("2951-2^Sodium^LN"),
        )
    )
    assert [loinc for loinc, _ in found] == [("718-7",), ("2951-2",)]


def test_a_specimen_comes_first_in_messages_by_specimen() -> None:
    found = codes(
        text(
            msh("OUL^R22^OUL_R22"),
            "PID|1||900100^^^LABO||GRANDJEAN^Maëlys",
            "SPM|1|S1",
            obx("19151-0^Aspect^LN", "clair", kind="ST"),
            "OBR|1|P1|F1|BILAN^Bilan^L",
            obx(HB),
            "SPM|2|S2",
            obx("19151-0^Aspect^LN", "clair", kind="ST"),
            "OBR|2|P1|F1|IONO^Ionogramme^L",
            obx("2951-2^Sodium^LN"),
        )
    )
    assert [loinc for loinc, _ in found] == [("718-7",), ("2951-2",)]


def test_the_act_that_follows_from_another_stands_in_its_battery() -> None:
    found = results(
        text(
            msh(),
            "PID|1||900100^^^LABO||GRANDJEAN^Maëlys",
            "OBR|1|P1^DPI|F1^LABO|18725-2^Microbiologie^LN",
            obx("630-4^Culture^LN", "Escherichia coli", kind="ST", sub="1"),
            "OBR|2|P2^DPI|F2^LABO|ATB^Antibiogramme^L" + "|" * 22 + "630-4&Culture&LN^1|||P1&DPI^F1&LABO",
            obx("18862-3^Amoxicilline^LN", "S", kind="ST", sub="1"),
            obx("18862-3^Amoxicilline^LN", "R", kind="ST", sub="2"),
        )
    )
    assert [result.section for result in found] == ["18725-2"] * 3
    assert len({result.slot for result in found}) == 3


def test_the_code_of_a_document_is_no_battery() -> None:
    head = (msh(), "PID|1||900100^^^LABO", "OBR|1|P1|F1|11502-2^CR^LN")
    assert [result.section for result in results(text(*head, obx(HB)))] == [""]


def test_a_message_of_several_patients_is_several_reports() -> None:
    first, second = reports(
        text(
            msh(),
            "PID|1||900100^^^LABO||GRANDJEAN^Maëlys",
            "OBR|1|P1|F1|BILAN^Bilan^L",
            obx(HB),
            "PID|2||900200^^^LABO||KERVELLA^Ronan",
            "OBR|1|P2|F2|BILAN^Bilan^L",
            obx("2951-2^Sodium^LN"),
        )
    )
    assert first.keys.isdisjoint(second.keys)
    assert "kervella" in second.identities
    assert "kervella" not in first.identities


@pytest.mark.parametrize("kind", ["ACK^R01", "ADT^A01^ADT_A01", "ORM^O01", "ZAM^Z01^ZAM_Z01", "SIU^S12", "MDM^T02"])
def test_other_messages_are_no_reports_and_not_damaged(kind: str) -> None:
    found = read(text(msh(kind), "PID|1||900100^^^LABO", "OBR|1|P1|F1|BILAN^Bilan^L", obx(HB)) + message(obx(HB)))
    assert others(found) == ["fichier 1, message 1"]
    assert len(found) == 2
    assert not damaged(found)


@pytest.mark.parametrize(
    ("head", "is_hl7"),
    [
        (b"MSH|^~\\&|SIL", True),
        (b"\x0bMSH|^~\\&|SIL", True),
        (b"\xef\xbb\xbf\r\n  MSH|^~\\&|SIL", True),
        (b"FHS|^~\\&|SIL\rBHS|^~\\&\rMSH|", True),
        (b"BHS|^~\\&|SIL", True),
        (b"MSH$%*!#$SIL", True),
        ("MSH|^~\\&|SIL".encode("utf-16"), True),
        (b"MSHA^~", False),
        (b"MSH", False),
        (b"PID|1||", False),
        (b"OBX|9|NM|NA\r\x1c\r\x0bMSH|^~\\&|SIL", True),
        (b"OBX|9|ED|x^MSH|", False),
        (b"<a>\nMSH|^~\\&|SIL</a>", False),
        (b'{"a":\nMSH|^~\\&|SIL}', False),
        (b"H|\\^&|||LABO", False),
        (b"<ClinicalDocument/>", False),
        (b"", False),
    ],
)
def test_files_of_messages_are_known_by_their_first_bytes(head: bytes, is_hl7: bool) -> None:
    assert looks_like_hl7v2(head) is is_hl7
