"""Separators, escapes, characters, frames and lines of HL7 v2: what is written in any way is read alike."""

import pytest

from app.emitted import hl7v2_damage as damage
from app.emitted.observed import ObservedReport
from tests.app.emitted.messages import (
    HB,
    codes,
    damaged,
    documents,
    ed,
    message,
    msh,
    obx,
    read,
    reports,
    results,
    text,
)

ACCENTED = "HÉMATÉ^Hématies^L"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\n\r", "\r\r\n", "\r\n\r\n", "\r \r"])
def test_any_end_of_line_ends_a_segment(end: str) -> None:
    content = message(obx(HB), obx("2951-2^Sodium^LN")).replace("\r", end)
    assert [loinc for loinc, _ in codes(content)] == [("718-7",), ("2951-2",)]


def test_ends_of_lines_may_be_mixed_and_segments_indented() -> None:
    first, second, rest = message(obx(HB), obx("2951-2^Sodium^LN")).split("\r", 2)
    assert len(results(f"\n\n  {first}\n{second}\r\n\t{rest}")) == 2


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/1", "cp1252"),
        ("ISO 8859-1", "iso8859-1"),
        ("8859/15", "iso8859-15"),
        ("", "utf-8"),
        ("", "cp1252"),
        ("ASCII", "cp1252"),
        ("UNICODE UTF-8", "cp1252"),
        ("8859/1", "utf-8"),
        ("8859/1~UNICODE UTF-8", "iso8859-1"),
        ("JE NE SAIS PAS", "cp1252"),
    ],
)
def test_characters_are_those_of_the_header_or_else_those_that_fit(charset: str, codec: str) -> None:
    content = message(obx(ACCENTED, unit="µmol/L"), head=msh(charset=charset)).encode(codec)
    (result,) = results(content)
    assert (result.local, result.unit) == (("HÉMATÉ",), "µmol/L")


def test_characters_that_only_one_encoding_has_are_read_by_the_header() -> None:
    content = message(obx("Œ1€^Test^L"), head=msh(charset="8859/15")).encode("iso8859-15")
    assert codes(content) == [((), ("Œ1€",))]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_content(codec: str) -> None:
    content = message(obx(ACCENTED, unit="µmol/L")).encode(codec)
    assert codes(content) == [((), ("HÉMATÉ",))]


def test_files_put_end_to_end_keep_their_byte_order_marks() -> None:
    one = message(obx(HB)).encode("utf-8-sig")
    assert [report.place for report in reports(one + one)] == ["fichier 1, message 1", "fichier 1, message 2"]


def test_separators_are_those_of_the_header() -> None:
    usual = message(obx("H\\S\\B^Hb^L^718-7^Hb^LN~X^Y^L", unit="mmol\\T\\L"))
    other = usual.translate(str.maketrans("|^~\\&", "$%*!#"))
    (result,) = results(other)
    assert (result.loinc, result.local, result.unit) == (("718-7",), ("H%B", "X"), "mmol#L")


def test_each_message_has_its_own_separators() -> None:
    usual = message(obx(HB))
    other = usual.translate(str.maketrans("|^~\\&", "#*:!%"))
    found = [report.results[0].local for report in reports(usual + other + usual)]
    assert found == [("HB",)] * 3


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("A\\F\\B", "A|B"),
        ("A\\S\\B", "A^B"),
        ("A\\T\\B", "A&B"),
        ("A\\R\\B", "A~B"),
        ("A\\E\\B", "A\\B"),
        ("A\\E\\F\\E\\B", "A\\F\\B"),
        ("A\\X2D\\B", "A-B"),
        ("A\\XC389\\B", "AÉB"),
        ("A\\XC9\\B", "AÉB"),
        ("A\\.br\\B", "A B"),
        ("A\\H\\B\\N\\", "AB"),
        ("A\\B", "A\\B"),
        ("A\\XZZ\\B", "A\\XZZ\\B"),
        ("A&B", "A&B"),
    ],
)
def test_escapes_stand_for_what_they_say(written: str, local: str) -> None:
    assert codes(message(obx(f"{written}^Test^L"))) == [((), (local,))]


def test_without_an_announced_escape_nothing_is_one() -> None:
    content = message(obx("A\\S\\B^Test^L")).replace("|^~\\&|", "|^~|", 1)
    assert codes(content) == [((), ("A\\S\\B",))]
    content = message(obx("A\\T\\B\\S\\^Test^L")).replace("|^~\\&|", "|^~\\|", 1)
    assert codes(content) == [((), ("A\\T\\B^",))]


@pytest.mark.parametrize("announced", ["^~\\&#", "^~\\", "^~", "^"])
def test_fewer_or_more_separators_may_be_announced(announced: str) -> None:
    content = message(obx(HB)).replace("|^~\\&|", f"|{announced}|", 1)
    assert codes(content) == [(("718-7",), ("HB",))]


@pytest.mark.parametrize("announced", ["^^\\&", "^~\\^", "|~\\&", "A~\\&", "^1\\&", "^ \\&", "^é\\&", "", "^~\\&#@"])
def test_separators_that_cannot_be_told_apart_are_damage(announced: str) -> None:
    first = message(obx(HB)).replace("|^~\\&|", f"|{announced}|", 1)
    found = read(first + message(obx(HB)))
    assert damaged(found) == [("fichier 1, message 1", damage.SEPARATORS)]
    assert len(found) == 2


@pytest.mark.parametrize("head", ["MSHA^~\\&ASIL", "MSH", "MSH|"])
def test_a_header_without_separators_is_damage(head: str) -> None:
    assert damaged(read(text(head, "PID|1||900100"))) == [("fichier 1, message 1", damage.SEPARATORS)]


