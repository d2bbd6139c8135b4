"""Documents that HL7 v2 carries: the national form, its replacements and deletions, and documents laid out."""

import base64
import os
import re
from pathlib import Path

import pytest

from app.emitted import hl7v2_damage as damage
from app.emitted import hl7v2_documents
from app.emitted.observed import Damaged, ObservedReport
from tests.app.emitted.messages import (
    CDA,
    HB,
    counted,
    damaged,
    document,
    documents,
    ed,
    message,
    msh,
    obx,
    others,
    read,
    text,
)
from tests.app.emitted.messages import reports as reports_of

SAMPLE = Path(os.environ.get("EMITTED_REPORTS", "/")) / "ORU_CR-BIO_structure.hl7"
"""A public example of the ANS, for whoever has it."""
FLAGS = (
    "OBX|3|CE|MASQUE_PS^Masqué^MetaDMPMSS||N^^expandedYes-NoIndicator||||||F",
    ed("Cher confrère", codes="CORPSMAIL_PS^Corps du mail^MetaDMPMSS"),
)
PDF = b"%PDF-1.7 " + b"x" * 40


def national(*segments: str, control: str = "NW", filler: str = "F1", time: str = "20260301100000") -> str:
    """A message of the national form."""
    return message(*segments, *FLAGS, head=msh(time=time), control=control, filler=filler)


def test_both_levels_of_one_document_are_one_report() -> None:
    reader = documents(n1=document("n1", level=1), n3=document("n3"))
    one, three = reports_of(national(ed(CDA.format("n1")), ed(CDA.format("n3"))), reader)
    assert [place for _, place in reader.handed] == [f"fichier 1, message 1, segment {number}" for number in (5, 6)]
    assert (one.is_structured, three.is_structured) == (False, True)
    assert len(three.results) == 1
    assert one.keys & three.keys
    assert "n1" in one.keys
    assert "n3" in three.keys
    assert "grandjean" in three.identities


def test_messages_of_one_order_are_not_one_document() -> None:
    reader = documents(a=document("a"), b=document("b"))
    first, second = reports_of(national(ed(CDA.format("a"))) + national(ed(CDA.format("b"))), reader)
    assert first.keys.isdisjoint(second.keys)


def test_documents_of_several_orders_are_several_reports() -> None:
    reader = documents(a=document("a"), b=document("b"), n1=document("n1", level=1))
    order = "OBR|2|P2|F2|11502-2^CR^LN"
    first, form, second = reports_of(
        national(ed(CDA.format("a")), ed(CDA.format("n1")), order, ed(CDA.format("b"))), reader
    )
    assert first.keys & form.keys
    assert first.keys.isdisjoint(second.keys)
    one, other = reports_of(national(ed(CDA.format("a")), ed(CDA.format("b"))), reader)
    assert one.keys.isdisjoint(other.keys)


def test_flags_bodies_and_notes_are_neither_results_nor_documents() -> None:
    reader = documents()
    (report,) = reports_of(national(obx(HB), "NTE|1||Document"), reader)
    assert not reader.handed
    assert len(report.results) == 1


def test_a_document_is_deleted_by_its_own_identifier() -> None:
    reader = documents(a=document("a"))
    first, second = reports_of(
        national(ed(CDA.format("a"))) + national(ed(CDA.format("a"), "D"), control="CA", time="20260302100000"), reader
    )
    assert (first.is_deletion, second.is_deletion) == (False, True)
    assert first.keys & second.keys == {"a"}
    assert second.version > first.version


@pytest.mark.parametrize(
    ("status", "control", "deletes"),
    [("D", "", True), ("", "CA", True), ("F", "NW", False), ("C", "RO", False), ("F", "CA", False)],
)
def test_deletion_is_said_by_the_status_or_the_order(status: str, control: str, deletes: bool) -> None:
    (report,) = reports_of(national(ed(CDA.format("a"), status), control=control), documents(a=document("a")))
    assert report.is_deletion is deletes


def test_a_replacement_names_what_it_replaces() -> None:
    replacing = ObservedReport(
        "document", frozenset({"b"}), document("b").results, True, replaces=frozenset({"a"}), version=(2, "2026")
    )
    _, second = reports_of(
        national(ed(CDA.format("a"))) + national(ed(CDA.format("b"), "C"), control="RO"),
        documents(a=document("a"), b=replacing),
    )
    assert second.replaces == {"a"}
    assert second.version == (2, "2026 20260301100000")


