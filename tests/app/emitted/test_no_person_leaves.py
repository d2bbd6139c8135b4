"""Nothing of persons comes out of the process that reads: neither in counts, nor in errors, nor in logs."""

import json
import logging
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.emitted.counting import count
from app.emitted.observed import MASKED, CodeSystems, Counts
from app.emitted.process import counts_of
from app.emitted.reading import read_file
from app.errors import InvalidInputError
from tests.app.emitted.makers import INDEX
from tests.app.emitted.marked import BIRTH, MARKS, NAME, NUMBER, marks_in, variants, whole_files

SYSTEMS = CodeSystems()
WHOLE = whole_files((NAME, NUMBER))


def counted(content: bytes) -> Counts:
    """What comes out of one file, unpickled as the server does it."""
    counts = count(read_file(content, "fichier 1", SYSTEMS), INDEX)
    data = pickle.dumps(counts)
    assert marks_in(data) == []
    again: Counts = pickle.loads(data)
    return again


def test_the_marks_are_found_where_they_are() -> None:
    for name, content in WHOLE.items():
        assert marks_in(content) or name == "xdm", name
    assert marks_in(f"ZORGLUBINE et {BIRTH}".encode("utf-16-le")) == [NAME, BIRTH]


@pytest.mark.parametrize("name", WHOLE)
def test_files_that_call_their_codes_by_names_are_counted_without_them(name: str) -> None:
    counts = counted(WHOLE[name])
    assert counts.reports >= 1
    assert MASKED in {seen.local for seen in counts.seen}


@pytest.mark.parametrize("sort", ["hl7v2", "cda", "fhir xml", "fhir "])
def test_a_mark_in_any_place_stays_inside(sort: str) -> None:
    tried = read = 0
    for place, content in variants():
        if place.startswith(sort) and (sort != "fhir " or "xml" not in place):
            tried += 1
            try:
                read += counted(content).reports > 0
            except AssertionError:
                pytest.fail(place)
    assert tried > 100
    # Most places are no reason not to read the rest.
    assert read > tried * 0.9


@pytest.mark.parametrize("level", ["debug", "info"])
def test_logs_and_errors_tell_nothing(
    level: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(getattr(logging, level.upper()))
    contents = [*WHOLE.values(), *(content[: len(content) // 2] for content in WHOLE.values())]
    refused = [f"%PDF {NAME}".encode(), f"H|~^\\&|{NAME}".encode(), json.dumps({"nom": NAME}).encode(), NAME.encode()]
    told = b""
    with capture_logs() as logs:
        for group in (contents, refused):
            paths = []
            for at, content in enumerate(group):
                paths.append(tmp_path / f"{NAME} {NUMBER} {len(group)} {at}")
                paths[-1].write_bytes(content)
            if group is contents:
                paths.append(tmp_path / f"{BIRTH} absent")
            try:
                told += pickle.dumps(counts_of(None, paths, INDEX, SYSTEMS))
            except InvalidInputError as error:
                told += pickle.dumps(error) + error.message.encode()
    out, err = capfd.readouterr()
    assert len(told) > 500
    assert marks_in(told + repr(logs).encode() + caplog.text.encode() + out.encode() + err.encode()) == []


SAMPLES = [content for content in WHOLE.values() if len(content) < 20_000]
edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(["set", "cut", "add", "end"]), st.binary(max_size=3)),
    min_size=1,
    max_size=8,
)


@given(st.sampled_from(SAMPLES), edits)
def test_damaged_bytes_never_raise_nor_leak(content: bytes, changes: list[tuple[float, str, bytes]]) -> None:
    for share, kind, data in changes:
        at = int(share * len(content))
        match kind:
            case "set":
                content = content[:at] + data + content[at + len(data) :]
            case "cut":
                content = content[:at] + content[at + 20 :]
            case "add":
                content = content[:at] + data + content[at:]
            case "end":
                content = content[: max(at, len(content) // 2)]
    counted(content)


@given(st.binary(max_size=300), st.sampled_from([b"", b"MSH|^~\\&|", b"{", b"<ClinicalDocument", b"PK\x03\x04", b"<"]))
def test_bytes_of_any_sort_never_raise(content: bytes, beginning: bytes) -> None:
    counted(beginning + content)


def test_every_mark_is_looked_for() -> None:
    assert {NAME, NUMBER, BIRTH} <= set(MARKS)