def test_frames_hold_one_message_each() -> None:
    one = message(obx(HB)).encode()
    framed = b"\x0b" + one + b"\x1c\r"
    assert len(reports(framed * 3)) == 3
    found = read(framed + b"\x0b" + one + framed)
    assert damaged(found) == [("fichier 1, message 2", damage.CUT)]
    assert len(found) == 4


def test_batches_hold_messages() -> None:
    batch = text("FHS|^~\\&|SIL", "BHS|^~\\&|SIL") + message(obx(HB)) * 2 + text("BTS|2", "FTS|1")
    assert [report.place for report in reports(batch)] == ["fichier 1, message 1", "fichier 1, message 2"]


def test_text_before_the_first_message_is_damage() -> None:
    found = read("journal du 1er mars\r" + message(obx(HB)))
    assert damaged(found) == [("fichier 1", damage.BEFORE)]
    assert len(found) == 2


@pytest.mark.parametrize("content", ["", "\r\n", "PID|1||900100\r", "texte"])
def test_a_file_without_message_is_damage(content: str) -> None:
    assert ("fichier 1", damage.NO_MESSAGE) in damaged(read(content))


def test_a_line_that_is_no_segment_is_counted_and_the_rest_is_read() -> None:
    found = read(message(obx(HB), "O#X|1|NM|GRANDJEAN", obx("2951-2^Sodium^LN"), "OBX|3|NM|NA^Sodi"))
    assert damaged(found) == [
        ("fichier 1, message 1, segment 6", f"{damage.NO_SEGMENT}\u202f; abîmé aussi\u202f: segment 8")
    ]
    assert len(found) == 2


def test_a_header_of_which_the_name_alone_is_left_is_a_message_that_was_lost() -> None:
    found = read(message(obx(HB)) + "MSH\r" + message(obx("2951-2^Sodium^LN"), filler="F2"))
    assert damaged(found) == [("fichier 1, message 1, segment 6", damage.NO_SEGMENT)]
    assert len([item for item in found if isinstance(item, ObservedReport)]) == 2


def test_results_whose_order_is_damaged_are_read() -> None:
    found = read(text(msh(), "PID|1||900100^^^LABO", "O\x07R|1|P1|F1|BILAN^Bilan^L", obx(HB)))
    assert damaged(found) == [("fichier 1, message 1, segment 3", damage.NO_SEGMENT)]
    assert len(found) == 2


def test_results_without_any_order_are_damage() -> None:
    assert damaged(read(text(msh(), obx(HB), obx(HB)))) == [("fichier 1, message 1", damage.NO_ORDER)]


@pytest.mark.parametrize("end", [45, 70, 85, len(msh()), len(msh()) + 30])
def test_a_message_cut_before_its_first_order_is_damage(end: int) -> None:
    found = read(message(obx(HB)) + message(obx(HB))[:end] + "\r" + message(obx(HB)))
    ((place, reason),) = damaged(found)
    assert place.startswith("fichier 1, message 2")
    assert reason in (damage.EMPTY, damage.NO_TYPE)
    assert sum(isinstance(item, ObservedReport) for item in found) == 2


def test_a_header_without_type_is_damage_and_its_results_are_read() -> None:
    found = read(message(obx(HB), head="MSH|^~\\&|SIL|LABO"))
    assert damaged(found) == [("fichier 1, message 1, segment 1", damage.NO_TYPE)]
    assert len(found) == 2


def test_a_text_cut_into_lines_is_one_segment() -> None:
    cut = obx("630-4^Culture^LN", "Escherichia coli\n10*5 UFC/mL\r\nsensible", kind="FT", status="X")
    note = "NTE|1||une note\nsur deux lignes"
    found = results(message(cut, note, obx(HB)))
    assert [result.loinc for result in found] == [("630-4",), ("718-7",)]


def test_fields_cut_onto_another_line_are_of_their_segment() -> None:
    first, rest = obx(HB, "", status="X")[:-6], obx(HB, "", status="X")[-6:]
    assert rest == "|||||X"
    assert len(results(message(first, rest, obx(HB)))) == 2


def test_base64_may_be_cut_into_lines_in_any_way() -> None:
    content = '<ClinicalDocument><id extension="d"/>' + "é" * 400
    whole = ed(content)
    head, data = whole[:80], whole[80:-7]
    pieces = [data[place : place + 76] for place in range(0, len(data), 76)]
    for joint in ("\r\n", "\n", "\r", " ", "\\.br\\", "\\X0D\\\\X0A\\", "\rADD|"):
        reader = documents()
        assert not damaged(read(message(head + joint.join(pieces) + whole[-7:]), reader))
        assert reader.handed == [(content.encode(), "fichier 1, message 1, segment 5")]


def test_a_line_after_a_closed_document_is_damage() -> None:
    found = read(message(ed("<ClinicalDocument/>"), "GRANDJEAN"))
    assert damaged(found) == [("fichier 1, message 1, segment 6", damage.NO_SEGMENT)]
    head, tail = ed("<ClinicalDocument/>")[:70], ed("<ClinicalDocument/>")[70:]
    assert damaged(read(message(head, tail, "GRANDJEAN"))) == damaged(found)


def test_a_broken_segment_is_not_the_rest_of_a_text() -> None:
    found = read(message("OBX|1|FT|630-4^Culture^LN||Escherichia", "coli", "O#X|2|NM|NA^Sodium^L||140"))
    assert damaged(found) == [("fichier 1, message 1, segment 6", damage.NO_SEGMENT)]


def test_a_header_in_the_middle_of_a_line_begins_no_message() -> None:
    (report,) = reports(message(obx(HB), "NTE|1||voir MSH|^~\\&|SIL", obx("2951-2^Sodium^LN")))
    assert len(report.results) == 2