@pytest.mark.parametrize(("status", "control"), [("C", "RO"), ("C", ""), ("F", "RO")])
@pytest.mark.parametrize("joined", [True, False])
def test_a_replacement_that_names_nothing_replaces_the_documents_of_its_order(
    status: str, control: str, joined: bool
) -> None:
    reader = documents(
        a=document("a", level=1), b=document("b", results=2), c=document("c", results=4), d=document("d", results=8)
    )
    first = national(ed(CDA.format("a")), ed(CDA.format("b")))
    other = national(ed(CDA.format("d")), filler="F2")
    replacing = national(ed(CDA.format("c"), status), control=control)
    sent = (first + other + replacing,) if joined else (first, other, replacing)
    assert counted(reader, *sent) == (2, 0, 12)
    plain = national(ed(CDA.format("c")))
    assert counted(reader, first, other, plain) == (3, 0, 14), "an order gives several reports"


EMPTY_DELETIONS = [f"OBX|1|ED|11502-2^CR^LN||{value}||||||D" for value in ("", '""', '^TEXT^XML^Base64^""', "^^^^")]


@pytest.mark.parametrize("empty", EMPTY_DELETIONS)
@pytest.mark.parametrize("control", ["CA", "RE"])
def test_a_deletion_without_its_document_deletes_those_of_its_order(empty: str, control: str) -> None:
    # Its own moment is later than that of the message that sends it, and than that of its deletion.
    reader = documents(a=document("a", results=3, time="20260301235900"), b=document("b", level=1), c=document("c"))
    first = national(ed(CDA.format("b")), ed(CDA.format("a")))
    other = national(ed(CDA.format("c")), filler="F2")
    later = national(empty, empty, control=control, time="20260301100500")
    assert counted(reader, first + other + later) == (1, 1, 1)
    assert counted(reader, first, other, later) == (1, 1, 1), "sent in three files"
    assert counted(reader, later, other, first) == (1, 1, 1), "read in any order: the messages say when"
    again = first.replace("20260301100000", "20260301101000")
    assert counted(reader, first, later, again) == (1, 0, 3), "and sent once more after"
    assert counted(reader, later) == (0, 0, 0), "what was not sent is not deleted"
    plain = message(obx(HB), filler="F1")
    assert counted(reader, plain, later) == (1, 0, 1), "a document is deleted, not the results of its order"


def test_a_deletion_deletes_what_came_last() -> None:
    reader = documents(a=document("a"), b=document("b", results=4))
    day, culture = national(ed(CDA.format("a"))), national(ed(CDA.format("b")))
    deletion = national(EMPTY_DELETIONS[0], control="CA")
    assert counted(reader, day + culture + deletion) == (1, 1, 1)
    assert counted(reader, day + culture + deletion + deletion) == (1, 1, 1)


def test_a_document_sent_again_does_not_replace_itself() -> None:
    _, again = reports_of(
        national(ed(CDA.format("a"))) + national(ed(CDA.format("a"), "C")), documents(a=document("a"))
    )
    assert "a" not in again.replaces


def test_a_deletion_whose_document_is_damaged_deletes_those_of_its_order() -> None:
    reader = documents(a=document("a"), b=Damaged("fichier 1, message 2", "document illisible"))
    assert counted(reader, national(ed(CDA.format("a"))) + national(ed(CDA.format("b"), "D"))) == (0, 1, 0)


def beside(*segments: str, filler: str) -> str:
    """A document under an order, then plain results under another one, in one message."""
    return national(ed(CDA.format("a"))) + text("ORC|RE||" + filler, f"OBR|2||{filler}|BILAN^Bilan^L", *segments)


def test_plain_results_of_other_orders_and_codes_beside_a_document_count() -> None:
    reader = documents(a=document("a"))
    sodium = obx("2951-2^Sodium^LN^NA^Sodium^L")
    assert counted(reader, beside(sodium, filler="F2")) == (2, 0, 2)
    assert counted(reader, beside(sodium, filler="F1")) == (1, 0, 1), "one order: the document says it all"
    assert counted(reader, beside(obx(HB), sodium, filler="F2")) == (2, 0, 2), "what has the same codes is repeated"
    corrected = message(obx("2951-2^Sodium^LN^NA^Sodium^L", status="C"), filler="F2")
    assert counted(reader, beside(sodium, filler="F2"), corrected) == (2, 0, 2), "a report of its own order"


