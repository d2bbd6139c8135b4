"""HL7 v2 messages written for the tests, and what the reader says of them."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.emitted.counting import count
from app.emitted.hl7v2 import read_hl7v2
from app.emitted.observed import (
    CatalogueIndex,
    CodeSystems,
    Damaged,
    NoReport,
    Observed,
    ObservedReport,
    ObservedResult,
)

CDA = '<ClinicalDocument xmlns="urn:hl7-org:v3"><id extension="{}"/></ClinicalDocument>'
HB = "718-7^Hémoglobine^LN^HB^Hémoglobine^L"


def msh(kind: str = "ORU^R01^ORU_R01", time: str = "20260301100000", charset: str = "UNICODE UTF-8") -> str:
    """A header with the usual separators."""
    return f"MSH|^~\\&|SIL|LABO|DPI|CH|{time}||{kind}|42|P|2.5|||||FRA|{charset}"


def message(*segments: str, head: str = "", filler: str = "F1", control: str = "RE") -> str:
    """A message of results about one patient, under one act that is no battery of LOINC."""
    before = (head or msh(), "PID|1||900100^^^LABO||GRANDJEAN^Maëlys||19610412|F", f"ORC|{control}|P1|{filler}")
    return text(*before, f"OBR|1|P1|{filler}|BILAN^Bilan^L", *segments)


def text(*segments: str, end: str = "\r") -> str:
    """Segments as they stand in a file."""
    return "".join(f"{segment}{end}" for segment in segments)


def obx(
    codes: str, value: str = "13.2", unit: str = "g/dL", status: str = "F", kind: str = "NM", sub: str = ""
) -> str:
    """One observation."""
    return f"OBX|1|{kind}|{codes}|{sub}|{value}|{unit}|||||{status}"


def ed(content: str | bytes, status: str = "F", codes: str = "11502-2^CR d'examens biologiques^LN") -> str:
    """A document in base64."""
    raw = content.encode() if isinstance(content, str) else content
    return f"OBX|1|ED|{codes}||^TEXT^XML^Base64^{base64.b64encode(raw).decode()}||||||{status}"


@dataclass
class Documents:
    """Stands for the reader of clinical documents: what it is handed is kept, what it answers is given."""

    answers: dict[str, tuple[Observed, ...]]
    handed: list[tuple[bytes, str]]

    def __call__(self, content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
        """What was set for the document whose name stands in this content."""
        self.handed.append((content, place))
        for name, answers in self.answers.items():
            if f'"{name}"'.encode() in content:
                yield from answers


def documents(**answers: ObservedReport | Damaged) -> Documents:
    """A reader of documents that knows these by name."""
    return Documents({name: (answer,) for name, answer in answers.items()}, [])


def document(name: str, *, results: int = 1, level: int = 3, time: str = "20260301") -> ObservedReport:
    """What is read of a clinical document."""
    carried = (ObservedResult(("718-7",), ("HB",)),) * results if level == 3 else ()
    return ObservedReport("document", frozenset({name}), carried, level == 3, version=(1, time))


def read(content: str | bytes, reader: Documents | None = None, place: str = "fichier 1") -> list[Observed]:
    """All that is said of a file."""
    raw = content if isinstance(content, bytes) else content.encode()
    return list(read_hl7v2(raw, place, CodeSystems(), reader or documents()))


def reports(content: str | bytes, reader: Documents | None = None) -> list[ObservedReport]:
    """The reports of a file in which nothing is damaged."""
    found = read(content, reader)
    assert not [item for item in found if isinstance(item, Damaged)]
    return [item for item in found if isinstance(item, ObservedReport)]


def counted(reader: Documents | None, *contents: str) -> tuple[int, int, int]:
    """Reports that count, those that were taken back, and results, of files in which nothing is damaged."""
    found = [item for number, content in enumerate(contents, 1) for item in read(content, reader, f"fichier {number}")]
    assert not damaged(found)
    counts = count(found, CatalogueIndex({}))
    return counts.reports, counts.deleted_reports, sum(counts.seen.values())


def results(content: str | bytes) -> tuple[ObservedResult, ...]:
    """The results of the only report of a file."""
    (report,) = reports(content)
    return report.results


def codes(content: str | bytes) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The codes of LOINC and of the laboratory of each result of the only report."""
    return [(result.loinc, result.local) for result in results(content)]


def damaged(found: Iterable[Observed]) -> list[tuple[str, str]]:
    """What is damaged."""
    return [(item.place, item.reason) for item in found if isinstance(item, Damaged)]


def others(found: Iterable[Observed]) -> list[str]:
    """Places of what is no report."""
    return [item.place for item in found if isinstance(item, NoReport)]
