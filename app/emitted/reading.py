"""Reading one received file, of whatever sort it is: the one way in for files of reports."""

from collections.abc import Iterator

from app.emitted.cda import read_cda
from app.emitted.fhir import read_fhir
from app.emitted.hl7v2 import read_hl7v2
from app.emitted.kinds import ReportKind, kind_of
from app.emitted.observed import CodeSystems, Observed, Refused
from app.emitted.xdm import read_xdm

NESTED = "c’est une archive dans une archive, qui n’est pas ouverte\u202f; envoyez-la à part."


def read_file(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    """What a file reports, one report at a time; one Refused for a file of a sort that is not read.

    Raises nothing for what is damaged, but what exhausts memory.
    """
    kind = kind_of(content)
    if kind is ReportKind.ZIP:
        yield from read_xdm(content, place, systems, _read_part)
    else:
        yield from _read(kind, content, place, systems)


def _read_part(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    """A part of a container, which is no container itself."""
    kind = kind_of(content)
    return _read(NESTED if kind is ReportKind.ZIP else kind, content, place, systems)


def _read(kind: ReportKind | str, content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    if kind is ReportKind.CDA:
        yield from read_cda(content, place, systems)
    elif kind is ReportKind.HL7V2:
        yield from read_hl7v2(content, place, systems, read_cda)
    elif kind is ReportKind.FHIR:
        yield from read_fhir(content, place, systems, read_cda)
    else:
        yield Refused(place, kind)