def test_plain_results_beside_a_clinical_document_repeat_it() -> None:
    (report,) = reports_of(national(ed(CDA.format("a")), obx(HB)), documents(a=document("a")))
    assert "a" in report.keys
    wrapper, plain = reports_of(national(ed(CDA.format("a")), obx(HB)), documents(a=document("a", level=1)))
    assert not wrapper.is_structured
    assert plain.is_structured
    assert wrapper.keys & plain.keys


@pytest.mark.parametrize(
    "observation",
    [
        ed(PDF, codes="PDF^Compte rendu^L"),
        ed(PDF).replace("^TEXT^XML^", "^application^pdf^"),
        ed(b"{\\rtf1 " + b"x" * 40, codes="RTF^Compte rendu^L"),
        ed("<html><body>Compte rendu</body></html>"),
        ed("Compte rendu en texte").replace("^TEXT^XML^", "^TEXT^^"),
        "OBX|1|ED|PDF^CR^L||" + base64.b64encode(PDF).decode() + "||||||F",
        "OBX|1|RP|PDF^CR^L||12345^SERVEUR^application^PDF||||||F",
    ],
)
def test_a_document_laid_out_is_a_report_without_structure(observation: str) -> None:
    (alone,) = reports_of(message(observation))
    assert not alone.is_structured
    assert not alone.results
    assert len(alone.keys) == 2
    form, plain = reports_of(message(observation, obx(HB)))
    assert (form.is_structured, plain.is_structured) == (False, True)
    assert form.keys & plain.keys
    (corrected,) = reports_of(message(observation.removesuffix("F") + "C"))
    assert corrected.keys & alone.keys


def test_only_a_cancelled_order_takes_back_a_document_laid_out() -> None:
    (deleted,) = reports_of(message(ed(PDF, "D"), control="CA"))
    assert deleted.is_deletion
    (kept,) = reports_of(message(ed(PDF, "D"), obx(HB)))
    assert not kept.is_deletion
    assert len(kept.results) == 1
    assert others(read(message(ed(PDF, "D")))) == ["fichier 1, message 1"]


@pytest.mark.parametrize(
    "observation",
    [
        ed(b"\x89PNG\r\n" + b"x" * 40, codes="IMG^Courbe^L"),
        ed(b"\xff\xd8\xff\xe0" + b"x" * 40),
        ed("bonjour", codes="COURRIER^Courrier^L").replace("^TEXT^XML^", "^TEXT^^"),
        "OBX|1|RP|IMG^Courbe^L||12345^SERVEUR^image^JPEG||||||F",
        "OBX|1|ED|IMG^Courbe^L||||||||F",
    ],
)
def test_images_and_letters_are_no_reports(observation: str) -> None:
    (report,) = reports_of(message(observation, obx(HB)))
    assert len(report.results) == 1
    assert len(report.keys) == 1


@pytest.mark.parametrize(
    "data",
    [
        "^TEXT^XML^Base64^PENsaW5=aWNhbA",
        "^TEXT^XML^Base64^é",
        "^TEXT^XML^Base64^QQQQQ",
        "^TEXT^XML^Hex^3C4",
        "^TEXT^XML^A^texte",
    ],
)
def test_a_document_that_cannot_be_read_is_damage(data: str) -> None:
    found = read(message(f"OBX|1|ED|11502-2^CR^LN||{data}||||||F"))
    assert damaged(found) == [("fichier 1, message 1, segment 5", damage.UNREADABLE)]
    assert len(found) == 1


@pytest.mark.parametrize(
    "data",
    [
        "^TEXT^XML^Hex^" + CDA.format("a").encode().hex(),
        "^TEXT^XML^A^" + CDA.format("a"),
        "^TEXT^XML^A^" + CDA.format("\\H\\a\\N\\"),
        "^TEXT^XML^^" + base64.b64encode(CDA.format("a").encode()).decode().rstrip("="),
        base64.b64encode(CDA.format("a").encode()).decode(),
    ],
)
def test_documents_come_in_other_encodings(data: str) -> None:
    reader = documents(a=document("a"))
    reports_of(message(f"OBX|1|ED|11502-2^CR^LN||{data}||||||F"), reader)
    assert [content for content, _ in reader.handed] == [CDA.format("a").encode()]


