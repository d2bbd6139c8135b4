"""Whatever the bytes, reading ends soon, raises nothing, and says of what is damaged our own words only."""

import re
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.emitted import hl7v2, hl7v2_damage, hl7v2_message
from app.emitted.observed import Damaged, NoReport, Observed, ObservedReport
from tests.app.emitted.messages import CDA, HB, counted, damaged, document, documents, ed, message, msh, obx, read, text

PLACE = re.compile(r"fichier 1(, message \d+(, segment \d+)?)?")
WHOLE = (
    b"\x0b"
    + message(obx(HB), obx("NA^Sodium \\T\\ co^L~X", "140"), ed(CDA.format("a")), head=msh(charset="8859/1")).encode()
    + b"\x1c\r"
    + message(obx(HB, status="C"), obx("630-4^Culture^LN", "Escherichia\ncoli", kind="FT"), "PRT||UC").encode("cp1252")
)
MANY = 400_000
MOST_SECONDS = 5.0

HOSTILE = [
    message("OBX" + "|" * MANY),
    message("OBX|1|NM|" + "^" * MANY + "||1||||||F"),
    message("OBX|1|NM|" + "~" * MANY + "||1||||||F"),
    message("OBX|1|NM|A" + "\\" * MANY + "^x^L||1||||||F"),
    message("OBX|1|NM|A" + "\\X41\\" * (MANY // 5) + "^x^L||1||||||F"),
    message("OBX|1|NM|A||" + "\\E\\" * (MANY // 3) + "||||||F"),
    message("OBX|1|ED|11502-2^x^LN||^TEXT^XML^Base64^" + "\\.br\\" * (MANY // 5) + "||||||F"),
    message("OBX|1|ED|11502-2^x^LN||^TEXT^XML^A^" + "\\X41\\" * (MANY // 5) + "||||||F"),
    message("OBX|1|ED|11502-2^x^LN||" + "^" * MANY + "||||||F"),
    message("OBX|1|ED|11502-2^x^LN||" + "~A" * (MANY // 2) + "||||||F"),
    message("OBX|1|ED|11502-2^x^LN||^TEXT^XML^Base64^", *(["QUJD"] * (MANY // 5))),
    message("OBX|1|FT|A^x^L||" + "x" * MANY, *(["y"] * (MANY // 2))),
    message(obx(HB), *(["|"] * (MANY // 2))),
    message("PID|1||" + "A~" * (MANY // 2) + "||" + "B^" * (MANY // 2)),
    message(*(["x"] * (MANY // 2))),
    msh() + "\r" * MANY,
    "MSH|^~\\&|" * (MANY // 9),
    "MSH|^~\\&\r" * (MANY // 9),
    " " * MANY + "MSH|^~\\&",
    "\r ".join([" " * 100] * (MANY // 100)),
    "\x0bMSH|^~\\&" * (MANY // 9),
    "A" * MANY,
]
"""Files written to take time or memory."""


def checked(content: bytes) -> list[Observed]:
    """All that is said, of which nothing damaged says more than it may."""
    found = read(content, documents(a=document("a")))
    for item in found:
        assert isinstance(item, ObservedReport | NoReport | Damaged)
        if isinstance(item, Damaged):
            assert PLACE.fullmatch(item.place)
            reason, _, others = item.reason.partition("\u202f; abîmé aussi\u202f: ")
            assert reason in hl7v2_damage.REASONS
            assert re.fullmatch(r"(segment \d+(, (?=[s…])|$))*…?", others), others
    return found


@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_a_file_cut_anywhere_is_read(start: int, end: int) -> None:
    checked(WHOLE[start:end])


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=12))
@settings(max_examples=300)
def test_a_file_with_other_bytes_is_read(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    checked(bytes(content))


@given(st.binary(max_size=400))
def test_any_bytes_after_a_header_are_read(rest: bytes) -> None:
    checked(b"MSH|^~\\&|SIL|LABO|||2026||ORU^R01\rOBR|1\r" + rest)
    checked(b"MSH" + rest)


@given(st.lists(st.sampled_from(["MSH", "OBX", "OBR", "ED", "|", "^", "~", "\\", "&", "\r", "\n", "A", "=", '""'])))
def test_any_mixture_of_separators_is_read(parts: list[str]) -> None:
    checked(f"{msh()}\rOBR|1\r{''.join(parts)}".encode())


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_written_to_take_time_takes_little(content: str) -> None:
    raw = content.encode()
    begun = time.process_time()
    checked(raw)
    assert time.process_time() - begun < MOST_SECONDS


@pytest.mark.parametrize("content", HOSTILE[:10], ids=range(10))
def test_what_is_written_to_take_memory_takes_little(content: str) -> None:
    raw = content.encode()
    tracemalloc.start()
    checked(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(raw)


def test_many_corrections_of_one_order_take_little() -> None:
    reader = documents(a=document("a"))
    again = message(ed(CDA.format("a"), "C"))
    deletion = message("OBX|1|ED|11502-2^CR^LN||||||||D")
    begun = time.process_time()
    assert counted(reader, again * 4_000 + deletion * 4_000) == (0, 1, 0)
    assert time.process_time() - begun < MOST_SECONDS


@pytest.mark.parametrize(("control", "status"), [("RP", "F"), ("RE", "C"), ("CA", "X")])
def test_many_messages_about_one_order_of_a_large_report_take_little(control: str, status: str) -> None:
    acts = (f"ORC|NW|P1|F{place}\rOBR|1|P1|F{place}|BILAN^Bilan^L\r{obx(HB)}" for place in range(10_000))
    first = text(msh(), "PID|1||900100", *acts)
    act = "OBR|1|P1|F1|BILAN^Bilan^L" + "|" * 21 + status
    again = text(msh(), "PID|1||900100", f"ORC|{control}|P1|F1", act, *([obx(HB)] if control != "CA" else []))
    wide = text(msh(), "PID|1||900100", "ORC|NW|P1|F1", "OBR|1|P1|F1|IONO^Ionogramme^L",
                *(obx(HB, sub=str(place)) for place in range(10_000)))  # fmt: skip
    begun = time.process_time()
    assert counted(None, first + again * 10_000) == (1, 0, 10_000 if control != "CA" else 9_999)
    if status == "C":
        assert counted(None, wide + again * 10_000) == (1, 0, 10_001)
    assert time.process_time() - begun < MOST_SECONDS


def test_numbers_of_messages_segments_and_damaged_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hl7v2, "MOST_MESSAGES", 3)
    monkeypatch.setattr(hl7v2_message, "MOST_SEGMENTS", 20)
    monkeypatch.setattr(hl7v2_message, "MOST_DAMAGED", 5)
    assert damaged(read(message(obx(HB)) * 4)) == [("fichier 1", hl7v2_damage.TOO_MANY)]
    assert damaged(read(message(*[obx(HB)] * 17))) == [("fichier 1, message 1, segment 21", hl7v2_damage.TOO_LONG)]
    assert not damaged(read(message(*[obx(HB)] * 16)))
    ((place, reason),) = damaged(read(message(*["x"] * 9)))
    assert (place, reason.count("segment ")) == ("fichier 1, message 1, segment 5", 4)
    monkeypatch.setattr(hl7v2_damage, "MOST_PLACES", 2)
    ((_, reason),) = damaged(read(message(*["x"] * 9)))
    assert reason == f"{hl7v2_damage.NO_SEGMENT}\u202f; abîmé aussi\u202f: segment 6, segment 7, …"
