"""What the process apart answers: counts, or our own words."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception

import pytest
from structlog.testing import capture_logs

from app.emitted import process, reading
from app.emitted.fhir import read_fhir
from app.emitted.observed import CodeSystems, Counts, Damaged, Observed, ReportReader, Seen
from app.emitted.process import FAILED, MOST_BYTES, NOT_OPENED, NOTHING, STOPPED, counts_of
from app.errors import InvalidInputError
from app.platform.apart import Beside
from app.platform.apart_process import TooMuchMemoryError
from app.settings import Settings
from tests.app.emitted.makers import INDEX, SODIUM
from tests.app.emitted.messages import message, obx, text
from tests.app.emitted.resources import LOINC, OURS, as_bytes, bundle, diagnostic, observation

SYSTEMS = CodeSystems()
NAME = "Zorglubine"
FHIR = as_bytes(
    bundle(diagnostic("r", "Observation/na"), observation("na", (LOINC, SODIUM), (OURS, "NA")))
)
HPRIM = f"H|~^\\&|{NAME}\r".encode()


@pytest.fixture
def files(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Writes files whose names tell of somebody too."""

    def write(*contents: bytes) -> list[str]:
        paths = [tmp_path / f"{NAME} {at}.txt" for at, _ in enumerate(contents)]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        return [str(path) for path in paths]

    return write


def counted(paths: list[str]) -> Counts:
    """What is answered."""
    return counts_of(None, paths, INDEX, SYSTEMS)


def test_files_of_several_sorts_are_counted_together(files) -> None:  # type: ignore[no-untyped-def]
    hl7 = text(message(obx("NA^Sodium^L", "140")))
    counts = counted(files(FHIR, hl7.encode()))
    assert counts.reports == 2
    assert counts.seen[Seen("NA", (SODIUM,), "mmol/L", "")] == 1
    assert sum(counts.seen.values()) == 2
    assert counts.damaged == ()


def test_what_cannot_be_read_is_named_by_the_number_of_its_file(files, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    admission = b"MSH|^~\\&|A|B|C|D|20260301||ADT^A01|1|P|2.5\rPID|1\r"
    counts = counted([*files(HPRIM, FHIR, b"{", admission), str(tmp_path / NAME)])
    assert [item.place for item in counts.damaged] == ["fichier 1", "fichier 3, ligne 1", "fichier 4", "fichier 5"]
    assert "HPRIM" in counts.damaged[0].reason
    assert [item.reason for item in counts.damaged[2:]] == [NOTHING, NOT_OPENED]
    assert (counts.reports, counts.damaged_total) == (1, 4)


def test_files_of_which_none_is_of_a_sort_that_is_read_are_refused(files) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInputError) as raised:
        counted(files(HPRIM, b"%PDF-1.7"))
    first, second = raised.value.message.split("\n")
    assert first.startswith("Fichier 1\u202f: c’est un message HPRIM Santé")
    assert second.startswith("Fichier 2\u202f: c’est un document PDF")
    with pytest.raises(InvalidInputError, match=r"Et 5 autres passages\.\Z"):
        counted(files(*[HPRIM] * 25))


ACKNOWLEDGEMENT = b"MSH|^~\\&|A|B|C|D|20260301||ACK^R01^ACK|1|P|2.5\rMSA|AA|1\r"
TRUNCATED = FHIR[:-20]
DECLARED = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><ClinicalDocument xmlns="urn:hl7-org:v3"/>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ACKNOWLEDGEMENT, NOTHING),
        (TRUNCATED, "JSON"),
        (DECLARED, "DTD"),
        (b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id', "XML bien formé"),
        (b'{"resourceType":"Bundle","x":' + b"[" * 100_000, "trop de niveaux"),
        (b"MSH|^~\\&|A|B|C|D|20260301||ORU^R01\r", "avant son premier acte"),
    ],
)
def test_files_of_which_nothing_is_read_are_refused(files, content: bytes, reason: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInputError) as raised:
        counted(files(content))
    assert raised.value.message.startswith("Fichier 1")
    assert reason in raised.value.message
    assert raised.value.message.endswith(".")
    assert not raised.value.message.endswith("..")
    assert counted(files(content, FHIR)).damaged_total == 1


def test_a_file_beyond_the_size_is_not_read(files, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(process, "MOST_BYTES", len(FHIR))
    counts = counted(files(FHIR, FHIR + b" "))
    assert counts.reports == 1
    (damaged,) = counts.damaged
    assert damaged.place == "fichier 2"
    assert str(MOST_BYTES // 1_000_000) in damaged.reason


def says_nothing(error: BaseException, logs: object) -> None:
    """No word of what was read is in an error, in what it comes from, in what it pickles as, nor in logs."""
    told = "".join(format_exception(error, chain=True)) + repr(logs) + repr(pickle.dumps(error))
    assert NAME not in told.replace(f"{NAME} 0.txt", "")
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_reader_that_fails_half_way_keeps_what_it_read(files, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]

    def failing(content: bytes, place: str, systems: CodeSystems, read_document: ReportReader) -> Iterator[Observed]:
        yield from read_fhir(content, place, systems, read_document)
        raise KeyError(NAME)

    monkeypatch.setattr(reading, "read_fhir", failing)
    with capture_logs() as logs:
        counts = counted(files(FHIR))
    assert (counts.reports, counts.damaged) == (1, (Damaged("fichier 1", STOPPED),))
    assert logs == [{"event": "emitted.stopped", "log_level": "error", "place": "fichier 1", "error": "KeyError"}]
    assert NAME.encode() not in pickle.dumps(counts)


def test_a_failure_of_the_counting_says_nothing_of_the_content(files, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def failing(*_: object) -> Counts:
        raise ValueError(NAME)

    monkeypatch.setattr(process, "count", failing)
    with capture_logs() as logs, pytest.raises(InvalidInputError) as raised:
        counted(files(FHIR))
    assert raised.value.message == FAILED
    assert logs == [{"event": "emitted.failed", "log_level": "error", "error": "ValueError"}]
    says_nothing(raised.value, logs)


def test_want_of_memory_is_passed_on_bare(files, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def failing(*_: object) -> Iterator[Observed]:
        raise MemoryError(NAME)

    monkeypatch.setattr(reading, "read_fhir", failing)
    with capture_logs() as logs, pytest.raises(MemoryError) as raised:
        counted(files(FHIR))
    assert raised.value.args == ()
    says_nothing(raised.value, logs)


def test_the_process_apart_answers_and_words_want_of_memory(files, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings = Settings(data_dir=tmp_path / "data", reading_memory_bytes=1_000_000_000)
    apart = Beside(settings)
    try:
        assert apart.run(counts_of, files(FHIR), INDEX, SYSTEMS) == counted(files(FHIR))
        path = tmp_path / NAME
        path.write_bytes(b"{")
        # Noughts that no disk holds: their bytes, and then their characters, are more than is granted.
        os.truncate(path, 480_000_000)
        with pytest.raises(TooMuchMemoryError):
            apart.run(counts_of, [str(path)], INDEX, SYSTEMS)
    finally:
        apart.close()