def test_a_document_keeps_its_own_encoding() -> None:
    content = '<ClinicalDocument title="Hématologie"/>'.encode("iso8859-1")
    for written in (content, content.replace(b"H", b"\\X48\\")):
        reader = documents()
        read(message("OBX|1|ED|11502-2^CR^LN||^TEXT^XML^A^").encode().rstrip() + written + b"||||||F", reader)
        assert [given for given, _ in reader.handed] == [content]


def test_a_document_of_too_many_escapes_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7v2_documents, "_MOST_ESCAPES", 4)
    content = CDA.format("a")
    for escapes, count in (("\\H\\" * 2, 1), ("\\H\\" * 3, 0)):
        reader = documents(a=document("a"))
        read(message(f"OBX|1|ED|11502-2^CR^LN||^TEXT^XML^A^{content}{escapes}||||||F"), reader)
        assert len(reader.handed) == count


def test_documents_may_be_repeated_in_one_field() -> None:
    first = ed(CDA.format("a"), "")
    second = first.split("|")[5].replace(base64.b64encode(CDA.format("a").encode()).decode(), "")
    field = second + base64.b64encode(CDA.format("b").encode()).decode()
    reader = documents(a=document("a"), b=document("b", level=1))
    assert len(reports_of(message(first.replace("||||||", f"~{field}||||||")), reader)) == 2


def test_what_is_damaged_in_a_document_is_told_at_its_place() -> None:
    reader = documents(a=Damaged("fichier 1, message 1, segment 5", "document illisible"))
    assert damaged(read(national(ed(CDA.format("a"))), reader)) == [
        ("fichier 1, message 1, segment 5", "document illisible")
    ]


def test_a_document_sent_by_the_message_of_documents_is_a_report() -> None:
    def sent(kind: str, name: str, status: str, parent: str = "") -> str:
        head = (msh(f"MDM^{kind}^MDM_T02"), "EVN||2026", "PID|1||900100^^^LABO", "ORC|NW", "OBR|1|||11502-2^CR^LN")
        return text(*head, f"TXA|1|11502-2|TEXT|||||||||{name}^^1.2.3^ISO|{parent}", ed(CDA.format(name), status))

    reader = documents(a=document("a"), b=document("b"))
    first, second, third = sent("T02", "a", "F"), sent("T10", "b", "C", "a^^1.2.3^ISO"), sent("T04", "b", "D")
    assert [report.is_deletion for report in reports_of(first + second + third, reader)] == [False, False, True]
    assert counted(reader, first) == (1, 0, 1)
    assert counted(reader, first + second) == counted(reader, first, second) == (1, 0, 1)
    assert counted(reader, first + second + third) == (0, 1, 0)
    assert others(read(text(msh("MDM^T02"), "OBR|1|||11502-2^CR^LN", obx("11502-2^CR^LN", "texte", kind="TX")))) == [
        "fichier 1, message 1"
    ]


@pytest.mark.skipif(not SAMPLE.exists(), reason="the public examples are not there")
def test_the_public_example_holds_two_elided_documents_and_no_result() -> None:
    # Its two documents (level 1 and level 3) are replaced by a sentence; eleven observations are flags or bodies.
    content = SAMPLE.read_bytes()
    reader = documents()
    found = read(content, reader)
    assert not reader.handed
    assert damaged(found) == [
        ("fichier 1, message 1, segment 6", f"{damage.UNREADABLE}\u202f; abîmé aussi\u202f: segment 11")
    ]
    assert len(found) == 1
    names = iter(("n1", "n3"))
    content, count = re.subn(
        rb"(?<=XML\^Base64\^)[^|]+", lambda _: base64.b64encode(CDA.format(next(names)).encode()), content
    )
    assert count == 2
    one, three = reports_of(content, documents(n1=document("n1", level=1), n3=document("n3")))
    assert one.keys & three.keys
    assert (one.is_structured, three.is_structured) == (False, True)
    assert {"dominique", "nurse", "diaz", "hoda", "julie"} <= three.identities
